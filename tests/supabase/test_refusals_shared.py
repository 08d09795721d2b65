"""The record of refusals on Postgres, written by many at the same time."""

from collections.abc import AsyncIterator
from datetime import timedelta

import anyio
import asyncpg
import pytest

from stackdocs_mcp.core.errors import StackdocsError
from stackdocs_mcp.core.tenancy import MORE, PER_MINUTE, Denial
from stackdocs_mcp.stores.supabase import refusals
from stackdocs_mcp.stores.supabase.calling import micros
from stackdocs_mcp.stores.supabase.project import PROGRAM, Caller
from stackdocs_mcp.stores.supabase.store import SupabaseStore
from tests.stores.builders import BOB, SteppingClock
from tests.supabase.shared import replicas, rig

pytestmark = pytest.mark.anyio

WAITING = """
create function public.wait_for_test() returns trigger language plpgsql as $$
begin
    perform pg_advisory_xact_lock_shared(4711);
    return new;
end
$$;
create trigger wait_for_test before insert on stackdocs.denials
    for each row execute function public.wait_for_test()
"""
FOREIGN = Denial(BOB, "99b3a8a0", "req-1", "read_ocr", "document_not_found", "3b241101")


@pytest.fixture
async def stores() -> AsyncIterator[list[SupabaseStore]]:
    clock = SteppingClock()
    clock.step = timedelta(milliseconds=1)
    async with replicas(clock, 2) as opened:
        yield opened


@pytest.fixture
async def gate() -> AsyncIterator[asyncpg.Connection]:
    """Whoever has a row for a refusal writes it when the test lets them, and not before."""
    await rig().sql(WAITING)
    connection = await asyncpg.connect(rig().database_url)
    await connection.execute("select pg_advisory_lock(4711)")
    yield connection
    await connection.close()
    await rig().sql("drop function public.wait_for_test() cascade")


@pytest.mark.requirement("PGS-20")
async def test_refusals_at_the_same_time_have_no_more_rows_than_one_after_the_other(
    stores: list[SupabaseStore], gate: asyncpg.Connection
) -> None:
    asked = PER_MINUTE + 4
    async with anyio.create_task_group() as tasks:
        for number in range(asked):
            tasks.start_soon(stores[number % 2].record, FOREIGN)
        while await gate.fetchval("select count(*) from pg_locks where not granted") < 4:
            pass
        await gate.execute("select pg_advisory_unlock_all()")

    rows = await stores[0].denials(limit=99)

    assert sorted(row.count for row in rows) == [1] * PER_MINUTE + [4]
    assert {row.denial.code for row in rows if row.count == 4} == {MORE}


@pytest.mark.requirement("PGS-21")
async def test_a_refusal_whose_answer_was_lost_is_recorded_once(
    stores: list[SupabaseStore],
) -> None:
    store = stores[0]
    asked = {
        "p_call": "3b241101-e2bb-4255-8caf-4136c566a962",
        "p_now": micros(store._clock()),
        "p_denial": {
            "user": BOB,
            "stack": "a",
            "request": "b",
            "what": "c",
            "code": "d",
            "subject": "e",
        },
        "p_bounds": refusals._BOUNDS,
    }

    for _ in range(3):
        await store._rest.call(PROGRAM, "sd_record_denial", asked)

    assert [row.denial for row in await store.denials(limit=9)] == [
        Denial(BOB, "a", "b", "c", "d", "e")
    ]


@pytest.mark.requirement("PGS-22")
@pytest.mark.parametrize("odd", ["a\0b", "a\ud800b", "\U0001f600", "'; drop table x; --"])
async def test_a_refusal_is_recorded_whatever_was_asked_for(
    stores: list[SupabaseStore], odd: str
) -> None:
    await stores[0].record(Denial(BOB, odd, odd, odd, odd, odd))

    (row,) = await stores[0].denials(user=BOB, limit=9)

    assert row.denial.subject == odd.replace("\0", "?").replace("\ud800", "?")
    assert await stores[0].denials(stack=odd, limit=9) == [row]


@pytest.mark.requirement("PGS-23")
@pytest.mark.parametrize(
    "call", ["sd_denials", "sd_unread", "sd_news", "sd_erase", "sd_take", "sd_record_denial"]
)
async def test_what_is_the_programs_own_is_refused_to_users_also_where_it_was_granted(
    stores: list[SupabaseStore], call: str
) -> None:
    known: dict[str, dict[str, object]] = {
        "sd_denials": {"p_user": None, "p_stack": None, "p_limit": 9},
        "sd_unread": {},
        "sd_news": {"p_since": None},
        "sd_erase": {"p_rows": 1, "p_documents": 1},
        "sd_take": {
            "p_key": "a",
            "p_want": 1,
            "p_per_second": 1,
            "p_burst": 1,
            "p_now": 1,
            "p_skew": 1,
        },
        "sd_record_denial": {"p_call": None, "p_now": 1, "p_denial": {}, "p_bounds": {}},
    }
    arguments = known[call]
    (row,) = await rig().sql(
        "select oid::regprocedure::text as name from pg_proc where proname = $1", call
    )

    await rig().sql(f"grant execute on function {row['name']} to authenticated")
    try:
        with pytest.raises(StackdocsError) as raised:
            await stores[0]._rest.call(Caller("authenticated", BOB), call, arguments)
    finally:
        await rig().sql(f"revoke execute on function {row['name']} from authenticated")

    assert raised.value.code == "store_failed"
