"""Commands about stacks as a whole: members, deleting, and what was refused."""

import os
import pty
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from stackdocs_mcp.core.binding import UserId
from stackdocs_mcp.core.tenancy import Denial
from stackdocs_mcp.server.compose import running
from stackdocs_mcp.settings import Settings
from tests.cli.shell import COMMAND, Shell, all_of

ISSUER = "https://issuer.example.org/"
BOB = ISSUER + "#bob"


@pytest.fixture
def filled(shell: Shell, tmp_path: Path) -> Shell:
    """With the stacks 'paper' and 'other', which have the same document."""
    (tmp_path / "a.txt").write_text("Acme Inc")
    for stack in ("paper", "other"):
        assert shell("add", tmp_path / "a.txt", "--stack", stack).code == 0
    return shell


def stacks(shell: Shell) -> list[str]:
    return [row[0] for row in shell("stacks").rows[1:]]


@pytest.mark.requirement("TENANT-40")
def test_members_are_added_given_another_role_listed_and_removed(filled: Shell) -> None:
    chosen = ("--stack", "paper")
    added = filled("members", "add", "bob", "--issuer", ISSUER, "--role", "editor", *chosen)
    assert (added.code, added.out) == (0, "")
    assert added.err == f"{BOB!r} may use the stack 'paper' as editor.\n"
    assert filled("members", "add", "local:4711", "--role", "viewer", *chosen).code == 0

    listed = filled("members", *chosen)
    assert listed.rows[0] == ["user", "role", "since", "in logs"]
    assert [row[:2] for row in listed.rows[1:]] == [
        [f"local:{os.getuid()}", "owner"],
        [BOB, "editor"],
        ["local:4711", "viewer"],
    ]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", listed.rows[1][2])

    assert filled("members", "add", BOB, "--role", "viewer", *chosen).code == 0
    assert filled("members", *chosen).rows[2][:2] == [BOB, "viewer"]
    removed = filled("members", "remove", "bob", "--issuer", ISSUER, *chosen)
    assert (removed.code, removed.out) == (0, "")
    again = filled("members", "remove", BOB, *chosen)
    assert again.code == 1
    assert again.err.startswith(f"error: {BOB!r} is no member of the stack 'paper'.")
    assert len(filled("members", *chosen).rows) == 3
    assert len(filled("members", "--stack", "other").rows) == 2


@pytest.mark.requirement("TENANT-40")
@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "bob"),
        ("add", "bob", "--role", "owner"),
        ("add", f"local:{os.getuid()}", "--role", "viewer"),
        ("remove", f"local:{os.getuid()}"),
        ("add", " ", "--role", "viewer"),
        ("add", "two\nlines", "--role", "viewer"),
        ("add", "x" * 600, "--role", "viewer"),
        ("add", "bob", "--role", "viewer", "--issuer", "http://issuer.example.org"),
        ("add", "bob", "--role", "viewer", "--issuer", "https://issuer.example.org/#x"),
    ],
)
def test_what_can_be_no_member_is_a_usage_error(filled: Shell, arguments: tuple[str, ...]) -> None:
    ran = filled("members", *arguments, "--stack", "paper")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: ")
    assert len(ran.err.splitlines()) == 1
    assert len(filled("members", "--stack", "paper").rows) == 2


@pytest.mark.requirement("TENANT-40")
def test_members_of_a_stack_that_is_not_there_make_none(filled: Shell) -> None:
    ran = filled("members", "add", "bob", "--role", "viewer", "--stack", "papre")

    assert ran.code == 1
    assert "there is no stack 'papre'" in ran.err
    assert stacks(filled) == ["other", "paper"]


@pytest.mark.requirement("TENANT-41")
def test_a_stack_is_deleted_when_told_to_and_the_others_stay(filled: Shell) -> None:
    ran = filled("stacks", "delete", "paper", "--yes")

    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "The stack 'paper' was deleted with 1 document.\n"
    assert stacks(filled) == ["other"]
    assert filled("read", "a.txt", "--stack", "other").code == 0
    assert filled("doctor").code == 0
    gone = filled("read", "a.txt", "--stack", "paper")
    assert gone.code == 1
    assert filled("stacks", "delete", "paper", "--yes").err.startswith("error: there is no stack")


