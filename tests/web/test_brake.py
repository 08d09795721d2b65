"""Refusals that are asked for again and again take nothing from those that are served."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import SocketStream
from anyio.streams.memory import MemoryObjectReceiveStream
from starlette.types import Receive, Scope, Send

from stackdocs_mcp.core.binding import Right
from stackdocs_mcp.http import brake as braking
from stackdocs_mcp.http.answers import send_json
from stackdocs_mcp.http.brake import CONNECTION, LONGEST, Brake
from stackdocs_mcp.server.connections import Patience
from tests.server.harness import PATIENCE
from tests.web import wire
from tests.web.site import ALICE, BOB, CAROL, Site, call, headers_for, site
from tests.web.test_connections import is_closed, served_by

pytestmark = pytest.mark.anyio

ONE_EVER = 0.000_001
"""Refusals a second: the first is answered, and the next would have to wait for days."""


@dataclass
class Clock:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.requirement("BRAKE-01")
@pytest.mark.parametrize("connections", [1, 9, 900])
def test_refusals_come_no_faster_than_the_pace(connections: int) -> None:
    clock = Clock()
    brake = Brake(10, clock)
    asks: list[float] = [clock.now] * connections
    answered: list[float] = []
    while clock.now < 1_020.0:
        for number, when in enumerate(asks):
            if when > clock.now:
                continue
            seconds = brake.delay()
            if seconds is not None:
                answered.append(clock.now + seconds)
            asks[number] = clock.now + (seconds or 0.01)
        clock.now += 0.01

    answered.sort()
    later = zip(answered, answered[10:], strict=False)
    assert len(answered) > 150
    assert all(tenth - first > 0.999 for first, tenth in later)


@pytest.mark.requirement("BRAKE-01")
def test_each_refusal_waits_for_the_one_before() -> None:
    brake = Brake(10, Clock())

    assert [brake.delay() for _ in range(5)] == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])


@pytest.mark.requirement("BRAKE-02")
def test_no_refusal_waits_longer_than_a_second_nor_after_the_flood() -> None:
    clock = Clock()
    brake = Brake(10, clock)
    delays = [brake.delay() for _ in range(10_000)]
    waiting = [one for one in delays if one is not None]

    assert max(waiting) <= LONGEST
    assert len(waiting) <= 10 * LONGEST + 1
    clock.now += LONGEST + 0.2
    assert brake.delay() == 0.0


@dataclass
class Door:
    """An application where everybody is refused, and waits for that, except at ``/free``."""

    brake: Brake
    happened: MemoryObjectReceiveStream[str] = field(init=False)

    def __post_init__(self) -> None:
        self._tell, self.happened = anyio.create_memory_object_stream[str](100)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/free":
            await send_json(send, 200, {})
            return
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.brake.turn, scope, 401, "")
            await anyio.lowlevel.checkpoint()
            self._tell.send_nowait("waits")
            while (await receive())["type"] != "http.disconnect":
                self._tell.send_nowait("more")
            self._tell.send_nowait("gone")
            tasks.cancel_scope.cancel()

    async def until(self, *what: str) -> None:
        with anyio.fail_after(PATIENCE):
            for one in what:
                assert await self.happened.receive() == one

    def close(self) -> None:
        self._tell.close()
        self.happened.close()


@pytest.fixture
async def door(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Door]:
    """One whose refusals wait for longer than any test."""
    monkeypatch.setattr(braking, "LONGEST", 10_000.0)
    brake = Brake(0.001, Clock())
    assert brake.delay() == 0.0
    made = Door(brake)
    yield made
    made.close()


@asynccontextmanager
async def connected(port: int, path: str = "") -> AsyncIterator[SocketStream]:
    """A connection, which has asked for a path."""
    async with await anyio.connect_tcp("127.0.0.1", port) as connection:
        if path:
            length = 0 if path == "/free" else 9
            head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"
            await connection.send(head.encode())
        yield connection


async def heard(connection: SocketStream) -> list[int]:
    with anyio.fail_after(PATIENCE):
        return wire.statuses(await connection.receive())


@pytest.mark.requirement("BRAKE-03")
@pytest.mark.parametrize("more", [False, True])
async def test_a_connection_whose_refusal_waits_makes_room(door: Door, more: bool) -> None:
    async with (
        served_by(door, Patience(most=2)) as port,
        connected(port, "/") as first,
        connected(port, "/") as second,
    ):
        await door.until("waits", "waits")
        for one in (first, second) if more else ():
            await one.send(b"x")
            await door.until("more")
        async with connected(port, "/free") as newcomer:
            assert await heard(newcomer) == [200]
        assert await is_closed(first) == b""
        await door.until("gone")


@pytest.mark.requirement("BRAKE-03")
async def test_it_makes_room_before_one_that_has_just_come_and_one_that_was_served(
    door: Door,
) -> None:
    async with (
        served_by(door, Patience(most=3)) as port,
        connected(port, "/free") as served,
        connected(port) as silent,
    ):
        assert await heard(served) == [200]
        async with connected(port, "/") as refused, connected(port, "/free") as newcomer:
            await door.until("waits")
            assert await heard(newcomer) == [200]
            assert await is_closed(refused) == b""
            for one in (served, silent):
                await one.send(b"GET /free HTTP/1.1\r\nHost: a\r\n\r\n")
                assert await heard(one) == [200]


async def refused_once(served: Site) -> None:
    """From now on no outsider is answered."""
    async with served.raw({"Connection": "close"}) as http:
        assert (await http.get("/nothing")).status_code == 404


@pytest.mark.requirement("BRAKE-06")
@pytest.mark.parametrize(
    "asked",
    [
        *("POST /stacks/x/mcp", "POST /stacks/x/documents", "GET /nothing", "DELETE /healthz"),
        *("PUT /uploads/x", "GET /exports/x", "HEAD /exports/x"),
    ],
)
async def test_a_refusal_without_a_turn_is_an_end_without_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    monkeypatch.setattr(braking, "DROPPED", 0.05)
    async with site(tmp_path, refusals_per_second=ONE_EVER) as served:
        await refused_once(served)
        sent = f"{asked} HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nContent-Length: 0\r\n\r\n"

        assert await wire.exchange(served, sent.encode()) == b""


@pytest.mark.requirement("BRAKE-06")
async def test_whoever_gets_no_answer_makes_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(braking, "DROPPED", 10_000.0)
    patience = Patience(most=5)
    async with (
        AsyncExitStack() as open_,
        site(tmp_path, patience=patience, refusals_per_second=ONE_EVER) as served,
    ):
        await refused_once(served)
        sent = wire.head(served, "/stacks/x/mcp", {"Content-Length": "9"})
        for _ in range(20):
            one = await open_.enter_async_context(connected(served.port))
            await one.send(sent)
        async with served.raw() as http:
            assert (await http.get("/healthz")).status_code == 200


@pytest.mark.requirement("BRAKE-04")
async def test_outsiders_that_are_refused_delay_nobody_with_a_token(tmp_path: Path) -> None:
    async with site(tmp_path, refusals_per_second=ONE_EVER) as served:
        stack, other = await served.stack(ALICE), await served.stack(BOB)
        await refused_once(served)
        sent = call("list_documents")
        async with served.raw(headers_for(sent)) as http:

            async def status(method: str, where: str, *scopes: Right) -> int:
                bearer = served.bearer(ALICE, stack if where != other else other, *scopes)
                path = f"/stacks/{where}/mcp"
                return (await http.request(method, path, json=sent, headers=bearer)).status_code

            for _ in range(3):
                assert await status("POST", stack) == 200
                assert await status("POST", stack, Right.WRITE) == 403
                assert await status("POST", other) == 404
                assert await status("GET", stack) == 405


class Line:
    """A connection of which is noted what the brake does."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def hold(self, *, outsider: bool) -> None:
        self.done.append("outsider waits" if outsider else "user waits")

    def drop(self, seconds: float) -> None:
        assert seconds == braking.DROPPED
        self.done.append("dropped")

    @property
    def scope(self) -> Scope:
        reference: Callable[[], Line] = lambda: self  # noqa: E731  as a weak reference is
        return {"state": {CONNECTION: reference}}


