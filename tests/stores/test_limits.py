"""Token buckets that all processes share. No real time passes here: each call says when it is."""

import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from stackdocs_mcp.core.limits import Counters, Granted
from stackdocs_mcp.stores.limits import SharedCounters

pytestmark = pytest.mark.anyio

START = 1_790_000_000.0
ROOT = Path(__file__).parents[2]


def supabase(folder: Path) -> Counters:
    """In the one project of this run."""
    from tests.supabase.shared import counters

    return counters(folder)


COUNTERS: dict[str, Callable[[Path], Counters]] = {"embedded": SharedCounters, "supabase": supabase}


@pytest.fixture(params=list(COUNTERS))
async def counters(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Counters]:
    made = COUNTERS[request.param](tmp_path / "data")
    yield made
    await made.close()


async def take(
    counters: Counters, want: int, at: float = 0.0, *, key: str = "alice", burst: int = 10
) -> Granted:
    return await counters.take(key, want, per_second=2.0, burst=burst, now=START + at)


@pytest.mark.requirement("LIMIT-01")
async def test_a_new_bucket_is_full_and_gives_no_more_than_it_holds(counters: Counters) -> None:
    assert await take(counters, 4) == Granted(4)
    assert await take(counters, 9) == Granted(6)
    assert await take(counters, 1) == Granted(0, 0.5)


@pytest.mark.requirement("LIMIT-01")
async def test_a_bucket_gains_by_time_up_to_its_burst(counters: Counters) -> None:
    await take(counters, 10)

    assert await take(counters, 9, 1.0) == Granted(2)
    assert await take(counters, 99, 1_000.0) == Granted(10)


@pytest.mark.requirement("LIMIT-01")
async def test_parts_of_one_are_kept(counters: Counters) -> None:
    await take(counters, 10)

    assert await take(counters, 1, 0.25) == Granted(0, 0.25)
    assert await take(counters, 1, 0.5) == Granted(1)


@pytest.mark.requirement("LIMIT-02")
async def test_buckets_have_nothing_to_do_with_one_another(counters: Counters) -> None:
    await take(counters, 10)

    assert await take(counters, 10, key="bob") == Granted(10)


@pytest.mark.requirement("LIMIT-03")
async def test_a_clock_that_is_a_little_behind_gains_nothing(counters: Counters) -> None:
    await take(counters, 10, 10.0)

    for _ in range(3):
        assert (await take(counters, 1, 9.0)).count == 0
        assert (await take(counters, 1, 10.0)).count == 0

    assert await take(counters, 9, 11.0) == Granted(2)


@pytest.mark.requirement("LIMIT-03")
async def test_a_clock_that_was_put_back_starts_anew_from_there(counters: Counters) -> None:
    await take(counters, 10, 7_200.0)

    assert (await take(counters, 1, 0.0)).count == 0
    assert await take(counters, 9, 1.0) == Granted(2)


@pytest.mark.requirement("LIMIT-04")
@pytest.mark.parametrize("name", list(COUNTERS))
def test_two_processes_together_take_no_more_than_limit_and_burst(
    name: str, tmp_path: Path
) -> None:
    calls, apart = 400, 0.01
    COUNTERS[name](tmp_path / "data")  # an empty place
    asked = [name, str(tmp_path / "data"), str(calls), str(apart)]
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.stores.taking_process", *asked],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for _ in range(2)
    ]

    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()

    taken = [int(process.communicate(timeout=60)[0]) for process in processes]

    assert [process.returncode for process in processes] == [0, 0]
    gained = 2 * (calls - 1) * apart  # of the time that the calls said it was
    assert int(10 + gained) - 1 <= sum(taken) <= 10 + gained
