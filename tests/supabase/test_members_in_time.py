"""Calls that are under way while the membership ends that they are made by, or the stack goes.

Each is two transactions, the second of which waits for the first: what it sees after that counts.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import anyio
import asyncpg
import pytest

from stackdocs_mcp.core.binding import Binding, Role, StackId, UserId
from stackdocs_mcp.core.errors import MissingRight, NotFound, StackdocsError
from stackdocs_mcp.core.model import Document
from stackdocs_mcp.stores.supabase.project import Caller
from stackdocs_mcp.stores.supabase.store import SupabaseStore
from tests.stores.builders import ALICE, BOB, SteppingClock, put, ready
from tests.supabase.shared import replicas, rig

pytestmark = pytest.mark.anyio
NOW = 1_772_600_771_890_123
WRITE = """select public.sd_write($1, $2, '[[{"path": "/a", "scalar": true,
    "leaves": [["/a", "{\\"v\\":2,\\"e\\":[\\"unchecked\\",null,[]]}"]]}]]', null, false)"""


@pytest.fixture
async def store() -> AsyncIterator[SupabaseStore]:
    async with replicas(SteppingClock(), 1) as (only,):
        yield only


@pytest.fixture
async def stack(store: SupabaseStore) -> StackId:
    made = await store.open_stack(ALICE, "shared")
    await store.bind(of(ALICE, made.id)).grant(BOB, Role.EDITOR)
    return made.id


@pytest.fixture
async def document(store: SupabaseStore, stack: StackId) -> Document:
    return await ready(store.bind(of(ALICE, stack)))


def of(user: UserId, stack: StackId) -> Binding:
    role = Role.OWNER if user == ALICE else Role.EDITOR
    return Binding(user, stack, role.rights, owner=ALICE)


def call() -> str:
    made = {"id": str(uuid4()), "now": NOW, "kind": "agent", "client": "test", "quotas": {}}
    return json.dumps(made)


@asynccontextmanager
async def under_way(caller: Caller, statement: str, *given: Any) -> AsyncIterator[None]:
    """The statement as the caller, in a transaction that is committed at the end."""
    claims = {"sub": caller.user, "stack_id": caller.stack, "rights": caller.rights}
    known = {name: value for name, value in claims.items() if value is not None}
    connection = await asyncpg.connect(rig().database_url)
    try:
        await connection.execute("begin")
        await connection.fetch(
            "select set_config('request.jwt.claims', $1, true)", json.dumps(known)
        )
        await connection.execute("set local role authenticated")
        await connection.fetch(statement, *given)
        yield
        await connection.execute("commit")
    finally:
        await connection.close()


async def somebody_waits() -> None:
    """Return when a transaction waits for another one."""
    with anyio.fail_after(10):
        while not await rig().sql("select from pg_catalog.pg_locks where not granted"):
            await anyio.lowlevel.checkpoint()


Ending = Callable[[SupabaseStore, StackId], Awaitable[Any]]


async def revoked(store: SupabaseStore, stack: StackId) -> None:
    assert await store.bind(of(ALICE, stack)).revoke(BOB)


async def lowered(store: SupabaseStore, stack: StackId) -> None:
    await store.bind(of(ALICE, stack)).grant(BOB, Role.VIEWER)


async def deleted(store: SupabaseStore, stack: StackId) -> None:
    assert await store.delete_stack(ALICE, stack)


@pytest.mark.requirement("PGH-30")
@pytest.mark.parametrize("end", [revoked, lowered, deleted])
async def test_whoever_ends_a_membership_waits_for_what_its_member_is_writing(
    store: SupabaseStore, stack: StackId, document: Document, end: Ending
) -> None:
    ended = []

    async def ending() -> None:
        await end(store, stack)
        ended.append(True)

    writing = under_way(Caller.of(of(BOB, stack)), WRITE, call(), document.id)
    async with anyio.create_task_group() as group, writing:
        group.start_soon(ending)
        await somebody_waits()
        assert not ended

    if end is deleted:
        assert await rig().sql("select from stackdocs.fields") == [], "what was written went too"
        return
    (field,) = await store.bind(of(ALICE, stack)).fields(document.id)
    assert field.leaf.value == 2


ENDED: dict[str, tuple[Caller | None, str, type[StackdocsError]]] = {
    "revoked": (None, f"select public.sd_revoke($1, '{BOB}')", NotFound),
    "lowered": (None, f"select public.sd_grant($1, '{BOB}', 'viewer')", MissingRight),
    "deleted": (
        Caller("authenticated", ALICE),
        f"select public.sd_delete_stack(($1::jsonb ->> 'id')::uuid, {NOW}, $2)",
        NotFound,
    ),
}


@pytest.mark.requirement("PGH-31")
@pytest.mark.parametrize("end", list(ENDED))
async def test_who_writes_while_the_membership_ends_is_told_that_it_has_ended(
    store: SupabaseStore, stack: StackId, document: Document, end: str
) -> None:
    caller, statement, error = ENDED[end]
    given = (call(), stack) if end == "deleted" else (call(),)
    told: list[Exception] = []

    async def write() -> None:
        with pytest.raises(error) as refused:
            await put(store.bind(of(BOB, stack)), document, "a", 1)
        told.append(refused.value)

    ending = under_way(caller or Caller.of(of(ALICE, stack)), statement, *given)
    async with anyio.create_task_group() as group, ending:
        group.start_soon(write)
        await somebody_waits()
        assert not told

    assert told
    if end != "deleted":
        assert list(await store.bind(of(ALICE, stack)).fields(document.id)) == []


@pytest.mark.requirement("PGH-32")
async def test_every_bound_function_that_writes_keeps_its_callers_membership_meanwhile() -> None:
    rows = await rig().sql(BOUND)

    assert len(rows) > 20
    assert {row["name"] for row in rows if not row["stays"]} == set()


BOUND = """
select p.proname as name, p.prosrc like '%:= stackdocs.enter_to_write(%' as stays
from pg_catalog.pg_proc as p
where p.pronamespace = 'public'::regnamespace and p.provolatile = 'v'
    and (p.proargnames[1] = 'p_call' and p.proargtypes[0] = 'jsonb'::regtype
        or p.prosrc like '%stackdocs.original_call(%')
"""


@pytest.mark.requirement("PGH-33")
@pytest.mark.parametrize("end", [revoked, lowered])
async def test_a_replica_that_remembers_a_membership_forgets_it_with_the_first_refusal(
    end: Ending,
) -> None:
    async with replicas(SteppingClock()) as (here, there):
        stack = (await here.open_stack(ALICE, "shared")).id
        await here.bind(of(ALICE, stack)).grant(BOB, Role.EDITOR)
        remembered = await there.membership(BOB, stack)
        await end(here, stack)
        assert await there.membership(BOB, stack) == remembered

        with pytest.raises((NotFound, MissingRight)):
            await there.bind(of(BOB, stack)).stack()

        found = await there.membership(BOB, stack)
        assert (found and found.role) == (Role.VIEWER if end is lowered else None)
