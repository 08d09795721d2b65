"""A machine without the OCR libraries."""

import os
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from stackdocs_mcp.ocr import backend
from tests.ocr.documents import SCANNED, lines, pdf, picture_at, scan

INSTALLED = packages_distributions()
READ = """
import logging, sys, anyio
from pathlib import Path
from stackdocs_mcp.core.errors import ExtractionFailed
from stackdocs_mcp.core.engine import Pages
from stackdocs_mcp.ocr.local import LocalEngine

async def main():
    logging.basicConfig(format="%(message)s", stream=sys.stdout)
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


def read_beside(modules: Path, file: Path) -> list[str]:
    """What a program prints that reads a file, with these modules before all others."""
    return subprocess.run(
        [sys.executable, "-c", READ, str(file)],
        env={**os.environ, "PYTHONPATH": str(modules)},
        capture_output=True,
        check=True,
        text=True,
    ).stdout.splitlines()


@pytest.mark.requirement("OCR-SCAN-09")
def test_without_ocr_a_scan_says_what_to_install_and_text_is_still_read(tmp_path: Path) -> None:
    (tmp_path / "rapidocr.py").write_text("raise ImportError")
    scanned = picture_at(scan(*SCANNED), 0, 0, 300, 138)
    file = pdf(tmp_path / "a", lines("A page of text"), scanned)

    printed = read_beside(tmp_path, file)

    assert printed[0] == "A page of text"
    assert printed[1].startswith("ocr_unavailable Install them with `pip install rapidocr")


@pytest.mark.requirement("OCR-SCAN-18")
def test_an_openvino_that_does_not_load_is_reported_once_and_not_needed(tmp_path: Path) -> None:
    (tmp_path / "openvino.py").write_text("raise OSError('a library of its own is missing')")
    scanned = picture_at(scan(*SCANNED), 0, 0, 300, 138)
    file = pdf(tmp_path / "a", scanned, scanned)

    printed = read_beside(tmp_path, file)

    said = "OpenVINO is installed but does not load; onnxruntime reads the scans"
    assert printed.count(said) == 1
    assert [line for line in printed if line != said] == [" ".join(SCANNED)] * 2


@pytest.mark.requirement("OCR-SCAN-18")
def test_openvino_is_preferred_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = backend.preferred()
    (tmp_path / "openvino").mkdir()
    (tmp_path / "openvino" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)

    assert before == ("openvino" if "openvino" in INSTALLED else "onnxruntime")
    assert backend.preferred() == "openvino"


@pytest.mark.requirement("OCR-SCAN-18")
@pytest.mark.skipif("openvino" not in INSTALLED, reason="OpenVINO is not installed")
def test_openvino_reads_a_scan(tmp_path: Path) -> None:
    file = pdf(tmp_path / "a", picture_at(scan(*SCANNED), 0, 0, 300, 138))

    assert read_beside(tmp_path, file) == [" ".join(SCANNED)]
