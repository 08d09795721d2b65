"""The part of the rate limit that each process keeps to itself."""

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from stackdocs_mcp.core.binding import UserId
from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.core.limits import Granted
from stackdocs_mcp.http import rates
from stackdocs_mcp.http.rates import Rates
from stackdocs_mcp.stores.limits import SharedCounters

pytestmark = pytest.mark.anyio

ALICE, BOB = UserId("alice"), UserId("bob")
PER_SECOND, BURST = 5.0, 100


class HeldClock:
    """Stands where it is put."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


class Counting(SharedCounters):
    """Shared counters that count their calls, and can be out of order."""

    calls = 0
    broken = False

    async def take(
        self, key: str, want: int, *, per_second: float, burst: int, now: float
    ) -> Granted:
        self.calls += 1
        if self.broken:
            raise StoreFailed("the disk is full")
        return await super().take(key, want, per_second=per_second, burst=burst, now=now)


@pytest.fixture
async def counters(tmp_path: Path) -> AsyncIterator[Counting]:
    made = Counting(tmp_path)
    yield made
    await made.close()


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def replicas(counters: Counting, clock: HeldClock) -> list[Rates]:
    return [Rates(counters, PER_SECOND, BURST, clock) for _ in range(2)]


async def allowed(replicas: list[Rates], user: UserId, asked: int) -> int:
    """How many of the requests are let in, when replicas take turns."""
    waits = [await replicas[turn % len(replicas)].spend(user) for turn in range(asked)]
    return waits.count(None)


@pytest.mark.requirement("LIMIT-10")
async def test_replicas_together_let_no_more_in_than_limit_and_burst(
    replicas: list[Rates], clock: HeldClock
) -> None:
    let_in = await allowed(replicas, ALICE, 400)
    assert BURST - 10 <= let_in <= BURST
    for second in range(1, 31):
        clock.now += 1.0
        let_in += await allowed(replicas, ALICE, 40)
        assert let_in <= BURST + PER_SECOND * second

    assert let_in >= BURST + 0.8 * PER_SECOND * 30
    assert await allowed(replicas, BOB, 10) == 10


@pytest.mark.requirement("LIMIT-11")
async def test_a_request_costs_next_to_nothing_whether_it_is_let_in_or_not(
    replicas: list[Rates], counters: Counting
) -> None:
    one = replicas[:1]

    assert await allowed(one, ALICE, BURST) == BURST
    assert counters.calls <= 12
    await allowed(one, ALICE, 1_000)
    assert counters.calls <= 14


@pytest.mark.requirement("LIMIT-11")
async def test_many_requests_at_once_share_what_one_of_them_takes(
    replicas: list[Rates], counters: Counting
) -> None:
    waits: list[float | None] = []

    async def ask() -> None:
        waits.append(await replicas[0].spend(ALICE))

    async with anyio.create_task_group() as tasks:
        for _ in range(11):
            tasks.start_soon(ask)

    assert waits == [None] * 11
    assert counters.calls == 2


@pytest.mark.requirement("LIMIT-12")
async def test_whoever_is_refused_is_told_how_long_to_wait_and_then_let_in(
    replicas: list[Rates], clock: HeldClock
) -> None:
    await allowed(replicas[:1], ALICE, BURST)

    wait = await replicas[0].spend(ALICE)
    assert wait == pytest.approx(0.2, abs=0.001)
    clock.now += 0.1
    assert await replicas[0].spend(ALICE) == pytest.approx(0.1, abs=0.001)
    clock.now += 0.11
    assert await replicas[0].spend(ALICE) is None


@pytest.mark.requirement("LIMIT-13")
async def test_whoever_asks_seldom_loses_nothing_of_a_chunk_that_was_let_go(
    replicas: list[Rates], clock: HeldClock
) -> None:
    await allowed(replicas[:1], ALICE, BURST)

    for _ in range(20):  # below the limit, on any replica
        clock.now += 2.5
        assert await allowed(replicas, ALICE, 2) == 2


@pytest.mark.requirement("LIMIT-13")
async def test_what_was_taken_and_not_spent_is_let_go(
    replicas: list[Rates], counters: Counting, clock: HeldClock
) -> None:
    await allowed(replicas[:1], ALICE, 3)
    assert counters.calls == 2
    clock.now += 2.5

    await allowed(replicas[:1], ALICE, 1)

    assert counters.calls == 3


@pytest.mark.requirement("LIMIT-14")
async def test_without_the_shared_counters_each_process_limits_by_itself(
    replicas: list[Rates], counters: Counting, clock: HeldClock
) -> None:
    counters.broken = True

    assert await allowed(replicas[:1], ALICE, 400) == BURST // 10
    clock.now += 2.0
    assert await allowed(replicas[:1], ALICE, 400) == 2 * PER_SECOND
    assert counters.calls == 1  # nobody waits for what has just failed
    clock.now += 1_000.0
    assert await allowed(replicas[:1], ALICE, 400) == BURST


@pytest.mark.requirement("LIMIT-14")
async def test_the_shared_counters_are_used_again_when_they_can_be(
    replicas: list[Rates], counters: Counting, clock: HeldClock
) -> None:
    counters.broken = True
    await allowed(replicas[:1], ALICE, 20)
    counters.broken = False
    clock.now += 6.0

    assert await allowed(replicas, ALICE, 400) >= BURST - 10
    assert await replicas[0].spend(ALICE) is not None
    counters.broken = True
    clock.now += 0.2
    assert await allowed(replicas[:1], ALICE, 400) <= BURST // 10


@pytest.mark.requirement("LIMIT-15")
async def test_a_clock_that_is_put_back_neither_locks_out_nor_lets_all_in(
    replicas: list[Rates], clock: HeldClock
) -> None:
    await allowed(replicas[:1], ALICE, BURST + 1)
    clock.now -= 86_400.0

    assert await allowed(replicas[:1], ALICE, 1) == 0
    clock.now += 2.0
    assert await allowed(replicas[:1], ALICE, 400) == 2 * PER_SECOND


@pytest.mark.requirement("LIMIT-16")
async def test_only_so_many_users_are_remembered(
    replicas: list[Rates], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "MOST_USERS", 50)
    await allowed(replicas[:1], ALICE, BURST)

    for number in range(200):
        await replicas[0].spend(UserId(f"user {number}"))

    assert len(replicas[0]._purses) == 50
    assert await replicas[0].spend(ALICE) is not None  # forgotten here, not in what is shared
