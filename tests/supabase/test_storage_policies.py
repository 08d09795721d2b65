"""What the database itself lets a token do in the bucket, whatever the server in between asks."""

import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import anyio
import asyncpg
import pytest

from stackdocs_mcp.core.binding import Right, Role
from stackdocs_mcp.core.model import NewDocument
from stackdocs_mcp.core.stack import Stack
from stackdocs_mcp.stores.supabase.project import Caller, PgRole
from stackdocs_mcp.stores.supabase.store import SupabaseStore
from tests.stores.builders import ALICE, BOB, added, binding
from tests.supabase import storing
from tests.supabase.databases import with_user
from tests.supabase.shared import rig
from tests.supabase.storing import CONTENT, SHA256, TEXT, gets, key, lists, member, removes, sends
from tests.supabase.test_storage import join

pytestmark = pytest.mark.anyio

SERVER = Caller("stackdocs_server")
MANY = """
insert into storage.objects (bucket_id, name)
select 'documents', gen_random_uuid() || '/' || gen_random_uuid() from generate_series(1, 20000)
"""
OF_FOLDER = """
select jsonb_agg(o.name) from storage.objects as o
where o.bucket_id = 'documents' and o.name like $1 || '/%'
"""
LOOKED_AT = """
select pg_stat_get_xact_tuples_returned(c) + pg_stat_get_xact_tuples_fetched(c)
    + (select sum(pg_stat_get_xact_tuples_returned(i.indexrelid)) from pg_index as i
        where i.indrelid = c)
from (values ('storage.objects'::regclass)) as one (c)
"""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SupabaseStore]:
    async with storing.opened(tmp_path) as opened:
        yield opened


@pytest.fixture
async def stack(store: SupabaseStore) -> Stack:
    """Alice's, with one file."""
    made = await store.open_stack(ALICE, "invoices")
    assert await sends(member(ALICE, made), key(made))
    return made


@pytest.mark.requirement("PGF-10")
@pytest.mark.parametrize("role", ["authenticated", "stackdocs_worker"])
async def test_a_token_reaches_the_files_of_its_stack(stack: Stack, role: PgRole) -> None:
    alice = replace(member(ALICE, stack), role=role)

    assert await gets(alice, key(stack)) == CONTENT
    assert await lists(alice, stack.id) == [key(stack).split("/")[1]]
    assert await sends(alice, key(stack, "other"))
    assert await removes(alice, key(stack), key(stack, "other")) == 2


@pytest.mark.requirement("PGF-10")
@pytest.mark.parametrize("role", ["authenticated", "stackdocs_worker"])
async def test_no_other_stack_s_files_are_there_for_a_token(
    store: SupabaseStore, stack: Stack, role: PgRole
) -> None:
    alices = await store.open_stack(ALICE, "other")
    bobs = await store.open_stack(BOB, "own")
    unbound = Caller(role, ALICE)
    strangers = [
        replace(member(ALICE, alices), role=role),  # the same user, in another stack
        replace(member(BOB, bobs), role=role),
        replace(member(BOB, stack), role=role),  # the right stack, and no member of it
        unbound,
    ]

    for stranger in strangers:
        assert await gets(stranger, key(stack)) is None
        assert await lists(stranger, stack.id) == []
        assert await lists(stranger, "") == []
        assert not await sends(stranger, key(stack, "guessed"))
        assert await removes(stranger, key(stack)) == 0
    assert await storing.objects() == [key(stack)]