@pytest.mark.requirement("BRAKE-05")
async def test_so_many_of_one_user_wait_and_none_of_them_for_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(braking, "EACH", 2)
    monkeypatch.setattr(braking, "LATER", 10_000.0)
    brake = Brake(ONE_EVER, Clock())
    for _ in range(2):  # when the users are gone they have left nothing behind
        lines = [Line() for _ in range(5)]
        async with anyio.create_task_group() as tasks:
            for line, user in zip(lines, [ALICE, ALICE, ALICE, BOB, CAROL], strict=True):
                tasks.start_soon(brake.turn, line.scope, 429, user)
            await anyio.lowlevel.checkpoint()
            assert await brake.turn(lines[2].scope, 404, ALICE)
            assert not await brake.turn(lines[2].scope, 429, ALICE)
            tasks.cancel_scope.cancel()

        assert [one.done for one in lines] == [
            *(["user waits"], ["user waits"], ["dropped"] * 2, ["user waits"], ["user waits"])
        ]


@pytest.mark.requirement("BRAKE-05")
async def test_who_asks_too_often_is_told_so_while_outsiders_are_not_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(braking, "LATER", 0.01)
    slow: dict[str, Any] = {
        "rate_per_second": 0.001,
        "rate_burst": 1,
        "refusals_per_second": ONE_EVER,
    }
    async with site(tmp_path, **slow) as served:
        stack = await served.stack(ALICE)
        await refused_once(served)
        sent = call("list_documents")
        async with served.raw(headers_for(sent) | served.bearer(ALICE, stack)) as http:
            answers = [await http.post(f"/stacks/{stack}/mcp", json=sent) for _ in range(3)]

    assert [one.status_code for one in answers] == [200, 429, 429]
    assert int(answers[1].headers["retry-after"]) > 0
