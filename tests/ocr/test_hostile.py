"""Each hostile file ends in a clear state, alone: the next one is read by the same engine."""

from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from stackdocs_mcp.core.errors import ExtractionFailed
from stackdocs_mcp.ocr.local import LocalEngine
from tests.ocr.conftest import first_page, read_all, texts
from tests.ocr.documents import lines, pdf
from tests.ocr.hostile import OUTCOMES

pytestmark = pytest.mark.anyio

PATIENCE = 30
"""Seconds that a file may take; the server's own clocks are to end it long before."""


async def outcome(engine: LocalEngine, file: Path) -> str:
    """All visible text, or the code of the failure."""
    try:
        _, pages = await read_all(engine, file)
    except ExtractionFailed as failure:
        return failure.code
    return "\n".join(line for page in pages for line in texts(page)).strip()


@pytest.mark.requirement("OCR-HOSTILE-01")
@pytest.mark.parametrize("make", OUTCOMES, ids=lambda make: make.__name__)
async def test_a_hostile_file_ends_in_a_clear_state_and_harms_no_other(
    engine: LocalEngine, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    with anyio.fail_after(PATIENCE):
        came = await outcome(engine, make(tmp_path / "hostile"))
        page = await first_page(engine, pdf(tmp_path / "good", lines("The next one is fine")))

    assert came == OUTCOMES[make]
    assert texts(page) == ["The next one is fine"]