@pytest.mark.requirement("PGF-10")
@pytest.mark.parametrize(
    "name",
    [
        "{own}/../{key}",
        "{own}/%2e%2e/{key}",
        "{own}/..%2f{key}",
        "{own}%2f..%2f{key}",
        "../documents/{key}",
        "./{key}",
        "/{key}",
        "{upper}/{id}",
        "{own}/{id}/more",
        "{own}//{id}",
        "{own}/{id} ",
        "{own}/name.pdf",
        "{own}",
        "{id}",
        "%7Bown%7D/{id}",
    ],
)
async def test_no_trick_with_a_path_leads_anywhere(
    store: SupabaseStore, stack: Stack, name: str
) -> None:
    own = await store.open_stack(BOB, "own")
    bob, id_ = member(BOB, own), key(own, "mine").split("/")[1]
    tried = name.format(own=own.id, upper=own.id.upper(), key=key(stack, "new"), id=id_)

    assert not await sends(bob, tried)
    assert await gets(bob, name.format(own=own.id, upper=own.id, key=key(stack), id=id_)) is None
    assert await storing.objects() == [key(stack)]


@pytest.mark.requirement("PGF-10")
@pytest.mark.parametrize("role", ["authenticated", "stackdocs_worker", "stackdocs_server"])
async def test_another_bucket_is_none_of_our_tokens(stack: Stack, role: PgRole) -> None:
    await rig().sql("insert into storage.buckets (id, name) values ('private', 'private')")
    try:
        await rig().sql(
            "insert into storage.objects (bucket_id, name) values ('private', $1)", key(stack)
        )
        caller = replace(member(ALICE, stack), role=role)
        path = f"private/{key(stack)}"
        got, _ = await storing.asked(caller, "GET", f"object/authenticated/{path}")
        put, _ = await storing.asked(caller, "POST", f"object/{path}x", content=CONTENT)
        shown, _ = await storing.asked(caller, "GET", "bucket/private")
        _, listed = await storing.asked(
            caller, "POST", "object/list/private", json={"prefix": stack.id}
        )
        _, removed = await storing.asked(
            caller, "DELETE", "object/private", json={"prefixes": [key(stack)]}
        )
    finally:
        await rig().sql("truncate storage.objects")
        await rig().sql("alter table storage.buckets disable trigger user")
        await rig().sql("delete from storage.buckets where id = 'private'")

    assert (got, put, shown) == (400, 400, 400)
    assert (listed, removed) == ([], [])


@pytest.mark.requirement("PGF-11")
async def test_a_viewer_reads_and_neither_sends_nor_removes(stack: Stack) -> None:
    await join(stack, Role.VIEWER)
    honest, lying = member(BOB, stack, Role.VIEWER), member(BOB, stack, Role.OWNER)

    for bob in (honest, lying):
        assert await gets(bob, key(stack)) == CONTENT
        assert not await sends(bob, key(stack, "more"))
        assert await removes(bob, key(stack)) == 0


@pytest.mark.requirement("PGF-11")
async def test_a_token_without_the_right_to_write_does_not_whoever_has_it(stack: Stack) -> None:
    reading = replace(member(ALICE, stack), rights=(Right.READ.value,))

    assert await gets(reading, key(stack)) == CONTENT
    assert not await sends(reading, key(stack, "more"))
    assert await removes(reading, key(stack)) == 0


@pytest.mark.requirement("PGF-12")
async def test_a_file_that_a_document_has_cannot_be_removed(
    store: SupabaseStore, stack: Stack
) -> None:
    repo = store.bind(binding(ALICE, stack.id))
    await added(repo, "a.pdf", TEXT)
    await sends(member(ALICE, stack), key(stack, "free"))

    assert await removes(member(ALICE, stack), key(stack), key(stack, "free")) == 1
    assert await storing.objects() == [key(stack)]


@pytest.mark.requirement("PGF-12")
@pytest.mark.parametrize("role", ["authenticated", "stackdocs_worker", "stackdocs_server"])
async def test_no_file_is_replaced_or_given_another_name(stack: Stack, role: PgRole) -> None:
    alice = replace(member(ALICE, stack), role=role)

    assert not await sends(alice, key(stack), b"other bytes")
    async with acting_as(alice) as connection:
        try:
            done = await connection.execute("update storage.objects set metadata = '{}'")
        except asyncpg.InsufficientPrivilegeError:
            done = "UPDATE 0"

    assert done == "UPDATE 0"
    assert await gets(member(ALICE, stack), key(stack)) == CONTENT


