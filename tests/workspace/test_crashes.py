"""Servers that die while they read scans: with the real engine, processes and store."""

import subprocess
import sys
from pathlib import Path

import pytest

from stackdocs_mcp.core.model import DocumentStatus
from stackdocs_mcp.workspace.intake import ABANDONED
from tests.ocr.documents import scan, tiff
from tests.workspace.scanning_process import Recording, later, read

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
PAGES = 30
PATIENCE = 120


@pytest.fixture
def scanned(tmp_path: Path) -> Path:
    """Pages that take a moment each."""
    size = (260, 90)
    return tiff(tmp_path / "scanned", [scan(f"Page {n}", size=size) for n in range(PAGES)])


def start(folder: Path, file: Path, minutes: int = 0, *more: str) -> subprocess.Popen[str]:
    program = [sys.executable, "-m", "tests.workspace.scanning_process"]
    arguments = [str(folder), str(file), str(minutes), *more]
    return subprocess.Popen([*program, *arguments], stdout=subprocess.PIPE, text=True, cwd=ROOT)


@pytest.mark.requirement("INTAKE-CRASH-01")
async def test_after_a_kill_only_the_missing_pages_are_read(tmp_path: Path, scanned: Path) -> None:
    with start(tmp_path / "data", scanned) as victim:
        assert victim.stdout is not None
        while victim.stdout.readline().split()[0] != str(PAGES // 3):
            pass
        victim.kill()

    second = Recording()
    document = await read(tmp_path / "data", scanned, later(5), second)

    assert len(second.had) >= PAGES // 3
    assert sorted(second.had + second.gave) == list(range(1, PAGES + 1))
    assert (document.status, document.pages_done) == (DocumentStatus.OCR_COMPLETE, PAGES)


@pytest.mark.requirement("INTAKE-CRASH-02")
async def test_a_document_that_always_ends_the_program_fails_and_can_be_retried(
    tmp_path: Path, scanned: Path
) -> None:
    folder, outcomes = tmp_path / "data", []
    for count in range(ABANDONED):
        with start(folder, scanned, 5 * count, "dies") as victim:
            victim.communicate(timeout=PATIENCE)
            outcomes.append(victim.returncode)

    unread = Recording()
    document = await read(folder, scanned, later(5 * ABANDONED), unread)

    assert outcomes == [-9] * ABANDONED
    assert document.error is not None
    assert (document.status, document.error.code) == (DocumentStatus.FAILED, "crashed")
    assert "retry" in document.error.advice
    assert unread.gave == []
