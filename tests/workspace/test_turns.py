"""Places that are given to owners in turn."""

import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import pytest
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint

from stackdocs_mcp.core.binding import UserId
from stackdocs_mcp.workspace.turns import FairTurns

pytestmark = pytest.mark.anyio

OWNERS = [UserId(name) for name in "abcd"]
A, B, C, _D = OWNERS


@dataclass
class Queue:
    """Takes turns that last until they are told to end."""

    turns: FairTurns
    tasks: TaskGroup
    begun: list[str] = field(default_factory=list)
    ends: dict[str, anyio.Event] = field(default_factory=dict)
    scopes: dict[str, anyio.CancelScope] = field(default_factory=dict)

    async def ask(self, owner: UserId, *names: str) -> None:
        for name in names:
            self.ends[name], self.scopes[name] = anyio.Event(), anyio.CancelScope()
            self.tasks.start_soon(self._turn, owner, name)
            await settled()

    async def end(self, name: str) -> None:
        self.ends[name].set()
        await settled()

    async def end_all(self) -> None:
        for name in list(self.begun):
            await self.end(name)

    async def _turn(self, owner: UserId, name: str) -> None:
        with self.scopes[name]:
            async with self.turns.take(owner):
                self.begun.append(name)
                await self.ends[name].wait()


async def settled() -> None:
    """Every task has gone as far as it can."""
    for _ in range(10):
        await checkpoint()


@asynccontextmanager
async def queue(places: int, each: int) -> AsyncIterator[Queue]:
    turns = FairTurns(places, each)
    async with anyio.create_task_group() as tasks:
        yield Queue(turns, tasks)
        tasks.cancel_scope.cancel()
    assert turns.owners == 0


@pytest.mark.requirement("FAIR-01")
async def test_owners_come_round_and_each_in_its_own_order() -> None:
    async with queue(1, 1) as waiting:
        await waiting.ask(A, "a1", "a2", "a3", "a4")
        await waiting.ask(B, "b1", "b2")
        await waiting.ask(C, "c1")
        while len(waiting.begun) < 7:
            await waiting.end(waiting.begun[-1])

    assert waiting.begun == ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]


@pytest.mark.requirement("FAIR-02")
async def test_one_place_is_always_left_for_others() -> None:
    async with queue(3, 2) as waiting:
        await waiting.ask(A, *(f"a{number}" for number in range(100)))
        assert waiting.begun == ["a0", "a1"]
        await waiting.ask(B, "b0", "b1")
        assert waiting.begun == ["a0", "a1", "b0"]
        await waiting.ask(C, "c0")
        await waiting.end("b0")
        await waiting.end("a0")

        assert waiting.begun == ["a0", "a1", "b0", "b1", "c0"]


@pytest.mark.requirement("FAIR-03")
async def test_who_stops_waiting_leaves_its_place_in_the_line_to_the_next() -> None:
    async with queue(1, 1) as waiting:
        await waiting.ask(A, "a1", "a2", "a3")
        await waiting.ask(B, "b1")
        for name in ("a2", "b1"):
            waiting.scopes[name].cancel()
        await settled()
        await waiting.end("a1")
        assert waiting.begun == ["a1", "a3"]
        await waiting.end("a3")
        assert waiting.turns.owners == 0
        await waiting.ask(B, "b2")

        assert waiting.begun == ["a1", "a3", "b2"]


@pytest.mark.requirement("FAIR-03")
async def test_a_turn_given_to_somebody_who_is_just_leaving_goes_to_the_next() -> None:
    async with queue(1, 1) as waiting:
        await waiting.ask(A, "a1", "a2")
        waiting.ends["a1"].set()
        while waiting.turns._waiting.get(A):  # until a2 is given its turn, which it has not seen
            await checkpoint()
        waiting.scopes["a2"].cancel()
        await waiting.ask(B, "b1")

        assert waiting.begun[-1] == "b1"


@pytest.mark.requirement("FAIR-03")
@pytest.mark.parametrize("seed", range(20))
async def test_any_order_of_coming_ending_and_leaving_loses_no_place(seed: int) -> None:
    chance = random.Random(seed)
    places = chance.randint(1, 4)
    each = chance.randint(1, places)
    turns, within = FairTurns(places, each), Counter[UserId]()
    highest = Counter[UserId]()

    async def turn(owner: UserId, steps: int, leaves: Callable[[], bool]) -> None:
        with anyio.CancelScope() as scope:
            if leaves():
                scope.cancel()
            async with turns.take(owner):
                within[owner] += 1
                highest[owner] = max(highest[owner], within[owner])
                assert within.total() <= places
                try:
                    for _ in range(steps):
                        await checkpoint()
                finally:
                    within[owner] -= 1

    async with anyio.create_task_group() as tasks:
        for _ in range(200):
            leaves = chance.random() < 0.2
            tasks.start_soon(turn, chance.choice(OWNERS), chance.randint(0, 5), lambda x=leaves: x)
            if chance.random() < 0.5:
                await checkpoint()

    assert max(highest.values()) <= each
    assert turns.owners == 0
    assert turns._free == places
