"""Deleted stacks are erased from a project wholly, whatever gets in the way."""

from collections.abc import AsyncIterator
from datetime import timedelta

import anyio
import asyncpg
import pytest

from stackdocs_mcp.core.binding import Role, StackId
from stackdocs_mcp.core.stack import Stack
from stackdocs_mcp.stores.supabase import erasing
from stackdocs_mcp.stores.supabase.calling import micros
from stackdocs_mcp.stores.supabase.project import PROGRAM, Caller
from stackdocs_mcp.stores.supabase.store import SupabaseStore, open_store
from tests.stores.builders import ALICE, BOB, SteppingClock, binding
from tests.stores.test_deleting import lived_in
from tests.supabase.shared import replicas, rig

pytestmark = pytest.mark.anyio

TABLES = """
select c.oid::regclass::text as name, a.attname::text as part
from pg_class as c join pg_attribute as a on a.attrelid = c.oid and not a.attisdropped
where c.relkind = 'r' and c.relnamespace in ('public'::regnamespace, 'stackdocs'::regnamespace)
    and (a.attname = 'stack_id' or (c.oid = 'public.stacks'::regclass and a.attname = 'id'))
"""
STAYS = """
select from public.stacks where id = $1 and emptied_at is not null
    and (name, instructions, policy, ocr) = ('', '', '{}', '{}')
    and coalesce(folder, field_schema) is null and created_at = 'epoch'
"""
"""Of a stack that is erased its id and its owner, for a day."""
LATER = """
update public.stacks
set looked_at = looked_at - $2::interval, emptied_at = emptied_at - $2::interval where id = $1
"""
ONE_PART = {"p_rows": 1, "p_documents": 1}
LINK = """
insert into stackdocs.used_links (stack_id, nonce, use, expires_at)
values ($1, 'nonce', 'use', now())
"""


@pytest.fixture
async def store() -> AsyncIterator[SupabaseStore]:
    async with replicas(SteppingClock(), 1) as (only,):
        yield only


@pytest.fixture
async def stack(store: SupabaseStore) -> Stack:
    """A stack that everything has happened in."""
    made = await store.open_stack(ALICE, "invoices")
    repo = store.bind(binding(ALICE, made.id))
    await lived_in(store, repo)
    await repo.grant(BOB, Role.EDITOR)
    await repo.use_link("nonce", "use", store._clock())
    return made


async def left_of(stack: StackId) -> dict[str, int]:
    """Rows of the stack that there are, by table, and its files; but for what stays for a day."""
    found = {}
    for row in await rig().sql(TABLES):
        ((count,),) = await rig().sql(
            f"select count(*) from {row['name']} where {row['part']} = $1", stack
        )
        found[row["name"]] = count
    ((files,),) = await rig().sql(
        "select count(*) from storage.objects where name like $1 || '/%'", stack
    )
    if await rig().sql(STAYS, stack):
        found["stacks"] = 0
    return {name: count for name, count in {**found, "files": files}.items() if count}


async def marked(store: SupabaseStore, stack: Stack) -> None:
    """Deleted by a process that then died."""
    assert await erasing.mark(store._rest, ALICE, stack.id, store._clock())


@pytest.mark.requirement("PGS-30")
async def test_of_a_deleted_stack_no_row_and_no_file_is_left_in_any_table(
    store: SupabaseStore, stack: Stack
) -> None:
    before = await left_of(stack.id)

    await store.delete_stack(ALICE, stack.id)

    assert {"files", "stacks", "documents", "stackdocs.changes"} <= {*before}
    assert await left_of(stack.id) == {}
    assert await rig().sql("select from public.ocr_results") == []


@pytest.mark.requirement("PGS-31")
@pytest.mark.parametrize("parts", [0, 1, 10, 40])
async def test_what_a_crash_leaves_is_erased_when_a_store_is_opened_again(
    store: SupabaseStore, stack: Stack, parts: int
) -> None:
    await marked(store, stack)
    for _ in range(parts):
        await store._rest.call(PROGRAM, "sd_erase", ONE_PART)
    assert await left_of(stack.id) != {}

    project = rig()
    again = await open_store(
        project.url, project.publishable_key, project.signing_key, clock=SteppingClock()
    )

    assert await left_of(stack.id) == {}
    await again.close()


