"""Pages that have to be recognised are announced before anything is spent on them."""

from contextlib import aclosing
from pathlib import Path

import pytest

from stackdocs_mcp.core.engine import FileOutline, Pages, Recognising
from stackdocs_mcp.core.model import PageSource
from stackdocs_mcp.ocr import recognising
from stackdocs_mcp.ocr.local import LocalEngine
from tests.ocr.documents import SCANNED, lines, pdf, picture_at, scan
from tests.ocr.test_processes import running

pytestmark = pytest.mark.anyio


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    scanned = picture_at(scan(*SCANNED), 0, 0, 300, 138)
    return pdf(tmp_path / "a", lines("A page of text"), scanned, lines("Another one"), scanned)


@pytest.mark.requirement("QUOTA-10")
async def test_each_page_that_is_recognised_was_announced_and_no_other(
    engine: LocalEngine, mixed: Path
) -> None:
    announced: set[int] = set()
    recognised: set[int] = set()

    async with aclosing(engine.read(mixed)) as stream:
        async for item in stream:
            match item:
                case Recognising():
                    assert announced.isdisjoint(item.numbers)
                    announced.update(item.numbers)
                case Pages():
                    (page,) = item.pages
                    if page.source is PageSource.OCR:
                        assert page.number in announced
                        recognised.add(page.number)

    assert recognised == announced == {2, 4}


@pytest.mark.requirement("QUOTA-10")
async def test_whoever_stops_at_the_announcement_has_started_nothing(mixed: Path) -> None:
    own = LocalEngine(workers=1)
    known = {process.pid for process in running(recognising.NAME)}

    async with aclosing(own.read(mixed)) as stream:
        async for item in stream:
            assert isinstance(item, FileOutline | Pages | Recognising)
            if isinstance(item, Recognising):
                break

    assert {process.pid for process in running(recognising.NAME)} <= known
    await own.close()
