"""News on Postgres: nothing is missed, whatever the order of commits, and whoever is woken how."""

import math
from collections.abc import AsyncIterator, Sequence

import anyio
import asyncpg
import pytest
from asyncpg.transaction import Transaction

from stackdocs_mcp.core.events import About, Event, Watch
from stackdocs_mcp.core.model import Document, DocumentId
from stackdocs_mcp.core.ports import StackStore
from stackdocs_mcp.core.stack import Policy, Stack
from stackdocs_mcp.stores.supabase import events
from stackdocs_mcp.stores.supabase.events import Listening, SupabaseWatch
from stackdocs_mcp.stores.supabase.memberships import Attentive
from stackdocs_mcp.stores.supabase.store import SupabaseStore
from tests.stores.builders import ALICE, SteppingClock, added, binding
from tests.supabase.databases import with_user
from tests.supabase.shared import replicas, rig

pytestmark = pytest.mark.anyio

PATIENCE = 30
LISTENER = "stackdocs_listener_tests"
CHANGE = "update public.documents set readings = readings + 1 where id = $1"
END = "select pg_terminate_backend(pid) from pg_stat_activity where usename = $1"


@pytest.fixture
async def store() -> AsyncIterator[SupabaseStore]:
    async with replicas(SteppingClock(), 1) as (only,):
        yield only


@pytest.fixture
async def stack(store: SupabaseStore) -> Stack:
    return await store.open_stack(ALICE, "invoices")


@pytest.fixture
async def repo(store: SupabaseStore, stack: Stack) -> StackStore:
    return store.bind(binding(ALICE, stack.id))


@pytest.fixture
async def documents(repo: StackStore) -> list[Document]:
    return [await added(repo, name) for name in ("a", "b")]


@pytest.fixture
async def listener() -> AsyncIterator[str]:
    """The address of the database for a role that may log in, and nothing else."""
    await rig().sql(f"create role {LISTENER} login noinherit password 'listening'")
    yield with_user(rig().database_url, LISTENER, "listening")
    await rig().sql(END, LISTENER)
    await rig().sql(f"drop role {LISTENER}")


async def begun(connection: asyncpg.Connection, document: DocumentId) -> Transaction:
    """A transaction that has changed the document, and goes on."""
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(CHANGE, document)
    return transaction


async def changed(watch: Watch) -> Sequence[Event]:
    with anyio.fail_after(PATIENCE):
        return await watch.changed()


@pytest.mark.requirement("PGS-01")
async def test_transactions_that_commit_in_the_reverse_order_are_both_told(
    store: SupabaseStore, stack: Stack, documents: list[Document]
) -> None:
    first, second = (Event(stack.id, About.TEXT, one.id) for one in documents)
    early = await asyncpg.connect(rig().database_url)
    late = await asyncpg.connect(rig().database_url)
    async with store.watch() as watch:
        began_first = await begun(early, documents[0].id)
        began_second = await begun(late, documents[1].id)

        await began_second.commit()
        assert await changed(watch) == [second]  # not held up by the one that is under way
        await began_first.commit()
        assert await changed(watch) == [first]

    await early.close()
    await late.close()


@pytest.mark.requirement("PGS-01")
async def test_of_one_thing_the_change_that_commits_last_is_told_whenever_it_began(
    store: SupabaseStore, repo: StackStore, stack: Stack, documents: list[Document]
) -> None:
    early = await asyncpg.connect(rig().database_url)
    async with store.watch() as watch:
        began = await begun(early, documents[0].id)  # so it has the lower number
        await added(repo, "c")
        assert await changed(watch) == [Event(stack.id, About.DOCUMENTS)]

        await early.execute("select stackdocs.tell($1, 'documents', null)", stack.id)
        await began.commit()
        assert {*await changed(watch)} == {
            Event(stack.id, About.TEXT, documents[0].id),
            Event(stack.id, About.DOCUMENTS),
        }

    await early.close()