@pytest.mark.requirement("PGF-12")
async def test_whoever_removes_a_file_waits_for_who_makes_it_a_document_s(stack: Stack) -> None:
    removed: list[int] = []

    async def remove() -> None:
        removed.append(await removes(member(ALICE, stack), key(stack)))

    async with anyio.create_task_group() as tasks, acting_as(member(ALICE, stack)) as connection:
        await connection.execute(
            "select public.sd_add_document($1, 'a.pdf', 'a.pdf', $2, 10, $3, null)",
            json.dumps({"id": str(uuid.uuid4()), "now": 0, "quotas": {}}),
            SHA256,
            key(stack),
        )
        tasks.start_soon(remove)
        await somebody_waits()
        assert removed == []

    assert removed == [0]
    assert await gets(member(ALICE, stack), key(stack)) == CONTENT


@pytest.mark.requirement("PGF-12")
async def test_a_document_that_waited_for_who_removed_its_file_has_it_sent_again(
    store: SupabaseStore, stack: Stack
) -> None:
    files, repo = store.files(binding(ALICE, stack.id)), store.bind(binding(ALICE, stack.id))
    await files.put_bytes(CONTENT, 99)
    added_to: list[bool] = []

    async def add() -> None:
        added_to.append((await repo.add_document(NewDocument("a.pdf", SHA256, 10)))[1])

    async with anyio.create_task_group() as tasks, acting_as(member(ALICE, stack)) as connection:
        await connection.execute("set local storage.allow_delete_query = 'true'")
        await connection.execute("delete from storage.objects where name = $1", key(stack))
        tasks.start_soon(add)
        await somebody_waits()

    assert added_to == [True]
    assert await gets(member(ALICE, stack), key(stack)) == CONTENT
    assert await removes(member(ALICE, stack), key(stack)) == 0


@pytest.mark.requirement("PGF-12")
async def test_storage_that_has_asked_removes_no_file_of_a_document_that_was_added_since(
    store: SupabaseStore, stack: Stack
) -> None:
    files, repo = store.files(binding(ALICE, stack.id)), store.bind(binding(ALICE, stack.id))
    await files.put_bytes(CONTENT, 99)
    storage = await asyncpg.connect(rig().database_url)

    async with anyio.create_task_group() as tasks, storage.transaction():
        await storage.execute("set local storage.allow_delete_query = 'true'")
        await storage.execute("select from storage.objects where name = $1 for update", key(stack))
        asked = storage.transaction()
        await asked.start()
        await become(storage, member(ALICE, stack))
        may = await storage.execute("delete from storage.objects where name = $1", key(stack))
        await asked.rollback()
        tasks.start_soon(repo.add_document, NewDocument("a.pdf", SHA256, len(CONTENT)))
        await somebody_waits()
        await storage.execute("delete from storage.objects where name = $1", key(stack))
    await storage.close()

    assert may == "DELETE 1"
    assert len(await repo.documents(limit=9)) == 1
    assert await gets(member(ALICE, stack), key(stack)) == CONTENT


