"""Commands that look at stacks and set them up: stacks, schema, export, history, doctor."""

import csv
import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from stackdocs_mcp.stores.migrate import known
from tests.cli.shell import Shell
from tests.server.papers import INVOICE, SCHEMA


@pytest.mark.requirement("CLI-08")
def test_stacks_are_listed_with_their_documents_by_status(worked: Shell) -> None:
    ran = worked("stacks")

    assert (ran.code, ran.err) == (0, "")
    assert ran.rows == [
        ["stack", "processing", "ocr_complete", "completed", "failed", "billed", "folder", "id"],
        ["paper", "0", "1", "0", "0", "0", "", ran.rows[1][-1]],
    ]


@pytest.mark.requirement("CLI-08")
def test_without_a_stack_the_person_is_told_how_to_make_one(shell: Shell) -> None:
    ran = shell("stacks")

    assert ran.code == 0
    assert len(ran.rows) == 1
    assert "stackdocs-mcp add" in ran.err


@pytest.mark.requirement("CLI-16")
def test_a_mistyped_stack_is_no_new_stack(worked: Shell) -> None:
    for command in (["export", "--format", "csv"], ["history"], ["schema", "show"]):
        ran = worked(*command, "--stack", "papre")

        assert (ran.code, ran.out) == (1, "")
        assert ran.err == "error: there is no stack 'papre'. Choose one with --stack: 'paper'.\n"
    assert len(worked("stacks").rows) == 2


@pytest.mark.requirement("CLI-16")
def test_a_served_folder_is_found_by_its_name_and_by_its_path(shell: Shell, tmp_path: Path) -> None:
    folders = [tmp_path / "one" / "mail", tmp_path / "two" / "mail"]
    for folder in folders:
        folder.mkdir(parents=True)
        assert shell("serve", folder).code == 0  # standard input is at its end: it leaves

    ambiguous = shell("schema", "show", "--stack", "mail")
    by_path = shell("schema", "show", "--stack", folders[1])

    assert ambiguous.code == 2
    assert str(folders[0]) in ambiguous.err
    assert json.loads(by_path.out)["stack"] == "mail"


