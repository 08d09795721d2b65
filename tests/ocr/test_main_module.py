"""A program that uses the engine, written as plainly as programs are."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
import anyio
from pathlib import Path
from stackdocs_mcp.ocr.local import LocalEngine

print("started", flush=True)

async def main():
    engine = LocalEngine()
    async for one in engine.read(Path(sys.argv[1]), ()):
        print(type(one).__name__)
    await engine.close()

anyio.run(main)  # behind no guard
"""


@pytest.mark.requirement("OCR-MAIN")
def test_a_program_without_a_guard_is_run_once(tmp_path: Path) -> None:
    program, paper = tmp_path / "program.py", tmp_path / "a.txt"
    program.write_text(PROGRAM)
    paper.write_text("one line")

    done = subprocess.run(
        [sys.executable, str(program), str(paper)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stdout.split() == ["started", "FileOutline", "Pages"]
    assert done.returncode == 0
