"""Commands of a person: set, release, undo, reextract; and history and doctor on what they did."""

import os
import pty
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.server.compose import running
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace import adding, schemas, writing
from tests.cli.shell import COMMAND, PATIENCE, Shell, all_of
from tests.server.papers import INVOICE, SCHEMA

HEAD = ["outcome", "path", "value", "evidence", "change"]


@pytest.fixture
def paper(tmp_path: Path) -> Shell:
    """A stack 'default' with the invoice, whose total an agent has set wrong."""
    anyio.run(_work, tmp_path)
    return Shell(tmp_path / "data")


async def _work(folder: Path) -> None:
    path = folder / "invoice.txt"
    path.write_text(INVOICE)
    async with running(Settings(data_dir=folder / "data", allow=(folder,))) as app:
        workspace = app.workspace(await app.open_stack(), Actor("agent", "claude 1.0"))
        await schemas.set_schema(workspace, SCHEMA)
        document = (await adding.add_document(workspace, str(path))).document.id
        entry = writing.Entry("total", "43.50")
        await writing.set_fields(workspace, document, [entry], dry_run=False)


def tampered(shell: Shell, statement: str) -> None:
    with closing(sqlite3.connect(shell.data / "stackdocs.db")) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in names.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)
        connection.commit()


@pytest.mark.requirement("HIST-70")
def test_a_person_sets_a_field_as_printed_with_or_without_its_place(paper: Shell) -> None:
    found = paper("set", "invoice.txt", "total", "52.20")
    cited = paper("set", "invoice.txt", "total", "52.20", "--page", "2", "--lines", "4")
    quoted = paper(
        "set", "invoice.txt", "total", "52.20", "--page", "2", "--quote", "Total due 52.20"
    )

    assert (found.code, found.err, found.rows[0]) == (0, "", HEAD)
    assert found.rows[1] == ["accepted", "total", "52.2", "located, page 2 line 4", "2-1"]
    assert cited.rows[1][3:] == ["verified, page 2 line 4", "3-1"]
    assert quoted.rows[1][0] == "unchanged"


@pytest.mark.requirement("HIST-70")
def test_a_negative_value_is_no_option(paper: Shell) -> None:
    printed = paper("set", "invoice.txt", "total", "-5,00")
    as_json = paper("set", "invoice.txt", "total", "--json", "-6", "--page", "2")
    misspelt = paper("set", "invoice.txt", "total", "-7", "--pgae", "2")

    below = "total breaks minimum 0"  # read as a number, and refused by the schema alone
    assert (printed.code, below in printed.err) == (1, True)
    assert (as_json.code, below in as_json.err) == (1, True)
    assert misspelt.code == 2


@pytest.mark.requirement("HIST-70")
def test_a_value_that_the_schema_refuses_is_an_error_with_the_reason(paper: Shell) -> None:
    ran = paper("set", "invoice.txt", "total", "much")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: ")
    assert paper("history").rows[1][5] == "- -> 43.5"


@pytest.mark.requirement("HIST-70")
def test_a_value_that_is_not_on_the_page_is_set_with_a_warning(paper: Shell) -> None:
    ran = paper("set", "invoice.txt", "total", "99.99", "--page", "2", "--lines", "4")

    assert ran.code == 0
    assert ran.rows[1][0] == "accepted with warning"
    assert ran.err.startswith("warning: ")


@pytest.mark.requirement("HIST-70")
def test_a_value_can_be_json(paper: Shell) -> None:
    rows = '[{"description": "Envelopes", "amount": 12.50}]'

    assert paper("set", "invoice.txt", "line_items", rows, "--json").rows[1][1] == "line_items"
    assert paper("set", "invoice.txt", "line_items", "[{", "--json").code == 2


@pytest.mark.requirement("HIST-70")
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1, "a": 2}', "an object has the same key twice"),
        ("NaN", "NaN and Infinity are not JSON"),
        ("[" * 65 + "]" * 65, "it is nested deeper than 64 levels"),
        ('"\\ud83d"', "a text has half of a surrogate pair"),
    ],
    ids=["twice", "NaN", "deep", "half"],
)
def test_json_of_two_meanings_is_refused_with_the_reason(
    paper: Shell, text: str, reason: str
) -> None:
    ran = paper("set", "invoice.txt", "note", text, "--json")

    assert (ran.code, ran.out) == (2, "")
    assert reason in ran.err
    assert len(paper("history").rows) == 2


@pytest.mark.requirement("HIST-70")
@pytest.mark.parametrize(
    "options",
    [
        ["--lines", "4"],
        ["--quote", "x"],
        ["--page", "0"],
        ["--page", "1", "--lines", "x"],
        ["--page", "1", "--lines", "1_0"],
        ["--page", "1", "--lines", "-3"],
        ["--page", "1", "--lines", "1", "--quote", "x"],
    ],
    ids=" ".join,
)
def test_a_place_that_cannot_be_is_a_usage_error(paper: Shell, options: list[str]) -> None:
    ran = paper("set", "invoice.txt", "total", "52.20", *options)

    assert (ran.code, ran.out) == (2, "")
    assert len(paper("history").rows) == 2


