"""What every command shares: help, settings, and how it says that something is wrong."""

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from stackdocs_mcp.cli.commands import cli
from stackdocs_mcp.settings import NAMES
from tests.cli.shell import Shell, environment

_IMPORTED = """
import json, sys
from stackdocs_mcp.cli import main
main()
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""

COMMANDS = [[], *([name] for name in cli.commands)] + [
    [name, inner]
    for name, command in cli.commands.items()
    if isinstance(command, click.Group)
    for inner in command.commands
]


@pytest.mark.requirement("CLI-01")
@pytest.mark.parametrize(
    "arguments",
    [["--version"], *([*command, "--help"] for command in COMMANDS)],
    ids=" ".join,
)
def test_help_and_version_import_nothing_that_is_slow(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _IMPORTED, *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )

    modules = {name.partition(".")[0] for name in json.loads(done.stderr)}
    assert "click" in modules
    assert not modules & {"mcp", "mcp_types", "pydantic", "anyio", "rich", "sqlite3"}
    assert done.stdout


@pytest.mark.requirement("CLI-02")
def test_an_option_counts_before_and_after_the_command_and_over_the_environment(
    shell: Shell,
) -> None:
    env = {"STACKDOCS_STACK": "variable"}

    stacks = [
        shell(*arguments, env=env).out
        for arguments in (
            ["doctor"],
            ["--stack", "before", "doctor"],
            ["doctor", "--stack", "after"],
            ["--stack", "before", "doctor", "--stack", "after"],
        )
    ]

    assert "stack\tvariable\tSTACKDOCS_STACK" in stacks[0]
    assert "stack\tbefore\t--stack" in stacks[1]
    assert "stack\tafter\t--stack" in stacks[2]
    assert "stack\tafter\t--stack" in stacks[3]


@pytest.mark.requirement("CLI-03")
def test_every_setting_is_an_option_of_serve_that_shows_its_variable(shell: Shell) -> None:
    said = " ".join(shell("serve", "--help").out.split())

    for name in set(NAMES) - {"user"}:  # a variable alone, since some commands have another --user
        assert f"--{name.replace('_', '-')}" in said
        assert f"STACKDOCS_{name.upper()}]" in said


@pytest.mark.requirement("CLI-03")
def test_no_command_has_an_option_of_a_setting_without_its_variable() -> None:
    for command in [cli, *cli.commands.values()]:
        for option in command.params:
            if option.name in set(NAMES) - {"user"} and option.param_type_name == "option":
                said = getattr(option, "help", "")
                assert f"[env: STACKDOCS_{option.name.upper()}]" in said


@pytest.mark.requirement("CLI-04")
def test_every_wrong_setting_is_named_in_a_line_of_its_own(shell: Shell, tmp_path: Path) -> None:
    env = {
        "STACKDOCS_OCR_WORKERS": "secret-4711",
        "STACKDOCS_READ_ONLY": "secret-4711",
        "STACKDOCS_TYPO": "secret-4711",
        "STACKDOCS_ALLOW": str(tmp_path / "nowhere"),
    }

    ran = shell("stacks", "--log-level", "loud", env=env)

    assert (ran.code, ran.out) == (2, "")
    lines = ran.err.splitlines()
    assert all(line.startswith("error: STACKDOCS_") for line in lines)
    named = {line.split()[1].rstrip(":") for line in lines}
    assert named >= {"STACKDOCS_OCR_WORKERS", "STACKDOCS_READ_ONLY", "STACKDOCS_LOG_LEVEL"}
    assert "STACKDOCS_TYPO" in named
    assert "secret" not in ran.err
    assert not shell.data.exists()


@pytest.mark.requirement("CLI-04")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["frobnicate"], "No such command 'frobnicate'"),
        (["add"], "Missing argument 'PATH...'"),
        (["add", "--stack"], "Option '--stack' requires an argument"),
        (["export", "--format", "exe"], "'exe' is not one of 'csv', 'json', 'jsonl'"),
        (["serve", ".", "--stack", "bills"], "a folder or --stack, not both"),
        (["serve", "nowhere-at-all"], "'nowhere-at-all' is not a folder"),
        (["schema", "set", "nowhere.json"], "No such file or directory"),
        (
            ["serve", "--toolset", "read_ocr,frobnicate"],
            "no tool 'frobnicate'; the tools are list_",
        ),
    ],
)
def test_wrong_usage_is_one_line_and_code_2(shell: Shell, arguments: list[str], said: str) -> None:
    ran = shell(*arguments)

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: ")
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1


@pytest.mark.requirement("CLI-05")
@pytest.mark.parametrize("command", [["stacks"], ["add", "."], ["serve"], ["demo"]])
def test_a_data_folder_that_cannot_be_used_is_one_line_and_code_1(
    tmp_path: Path, command: list[str]
) -> None:
    (tmp_path / "file").write_text("in the way")

    ran = Shell(tmp_path / "file" / "data")(*command)

    assert (ran.code, ran.out) == (1, "")
    (line,) = ran.err.splitlines()
    assert line.startswith("error: the data folder cannot be used")
    assert "doctor" in line


@pytest.mark.requirement("CLI-05")
def test_a_store_that_is_no_database_is_one_line_and_code_1(shell: Shell) -> None:
    shell.data.mkdir()
    (shell.data / "stackdocs.db").write_text("this is not a database, whatever its name says")

    ran = shell("stacks")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: the store's file is not a database. ")
    assert len(ran.err.splitlines()) == 1
