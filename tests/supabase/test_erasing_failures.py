"""What keeps one deleted stack from being erased keeps no other, and nobody makes it last."""

import json
import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import anyio.lowlevel
import asyncpg
import pytest

from stackdocs_mcp.core.binding import StackId
from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.stores.supabase import erasing
from stackdocs_mcp.stores.supabase.calling import micros
from stackdocs_mcp.stores.supabase.project import Caller
from stackdocs_mcp.stores.supabase.store import SupabaseStore
from tests.stores.builders import ALICE, BOB, ENGINE, SteppingClock, added, binding, page
from tests.supabase.acting import acting
from tests.supabase.shared import replicas, rig

pytestmark = pytest.mark.anyio

NOVEMBER = datetime(2026, 11, 30, 23, 59, 50, tzinfo=UTC)


@pytest.fixture
async def store() -> AsyncIterator[SupabaseStore]:
    async with replicas(SteppingClock(), 1) as (only,):
        yield only


async def marked(store: SupabaseStore, stack: StackId) -> None:
    assert await erasing.mark(store._rest, ALICE, stack, store._clock())


async def stacks_left() -> set[str]:
    """Names of stacks that are there, or that something is left of."""
    here = "select name from public.stacks where emptied_at is null"
    return {row["name"] for row in await rig().sql(here)}


def call(now: datetime) -> dict[str, Any]:
    made = {"id": str(uuid.uuid4()), "now": micros(now), "kind": "agent", "client": "x"}
    return {**made, "quotas": {}}


@pytest.mark.requirement("PGS-37")
async def test_a_reservation_over_the_end_of_a_month_is_given_back_where_it_was_made(
    store: SupabaseStore,
) -> None:
    stack = await store.open_stack(ALICE, "invoices")
    document = await added(store.bind(binding(ALICE, stack.id)))
    for at, pages in ((NOVEMBER, 10), (NOVEMBER + timedelta(seconds=20), 4)):
        asked = {"p_call": call(at), "p_document": document.id, "p_pages": pages}
        caller = Caller.of(binding(ALICE, stack.id))
        await store._rest.call(caller, "sd_reserve_recognition", asked)
    used = "select month, ocr_pages from stackdocs.usage where month > 202610 order by month"
    assert [(*row,) for row in await rig().sql(used)] == [(202611, 0), (202612, 4)]

    await marked(store, stack.id)
    await erasing.erase(store._rest, store.empty)

    assert await stacks_left() == set()
    assert [(*row,) for row in await rig().sql(used)] == [(202611, 0), (202612, 0)]


@pytest.mark.requirement("PGS-37")
async def test_a_reservation_that_nobody_knows_of_any_more_is_erased(store: SupabaseStore) -> None:
    stack = await store.open_stack(ALICE, "invoices")
    document = await added(store.bind(binding(ALICE, stack.id)))
    asked = {"p_call": call(NOVEMBER), "p_document": document.id, "p_pages": 10}
    await store._rest.call(Caller.of(binding(ALICE, stack.id)), "sd_reserve_recognition", asked)
    await rig().sql("update stackdocs.usage set ocr_pages = 1")

    await marked(store, stack.id)
    await erasing.erase(store._rest, store.empty)

    assert await stacks_left() == set()


@pytest.mark.requirement("PGS-33")
async def test_a_stack_is_deleted_after_what_is_being_written_and_erased_with_it(
    store: SupabaseStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "DOCUMENTS", 2)
    stack = await store.open_stack(ALICE, "invoices")
    repo = store.bind(binding(ALICE, stack.id))
    documents = [await added(repo, str(number)) for number in range(6)]
    async with acting(binding(ALICE, stack.id)) as connection, anyio.create_task_group() as tasks:
        for one in documents:  # each is superseded by the next
            await connection.fetch(
                "select public.sd_remember_file($1, $2, 'x.pdf', 1, 1)",
                json.dumps(call(NOVEMBER)),
                one.id,
            )
        tasks.start_soon(marked, store, stack.id)
        await somebody_waits()
        await connection.execute("commit")

    await erasing.erase(store._rest, store.empty)

    assert await stacks_left() == set()


async def somebody_waits() -> None:
    """Returns when a transaction waits for what another one has locked."""
    with anyio.fail_after(20):
        while not await rig().sql("select 1 from pg_catalog.pg_locks where not granted"):
            await anyio.lowlevel.checkpoint()


@pytest.mark.requirement("PGS-38")
async def test_no_document_has_an_extraction_of_another(store: SupabaseStore) -> None:
    stack = await store.open_stack(ALICE, "invoices")
    repo = store.bind(binding(ALICE, stack.id))
    first, second = await added(repo, "1"), await added(repo, "2")

    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await rig().sql(
            "update public.documents set extraction_id = (select extraction_id"
            " from public.documents where id = $1) where id = $2",
            first.id,
            second.id,
        )


