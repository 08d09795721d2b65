"""What keeps a file from being read and is not the file's fault is not said to be."""

from pathlib import Path

import pytest

from stackdocs_mcp.core.errors import ExtractionFailed
from stackdocs_mcp.ocr import child
from stackdocs_mcp.ocr.failures import SAID, Unreadable
from stackdocs_mcp.ocr.local import LocalEngine
from tests.ocr.conftest import read_all

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("FILE-52")
async def test_a_file_that_cannot_be_opened_is_not_damaged(
    engine: LocalEngine, tmp_path: Path
) -> None:
    with pytest.raises(ExtractionFailed) as failed:
        await read_all(engine, tmp_path / "gone.pdf")

    assert failed.value.code == "crashed"
    assert "could not open" in failed.value.message
    assert "damaged" not in failed.value.message + failed.value.advice


@pytest.mark.requirement("FILE-52")
@pytest.mark.parametrize(
    ("error", "there", "gone"),
    [
        (Unreadable("damaged"), "damaged", "unopened"),
        (Unreadable("encrypted"), "encrypted", "encrypted"),
        (PermissionError(13, "Permission denied"), "damaged", "unopened"),
        (KeyError("part"), "damaged", "unopened"),
        (ModuleNotFoundError("lxml"), "program_incomplete", "program_incomplete"),
        (MemoryError(), "memory", "memory"),
    ],
)
def test_what_a_parser_raises_is_the_file_s_fault_only_where_the_file_opens(
    tmp_path: Path, error: Exception, there: str, gone: str
) -> None:
    file = tmp_path / "a.pdf"
    file.write_bytes(b"%PDF-1.7")

    assert child._reason(error, file) == there
    assert child._reason(error, tmp_path / "missing.pdf") == gone
    assert {there, gone} <= SAID.keys()
