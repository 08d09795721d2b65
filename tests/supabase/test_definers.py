"""Functions that do not run as whoever calls them: each is called by those whom it is not for.

And once more with its own check broken, as if the caller were in the stack that is asked about:
then the same call has to be answered otherwise, or it would show nothing.
"""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from string import Template

import asyncpg
import pytest

from stackdocs_mcp.stores.supabase.migrating import connected, migrate
from tests.supabase.actors import ELSEWHERE, SIDES
from tests.supabase.databases import database, superuser
from tests.supabase.matrix import attempt, undone, world

pytestmark = pytest.mark.anyio
A = SIDES["A"]
RIGHTS = ["stack:read", "stack:write"]
BOB = {"sub": "bob", "stackdocs": 1}
BOB_IN_B = {**BOB, "stack_id": SIDES["B"]["stack"], "rights": RIGHTS}
ALICE_IN_A = {"sub": "alice", "stackdocs": 1, "stack_id": A["stack"], "rights": RIGHTS}
BOB_BOUND_TO_A = {**BOB_IN_B, "stack_id": A["stack"]}
PART_OF = "f0000000-0000-4000-8000-00000000000f"
CALLER = "row('bob', '$stack', 'alice', now(), 'agent', '', '{}')::stackdocs.caller"
WATCHED = Template("""
select md5(string_agg(one::text, ',' order by one::text)) from (
    select to_jsonb(d) as one from public.documents as d where d.stack_id = '$stack'
    union all select to_jsonb(s) from public.stacks as s where s.id = '$stack'
    union all select to_jsonb(u) from stackdocs.usage as u where u.user_id = '$owner'
) as everything
""").substitute(A)
RESERVED = f"""
update public.documents set reserved_pages = 3, reserved_pages_in = 202611
where stack_id = '{A["stack"]}';
update stackdocs.usage set pages = 3 where user_id = 'alice';
insert into public.documents (stack_id, id, user_id, extraction_id, filename, folded_name, sha256,
    file_size_bytes, added_by, uploaded_at, updated_at, claimed_by, claimed_until)
values ('{ELSEWHERE}', gen_random_uuid(), 'alice', gen_random_uuid(), 'a', 'a', '{A["sha256"]}', 7,
    'alice', now(), now(), 'somebody', 'infinity');
insert into public.documents (stack_id, id, user_id, extraction_id, filename, folded_name, sha256,
    file_size_bytes, added_by, uploaded_at, updated_at)
values ('{A["stack"]}', '{PART_OF}', 'alice', gen_random_uuid(), 'b', 'b', 'b0', 7,
    'alice-editor', now(), now());
"""
"""What calls on A's document would change or see."""


@dataclass(frozen=True)
class Attack:
    """A call about A by somebody else, and what is answered: rows, or a code."""

    claims: Mapping[str, object]
    statement: str
    answer: str


ATTACKS = {
    "public.sd_delete_stack(uuid,bigint,uuid)": Attack(
        BOB, "select where public.sd_delete_stack(gen_random_uuid(), 1, '$stack')", "0"
    ),
    "stackdocs.add_as_part(uuid,uuid)": Attack(
        BOB_IN_B, f"select stackdocs.add_as_part('$document', '{PART_OF}')", "1"
    ),
    "stackdocs.charge(uuid,text,bigint,stackdocs.caller)": Attack(
        BOB_IN_B, f"select stackdocs.charge('$document', 'documents', 1, {CALLER})", "SD404"
    ),
    "stackdocs.give_back(uuid)": Attack(
        BOB_IN_B, "select from stackdocs.give_back('$document')", "1"
    ),
    "stackdocs.hold_file(text)": Attack(
        BOB_IN_B, "select where stackdocs.hold_file('$stack/$document')", "0"
    ),
    "stackdocs.lines_with(text[],text,text[],uuid,bigint,bigint)": Attack(
        BOB_IN_B,
        "select from stackdocs.lines_with('{}', 'one', '{}', null, 0, 9) as found"
        " where found.document_id = '$document'",
        "0",
    ),
    "stackdocs.own_counts()": Attack(
        BOB, "select from stackdocs.own_counts() as o where o.stack_id = '$stack'", "0"
    ),
    "stackdocs.read_elsewhere(uuid,timestamp with time zone)": Attack(
        BOB_IN_B, "select where stackdocs.read_elsewhere('$document', now())", "0"
    ),
    "stackdocs.reserve(uuid,text,integer,stackdocs.caller)": Attack(
        BOB_IN_B, f"select stackdocs.reserve('$document', 'pages', 1, {CALLER})", "SD001"
    ),
    "stackdocs.settle(uuid,integer,integer)": Attack(
        BOB_IN_B, "select from stackdocs.settle('$document', 1, 0)", "1"
    ),
    "stackdocs.stay_member()": Attack(BOB_BOUND_TO_A, "select where stackdocs.stay_member()", "0"),
}
ASKED_BY_POLICIES = {"stackdocs.membership(text,uuid)"}
"""Answers about whoever is named, to functions and policies; no API shows its schema."""
BY_GRANT_ALONE = {
    "public.sd_queue_depth()",
    "public.sd_queue_done(bigint,integer)",
    "public.sd_queue_extend(bigint,integer,integer)",
    "public.sd_queue_release(bigint,integer,integer)",
    "public.sd_queue_take(bigint,integer,text[],text[])",
    "public.sd_queue_waiting()",
    "stackdocs.is_deleted(uuid)",
}
"""For the program alone, by what is granted and no check of their own."""


