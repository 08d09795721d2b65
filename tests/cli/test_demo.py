"""``demo``, twice: what it shows, what it leaves, and what it does not do again."""

import csv
import json
from pathlib import Path

import pytest

from stackdocs_mcp import samples
from stackdocs_mcp.cli.demo.steps import command_name
from tests.cli.shell import Ran, Shell
from tests.project.repository import blocks


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return Shell(tmp_path_factory.mktemp("demo") / "data")


@pytest.fixture(scope="module")
def runs(shell: Shell) -> list[tuple[Ran, dict[str, str]]]:
    """Two runs on one data folder, each with the files that it exported."""
    return [(shell("demo"), _exported(shell)) for _ in range(2)]


def _exported(shell: Shell) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted((shell.data / "exports").iterdir())}


@pytest.mark.requirement("CLI-13")
def test_the_demo_does_all_that_it_says_and_writes_nothing_to_standard_error(
    runs: list[tuple[Ran, dict[str, str]]],
) -> None:
    for ran, _ in runs:
        assert (ran.code, ran.err) == (0, "")


@pytest.mark.requirement("CLI-13")
def test_the_wrong_digit_is_shown_with_what_the_page_has(
    runs: list[tuple[Ran, dict[str, str]]],
) -> None:
    said = " ".join(runs[0][0].out.replace("|", " ").split())

    assert "value_differs on page 2 line 15" in said
    assert "has 4.586,21, not 4536.21" in said
    assert "not completed: evidence_unverified: total" in said
    assert "total: accepted, verified on page 2 line 15" in said


@pytest.mark.requirement("CLI-13")
def test_three_documents_are_completed_with_every_value_verified(
    runs: list[tuple[Ran, dict[str, str]]],
) -> None:
    documents = json.loads(runs[0][1]["demo.json"])

    assert [one["filename"] for one in documents] == list(samples.NAMES)
    assert {one["status"] for one in documents} == {"completed"}
    verdicts = {evidence["verdict"] for one in documents for evidence in one["evidence"].values()}
    assert verdicts == {"verified", "derived"}
    invoice = documents[0]["fields"]
    assert sum(round(row["amount"] * 100) for row in invoice["line_items"]) == 385_396
    assert (invoice["net"], invoice["total"]) == (3853.96, 4586.21)
    assert documents[1]["fields"]["number"] == "004512"


@pytest.mark.requirement("CLI-13")
def test_the_second_run_has_the_same_result_and_neither_reads_nor_writes_again(
    shell: Shell, runs: list[tuple[Ran, dict[str, str]]]
) -> None:
    (first, exported), (second, again) = runs

    assert "recognised by the local OCR" in first.out
    assert second.out.count("pages already read") == 3
    assert second.out.count("all as before, nothing written") == 3
    (row,) = shell("stacks").rows[1:]
    assert row[:-1] == ["demo", "0", "0", "3", "0", "0", ""]
    for name in ("demo.csv", "demo.line_items.csv"):
        assert list(csv.reader(again[name].splitlines())) == list(
            csv.reader(exported[name].splitlines())
        )
    changes = shell("history", "--stack", "demo").rows[1:]
    assert [row[3] for row in changes[:3]] == ["complete", "undo", "set"]
    assert sum(row[3] == "set" for row in changes) == 149 + 26 + 13 + 2


@pytest.mark.requirement("CLI-13")
def test_what_is_printed_fits_80_columns(runs: list[tuple[Ran, dict[str, str]]]) -> None:
    for ran, _ in runs:
        for line in ran.out.splitlines():
            copyable = line.startswith(("   /", "   stackdocs-mcp ", "   claude "))
            assert len(line) <= 80 or copyable, line
            assert line == line.rstrip()


@pytest.mark.requirement("CLI-13")
def test_the_demo_is_not_disturbed_by_settings_of_other_work(
    shell: Shell, runs: list[tuple[Ran, dict[str, str]]], tmp_path: Path
) -> None:
    assert runs
    env = {
        "STACKDOCS_STACK": "other",
        "STACKDOCS_READ_ONLY": "true",
        "STACKDOCS_TOOLSET": "read_ocr",
        "STACKDOCS_EXPORT_DIR": str(tmp_path / "elsewhere"),
    }

    ran = shell("demo", env=env)

    assert (ran.code, ran.err) == (0, "")
    assert (tmp_path / "elsewhere" / "demo.csv").is_file()
    assert len(shell("stacks").rows) == 2


@pytest.mark.requirement("CLI-13")
def test_the_transcript_in_the_readme_is_what_the_first_run_prints(
    runs: list[tuple[Ran, dict[str, str]]],
) -> None:
    (transcript,) = [one.text for one in blocks("text") if one.text.startswith("stackdocs-mcp 0")]

    rest = runs[0][0].out.splitlines()
    for line in transcript.splitlines():
        if line == "[...]":
            continue
        assert line in rest, line
        rest = rest[rest.index(line) + 1 :]


@pytest.mark.requirement("CLI-13")
def test_what_the_demo_says_to_type_next_can_be_typed() -> None:
    assert command_name({}) == "stackdocs-mcp"
    assert Path(command_name({"UV_RUN_RECURSION_DEPTH": "1"})).is_file()
