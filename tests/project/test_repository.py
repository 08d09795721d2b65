"""What is tracked, and what goes into the wheel."""

import re
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from tests.project.repository import ROOT, tracked

# Each with a class of one character, so that this file does not hold what it looks for.
FORBIDDEN = re.compile(
    r"[p]ypi\.(org|python)|[p]ythonhosted\.|[n]pmjs\.(org|com)|/[w]ork/|/[r]oot/|[p]yenv/|"
    + "|".join(re.escape(f"{path}/") for path in (Path.home(), ROOT) if len(path.parts) > 1)
)
TEXT = {".py", ".mjs", ".md", ".toml", ".json", ".sql", ".example", ".txt", ".yml", ".yaml", ""}
MOST_LINES = 400


@pytest.mark.requirement("PROJECT-05")
def test_nothing_tracked_names_a_machine_a_private_path_or_a_registry() -> None:
    named = [
        f"{path.relative_to(ROOT)}: {found[0]}"
        for path in tracked()
        if path.suffix in TEXT
        if (found := FORBIDDEN.search(path.read_text("utf-8", "replace")))
    ]

    assert named == []


@pytest.mark.requirement("PROJECT-06")
def test_no_module_is_longer_than_400_lines() -> None:
    modules = [*ROOT.glob("stackdocs_mcp/**/*.py"), *ROOT.glob("tests/**/*.py")]

    long = {
        str(path.relative_to(ROOT)): lines
        for path in modules
        if (lines := len(path.read_text("utf-8").splitlines())) > MOST_LINES
    }

    assert modules
    assert long == {}


@pytest.mark.requirement("PROJECT-04")
def test_the_wheel_carries_everything_that_is_no_module_and_no_tests(tmp_path: Path) -> None:
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])

    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
        metadata = next(name for name in held if name.endswith(".dist-info/entry_points.txt"))
        entry = archive.read(metadata).decode()

    needed = {
        str(path.relative_to(ROOT))
        for path in ROOT.glob("stackdocs_mcp/**/*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    outside = {name for name in held if not name.startswith(("stackdocs_mcp/", "stackdocs_mcp-"))}
    assert needed - held == set()
    assert outside == set()
    assert "stackdocs_mcp/py.typed" in held
    assert any(name.endswith(".sql") for name in held)
    assert any(name.startswith("stackdocs_mcp/samples/") for name in held)
    assert "stackdocs-mcp = stackdocs_mcp.cli:main" in entry