@pytest.fixture
async def seeded() -> AsyncIterator[asyncpg.Connection]:
    async with database() as url:
        async with connected(url) as connection:
            await migrate(connection)
        async with superuser(url) as connection, world(connection):
            await connection.execute("set local search_path = ''")
            await connection.execute("set local session_replication_role = replica")
            await connection.execute(RESERVED)
            await connection.execute("set local session_replication_role = origin")
            yield connection


def answered(answer: str) -> str:
    """Rows, a code, or that something changed."""
    return answer if answer == "others changed" else answer.split(" ", 1)[0]


async def tried(connection: asyncpg.Connection, attack: Attack) -> str:
    statement = Template(attack.statement).substitute(A)
    claims = {"role": "authenticated", **attack.claims}
    return answered(await attempt(connection, "authenticated", claims, statement, WATCHED))


@pytest.mark.requirement("PGM-50")
async def test_every_function_with_other_rights_that_a_user_may_call_is_called_by_a_stranger(
    seeded: asyncpg.Connection,
) -> None:
    callable_by_users = {row["name"] for row in await seeded.fetch(DEFINERS, "authenticated")}

    assert callable_by_users == set(ATTACKS) | ASKED_BY_POLICIES


@pytest.mark.requirement("PGM-50")
@pytest.mark.parametrize("name", ATTACKS)
async def test_a_function_with_other_rights_does_nothing_for_a_stranger(
    seeded: asyncpg.Connection, name: str
) -> None:
    assert await tried(seeded, ATTACKS[name]) == ATTACKS[name].answer


@pytest.mark.requirement("PGM-51")
@pytest.mark.parametrize("name", ATTACKS)
async def test_a_function_that_does_not_look_who_calls_is_missed(
    seeded: asyncpg.Connection, name: str
) -> None:
    text = await seeded.fetchval("select pg_get_functiondef($1::text::regprocedure)", name)
    trusting = re.sub(r"stackdocs\.stack(_to)?\([^)]*\)", f"'{A['stack']}'::uuid", text)
    trusting = trusting.replace("stackdocs.usr()", "'alice'")

    assert trusting != text
    async with undone(seeded, trusting):
        assert await tried(seeded, ATTACKS[name]) != ATTACKS[name].answer


@pytest.mark.requirement("PGM-52")
async def test_what_is_for_the_program_alone_refuses_users_to_whom_it_was_granted(
    seeded: asyncpg.Connection,
) -> None:
    rows = await seeded.fetch(DEFINERS, "stackdocs_server")
    claims = {"role": "authenticated", **ALICE_IN_A}
    unchecked = set()
    for row in rows:
        async with undone(seeded, f"grant execute on function {row['name']} to authenticated"):
            given = ", ".join(f"null::{one}" for one in row["types"])
            call = f"select {row['name'].partition('(')[0]}({given})"
            answer = await attempt(seeded, "authenticated", claims, call, None)
        if answered(answer) != "42501":
            unchecked.add(row["name"])

    assert len(rows) > len(BY_GRANT_ALONE)
    assert unchecked == BY_GRANT_ALONE


DEFINERS = """
select p.oid::regprocedure::text as name, array(
    select format_type(one, null) from unnest(p.proargtypes::oid[]) as one) as types
from pg_catalog.pg_proc as p join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
where p.prosecdef and n.nspname in ('public', 'stackdocs')
    and p.prorettype <> 'trigger'::regtype
    and has_function_privilege($1::text, p.oid, 'execute')
"""
