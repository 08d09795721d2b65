"""A machine without the OCR libraries."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ocr.documents import SCANNED, lines, pdf, picture_at, scan

READ = """
import sys, anyio
from pathlib import Path
from stackdocs_mcp.core.errors import ExtractionFailed
from stackdocs_mcp.core.ports import Pages
from stackdocs_mcp.ocr.local import LocalEngine

async def main():
    engine = LocalEngine(workers=1)
    try:
        async for item in engine.read(Path(sys.argv[1]), ()):
            for page in item.pages if isinstance(item, Pages) else ():
                print(*[line.text for line in page.lines])
    except ExtractionFailed as failure:
        print(failure.code, failure.advice)
    await engine.close()

anyio.run(main)
"""


@pytest.mark.requirement("OCR-SCAN-09")
def test_without_ocr_a_scan_says_what_to_install_and_text_is_still_read(tmp_path: Path) -> None:
    (tmp_path / "rapidocr.py").write_text("raise ImportError")
    scanned = picture_at(scan(*SCANNED), 0, 0, 300, 138)
    file = pdf(tmp_path / "a", lines("A page of text"), scanned)

    printed = subprocess.run(
        [sys.executable, "-c", READ, str(file)],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        check=True,
        text=True,
    ).stdout.splitlines()

    assert printed[0] == "A page of text"
    assert printed[1].startswith("ocr_unavailable Install them with `pip install rapidocr")
