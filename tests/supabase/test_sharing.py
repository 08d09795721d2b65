"""Members on Postgres: one look-up by two keys, and what the database itself refuses."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from stackdocs_mcp.core.binding import Actor, Binding, Right, Role
from stackdocs_mcp.core.errors import MissingRight
from stackdocs_mcp.core.stack import Stack
from stackdocs_mcp.stores.supabase.calling import micros
from stackdocs_mcp.stores.supabase.project import Caller
from stackdocs_mcp.stores.supabase.store import SupabaseStore
from tests.stores.builders import ALICE, BOB, SteppingClock, binding
from tests.supabase.acting import acting
from tests.supabase.shared import replicas, rig

pytestmark = pytest.mark.anyio

NOBODY = "3b241101-e2bb-4255-8caf-4136c566a962"


@pytest.fixture
async def store() -> AsyncIterator[SupabaseStore]:
    async with replicas(SteppingClock(), 1) as (only,):
        yield only


@pytest.fixture
async def stack(store: SupabaseStore) -> Stack:
    return await store.open_stack(ALICE, "invoices")


def steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What a plan reads, from the outermost."""
    if "Relation Name" in plan:
        yield plan
    for below in plan.get("Plans", ()):
        yield from steps(below)


async def planned(sql: str, *kinds: str) -> list[tuple[str, str]]:
    """Tables that are read, and and by which keys, where reading a whole one is dear."""
    connection = await asyncpg.connect(rig().database_url)
    await connection.execute("set enable_seqscan = off; set plan_cache_mode = force_generic_plan")
    await connection.execute(f"prepare asked ({', '.join(kinds)}) as {sql}")
    values = ", ".join(f"'{NOBODY}'" for _ in kinds)
    ((plan,),) = await connection.fetch(f"explain (format json) execute asked ({values})")
    await connection.close()
    return [
        (step["Relation Name"], step.get("Index Cond") or step.get("Index Name", ""))
        for step in steps(json.loads(plan)[0]["Plan"])
    ]


async def body_of(function: str) -> str:
    ((source,),) = await rig().sql(
        "select prosrc from pg_proc where oid = $1::regprocedure", function
    )
    return str(source)


@pytest.mark.requirement("PGS-40")
async def test_a_membership_is_looked_up_by_two_keys_and_no_scan(stack: Stack) -> None:
    assert stack
    sql = await body_of("stackdocs.membership(text,uuid)")

    read = await planned(sql.replace("p_user", "$1").replace("p_stack", "$2"), "text", "uuid")

    assert len(read) == 2
    by = dict(read)
    assert "user_id = $1" in by["members"]
    assert "stack_id = $2" in by["members"]
    assert by["stacks"] == "(id = $2)"


@pytest.mark.requirement("PGS-40")
async def test_stacks_with_something_to_read_are_found_by_an_index(stack: Stack) -> None:
    assert stack
    sql = "select distinct d.stack_id from public.documents as d where d.status = 'processing'"
    assert sql in await body_of("public.sd_unread()")

    assert await planned(sql, "text") == [("documents", "documents_unread")]


@pytest.mark.requirement("PGS-41")
@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
async def test_a_member_who_is_not_the_owner_changes_no_members(
    store: SupabaseStore, stack: Stack, role: Role
) -> None:
    owner = store.bind(binding(ALICE, stack.id))
    await owner.grant(BOB, role)
    before = await owner.members()
    member = store.bind(Binding(BOB, stack.id, role.rights, Actor("agent"), ALICE))

    for change in (member.grant(BOB, Role.EDITOR), member.revoke(BOB)):
        with pytest.raises(MissingRight):
            await change

    assert await owner.members() == before


@pytest.mark.requirement("PGS-41")
async def test_an_owner_whose_token_has_no_such_right_changes_no_members(
    store: SupabaseStore, stack: Stack
) -> None:
    narrow = store.bind(Binding(ALICE, stack.id, frozenset({Right.READ, Right.WRITE})))

    with pytest.raises(MissingRight):
        await narrow.grant(BOB, Role.VIEWER)

    assert [one.user for one in await narrow.members()] == [ALICE]


@pytest.mark.requirement("PGS-34")
async def test_the_end_of_a_membership_whose_answer_was_lost_is_answered_the_same_again(
    store: SupabaseStore, stack: Stack
) -> None:
    owner = store.bind(binding(ALICE, stack.id))
    await owner.grant(BOB, Role.VIEWER)
    asked = {"p_call": {"id": NOBODY, "now": 1, "kind": "agent", "client": ""}, "p_user": BOB}
    caller = Caller.of(binding(ALICE, stack.id))

    assert await store._rest.call(caller, "sd_revoke", asked) is True
    assert await store._rest.call(caller, "sd_revoke", asked) is True

    assert await owner.revoke(BOB) is False


USED = "select nonce from stackdocs.used_links order by nonce"


@pytest.mark.requirement("PGS-42")
async def test_no_time_that_is_named_makes_the_use_of_a_link_forgotten(
    store: SupabaseStore, stack: Stack
) -> None:
    until = store._clock()
    alice = binding(ALICE, stack.id)
    assert await store.bind(alice).use_link("nonce", "first", until) == "first"
    late = {"id": NOBODY, "now": micros(until + timedelta(days=9999)), "kind": "agent"}
    asked = {"p_nonce": "other", "p_use": "x", "p_expires_at": 1}

    await store._rest.call(Caller.of(alice), "sd_use_link", {"p_call": late, **asked})

    assert await store.bind(alice).use_link("nonce", "second", until) == "first"


@pytest.mark.requirement("PGS-42")
async def test_the_use_of_a_link_is_undone_by_nobody(stack: Stack) -> None:
    async with acting(binding(ALICE, stack.id)) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("delete from stackdocs.used_links")


@pytest.mark.requirement("PGS-42")
async def test_uses_of_links_that_ended_are_forgotten_by_the_clock_of_the_database(
    store: SupabaseStore, stack: Stack
) -> None:
    await rig().sql(
        "insert into stackdocs.used_links (stack_id, nonce, use, used_at, expires_at)"
        " select $1, nonce, 'x', now() - make_interval(hours => used),"
        " now() - make_interval(hours => ended)"
        " from (values ('long ago', 30, 25), ('not over', 30, -1), ('just over', 30, 23),"
        " ('just used', 23, 30)) as one (nonce, used, ended)",
        stack.id,
    )
    elsewhere = store.bind(binding(BOB, (await store.open_stack(BOB, "b")).id))

    await elsewhere.use_link("new", "x", store._clock())

    left = [row["nonce"] for row in await rig().sql(USED)]
    assert left == ["just over", "just used", "new", "not over"]