@pytest.mark.requirement("PGF-12")
async def test_many_who_add_and_remove_the_same_bytes_leave_no_document_without_its_file(
    store: SupabaseStore, stack: Stack
) -> None:
    files, repo = store.files(binding(ALICE, stack.id)), store.bind(binding(ALICE, stack.id))

    async def add(text: str) -> None:
        sha256, size = await files.put_bytes(text.encode(), 99)
        await repo.add_document(NewDocument(text, sha256, size))

    async def remove(text: str) -> None:
        for _ in range(4):
            await removes(member(ALICE, stack), key(stack, text))

    for number in range(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(add, str(number))
            tasks.start_soon(remove, str(number))
            tasks.start_soon(remove, str(number))

    assert {key(stack, str(number)) for number in range(20)} <= {*await storing.objects()}


@pytest.mark.requirement("PGF-13")
async def test_the_program_itself_reaches_no_file_of_a_stack_that_is_there(stack: Stack) -> None:
    assert await gets(SERVER, key(stack)) is None
    assert await lists(SERVER, stack.id) == []
    assert await removes(SERVER, key(stack)) == 0
    assert not await sends(SERVER, key(stack, "more"))

    await rig().sql("update public.stacks set deleted_at = now() where id = $1", stack.id)
    assert await gets(member(ALICE, stack), key(stack)) is None
    assert not await sends(member(ALICE, stack), key(stack, "more"))
    assert await removes(member(ALICE, stack), key(stack)) == 0
    assert not await sends(SERVER, key(stack, "more"))
    assert await removes(SERVER, key(stack)) == 1


@pytest.mark.requirement("PGF-10")
@pytest.mark.parametrize("role", ["authenticated", "stackdocs_worker", "stackdocs_server"])
async def test_a_statement_that_names_no_key_removes_nothing_of_others(
    store: SupabaseStore, stack: Stack, role: PgRole
) -> None:
    bobs = replace(member(BOB, await store.open_stack(BOB, "own")), role=role)

    async with acting_as(bobs) as connection:
        await connection.execute("set local storage.allow_delete_query = 'true'")
        done = await connection.execute("delete from storage.objects")

    assert done == "DELETE 0"
    assert await storing.objects() == [key(stack)]


@pytest.mark.requirement("PGF-16")
@pytest.mark.parametrize("role", ["authenticated", "stackdocs_worker", "stackdocs_server"])
async def test_of_a_large_bucket_only_files_of_the_own_stack_are_looked_at(
    stack: Stack, role: PgRole
) -> None:
    await rig().sql(MANY)
    await rig().sql("analyze storage.objects")
    await rig().sql("update public.stacks set deleted_at = now() where $1", role == SERVER.role)
    asked = OF_FOLDER if role != SERVER.role else "select public.sd_left_files($1)"
    caller = SERVER if role == SERVER.role else replace(member(ALICE, stack), role=role)

    async with acting_as(caller) as connection:
        before = await looked_at(connection)
        ((found,),) = await connection.fetch(asked, stack.id)
        assert await looked_at(connection) - before <= 2

    assert json.loads(found) == [key(stack)]


@asynccontextmanager
async def acting_as(caller: Caller) -> AsyncIterator[asyncpg.Connection]:
    """A transaction of the caller's, as Storage or PostgREST begin one."""
    connection = await asyncpg.connect(
        with_user(rig().database_url, "authenticator", "authenticator")
    )
    try:
        async with connection.transaction():
            await become(connection, caller)
            yield connection
    finally:
        await connection.close()


async def looked_at(connection: asyncpg.Connection) -> int:
    """Rows of the objects' table that this transaction has read so far, and entries of indexes."""
    await connection.execute("select pg_stat_clear_snapshot()")
    return int(await connection.fetchval(LOOKED_AT))


async def become(connection: asyncpg.Connection, caller: Caller) -> None:
    """Until the transaction ends, or is undone to where it was."""
    claims: dict[str, object] = {"role": caller.role, "sub": caller.user, "stackdocs": 1}
    claims |= {"stack_id": caller.stack, "rights": list(caller.rights)}
    told = json.dumps(claims)
    await connection.execute("select set_config('request.jwt.claims', $1, true)", told)
    await connection.execute(f"set local role {caller.role}")


async def somebody_waits() -> None:
    """Returns when a transaction waits for another one's file."""
    with anyio.fail_after(20):
        while not await rig().sql(
            "select 1 from pg_catalog.pg_locks where locktype = 'transactionid' and not granted"
        ):
            await anyio.lowlevel.checkpoint()
