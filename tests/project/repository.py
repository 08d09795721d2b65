"""The files of the project as they are tracked, and the README's code blocks."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

_HEADING = re.compile(r"^#{2,} (.+)\n", re.MULTILINE)
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block of the README."""

    language: str
    text: str


def blocks(language: str, section: str | None = None) -> list[Block]:
    """The README's blocks in this language, in order; or those of a section alone."""
    text = _readme() if section is None else _sections()[section]
    return [Block(*match) for match in _BLOCK.findall(text) if match[0] == language]


def sections() -> list[str]:
    """The README's headings, in order."""
    return list(_sections())


def _sections() -> dict[str, str]:
    """Each heading with what stands between it and the next one, whatever their levels."""
    parts = _HEADING.split(_readme())
    found = dict(zip(parts[1::2], parts[2::2], strict=True))
    assert len(found) == len(parts) // 2, "two sections have one heading"
    return found


def _readme() -> str:
    return (ROOT / "README.md").read_text("utf-8")


def commands(section: str | None = None) -> list[str]:
    """Every command of the README's ``sh`` blocks; lines that end in a backslash are joined."""
    found = "\n".join(block.text for block in blocks("sh", section))
    lines = found.replace("\\\n", " ").splitlines()
    return [" ".join(line.split()) for line in lines if line.strip() and not line.startswith("#")]


def tracked() -> list[Path]:
    """The files that git tracks. Skips the test where the project is not a git checkout."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("the project is not a git checkout here")
    listed = subprocess.run(
        [git, "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=True
    )
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]