@pytest.mark.requirement("CLI-09")
def test_what_schema_show_prints_schema_set_takes(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text(json.dumps(SCHEMA))
    (tmp_path / "hints.txt").write_text("Grüße: take the total below the line")

    ran = shell(
        *("schema", "set", tmp_path / "schema.json", "--instructions", tmp_path / "hints.txt"),
        *("--evidence", "require", "--stack", "first"),
    )
    shown = shell("schema", "show", "--stack", "first")
    again = shell("schema", "set", "-", "--stack", "second", stdin=shown.out)

    assert (ran.code, ran.out, again.code) == (0, "", 0)
    first = json.loads(shown.out)
    assert first["schema"] == SCHEMA
    assert first["instructions"].startswith("Grüße")
    assert first["policy"]["evidence"] == "require"
    second = json.loads(shell("schema", "show", "--stack", "second").out)
    assert {**second, "stack": "first"} == first


@pytest.mark.requirement("CLI-09")
def test_evidence_changes_the_policy_and_nothing_else_of_it(shell: Shell, tmp_path: Path) -> None:
    schema, policy = tmp_path / "schema.json", tmp_path / "policy.json"
    schema.write_text(json.dumps(SCHEMA))
    policy.write_text('{"min_confidence": 0.5, "evidence": "warn"}')

    shell("schema", "set", schema, "--policy", policy)
    shell("schema", "set", schema, "--evidence", "off")

    kept = json.loads(shell("schema", "show").out)["policy"]
    assert (kept["evidence"], kept["min_confidence"]) == ("off", 0.5)


@pytest.mark.requirement("CLI-09")
@pytest.mark.parametrize(
    ("schema", "policy", "said"),
    [
        ("{", "{}", "line 1 column 2: it is not JSON"),
        ("[]", "{}", "is not a JSON object"),
        ('{"type": "array"}', "{}", "the schema must be an object with 'properties'"),
        (json.dumps(SCHEMA), '{"evidence": "maybe"}', "the policy is not valid at 'evidence'"),
        (json.dumps(SCHEMA), '{"strict": true}', "'strict' is no part of a policy"),
    ],
)
def test_a_schema_or_policy_that_is_not_one_is_refused_with_the_reason(
    shell: Shell, tmp_path: Path, schema: str, policy: str, said: str
) -> None:
    (tmp_path / "schema.json").write_text(schema)
    (tmp_path / "policy.json").write_text(policy)

    ran = shell("schema", "set", tmp_path / "schema.json", "--policy", tmp_path / "policy.json")

    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1


@pytest.mark.requirement("CLI-10")
def test_csv_goes_to_standard_output_and_the_lists_left_out_are_named(worked: Shell) -> None:
    ran = worked("export", "--format", "csv", "--stack", "paper")

    assert ran.code == 0
    (row,) = csv.DictReader(io.StringIO(ran.out))
    assert (row["number"], row["date"], row["total"]) == ("INV-2031", "2026-03-05", "52.2")
    assert "'line_items'" in ran.err
    assert "--output" in ran.err


@pytest.mark.requirement("CLI-10")
def test_json_has_everything_in_one_text(worked: Shell) -> None:
    ran = worked("export", "--format", "json", "--evidence", "--stack", "paper")

    assert (ran.code, ran.err) == (0, "")
    (document,) = json.loads(ran.out)
    assert document["fields"]["line_items"] == [{"description": "Envelopes", "amount": 12.5}]
    assert document["evidence"]["total"]["page"] == 2


@pytest.mark.requirement("CLI-10")
def test_output_writes_a_table_for_each_list_beside_the_documents(
    worked: Shell, tmp_path: Path
) -> None:
    ran = worked("export", "--format", "csv", "--output", tmp_path / "out.csv", "--stack", "paper")

    written = [tmp_path / "out.csv", tmp_path / "out.line_items.csv"]
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [str(path) for path in written]
    assert sorted(tmp_path.iterdir()) == written
    assert "Envelopes" in written[1].read_text()


@pytest.mark.requirement("CLI-10")
def test_an_output_that_cannot_be_written_is_one_line_and_code_1(
    worked: Shell, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")

    ran = worked("export", "--format", "csv", "--output", tmp_path / "file/out", "--stack", "paper")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.endswith(
        "could not be written. Check that its folder is there, the rights, and the free space.\n"
    )


@pytest.mark.requirement("CLI-11")
def test_history_shows_who_changed_what_newest_first(worked: Shell) -> None:
    ran = worked("history", "--stack", "paper")

    assert (ran.code, ran.err) == (0, "")
    head, *changes = ran.rows
    assert head[:7] == ["change", "at", "who", "action", "path", "before -> after", "file"]
    told = [(one[4], one[5]) for one in changes]
    assert ("total", "- -> 43.5") in told
    assert ("total", "43.5 -> 52.2") in told
    assert told.index(("total", "43.5 -> 52.2")) < told.index(("total", "- -> 43.5"))
    assert {(one[2], one[6]) for one in changes} == {("agent claude 1.0", "invoice.txt")}
    assert all(one[1].endswith("Z") for one in changes)


@pytest.mark.requirement("CLI-11")
def test_history_of_a_document_that_is_not_there_says_so(worked: Shell) -> None:
    ran = worked("history", "nothing", "--stack", "paper")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: there is no document 'nothing' in the stack.")


@pytest.mark.requirement("CLI-12")
def test_doctor_finds_nothing_wrong_and_changes_nothing(shell: Shell) -> None:
    ran = shell("doctor", "--log-level", "warning", env={"STACKDOCS_OCR_WORKERS": "2"})

    assert (ran.code, ran.err) == (0, "")
    assert "problem" not in ran.out
    assert "ocr_workers\t2\tSTACKDOCS_OCR_WORKERS" in ran.out
    assert "log_level\twarning\t--log-level" in ran.out
    assert "max_file_mb\t100\tdefault" in ran.out
    assert not shell.data.exists()


@pytest.mark.requirement("CLI-12")
def test_doctor_says_what_state_the_store_is_in(worked: Shell) -> None:
    ran = worked("doctor")

    assert ran.code == 0
    assert f"ok       store: version {known()[-1].number}, intact" in ran.out


@pytest.mark.requirement("CLI-12")
def test_doctor_finds_a_store_that_can_be_read_but_not_written(
    shell: Shell, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text(INVOICE)
    shell("add", tmp_path / "a.txt")
    with closing(sqlite3.connect(shell.data / "stackdocs.db")) as holder:
        holder.execute("BEGIN IMMEDIATE")
        held = shell("doctor")
        holder.rollback()

    assert held.code == 1
    assert "problem  store:" in held.out
    assert "cannot be written" in held.out
    assert shell("doctor").code == 0


@pytest.mark.requirement("CLI-12")
def test_doctor_says_what_to_do_about_a_store_of_a_newer_program(
    shell: Shell, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text(INVOICE)
    shell("add", tmp_path / "a.txt")
    with closing(sqlite3.connect(shell.data / "stackdocs.db")) as connection, connection:
        connection.execute("INSERT INTO migrations VALUES (99, 'later', 0)")

    ran = shell("doctor")
    used = shell("stacks")

    assert ran.code == 1
    assert "problem  store: version 99; this program knows" in ran.out
    assert "Install the newer stackdocs-mcp" in ran.out
    assert used.code == 1
    assert "Install the newer stackdocs-mcp" in used.err


@pytest.mark.requirement("CLI-12")
def test_doctor_says_what_to_do_about_a_damaged_store_and_a_folder_open_to_others(
    shell: Shell,
) -> None:
    shell.data.mkdir()
    shell.data.chmod(0o755)
    (shell.data / "stackdocs.db").write_text("this is not a database, whatever its name says")

    ran = shell("doctor")

    assert ran.code == 1
    assert "is open to others, drwxr-xr-x. chmod 700 it." in ran.out
    assert "cannot be read as a store. Restore it from a backup" in ran.out


@pytest.mark.requirement("CLI-12")
def test_doctor_says_that_a_data_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    ran = Shell(tmp_path / "file" / "data")("doctor")

    assert ran.code == 1
    assert "may not be written to. Change its rights, or choose another (--data-dir)." in ran.out