@pytest.mark.requirement("PGS-31")
async def test_two_processes_that_erase_do_not_stop_one_another(
    store: SupabaseStore, stack: Stack
) -> None:
    await marked(store, stack)

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(erasing.erase, store._rest, store.empty)
    await erasing.erase(store._rest, store.empty)

    assert await left_of(stack.id) == {}


@pytest.mark.requirement("PGS-32")
async def test_a_stack_goes_when_its_folder_is_empty_and_not_before(
    store: SupabaseStore, stack: Stack
) -> None:
    await marked(store, stack)
    while (await store._rest.call(PROGRAM, "sd_erase", ONE_PART))["rows"]:
        pass

    assert not await store._rest.call(PROGRAM, "sd_emptied", {"p_stack": stack.id})
    assert (await left_of(stack.id)).keys() >= {"stacks", "files"}

    await store.empty(stack.id)
    assert await store._rest.call(PROGRAM, "sd_emptied", {"p_stack": stack.id})
    assert await left_of(stack.id) == {}


@pytest.mark.requirement("PGF-15")
async def test_a_file_that_arrives_when_its_stack_is_erased_is_removed_within_an_hour(
    store: SupabaseStore, stack: Stack
) -> None:
    await store.delete_stack(ALICE, stack.id)
    await rig().sql(
        "insert into storage.objects (bucket_id, name, version) values ('documents', $1, 'x')",
        f"{stack.id}/{stack.id}",
    )

    await erasing.erase(store._rest, store.empty)
    at_once = await left_of(stack.id)
    await rig().sql(LATER, stack.id, timedelta(hours=1))
    await erasing.erase(store._rest, store.empty)

    assert at_once == {"files": 1}
    assert await left_of(stack.id) == {}


@pytest.mark.requirement("PGF-15")
async def test_after_a_day_nothing_is_left_of_an_erased_stack(
    store: SupabaseStore, stack: Stack
) -> None:
    await store.delete_stack(ALICE, stack.id)
    here = "select user_id from public.stacks where id = $1"
    assert await rig().sql(here, stack.id) == [(ALICE,)]

    await rig().sql(LATER, stack.id, timedelta(days=1))
    await erasing.erase(store._rest, store.empty)

    assert await rig().sql(here, stack.id) == []


@pytest.mark.requirement("PGS-33")
async def test_what_a_transaction_writes_that_began_before_the_deletion_is_erased_as_well(
    store: SupabaseStore,
) -> None:
    stack = await store.open_stack(ALICE, "invoices")
    connection = await asyncpg.connect(rig().database_url)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(LINK, stack.id)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(store.delete_stack, ALICE, stack.id)
        while await store.membership(ALICE, stack.id) is not None:
            pass
        await transaction.commit()

    assert await left_of(stack.id) == {}
    await connection.close()


@pytest.mark.requirement("PGS-34")
async def test_a_deletion_whose_answer_was_lost_is_answered_the_same_again(
    store: SupabaseStore, stack: Stack
) -> None:
    asked = {
        "p_call": "3b241101-e2bb-4255-8caf-4136c566a962",
        "p_now": micros(store._clock()),
        "p_stack": stack.id,
    }
    caller = Caller("authenticated", ALICE)

    assert await store._rest.call(caller, "sd_delete_stack", asked)
    assert await store._rest.call(caller, "sd_delete_stack", asked)

    assert not await erasing.mark(store._rest, ALICE, stack.id, store._clock())


@pytest.mark.requirement("PGS-35")
async def test_a_token_for_a_stack_deletes_none(store: SupabaseStore, stack: Stack) -> None:
    asked = {
        "p_call": "3b241101-e2bb-4255-8caf-4136c566a962",
        "p_now": micros(store._clock()),
        "p_stack": stack.id,
    }
    caller = Caller.of(binding(ALICE, stack.id))

    assert not await store._rest.call(caller, "sd_delete_stack", asked)
    assert await store.membership(ALICE, stack.id) is not None


@pytest.mark.requirement("PGS-36")
async def test_a_deleted_stack_does_not_come_back(store: SupabaseStore, stack: Stack) -> None:
    await marked(store, stack)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await rig().sql("update public.stacks set deleted_at = null where id = $1", stack.id)
