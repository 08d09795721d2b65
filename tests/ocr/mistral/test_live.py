"""The service itself, when the environment has a key for it. Costs one page."""

import os
from pathlib import Path

import pytest

from stackdocs_mcp.core.model import PageSource
from stackdocs_mcp.ocr.mistral import MistralEngine
from tests.ocr.documents import SCANNED, scan
from tests.ocr.mistral.conftest import billed, by_number, read

pytestmark = pytest.mark.anyio
KEY = os.environ.get("MISTRAL_API_KEY", "")


@pytest.mark.skipif(not KEY, reason="MISTRAL_API_KEY is not set")
@pytest.mark.requirement("MISTRAL-LIVE-01")
async def test_the_service_reads_a_scan(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "scan"
    scan(*SCANNED).save(file, "PNG", dpi=(144, 144))
    engine = MistralEngine(KEY)

    items = await read(engine, file)
    await engine.close()

    page = by_number(items)[1]
    text = " ".join(line.text for line in page.lines)
    assert page.source is PageSource.OCR
    assert all(words in text for words in ("2026-118", "74.50 EUR", "30 June"))
    assert all(line.box and line.box.x1 <= page.width for line in page.lines)
    assert billed(items) == [1]
    assert caplog.messages == []  # among others, that the file could not be deleted
