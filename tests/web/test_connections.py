"""Connections that dally or fill the room are ended; those of others go on."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import anyio
import anyio.lowlevel
import httpx2
import pytest
from anyio.abc import SocketStream
from starlette.types import ASGIApp, Receive, Scope, Send

from stackdocs_mcp.http import admission, body
from stackdocs_mcp.server import connections
from stackdocs_mcp.server.connections import Patience, listen
from stackdocs_mcp.server.web import run
from tests.server.harness import PATIENCE, Era
from tests.web import wire
from tests.web.site import ALICE, BOB, call, headers_for, site

pytestmark = pytest.mark.anyio

SHORT = Patience(opening=0.3, head=0.2, idle=1, rest=0.2, stuck=0.3, drain=5)


@asynccontextmanager
async def served_by(app: ASGIApp, patience: Patience) -> AsyncIterator[int]:
    """The port of a server of this application."""
    bound = listen("127.0.0.1", 0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run, app, bound, lambda: None, patience)
        yield int(bound.getsockname()[1])
        tasks.cancel_scope.cancel()


async def is_closed(connection: SocketStream) -> bytes:
    """Wait until the server closes; what it said before."""
    said = b""
    with anyio.fail_after(PATIENCE):
        while True:
            try:
                said += await connection.receive()
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return said


async def trickle(connection: SocketStream, byte: bytes) -> bytes:
    """Send a byte again and again until the server closes; what it said before."""
    said = b""
    with anyio.fail_after(PATIENCE):
        while True:
            try:
                await connection.send(byte)
                with anyio.move_on_after(0.02):
                    said += await connection.receive()
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return said


@pytest.mark.requirement("OPS-01")
async def test_an_answer_is_sent_at_once_and_does_not_wait_for_more() -> None:
    made: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    class Looking(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            taken = transport.get_extra_info("socket")
            made.set_result(taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            transport.close()

    bound = listen("127.0.0.1", 0)
    async with (
        await asyncio.get_running_loop().create_server(Looking, sock=bound),
        await anyio.connect_tcp("127.0.0.1", bound.getsockname()[1]) as connection,
    ):
        await is_closed(connection)

    assert made.result() != 0


@pytest.mark.parametrize("begun", [b"", b"POST /stacks/x/mcp HTTP/1.1\r\nHost: a"])
@pytest.mark.requirement("OPS-02")
async def test_a_head_that_does_not_come_to_its_end_is_not_waited_for(
    tmp_path: Path, begun: bytes
) -> None:
    async with (
        site(tmp_path, patience=SHORT) as served,
        await anyio.connect_tcp("127.0.0.1", served.port) as connection,
    ):
        await connection.send(begun)
        assert await is_closed(connection) == b""


@pytest.mark.requirement("OPS-02")
async def test_a_head_that_comes_byte_by_byte_has_the_same_deadline(tmp_path: Path) -> None:
    async with (
        site(tmp_path, patience=SHORT) as served,
        await anyio.connect_tcp("127.0.0.1", served.port) as connection,
    ):
        await connection.send(b"GET /healthz HTTP/1.1\r\nX-Long: ")
        assert await trickle(connection, b"x") == b""


@pytest.mark.requirement("OPS-02")
async def test_a_head_on_a_connection_that_was_used_has_a_deadline_too(tmp_path: Path) -> None:
    async with (
        site(tmp_path, patience=SHORT) as served,
        await anyio.connect_tcp("127.0.0.1", served.port) as connection,
    ):
        await connection.send(wire.head(served, "/healthz", {"Content-Length": "0"}))
        assert b" 405 " in await connection.receive()
        assert b"HTTP/1.1" not in await trickle(connection, b"G")


@pytest.mark.requirement("OPS-03")
async def test_the_rest_of_a_body_that_was_answered_is_not_taken_for_ever(tmp_path: Path) -> None:
    async with (
        site(tmp_path, patience=SHORT) as served,
        await anyio.connect_tcp("127.0.0.1", served.port) as connection,
    ):
        await connection.send(wire.head(served, "/stacks/x/mcp", {"Content-Length": "999999"}))
        assert wire.statuses(await trickle(connection, b"x")) == [401]


@pytest.mark.requirement("OPS-04")
async def test_a_body_that_trickles_in_is_answered_and_counts_as_a_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "BODY_SECONDS", 1.0)
    monkeypatch.setattr(admission, "WAIT_SECONDS", 0.0)
    async with site(tmp_path, patience=SHORT, calls_at_once=1) as served:
        stack, other = await served.stack(ALICE), await served.stack(BOB)
        sent = {**served.bearer(ALICE, stack), "Content-Length": "9999"}
        slow = wire.head(served, f"/stacks/{stack}/mcp", sent)
        async with (
            await anyio.connect_tcp("127.0.0.1", served.port) as first,
            await anyio.connect_tcp("127.0.0.1", served.port) as second,
        ):
            await first.send(slow + b"{")
            await second.send(slow + b"{")
            async with served.client(BOB, other) as session:
                assert (await session.data("list_documents"))["documents"] == []
            said = [*wire.statuses(await is_closed(first)), *wire.statuses(await is_closed(second))]
            assert sorted(said) == [408, 429]


@pytest.mark.requirement("OPS-05")
async def test_a_client_that_does_not_take_its_answer_is_left() -> None:
    gone = anyio.Event()

    async def endless(_scope: Scope, receive: Receive, send: Send) -> None:
        async def watch() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            gone.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch)
            await send({"type": "http.response.start", "status": 200, "headers": []})
            while not gone.is_set():
                more = {"type": "http.response.body", "body": b"x" * 65_536, "more_body": True}
                await send(more)
                await anyio.lowlevel.checkpoint()

    async with (
        served_by(endless, SHORT) as port,
        await anyio.connect_tcp("127.0.0.1", port) as connection,
    ):
        await connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        with anyio.fail_after(PATIENCE):
            await gone.wait()


@pytest.mark.requirement("OPS-06")
async def test_the_oldest_connection_that_never_asked_makes_room(tmp_path: Path) -> None:
    patience = Patience(most=3)
    async with site(tmp_path, patience=patience) as served:
        stack = await served.stack(ALICE)
        sent = call("list_documents")
        async with served.raw(headers_for(sent) | served.bearer(ALICE, stack)) as http:
            path = f"/stacks/{stack}/mcp"
            assert (await http.post(path, json=sent)).is_success
            silent = [await anyio.connect_tcp("127.0.0.1", served.port) for _ in range(5)]
            for one in silent[:3]:
                assert await is_closed(one) == b""

            # The connection that was used before is still there, and used again.
            answer = await http.post(path, json=sent)
            assert answer.is_success
            for one in silent:
                await one.aclose()


@pytest.mark.requirement("OPS-06")
async def test_a_crowd_of_idle_connections_keeps_nobody_out(tmp_path: Path, era: Era) -> None:
    async with AsyncExitStack() as open_, site(tmp_path, patience=Patience(most=64)) as served:
        stack = await served.stack(ALICE)
        for _ in range(300):
            idle = await anyio.connect_tcp("127.0.0.1", served.port)
            await open_.enter_async_context(idle)
        async with served.client(ALICE, stack, era) as session:
            assert (await session.data("list_documents"))["documents"] == []


@pytest.mark.requirement("OPS-06")
async def test_a_newcomer_is_told_to_come_again_when_all_others_are_busy() -> None:
    release = anyio.Event()

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await release.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async with (
        served_by(app, Patience(most=2)) as port,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
        anyio.create_task_group() as tasks,
    ):
        answers: list[int] = []

        async def ask() -> None:
            answers.append((await http.get("/")).status_code)

        tasks.start_soon(ask)
        tasks.start_soon(ask)
        refused = 0
        with anyio.fail_after(PATIENCE):
            while not refused:
                async with await anyio.connect_tcp("127.0.0.1", port) as newcomer:
                    with anyio.move_on_after(0.1):
                        refused = next(iter(wire.statuses(await is_closed(newcomer))), 0)
        assert refused == 503
        assert answers == []
        release.set()
    assert answers == [200, 200]


@pytest.mark.requirement("OPS-07")
async def test_the_room_fits_the_files_that_the_system_lets_a_process_have() -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (512, before[1]))
        room = connections.room()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)

    assert hard == before[1]
    assert room == min(connections.MOST, soft - connections.RESERVED)
    assert soft > 512 or hard <= 512
