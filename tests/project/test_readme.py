"""What the README says to type is typed, and what it names exists."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters

from stackdocs_mcp import __version__
from stackdocs_mcp.cli.from_stackdocs.command import SECRET
from stackdocs_mcp.core.model import Verdict
from stackdocs_mcp.core.stack import Policy
from stackdocs_mcp.settings import NAMES, SECRETS, Settings
from stackdocs_mcp.tools import TOOLS
from tests.cli.shell import PATIENCE, environment
from tests.project.repository import ROOT, blocks, commands, sections
from tests.server.papers import INVOICE

FOLDER = "/path/to/your/documents"
README = (ROOT / "README.md").read_text("utf-8")
SCRIPTS = Path(sys.executable).parent
VARIABLES = {*SECRETS, *(f"STACKDOCS_{name.upper()}" for name in NAMES)}

# What needs a network, with what stands in for it.
ELSEWHERE = {
    "pip install uv && uv run stackdocs-mcp demo": "tests/cli/test_demo.py runs the demo twice",
    "pip install uv && uv run pytest": "this run; .ci/run has the same line",
    "uv tool install .": "tests/project/test_repository.py looks into the wheel",
    "stackdocs-mcp serve --http": "tests/web/test_first_minute.py connects a client to it",
}
ON_PROJECTS = ("On Supabase", "A database of the original Stackdocs")
"""Sections that tests/supabase/test_readme.py types whole, each into a project of its own."""
STARTS_A_SERVER = re.compile(r".*(?: -- |inspector )(stackdocs-mcp serve .*)")


def here() -> list[str]:
    """The commands of all sections that are not about a project."""
    return [
        one for section in sections() if section not in ON_PROJECTS for one in commands(section)
    ]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with invoices and a schema, as the README's commands expect it."""
    (tmp_path / "invoices").mkdir()
    (tmp_path / "invoices" / "a.txt").write_text(INVOICE)
    (tmp_path / "passwords").write_text("sesame\n")
    (tmp_path / "schema.json").write_text(
        next(block.text for block in blocks("json") if '"properties"' in block.text)
    )
    return tmp_path


def at_home(home: Path) -> dict[str, str]:
    """The environment of a shell in which the command is installed."""
    mine = environment({"HOME": str(home), "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"})
    return {name: value for name, value in mine.items() if not name.startswith("XDG_")}


async def served(home: Path, server: Mapping[str, Any]) -> list[str]:
    """The documents that a client lists that was configured like this."""
    arguments = [str(home / "invoices") if one == FOLDER else one for one in server["args"]]
    parameters = StdioServerParameters(
        command=server["command"], args=arguments, env=at_home(home), cwd=home
    )
    with anyio.fail_after(PATIENCE):
        async with Client(parameters) as client:
            while True:  # the folder is taken in behind the first answers
                answer = await client.call_tool("list_documents", {})
                assert answer.structured_content is not None
                if answer.structured_content["documents"]:
                    break
                await anyio.sleep(0.05)

    return [one["filename"] for one in answer.structured_content["documents"]]


@pytest.mark.requirement("PROJECT-02")
def test_the_commands_of_the_readme_work_one_after_the_other(home: Path) -> None:
    typed = [one for one in here() if one.startswith("stackdocs-mcp ") and one not in ELSEWHERE]

    for command in typed:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=home,
            env=at_home(home),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"

    assert len(typed) >= 7
    assert "a.txt" in (home / "bills.csv").read_text()


@pytest.mark.anyio
@pytest.mark.requirement("PROJECT-02")
async def test_the_commands_that_register_a_server_start_one(home: Path) -> None:
    registered = [match[1] for one in commands() if (match := STARTS_A_SERVER.fullmatch(one))]
    assert len(registered) == 2

    for command in registered:
        name, *arguments = shlex.split(command.replace("~", str(home)))
        assert await served(home, {"command": name, "args": arguments}) == ["a.txt"]


@pytest.mark.requirement("PROJECT-02")
def test_every_command_of_the_readme_is_executed_or_has_a_stand_in() -> None:
    assert here() != commands()
    for command in here():
        known = command.startswith("stackdocs-mcp ") or STARTS_A_SERVER.fullmatch(command)
        assert known or command in ELSEWHERE, command