@pytest.mark.requirement("TENANT-41")
def test_where_nobody_can_be_asked_a_stack_is_not_deleted(filled: Shell) -> None:
    ran = filled("stacks", "delete", "paper", stdin="y\n")

    assert ran.code == 2
    assert "--yes" in ran.err
    assert stacks(filled) == ["other", "paper"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pty")
@pytest.mark.requirement("TENANT-41")
@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 130), ("", 130)])
def test_on_a_terminal_a_person_is_asked(filled: Shell, answer: str, code: int) -> None:
    ours, theirs = pty.openpty()
    asked = subprocess.Popen(
        [COMMAND, "stacks", "delete", "paper"],
        env=filled.environment(),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.write(ours, f"{answer}\n".encode())
    os.close(theirs)
    shown = all_of(ours)

    assert asked.wait(timeout=60) == code
    assert "Delete the stack 'paper' with 1 document, their fields and their history?" in shown
    assert stacks(filled) == (["other"] if code == 0 else ["other", "paper"])


@pytest.mark.requirement("AUDIT-10")
def test_refusals_are_shown_newest_first(shell: Shell) -> None:
    denials = [
        Denial(UserId(BOB), "99b3a8a0", "req-1", "read_ocr", "document_not_found", "3b241101"),
        Denial(UserId("alice"), "\x1b[31m", "req-2", "endpoint", "not_found"),
    ]

    async def record() -> None:
        async with running(Settings(data_dir=shell.data)) as app:
            for denial in denials:
                await app.store.record(denial)
            for _ in range(40):
                await app.store.record(Denial(UserId("flood"), "s", "r", "read_ocr", "x"))

    anyio.run(record)

    ran = shell("audit", "--limit", "5")
    assert ran.rows[0] == ["at", "user", "stack", "name", "what", "code", "subject", "request"]
    assert ran.rows[1][1:] == ["flood", "", "", "", "more 20", "", ""]
    assert len(ran.rows) == 6
    (_, bobs) = shell("audit", "--user", BOB).rows
    asked = ["99b3a8a0", "", "read_ocr", "document_not_found", "3b241101", "req-1"]
    assert bobs[1:] == [BOB, *asked]
    assert shell("audit", "--user", "alice").rows[1][2] == "\\x1b[31m"


@pytest.mark.requirement("AUDIT-10")
def test_without_a_refusal_the_person_is_told_so(shell: Shell) -> None:
    ran = shell("audit")

    assert ran.code == 0
    assert len(ran.rows) == 1
    assert ran.err == "Nothing was refused in the last 90 days.\n"


DOCUMENT = "3b241101-e2bb-4255-8caf-4136c566a962"
REQUEST = "00f067aa0ba902b7"


def recorded(shell: Shell, *names: str) -> list[str]:
    """Record that Bob asked for a document of each of the stacks; their ids."""

    async def record() -> list[str]:
        async with running(Settings(data_dir=shell.data)) as app:
            ids = [(await app.store.open_stack(app.user, name)).id for name in names]
            for one in ids:
                denial = Denial(UserId(BOB), one, REQUEST, "read_ocr", "document_not_found")
                await app.store.record(replace(denial, subject=DOCUMENT))
            return [*ids]

    return anyio.run(record)


@pytest.mark.requirement("AUDIT-22")
def test_a_refusal_names_the_stack_and_the_request_and_those_of_one_stack_can_be_had(
    shell: Shell,
) -> None:
    paper, other = recorded(shell, "paper", "other")

    (first, second) = shell("audit").rows[1:]
    assert first[2:] == [other, "other", "read_ocr", "document_not_found", DOCUMENT, REQUEST]
    assert second[2:4] == [paper, "paper"]
    assert [row[2] for row in shell("audit", "--stack", "paper").rows[1:]] == [paper]
    assert [row[2] for row in shell("audit", "--stack", other, "--user", BOB).rows[1:]] == [other]
    assert shell("audit", "--stack", "papre").rows[1:] == []


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pty")
@pytest.mark.requirement("AUDIT-23")
@pytest.mark.parametrize("columns", [100, 300])
def test_no_id_or_code_is_broken_on_a_terminal(shell: Shell, columns: int) -> None:
    (paper,) = recorded(shell, "paper")
    ours, theirs = pty.openpty()
    asked = subprocess.Popen(
        [COMMAND, "audit"],
        env={**shell.environment(), "COLUMNS": str(columns)},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    lines = all_of(ours).splitlines()

    assert asked.wait(timeout=60) == 0
    for whole in (paper, DOCUMENT, REQUEST, BOB, "document_not_found"):
        assert [line for line in lines if whole in line], whole
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]
    assert max(map(len, plain)) <= columns
