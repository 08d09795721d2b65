"""What a person is told who works on a project, and whose folders are whose."""

import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest
from pydantic import SecretStr

from stackdocs_mcp.cli.doctor_supabase import on_supabase
from stackdocs_mcp.cli.histories import look_through
from stackdocs_mcp.cli.opening import named
from stackdocs_mcp.core.binding import StackId, UserId
from stackdocs_mcp.core.events import NO_STACK, About, Event
from stackdocs_mcp.server.compose import running, user_of
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.stores.supabase.events import NOT_LISTENING, Listening
from stackdocs_mcp.stores.supabase.kept import Kept
from stackdocs_mcp.stores.supabase.memberships import Attentive, Memberships
from tests.cli.shell import Ran, Shell
from tests.server.papers import INVOICE
from tests.supabase import shared
from tests.supabase.postgres import free_port
from tests.supabase.shared import own

DEFAULT_USER = f"@{platform.node()}"


class OnProject:
    """Runs commands on the shared project."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.variables = shared.variables()

    def __call__(self, *arguments: str | Path, user: str | None = None) -> Ran:
        named = {} if user is None else {"STACKDOCS_USER": user}
        return Shell(self.home / "data")(*arguments, env=self.variables | named)


@pytest.fixture
def shell(tmp_path: Path) -> OnProject:
    anyio.run(shared.rig().clean)
    return OnProject(tmp_path)


@pytest.fixture
def paper(shell: OnProject, tmp_path: Path) -> OnProject:
    """With one document in the default stack."""
    file = tmp_path / "invoice.txt"
    file.write_text(INVOICE)
    assert shell("add", file).code == 0
    return shell


def said(ran: Ran, what: str) -> str:
    (line,) = [one for one in ran.out.splitlines() if f" {what}: " in one]
    return line


@pytest.mark.requirement("PGU-01")
def test_doctor_works_out_the_histories_of_a_project_and_names_what_was_altered(
    paper: OnProject,
) -> None:
    assert paper("set", "invoice.txt", "number", "INV-1").code == 0
    whole = paper("doctor")

    altered = "update stackdocs.changes set actor_kind = 'agent' where revision = 1"
    shared.sql(
        "alter table stackdocs.changes disable trigger user; "
        f"{altered}; alter table stackdocs.changes enable trigger user"
    )
    broken = paper("doctor")

    assert said(whole, "history") == "ok       history: 1 change of 1 document, fitting together"
    assert broken.code == 1
    assert said(broken, "history").startswith("problem  history: invoice.txt (")


@pytest.mark.requirement("PGU-01")
def test_doctor_compares_kept_digests_with_the_histories_of_a_project(
    paper: OnProject, tmp_path: Path
) -> None:
    paper("set", "invoice.txt", "number", "INV-0")
    kept = tmp_path / "digests"
    kept.write_text(paper("history", "--digests").out)
    paper("set", "invoice.txt", "number", "INV-1")

    held = paper("doctor", "--digests", kept)
    kept.write_text(kept.read_text().replace(kept.read_text().split("\t")[1], "0" * 64))
    other = paper("doctor", "--digests", kept)

    assert said(held, "history").startswith("ok ")
    assert "the history no longer holds what was kept of it" in said(other, "history")
    assert other.code == 1


@pytest.mark.requirement("PGU-01")
def test_without_digests_a_bounded_number_of_documents_is_looked_at(
    paper: OnProject, tmp_path: Path
) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("A letter")
    assert paper("add", file).code == 0
    settings = settings_of(tmp_path)

    async def looked(kept: dict[str, str]) -> tuple[int, bool]:
        async with running(settings) as app:
            found = await look_through(app.store, app.user, kept, 1)  # type: ignore[arg-type]
        return found.documents, found.more

    assert anyio.run(looked, {}) == (1, True)
    assert anyio.run(looked, {"one": "0" * 64}) == (2, False)


@pytest.mark.requirement("PGU-02")
@pytest.mark.anyio
async def test_an_address_that_may_only_log_in_is_enough_for_news() -> None:
    create = "create role told_of_news login noinherit password 'heard'"
    await own().sql(create)
    try:
        address = own().database_url.split("@", 1)[1]
        settings = settings_of(Path("data"), f"postgresql://told_of_news:heard@{address}")
        found = {one.what: one for one in await on_supabase(settings)}["Supabase database"]
    finally:
        await own().sql("drop role told_of_news")

    assert found.state == "ok"
    assert found.text == (
        "STACKDOCS_SUPABASE_DB_URL is accepted, for news of changes; `stackdocs-mcp migrate` "
        "needs the project's `postgres` user"
    )


@pytest.mark.requirement("PGU-03")
def test_doctor_says_whom_commands_work_for_and_why(shell: OnProject, tmp_path: Path) -> None:
    by_machine, by_name = shell("doctor"), shell("doctor", user="alice")
    here = Shell(tmp_path / "here")("doctor")

    assert said(by_machine, "you are").endswith(
        f"{DEFAULT_USER} (account and host name; STACKDOCS_USER sets another)"
    )
    assert said(by_name, "you are") == "ok       you are: alice (STACKDOCS_USER)"
    assert said(here, "you are").endswith("(your account on this machine)")


@pytest.mark.requirement("PGU-03")
def test_somebody_without_a_stack_is_told_who_asks(shell: OnProject) -> None:
    listed = shell("stacks", user="alice")
    opened = shell("history", user="alice")

    assert listed.err.startswith("There is no stack of alice yet; ")
    assert "alice has none yet; `stackdocs-mcp add PATH` makes one." in opened.err


@pytest.mark.requirement("PGU-04")
@pytest.mark.anyio
async def test_folders_at_one_path_of_two_machines_are_two_stacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shared.rig().clean()
    folder = tmp_path / "papers"
    folder.mkdir()
    settings = settings_of(tmp_path).model_copy(update={"user": UserId("alice"), "folder": folder})
    made = []
    for host in ("one", "other", "one"):
        monkeypatch.setattr(platform, "node", lambda host=host: host)
        async with running(settings) as app:
            made.append(await app.open_stack())

    first, second, again = made
    assert first.id == again.id != second.id
    assert (first.folder, second.folder) == (f"one:{folder}", f"other:{folder}")
    assert named(made[:2], settings, str(folder)) == [first]
    assert named(made[:2], settings, f"other:{folder}") == [second]
    assert user_of(settings) == "alice"


@pytest.mark.requirement("PGU-09")
@pytest.mark.parametrize("where", ["project", "machine"])
def test_a_stack_that_is_made_by_its_name_is_said_to_be(
    shell: OnProject, tmp_path: Path, where: str
) -> None:
    run = shell if where == "project" else Shell(tmp_path / "here")
    file = tmp_path / "a.txt"
    file.write_text("A letter")

    made = run("add", file, "--stack", "billls")
    again = run("add", file, "--stack", "billls")
    served = run("serve", "--stack", "lettters")
    served_again = run("serve", "--stack", "lettters")
    default = run("add", file)

    assert "made the stack 'billls'" in made.err
    assert "made a stack of this name" in served.err
    assert "made the stack" not in again.err + served_again.err + default.err


@pytest.mark.requirement("PGU-05")
@pytest.mark.anyio
async def test_copies_are_dropped_when_it_is_heard_that_their_stack_was_erased(
    tmp_path: Path,
) -> None:
    kept = Kept(tmp_path)

    def take(key: str) -> None:
        handle, name = kept.arrival()
        os.close(handle)
        kept.take(key, Path(name), 0)

    take("one/a")
    take("other/a")
    heard = [Event(StackId("one"), About.MEMBERS)]
    watch = Attentive(Told(heard), Memberships(), kept)

    await watch.changed()
    first = kept.find("one/a"), kept.find("other/a")
    heard[:] = [Event(NO_STACK, About.MEMBERS)]
    await watch.changed()

    assert first[0] is None
    assert first[1] is not None
    assert kept.find("other/a") is None
    kept.close()


class Told:
    """A watch that says what it is given."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events

    async def changed(self) -> Sequence[Event]:
        return self._events


@pytest.mark.requirement("PGU-08")
@pytest.mark.anyio
async def test_a_database_that_cannot_be_listened_to_is_a_sentence_in_the_log_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bell = Listening(f"postgresql://postgres:s3cr3t@127.0.0.1:{free_port()}/postgres")

    assert [await bell.connect(), await bell.connect()] == [False, False]
    assert caplog.messages == [NOT_LISTENING]


def settings_of(place: Path, database: str | None = None) -> Settings:
    given = shared.settings() | ({} if database is None else {"supabase_db_url": database})
    key = SecretStr(json.dumps(shared.rig().key))
    return Settings.model_validate(
        given | {"supabase_signing_key": key, "data_dir": place / "data"}
    )