@pytest.mark.requirement("HIST-71")
def test_what_a_person_set_is_released_undone_and_redone(paper: Shell) -> None:
    paper("set", "invoice.txt", "total", "52.20")

    released, again = [paper("release", "invoice.txt", "total") for _ in range(2)]
    undone = paper("undo", "invoice.txt", "3-1")
    back = paper("undo", "invoice.txt")
    forward = paper("undo", "invoice.txt", "--redo")

    assert (released.code, released.rows) == (0, [["released", "total", "3-1"]])
    assert (again.code, again.out, again.err) == (0, "", "Nothing is locked there.\n")
    assert undone.rows[1][1:3] == ["total", "52.2"]
    assert back.rows[1][1:3] == ["total", "43.5"]
    assert forward.rows[1][1:3] == ["total", "52.2"]
    assert [row[3] for row in paper("history", "invoice.txt").rows[1:]] == [
        "redo",
        "undo",
        "undo",
        "release",
        "set",
        "set",
    ]


@pytest.mark.requirement("HIST-71")
def test_what_cannot_be_released_or_undone_is_said(paper: Shell) -> None:
    for command in (
        ["release", "invoice.txt", "vendor.name"],
        ["undo", "invoice.txt", "9-1"],
        ["undo", "invoice.txt", "--redo"],
        ["reextract", "other.txt"],
    ):
        ran = paper(*command)
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.startswith("error: ")


@pytest.mark.requirement("HIST-72")
def test_documents_are_extracted_anew_and_keep_what_a_person_set(paper: Shell) -> None:
    paper("set", "invoice.txt", "vendor.name", "ACME")

    ran = paper("reextract", "invoice.txt")

    assert (ran.code, ran.err) == (0, "")
    (row,) = ran.rows
    assert row[1:] == ["2", "1", "invoice.txt"]
    head, *changes = paper("history").rows
    assert head[7:] == ["evidence", "extraction", "user"]
    assert [(one[0], one[3], one[8]) for one in changes] == [
        ("3-2", "set", "2"),
        ("3-1", "start", "2"),
        ("2-1", "set", "1"),
        ("1-1", "set", "1"),
    ]
    assert {one[2] for one in changes} == {"person command line", "agent claude 1.0"}
    assert len({one[9] for one in changes}) == 1


@pytest.mark.requirement("HIST-72")
def test_a_terminal_is_spared_the_columns_that_say_the_same_in_every_row(paper: Shell) -> None:
    def seen() -> str:
        ours, theirs = pty.openpty()
        environment = paper.environment({"TERM": "xterm", "COLUMNS": "200"})
        with subprocess.Popen([COMMAND, "history"], env=environment, stdout=theirs) as process:
            os.close(theirs)
            text = all_of(ours)
            assert process.wait(PATIENCE) == 0
        return text

    paper("set", "invoice.txt", "total", "52.20")
    one = seen()
    paper("reextract", "invoice.txt")
    two = seen()

    assert "extraction" not in one
    assert "evidence" in one
    assert "extraction" in two
    assert "user" not in two


@pytest.mark.requirement("HIST-73")
def test_doctor_says_how_many_changes_fit_together_and_changes_nothing(paper: Shell) -> None:
    paper("set", "invoice.txt", "total", "52.20")
    before = (paper.data / "stackdocs.db").read_bytes()

    ran = paper("doctor")

    assert ran.code == 0
    assert "ok       history: 2 changes of 1 document, fitting together" in ran.out
    assert (paper.data / "stackdocs.db").read_bytes() == before


@pytest.mark.requirement("HIST-73")
def test_doctor_names_the_stack_whose_policy_cannot_be_read(paper: Shell) -> None:
    tampered(paper, "UPDATE stacks SET policy = 'gar'")

    ran = paper("doctor")

    assert ran.code == 1
    assert "of the stack 'default' cannot be read" in ran.out
    assert "fault in this program" not in ran.err


@pytest.mark.requirement("HIST-73")
def test_doctor_names_the_document_and_the_change_that_somebody_altered(paper: Shell) -> None:
    paper("set", "invoice.txt", "total", "52.20")
    tampered(paper, "UPDATE changes SET actor_kind = 'person' WHERE revision = 1")

    ran = paper("doctor")

    assert ran.code == 1
    (line,) = [one for one in ran.out.splitlines() if "history: " in one]
    assert line.startswith("problem  history: invoice.txt (")
    assert "in stack default: change 1-1: its digest is not that of what it says" in line


@pytest.mark.requirement("HIST-74")
def test_digests_that_were_kept_elsewhere_show_that_a_history_was_written_anew(
    paper: Shell, tmp_path: Path
) -> None:
    kept = tmp_path / "digests"
    kept.write_text(paper("history", "--digests").out)
    short = paper("history", "invoice.txt").err
    paper("set", "invoice.txt", "total", "52.20")

    assert paper("doctor", "--digests", kept).code == 0
    assert kept.read_text().split("\t")[1].startswith(short.split()[-1])

    other = Shell(tmp_path / "other")
    assert other("add", tmp_path / "invoice.txt").code == 0
    missing = other("doctor", "--digests", kept)
    assert missing.code == 1
    assert "was there when digests were kept" in missing.out
    kept.write_text(kept.read_text().replace(kept.read_text().split("\t")[1], "0" * 64))
    anew = paper("doctor", "--digests", kept)
    assert anew.code == 1
    assert "the history no longer holds what was kept of it" in anew.out


@pytest.mark.requirement("HIST-74")
def test_a_file_that_holds_no_digests_is_a_usage_error(paper: Shell, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("hello\n")

    ran = paper("doctor", "--digests", file)

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: line 1 of the digests")