@pytest.mark.requirement("PROJECT-02")
def test_the_quick_start_is_two_commands() -> None:
    quick = [one for one in commands() if one.startswith("pip install")]

    assert quick == list(ELSEWHERE)[:2]


@pytest.mark.anyio
@pytest.mark.requirement("PROJECT-03")
async def test_the_example_configuration_works_after_replacing_the_folder(home: Path) -> None:
    text = (ROOT / "mcp.json.example").read_text("utf-8")
    assert text.count(FOLDER) == 1

    (server,) = json.loads(text)["mcpServers"].values()

    assert await served(home, server) == ["a.txt"]


@pytest.mark.anyio
@pytest.mark.requirement("PROJECT-03")
async def test_the_client_configurations_in_the_readme_start_a_server(home: Path) -> None:
    read = [json.loads(block.text) for block in blocks("json")]
    example = json.loads((ROOT / "mcp.json.example").read_text("utf-8"))

    assert example in read
    servers = [one["servers"]["stackdocs"] for one in read if "servers" in one]
    assert len(servers) == 1
    assert await served(home, servers[0]) == ["a.txt"]


@pytest.mark.requirement("PROJECT-02")
def test_the_python_example_runs(home: Path) -> None:
    block = next(one for one in blocks("python") if "StdioServerParameters" in one.text)
    (home / "example.py").write_text(block.text.replace(FOLDER, str(home / "invoices")))

    done = subprocess.run(
        [sys.executable, "example.py"],
        cwd=home,
        env=at_home(home),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.requirement("PROJECT-07")
def test_the_help_in_the_readme_is_the_programs_own() -> None:
    (shown,) = [one.text for one in blocks("text") if one.text.startswith("$ stackdocs-mcp --help")]
    done = subprocess.run(
        [SCRIPTS / "stackdocs-mcp", "--help"],
        env=environment({"COLUMNS": "80"}),
        capture_output=True,
        text=True,
        check=True,
    )

    assert shown.partition("\n")[2] == done.stdout


@pytest.mark.requirement("PROJECT-09")
def test_the_tables_of_the_readme_name_all_that_exists_and_nothing_else() -> None:
    rows = [line.split("|")[1:-1] for line in README.splitlines() if line.startswith("| `")]
    first = [row[0].strip().strip("`") for row in rows]

    assert sorted(first) == sorted(
        [
            *TOOLS,
            SECRET,
            *(verdict.value for verdict in Verdict),
            *VARIABLES,
        ]
    )


@pytest.mark.requirement("PROJECT-09")
def test_the_defaults_in_the_readme_are_the_settings_own() -> None:
    rows = [line.split("|")[1:-1] for line in README.splitlines() if "| `STACKDOCS_" in line]
    said = {row[0].strip(" `"): row[2].strip(" `") for row in rows}
    defaults = Settings().model_dump(mode="json")

    for name in ("stack", "max_file_mb", "ocr_workers", "log_level", "read_only"):
        assert said[f"STACKDOCS_{name.upper()}"] == str(defaults[name]).lower()
    assert set(Policy.model_fields) <= set(re.findall(r"`(\w+)`", README))


@pytest.mark.requirement("PROJECT-08")
def test_ci_runs_the_test_command_of_the_readme_and_then_every_linter() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")

    wanted = [
        list(ELSEWHERE)[1],
        '"ruff check"',
        '"ruff format --check"',
        '"mypy"',
        '"lint-imports"',
    ]
    places = [script.index(one) for one in wanted]
    assert places == sorted(places)
    assert "set -euo pipefail" in script
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


@pytest.mark.requirement("PROJECT-10")
def test_the_registry_entry_is_of_this_version_and_within_its_limits() -> None:
    entry = json.loads((ROOT / "server.json").read_text("utf-8"))

    assert entry["version"] == entry["packages"][0]["version"] == __version__
    assert len(entry["description"]) <= 100
    named = {one["name"] for one in entry["packages"][0]["environmentVariables"]}
    assert named <= VARIABLES
