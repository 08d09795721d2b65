"""One engine for all tests of this folder, and a reader that closes what it opens."""

from collections.abc import Collection, Iterator
from contextlib import aclosing
from pathlib import Path

import anyio
import pytest

from stackdocs_mcp.core.engine import FileOutline, Pages
from stackdocs_mcp.core.model import Page
from stackdocs_mcp.core.stack import OcrMode
from stackdocs_mcp.ocr.local import LocalEngine


@pytest.fixture(scope="session")
def engine() -> Iterator[LocalEngine]:
    shared = LocalEngine(workers=1)
    yield shared
    anyio.run(shared.close)


async def read_all(
    engine: LocalEngine, file: Path, have: Collection[int] = ()
) -> tuple[FileOutline, list[Page]]:
    """The outline and the pages of a file, by number."""
    async with aclosing(engine.read(file, have)) as stream:
        items = [item async for item in stream]
    outline, *rest = items
    pages = [page for item in rest if isinstance(item, Pages) for page in item.pages]
    assert isinstance(outline, FileOutline)
    return outline, sorted(pages, key=lambda page: page.number)


async def first_page(engine: LocalEngine, file: Path, mode: OcrMode = "auto") -> Page:
    return (await read_all(engine.variant(mode, ()), file))[1][0]


def texts(page: Page, *, hidden: bool = False) -> list[str]:
    return [line.text for line in page.lines if line.hidden is hidden]
