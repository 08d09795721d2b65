"""The server is asked to end: what has begun is finished, and nothing new begins."""

import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import anyio
import anyio.to_thread
import httpx2
import pytest

from stackdocs_mcp.core.binding import StackId
from stackdocs_mcp.stores.embedded import FILE
from tests.cli.shell import Shell
from tests.server.harness import PATIENCE, Era
from tests.server.papers import SCHEMA
from tests.web.process import Process, serving, stack_in
from tests.web.site import call, headers_for, message

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform == "win32", reason="there are no signals to hear"),
]

SIGTERM_CODE = 143
LISTENING = {"resourcesListChanged": True}


async def refused(port: int) -> None:
    """Wait until nobody takes connections there."""
    with anyio.fail_after(PATIENCE):
        while True:
            try:
                async with await anyio.connect_tcp("127.0.0.1", port):
                    pass
            except OSError:
                return


def http(server: Process, stack: StackId) -> httpx2.AsyncClient:
    bearer = {"Authorization": f"Bearer {server.token(stack)}"}
    return httpx2.AsyncClient(headers=bearer, timeout=PATIENCE)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        pytest.param(signal.SIGTERM, 143, marks=pytest.mark.requirement("OPS-08")),
        pytest.param(signal.SIGINT, 130, marks=pytest.mark.requirement("OPS-20")),
    ],
)
async def test_a_write_in_flight_is_finished_and_answered_when_the_server_ends(
    tmp_path: Path, era: Era, number: signal.Signals, code: int
) -> None:
    data = tmp_path / "data"
    stack = await stack_in(data)
    answers: list[httpx2.Response] = []
    sent = call("set_schema", era=era, schema=SCHEMA, instructions="Read it all.")
    with (
        serving(data, "--log-level", "debug") as server,
        closing(sqlite3.connect(data / FILE, isolation_level=None)) as other,
    ):
        async with http(server, stack) as client, anyio.create_task_group() as tasks:
            other.execute("BEGIN IMMEDIATE")  # the write has to wait

            async def write() -> None:
                where = server.endpoint(stack)
                answers.append(await client.post(where, json=sent, headers=headers_for(sent, era)))

            tasks.start_soon(write)
            await anyio.to_thread.run_sync(server.hears, "began: tools/call set_schema")
            server.process.send_signal(number)
            await refused(server.port)
            assert [one.text for one in answers] == []
            other.execute("COMMIT")
        ended = await anyio.to_thread.run_sync(server.process.wait, PATIENCE)
        kept = other.execute("SELECT instructions FROM stacks").fetchall()

    assert [one.status_code for one in answers] == [200]
    assert '"isError":true' not in answers[0].text.replace(" ", "")
    assert kept == [("Read it all.",)]
    assert ended == code
    assert server.said[-1].rstrip().endswith("stackdocs_mcp.server.web: stopped")


@pytest.mark.requirement("OPS-09")
async def test_a_stream_that_is_listened_to_ends_with_the_server(tmp_path: Path) -> None:
    data = tmp_path / "data"
    stack = await stack_in(data)
    sent = message("subscriptions/listen", notifications=LISTENING)
    with serving(data, "--log-level", "debug") as server:
        async with (
            http(server, stack) as client,
            client.stream(
                "POST", server.endpoint(stack), json=sent, headers=headers_for(sent)
            ) as listening,
        ):
            assert listening.status_code == 200
            chunks = listening.aiter_text()
            first = await anext(chunks)
            server.process.terminate()
            rest = [chunk async for chunk in chunks]
            code = await anyio.to_thread.run_sync(server.process.wait, PATIENCE)

    assert "acknowledged" in first
    assert "Cancel" not in "".join(server.said), rest
    assert code == SIGTERM_CODE


@pytest.mark.requirement("OPS-10")
async def test_a_port_in_use_is_said_in_one_line(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "other")
    with serving(tmp_path / "data") as server:
        port = str(server.port)
        said = await anyio.to_thread.run_sync(shell, "serve", "--http", "--port", port)

    assert said.code == 2
    (line,) = said.err.splitlines()
    where = f"error: STACKDOCS_PORT (--port): 127.0.0.1 port {server.port}"
    assert line == f"{where} is in use by another program; choose another (--port)"