@asynccontextmanager
async def clinging(stack: StackId, when: str) -> AsyncIterator[None]:
    """Somebody else's rows, which the program does not know how to erase."""
    await rig().sql(
        f"create table public.clinging (stack_id uuid, id uuid, foreign key (stack_id, id)"
        f" references public.documents (stack_id, id) deferrable initially {when})"
    )
    try:
        await rig().sql(
            "insert into public.clinging select stack_id, id from public.documents"
            " where stack_id = $1",
            stack,
        )
        yield
    finally:
        await rig().sql("drop table public.clinging")


@pytest.mark.requirement("PGS-37")
@pytest.mark.parametrize("when", ["immediate", "deferred"])
async def test_a_stack_that_cannot_be_erased_is_in_the_way_of_no_other(
    store: SupabaseStore, caplog: pytest.LogCaptureFixture, when: str
) -> None:
    stacks = [await store.open_stack(ALICE, name) for name in ("stuck", "next", "last")]
    for stack in stacks:
        document = await added(store.bind(binding(ALICE, stack.id)), stack.name)
    stuck, then, last = (stack.id for stack in stacks)

    async with clinging(stuck, when):
        await marked(store, stuck)
        await marked(store, then)
        with caplog.at_level(logging.WARNING):
            assert await store.delete_stack(ALICE, last)

        assert await stacks_left() == {"stuck"}
        assert "23503" in caplog.text
        assert stuck not in caplog.text
        assert document.id not in caplog.text

    await erasing.erase(store._rest, store.empty)
    assert await stacks_left() == set()


@pytest.mark.requirement("PGS-37")
async def test_a_folder_that_cannot_be_emptied_is_in_the_way_of_no_other(
    store: SupabaseStore,
) -> None:
    stuck, other = [(await store.open_stack(ALICE, name)).id for name in ("stuck", "other")]
    for stack in (stuck, other):
        await marked(store, stack)

    async def empty(stack: StackId) -> None:
        if stack == stuck:
            raise StoreFailed("it cannot be")
        await store.empty(stack)

    with pytest.raises(StoreFailed, match="could not be erased wholly"):
        await erasing.erase(store._rest, empty)

    assert await stacks_left() == {"stuck"}


@asynccontextmanager
async def one_part() -> AsyncIterator[None]:
    """A process that erases a part and takes its time to commit."""
    connection = await asyncpg.connect(rig().database_url)
    try:
        async with connection.transaction():
            claims = json.dumps({"role": "stackdocs_server"})
            await connection.fetch("select set_config('request.jwt.claims', $1, true)", claims)
            await connection.execute("set local lock_timeout = '200ms'")
            await connection.execute("set local role stackdocs_server")
            await connection.fetch("select public.sd_erase(2000, 50)")
            yield
    finally:
        await connection.close()


@pytest.mark.requirement("PGS-39")
async def test_two_who_erase_the_same_bytes_at_once_leave_no_page_of_them(
    store: SupabaseStore,
) -> None:
    for name in "ab":
        stack = await store.open_stack(ALICE, name)
        repo = store.bind(binding(ALICE, stack.id))
        document = await added(repo, "same bytes")
        await repo.set_outline(document.id, "application/pdf", 1)
        await repo.save_pages(document.id, ENGINE, [page(1, "one")])
        await marked(store, stack.id)
    assert await rig().sql("select from public.ocr_results") != []

    for _ in range(8):
        async with one_part(), one_part():
            pass
    await erasing.erase(store._rest, store.empty)

    assert await rig().sql("select from public.ocr_results") == []


@pytest.mark.requirement("PGS-39")
async def test_pages_that_an_earlier_erasing_left_go_with_the_next_stack(
    store: SupabaseStore,
) -> None:
    kept, gone = [await store.open_stack(ALICE, name) for name in ("kept", "gone")]
    repo = store.bind(binding(ALICE, kept.id))
    document = await added(repo, "kept")
    await repo.set_outline(document.id, "application/pdf", 1)
    await repo.save_pages(document.id, ENGINE, [page(1, "one")])
    row = "select sha256 from public.ocr_results"
    before = await rig().sql(row)
    for owner in (ALICE, BOB):
        await rig().sql(
            "insert into public.ocr_results (user_id, sha256, ocr_engine, number, width, height,"
            " rotation, source, line_count, hidden_lines, characters, lines, tables, notes)"
            " values ($1, 'left', 'e', 1, 1, 1, 0, 't', 0, 0, 0, '[]', '[]', '[]')",
            owner,
        )

    await store.delete_stack(ALICE, gone.id)

    left = await rig().sql(row + " where user_id = $1", ALICE)
    assert left == before != []
    assert len(await rig().sql(row)) == 2, "of bob's no stack was erased"


@pytest.mark.requirement("PGS-44")
async def test_what_waits_in_a_deleted_stack_is_out_of_the_queue_at_once(
    store: SupabaseStore,
) -> None:
    stack, other = [await store.open_stack(ALICE, name) for name in ("gone", "other")]
    for number in range(5):
        await added(store.bind(binding(ALICE, stack.id)), str(number))
    await added(store.bind(binding(ALICE, other.id)), "other")
    assert await store.queue.depth() == 6

    await marked(store, stack.id)

    assert await store.queue.depth() == 1
