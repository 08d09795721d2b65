"""What the user of a command is called in a project, where others have the same number."""

import os
import platform
from pathlib import Path

import anyio
import pytest

from stackdocs_mcp.server.compose import local_user, user_of
from stackdocs_mcp.settings import BadSettings, load
from tests.cli.shell import Ran, Shell
from tests.supabase import shared

ME = {"STACKDOCS_USER": "ada"}


@pytest.fixture
def empty() -> None:
    anyio.run(shared.rig().clean)


def on_project(data: Path, *arguments: str, **named: str) -> Ran:
    return Shell(data)(*arguments, env={**shared.variables(), **named})


@pytest.mark.requirement("PGG-03")
def test_in_a_project_the_name_of_the_machine_tells_users_of_one_number_apart() -> None:
    project = load({}, shared.variables())

    assert user_of(project) == f"{local_user()}@{platform.node()}"
    assert user_of(load({}, {})) == local_user()
    assert user_of(load({}, {**shared.variables(), **ME})) == "ada"


@pytest.mark.requirement("PGG-03")
@pytest.mark.parametrize(
    ("named", "around", "why"),
    [
        ("ada", {}, "STACKDOCS_USER: is only for a Supabase project"),
        ("a\tda", None, "STACKDOCS_USER: has a character that cannot be shown"),
        ("a" * 513, None, "STACKDOCS_USER"),
    ],
)
def test_a_name_is_refused_where_it_would_not_count_or_cannot_be_shown(
    named: str, around: dict[str, str] | None, why: str
) -> None:
    given = shared.variables() if around is None else around
    with pytest.raises(BadSettings) as refused:
        load({}, {**given, "STACKDOCS_USER": named})

    (problem,) = refused.value.problems
    assert problem.startswith(why)


@pytest.mark.usefixtures("empty")
@pytest.mark.requirement("PGG-03")
def test_under_one_name_a_user_has_the_same_stacks_on_every_machine(tmp_path: Path) -> None:
    made = on_project(tmp_path / "one", "token", "--as", "token", **ME)
    assert made.code == 0, made.err

    elsewhere = on_project(tmp_path / "two", "stacks", **ME)
    nameless = on_project(tmp_path / "two", "stacks")
    members = on_project(tmp_path / "two", "members", **ME)

    assert [row[0] for row in elsewhere.rows[1:]] == ["default"]
    assert nameless.rows[1:] == []
    assert [row[:2] for row in members.rows[1:]] == [["ada", "owner"]]


@pytest.mark.usefixtures("empty")
@pytest.mark.requirement("PGG-03")
def test_without_a_name_the_owner_is_shown_with_the_machine(tmp_path: Path) -> None:
    assert on_project(tmp_path, "token", "--as", "token").code == 0

    members = on_project(tmp_path, "members")

    assert [row[0] for row in members.rows[1:]] == [f"local:{os.getuid()}@{platform.node()}"]


@pytest.mark.usefixtures("empty")
@pytest.mark.requirement("PGG-03")
def test_whom_a_command_is_about_is_not_who_asks(tmp_path: Path) -> None:
    assert on_project(tmp_path, "token", **ME).code == 0
    assert on_project(tmp_path, "members", "add", "bob", "--role", "viewer", **ME).code == 0

    token = on_project(tmp_path, "token", "--user", "bob", **ME)
    audit = on_project(tmp_path, "audit", "--user", "bob", **ME)

    assert (token.code, audit.code) == (0, 0), token.err + audit.err
    members = on_project(tmp_path, "members", **ME)
    assert {row[0]: row[1] for row in members.rows[1:]} == {"ada": "owner", "bob": "viewer"}
    assert on_project(tmp_path, "stacks", STACKDOCS_USER="bob").rows[1:] == []


@pytest.mark.usefixtures("empty")
@pytest.mark.requirement("PGG-04")
def test_no_token_is_made_here_for_whom_an_identity_provider_names(tmp_path: Path) -> None:
    somebody = "https://id.example#ada"

    refused = on_project(tmp_path, "token", STACKDOCS_USER=somebody)
    stacks = on_project(tmp_path, "stacks", STACKDOCS_USER=somebody)

    assert (refused.code, refused.out) == (2, "")
    assert "is a user of an identity provider" in refused.err
    assert (stacks.code, stacks.rows[1:]) == (0, [])


@pytest.mark.requirement("PGG-05")
def test_the_demo_neither_needs_nor_touches_a_project_that_is_set(tmp_path: Path) -> None:
    around = {
        "STACKDOCS_SUPABASE_URL": "no address",
        "STACKDOCS_SUPABASE_SIGNING_KEY": "no key",
        "STACKDOCS_SUPABASE_DB_URL": "no address either",
        **ME,
    }
    shell = Shell(tmp_path / "data")

    ran = shell("demo", env=around)

    assert (ran.code, ran.err) == (0, "")
    (unset,) = (line.split() for line in ran.out.splitlines() if line.startswith("   unset "))
    assert unset == ["unset", *sorted(around)]
    assert [row[0] for row in shell("stacks").rows[1:]] == ["demo"]
