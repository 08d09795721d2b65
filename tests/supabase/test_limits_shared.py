"""Limits that replicas share in one database."""

from collections.abc import AsyncIterator

import anyio
import pytest

from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.core.limits import Granted
from stackdocs_mcp.stores.limits import IDLE_SECONDS
from stackdocs_mcp.stores.supabase import limits
from stackdocs_mcp.stores.supabase.limits import SupabaseCounters
from stackdocs_mcp.stores.supabase.project import Minter
from stackdocs_mcp.stores.supabase.rest import Rest
from stackdocs_mcp.stores.supabase.store import SupabaseStore
from tests.stores.builders import SteppingClock
from tests.supabase.postgres import free_port
from tests.supabase.shared import replicas, rig

pytestmark = pytest.mark.anyio

START = 1_790_000_000.0


@pytest.fixture
async def stores() -> AsyncIterator[list[SupabaseStore]]:
    async with replicas(SteppingClock(), 2) as opened:
        yield opened


async def take(counters: SupabaseCounters, at: float, want: int = 3) -> Granted:
    return await counters.take("alice", want, per_second=2.0, burst=10, now=START + at)


@pytest.mark.requirement("PGS-10")
async def test_replicas_at_the_same_time_take_no_more_than_burst_and_rate(
    stores: list[SupabaseStore],
) -> None:
    calls, apart, taken = 50, 0.05, list[int]()

    async def keep_taking(store: SupabaseStore) -> None:
        counters = store.counters()
        for call in range(calls):
            taken.append((await take(counters, call * apart)).count)

    async with anyio.create_task_group() as tasks:
        for number in range(8):
            tasks.start_soon(keep_taking, stores[number % 2])

    gained = 2 * (calls - 1) * apart
    assert int(10 + gained) - 1 <= sum(taken) <= 10 + gained


@pytest.mark.requirement("PGS-11")
async def test_buckets_wait_for_no_disk(stores: list[SupabaseStore]) -> None:
    assert stores
    (row,) = await rig().sql(
        "select relpersistence::text as kind from pg_class where oid = 'stackdocs.limits'::regclass"
    )

    assert row["kind"] == "u"  # unlogged


@pytest.mark.requirement("PGS-12")
async def test_buckets_that_have_long_been_full_are_forgotten(
    stores: list[SupabaseStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FORGET_EVERY", 1)
    counters = stores[0].counters()
    await take(counters, 0.0)
    await counters.take("slow", 9, per_second=0.001, burst=10, now=START)

    await counters.take("new", 1, per_second=2.0, burst=10, now=START + IDLE_SECONDS + 60)

    kept = [row["key"] for row in await rig().sql("select key from stackdocs.limits order by key")]
    assert kept == ["new", "slow"]
    assert (await counters.take("slow", 9, per_second=0.001, burst=10, now=START)).count == 1


@pytest.mark.requirement("PGS-13")
async def test_counters_that_nobody_answers_for_fail_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "PATIENCE_SECONDS", 0.01)
    rest = Rest(f"http://127.0.0.1:{free_port()}", "key", Minter(rig().signing_key))
    counters = SupabaseCounters(rest)

    with anyio.fail_after(5), pytest.raises(StoreFailed):
        await take(counters, 0.0)

    await rest.close()
