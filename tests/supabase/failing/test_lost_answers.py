"""Answers that are lost: done once and answered, or said to be unknown."""

import os
import signal

import anyio
import asyncpg
import pytest

from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.core.ports import StackStore
from stackdocs_mcp.stores.supabase.errors import unknown_outcome
from stackdocs_mcp.stores.supabase.store import SupabaseStore
from tests.stores.builders import ALICE, added, binding, file
from tests.supabase.between import (
    Failing,
    between,
    cut_off,
    cut_off_without_a_length,
    instead,
    swallowed,
)
from tests.supabase.failing.conftest import count, opened
from tests.supabase.rig import Rig

pytestmark = pytest.mark.anyio


LOSSES = [cut_off, cut_off_without_a_length, swallowed, instead(502), instead(504)]


@pytest.mark.requirement("PGW-11")
@pytest.mark.parametrize("lost", LOSSES)
async def test_a_call_whose_answer_is_lost_is_done_once_and_answered(
    own: Rig, store: SupabaseStore, lost: Failing
) -> None:
    stack = await store.open_stack(ALICE, "invoices")
    async with between(own.url) as wire, opened(own, wire.url) as other:
        repo = other.bind(binding(ALICE, stack.id))
        wire.plan = [lost, lost]
        document, _ = await repo.add_document(file())

        assert wire.functions == ["sd_add_document"] * 3
    assert [one.id for one in await store.bind(binding(ALICE, stack.id)).documents(limit=9)] == [
        document.id
    ]


@pytest.mark.requirement("PGW-11")
async def test_a_call_that_nobody_ever_answers_is_said_to_be_unknown(own: Rig) -> None:
    async with between(own.url) as wire, opened(own, wire.url) as other:
        wire.plan = [swallowed] * 9
        with pytest.raises(StoreFailed, match="not known whether this was done"):
            await other.open_stack(ALICE, "invoices")

    assert await count(own, "public.stacks") == 1


@pytest.mark.requirement("PGW-11")
async def test_a_refusal_after_a_lost_answer_does_not_say_that_nothing_was_done(own: Rig) -> None:
    async with between(own.url) as wire, opened(own, wire.url) as other:
        wire.plan = [swallowed, *[instead(503, '{"code": "PGRST002"}')] * 9]
        with pytest.raises(StoreFailed, match="not known whether this was done"):
            await other.open_stack(ALICE, "invoices")

        wire.plan = [swallowed, instead(401, '{"code": "PGRST301"}')]
        with pytest.raises(StoreFailed, match="not known whether this was done"):
            await other.open_stack(ALICE, "invoices")


@pytest.mark.requirement("PGW-12")
async def test_postgres_that_restarts_is_waited_for(own: Rig, store: SupabaseStore) -> None:
    stack = await store.open_stack(ALICE, "invoices")
    repo = store.bind(binding(ALICE, stack.id))
    own.postgres.server.stop()
    own.postgres.server.start()

    assert (await repo.stack()).id == stack.id
    assert (await added(repo)).filename == "invoice.pdf"


@pytest.mark.requirement("PGW-12")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT, signal.SIGKILL])
async def test_postgres_restarted_in_the_middle_of_a_call_never_gives_a_wrong_answer(
    own: Rig, store: SupabaseStore, how: signal.Signals
) -> None:
    """Fast and immediate shutdown, and a backend that is killed: the call holds until then."""
    stack = await store.open_stack(ALICE, "invoices")
    repo = store.bind(binding(ALICE, stack.id))
    await own.sql(SLOW)
    outcome: list[str] = []

    async def add() -> None:
        try:
            outcome.append((await added(repo)).id)
        except StoreFailed as error:
            outcome.append(error.message)

    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(add)
            while not (waiting := await own.sql(WAITING)):
                await anyio.lowlevel.checkpoint()
            if how is signal.SIGKILL:
                os.kill(waiting[0]["pid"], how)
            else:
                await anyio.to_thread.run_sync(lambda: own.postgres.server.stop(how))
                await anyio.to_thread.run_sync(own.postgres.server.start)
            await until(own, FAST)
    finally:
        await until(own, FAST)

    there = [one.id for one in await repo.documents(limit=9)]
    assert outcome in (there, [unknown_outcome().message])
    assert len(there) <= 1


async def _again_and_again(repo: StackStore) -> None:
    """Until PostgREST has read the setting, a call would take a minute."""
    while True:
        with anyio.move_on_after(2):
            await added(repo)


async def until(rig: Rig, sql: str) -> None:
    """Again, as long as Postgres is on its way up."""
    while True:
        try:
            await rig.sql(sql)
        except (asyncpg.PostgresError, OSError):
            await anyio.lowlevel.checkpoint()
        else:
            return


SLOW = """
create or replace function stackdocs.wait_for_end() returns trigger language plpgsql as $$
begin perform pg_sleep(60); return new; end $$;
create or replace trigger waits before insert on public.extractions
    for each row execute function stackdocs.wait_for_end();
grant execute on function stackdocs.wait_for_end() to authenticated;
"""
FAST = """
drop trigger if exists waits on public.extractions;
drop function if exists stackdocs.wait_for_end();
"""
WAITING = "select pid from pg_stat_activity where wait_event = 'PgSleep'"


@pytest.mark.requirement("PGW-13")
async def test_a_statement_that_takes_too_long_is_given_up_and_nothing_is_changed(
    own: Rig, store: SupabaseStore
) -> None:
    stack = await store.open_stack(ALICE, "invoices")
    repo = store.bind(binding(ALICE, stack.id))
    await own.sql(SLOW)
    await own.sql("alter role authenticated set statement_timeout = '200ms'")
    await own.sql("notify pgrst, 'reload config'")
    try:
        with pytest.raises(StoreFailed, match="took too long and gave up"):
            await _again_and_again(repo)
    finally:
        await own.sql("alter role authenticated reset statement_timeout")
        await own.sql("notify pgrst, 'reload config'")
        await own.sql("select pg_terminate_backend(pid) from pg_stat_activity"
                      " where wait_event = 'PgSleep'")  # fmt: skip
        await until(own, FAST)

    assert await repo.documents(limit=9) == []


@pytest.mark.requirement("PGW-13")
async def test_an_answer_above_the_bound_is_given_up(
    store: SupabaseStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stackdocs_mcp.stores.supabase.wire.MOST_BYTES", 10_000)
    stack = await store.open_stack(ALICE, "invoices")
    repo = store.bind(binding(ALICE, stack.id))
    for number in range(40):
        await added(repo, f"{number}.pdf")

    with pytest.raises(StoreFailed, match="answer is too large"):
        await repo.documents(limit=40)

    assert len(await repo.documents(limit=5)) == 5
