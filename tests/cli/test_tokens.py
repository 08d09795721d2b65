"""``token``: for whom it makes one, for whom not, and how all of them end."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.shell import COMMAND, Shell, all_of

ADDRESS = "https://stackdocs.example"


@pytest.fixture
def paper(shell: Shell, tmp_path: Path) -> Shell:
    """With the stack 'paper', of which bob is a member."""
    (tmp_path / "a.txt").write_text("Acme Inc")
    assert shell("add", tmp_path / "a.txt", "--stack", "paper").code == 0
    assert shell("members", "add", "bob", "--role", "viewer", "--stack", "paper").code == 0
    return shell


def stacks(shell: Shell) -> list[str]:
    return [row[0] for row in shell("stacks").rows[1:]]


def key(shell: Shell) -> bytes:
    return (shell.data / "issuer.pem").read_bytes()


@pytest.mark.requirement("TOKEN-04")
def test_revoking_asks_for_yes_where_nobody_can_be_asked(paper: Shell) -> None:
    assert paper("token", "--stack", "paper").code == 0
    before = key(paper)

    unasked = paper("token", "--revoke", stdin="y\n")

    assert unasked.code == 2
    assert "--yes" in unasked.err
    assert key(paper) == before
    done = paper("token", "--revoke", "--yes")
    assert (done.code, done.out) == (0, "")
    assert done.err.startswith("All tokens are void")
    assert key(paper) != before


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pty")
@pytest.mark.requirement("TOKEN-04")
@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 130)])
def test_on_a_terminal_a_person_is_asked(paper: Shell, answer: str, code: int) -> None:
    assert paper("token", "--stack", "paper").code == 0
    before = key(paper)
    ours, theirs = pty.openpty()
    asked = subprocess.Popen(
        [COMMAND, "token", "--revoke"],
        env=paper.environment(),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.write(ours, f"{answer}\n".encode())
    os.close(theirs)
    shown = all_of(ours)

    assert asked.wait(timeout=60) == code
    assert "End all tokens of all users and stacks?" in shown
    assert (key(paper) != before) == (code == 0)


@pytest.mark.requirement("TOKEN-04")
@pytest.mark.parametrize(
    "options",
    [("--user", "bob"), ("--stack", "paper"), ("--days", "7"), ("--scope", "stack:read")],
)
def test_no_single_token_is_revoked(paper: Shell, options: tuple[str, ...]) -> None:
    assert paper("token", "--stack", "paper").code == 0
    before = key(paper)

    ran = paper("token", "--revoke", "--yes", *options)

    assert (ran.code, ran.out) == (2, "")
    assert "all users and stacks" in ran.err
    assert key(paper) == before


@pytest.mark.requirement("TOKEN-04")
def test_where_no_token_was_made_there_is_none_to_revoke(shell: Shell) -> None:
    ran = shell("token", "--revoke", "--yes", env={"STACKDOCS_STACK": "paper"})

    assert (ran.code, ran.out) == (0, "")
    assert ran.err.startswith("There are no tokens")
    assert not (shell.data / "issuer.pem").exists()
    assert shell("token", "--yes").code == 2


@pytest.mark.requirement("TOKEN-05")
def test_a_token_for_others_is_for_members_of_a_stack_that_is_there(paper: Shell) -> None:
    for user in ("bob", f"local:{os.getuid()}"):
        assert paper("token", "--user", user, "--stack", "paper").code == 0

    stranger = paper("token", "--user", "mallory", "--stack", "paper")
    assert (stranger.code, stranger.out) == (1, "")
    wanted = "`stackdocs-mcp members add mallory --role viewer --stack paper`"
    assert "'mallory' is no member of the stack 'paper'" in stranger.err
    assert wanted in stranger.err

    mistyped = paper("token", "--user", "bob", "--stack", "papre")
    assert (mistyped.code, mistyped.out) == (1, "")
    assert mistyped.err == "error: there is no stack 'papre'. Choose one with --stack: 'paper'.\n"
    assert stacks(paper) == ["paper"]


@pytest.mark.requirement("TOKEN-05")
def test_a_users_token_of_a_provider_is_not_ours_to_make(paper: Shell) -> None:
    user = "https://id.example/#bob"
    assert paper("members", "add", user, "--role", "viewer", "--stack", "paper").code == 0

    ran = paper("token", "--user", user, "--stack", "paper")

    assert (ran.code, ran.out) == (2, "")
    assert "STACKDOCS_AUTH_ISSUER" in ran.err


@pytest.mark.requirement("TOKEN-05")
def test_a_stack_that_is_made_for_a_token_is_said(shell: Shell) -> None:
    first = shell("token", "--as", "token", "--stack", "letters")
    again = shell("token", "--as", "token", "--stack", "letters")

    assert first.err == "made the stack 'letters'\n"
    assert again.err == ""
    assert stacks(shell) == ["letters"]


@pytest.mark.requirement("TOKEN-06")
@pytest.mark.parametrize("command", [("serve", "--http"), ("token",)])
def test_a_public_address_elsewhere_needs_a_provider(
    shell: Shell, command: tuple[str, ...]
) -> None:
    ran = shell(*command, "--public-url", ADDRESS)

    assert (ran.code, ran.out) == (2, "")
    (line,) = ran.err.splitlines()
    assert line.startswith("error: STACKDOCS_PUBLIC_URL (--public-url): another address")
    assert "STACKDOCS_AUTH_ISSUER" in line


@pytest.mark.requirement("TOKEN-06")
def test_doctor_says_that_a_public_address_needs_a_provider(shell: Shell) -> None:
    ran = shell("doctor", "--public-url", ADDRESS, "--port", "0")

    assert ran.code == 1
    assert "another address than this machine's needs an identity provider" in ran.out
    named = {"STACKDOCS_AUTH_ISSUER": "https://id.example"}
    assert "another address" not in shell("doctor", "--public-url", ADDRESS, env=named).out


@pytest.mark.requirement("TOKEN-07")
@pytest.mark.parametrize(
    "typed", [("serve", "--http", "--stack", "paper"), ("--stack", "paper", "serve", "--http")]
)
def test_one_stack_alone_is_not_served_over_http(shell: Shell, typed: tuple[str, ...]) -> None:
    ran = shell(*typed)

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: serve: --http serves all stacks")


@pytest.mark.requirement("TOKEN-10")
def test_stacks_show_the_ids_that_addresses_have(paper: Shell) -> None:
    listed = paper("stacks").rows
    members = paper("members", "list", "--stack", "paper")

    assert listed[0][-1] == "id"
    assert f"/stacks/{listed[1][-1]}/mcp" in members.err
    assert members.out == paper("members", "--stack", "paper").out


@pytest.mark.requirement("TOKEN-09")
@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("STACKDOCS_AUTH_ISUER", "did you mean STACKDOCS_AUTH_ISSUER"),
        ("STACKDOCS_PUBLIC_ADDRESS_OF_MINE", "`stackdocs-mcp serve --help`"),
    ],
)
def test_an_unknown_variable_gets_the_nearest_alone(shell: Shell, variable: str, said: str) -> None:
    ran = shell("stacks", env={variable: "x"})

    assert ran.code == 2
    assert said in ran.err
    assert ran.err.count("STACKDOCS_") <= 3


@pytest.mark.requirement("TOKEN-09")
@pytest.mark.parametrize(
    "origins",
    ["foo", "*", "null", "https://a.example/", "https://A.example", "https://a.example,b.example"],
)
def test_an_origin_that_no_browser_sends_is_refused(shell: Shell, origins: str) -> None:
    ran = shell("serve", "--http", "--allowed-origins", origins)

    assert ran.code == 2
    assert ran.err.startswith("error: STACKDOCS_ALLOWED_ORIGINS (--allowed-origins): must be")


@pytest.mark.requirement("TOKEN-09")
def test_a_person_is_told_of_commands_and_not_of_tools(paper: Shell) -> None:
    chosen = ("--stack", "paper")
    assert paper("schema", "set", "--fields", "total", *chosen).code == 0
    unset = paper("release", "a.txt", "total", *chosen)
    unknown = paper("set", "a.txt", "zzz", "1", *chosen)

    for ran in (unset, unknown):
        assert ran.code != 0
        assert "Call " not in ran.err
    assert "`stackdocs-mcp export --format json`" in unset.err
    assert "`stackdocs-mcp schema show`" in unknown.err