@pytest.mark.requirement("PGS-01")
async def test_what_is_rolled_back_is_not_told(
    store: SupabaseStore, repo: StackStore, stack: Stack, documents: list[Document]
) -> None:
    connection = await asyncpg.connect(rig().database_url)
    async with store.watch() as watch:
        began = await begun(connection, documents[0].id)
        await began.rollback()
        await repo.set_schema({}, "", Policy())

        assert await changed(watch) == [Event(stack.id, About.SCHEMA)]

    await connection.close()


@pytest.mark.requirement("PGS-02")
async def test_a_database_that_was_put_back_tells_all_that_there_is(
    store: SupabaseStore, stack: Stack, documents: list[Document]
) -> None:
    assert documents
    async with store.watch() as watch:
        assert isinstance(watch, Attentive)
        asking = watch._watch
        assert isinstance(asking, SupabaseWatch)
        asking._since = "9000000000:9000000000:"

        assert await changed(watch) == [Event(stack.id, About.DOCUMENTS)]
        assert asking._since != "9000000000:9000000000:"


@pytest.mark.requirement("PGS-03")
async def test_postgres_wakes_who_listens(
    repo: StackStore, listener: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "AT_LEAST_EVERY_SECONDS", math.inf)  # so nothing else wakes it
    bell = Listening(listener)
    assert await bell.connect()

    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(bell.rung)
            await anyio.wait_all_tasks_blocked()
            await repo.set_schema({}, "", Policy())

    await bell.close()


@pytest.mark.requirement("PGS-03")
async def test_after_a_lost_connection_what_was_missed_is_told_and_then_it_listens_again(
    stack: Stack, repo: StackStore, listener: str, store: SupabaseStore
) -> None:
    bell = Listening(listener)
    watch = SupabaseWatch(store._rest, bell, await _now(store))
    assert await bell.connect()
    lost = bell._connection
    await rig().sql(END, LISTENER)
    await repo.set_schema({}, "", Policy())

    assert await changed(watch) == [Event(stack.id, About.SCHEMA)]

    await repo.set_schema({}, "again", Policy())
    assert await changed(watch) == [Event(stack.id, About.SCHEMA)]
    assert bell._connection is not None
    assert bell._connection is not lost
    await bell.close()


@pytest.mark.requirement("PGS-03")
async def test_where_the_database_cannot_be_reached_it_is_asked_instead(
    store: SupabaseStore, repo: StackStore, stack: Stack, caplog: pytest.LogCaptureFixture
) -> None:
    store._database_url = with_user(rig().database_url, "nobody_at_all", "wrong-password")
    async with store.watch() as watch:
        await repo.set_schema({}, "", Policy())
        assert await changed(watch) == [Event(stack.id, About.SCHEMA)]
        await repo.set_schema({}, "again", Policy())
        assert await changed(watch) == [Event(stack.id, About.SCHEMA)]

    said = [one.getMessage() for one in caplog.records if one.name == events.__name__]
    assert len(said) == 1
    assert "wrong-password" not in said[0]


@pytest.mark.requirement("PGS-04")
async def test_who_listens_may_read_nothing_and_is_told_nothing(
    repo: StackStore, listener: str
) -> None:
    connection = await asyncpg.connect(listener)
    heard: list[object] = []
    await connection.add_listener(events.CHANNEL, lambda *said: heard.append(said[3]))
    for table in ("stackdocs.news", "public.documents", "public.stacks"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch(f"select * from {table}")
    for call in ("public.sd_news(null)", "public.sd_unread()"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch(f"select {call}")

    await repo.set_schema({}, "secret", Policy())
    while not heard:
        await connection.fetch("select 1")

    assert {*heard} == {""}
    await connection.close()


async def _now(store: SupabaseStore) -> str:
    since: str = (await events._news(store._rest, None))["now"]
    return since
