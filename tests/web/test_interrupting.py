"""Ctrl-C: once, and what has begun is finished; twice, and the process is gone. Nothing between."""

import json
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import anyio
import anyio.to_thread
import httpx2
import pytest

from stackdocs_mcp.server.connections import Patience
from stackdocs_mcp.stores.embedded import FILE
from tests.server.harness import PATIENCE
from tests.server.papers import SCHEMA
from tests.web.process import Process, serving, stack_in
from tests.web.sending import arriving, raw_request
from tests.web.site import ALICE, call, headers_for, message, site
from tests.web.test_ending import http, refused

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform == "win32", reason="there are no signals to hear"),
]

INTERRUPTED = 130


async def begun(data: Path) -> None:
    """Wait until a file has begun to arrive."""
    with anyio.fail_after(PATIENCE):
        while not arriving(data):  # noqa: ASYNC110  there is no event for a stranger's beginning
            await anyio.sleep(0.02)


async def ended(server: Process) -> int:
    return await anyio.to_thread.run_sync(server.process.wait, PATIENCE)


@pytest.mark.requirement("OPS-20")
async def test_an_upload_is_taken_to_its_end_after_ctrl_c(tmp_path: Path) -> None:
    data = tmp_path / "data"
    stack = await stack_in(data)
    answers: list[httpx2.Response] = []
    interrupted = anyio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"Acme Inc\n"
        await interrupted.wait()
        yield b"Total 3.00\n"

    with serving(data) as server:
        where = f"http://127.0.0.1:{server.port}/stacks/{stack}/documents?filename=a.txt"
        async with http(server, stack) as client, anyio.create_task_group() as tasks:

            async def upload() -> None:
                answers.append(await client.post(where, content=slowly()))

            tasks.start_soon(upload)
            await begun(data)
            server.process.send_signal(signal.SIGINT)
            await refused(server.port)
            interrupted.set()
        code = await ended(server)

    assert [one.status_code for one in answers] == [201]
    assert answers[0].json()["document"]["filename"] == "a.txt"
    assert code == INTERRUPTED
    assert server.said[-1].rstrip().endswith("stackdocs_mcp.server.web: stopped")
    assert [line for line in server.said if " error " in line] == []


@pytest.mark.requirement("OPS-21")
async def test_a_second_ctrl_c_ends_the_process_where_it_stands(tmp_path: Path) -> None:
    data = tmp_path / "data"
    stack = await stack_in(data)
    cut: list[str] = []
    sent = call("set_schema", schema=SCHEMA, instructions="Read it all.")
    with (
        serving(data, "--log-level", "debug") as server,
        closing(sqlite3.connect(data / FILE, isolation_level=None)) as other,
    ):
        async with http(server, stack) as client, anyio.create_task_group() as tasks:
            other.execute("BEGIN IMMEDIATE")  # the write has to wait

            async def write() -> None:
                where = server.endpoint(stack)
                try:
                    answer = await client.post(where, json=sent, headers=headers_for(sent))
                except httpx2.TransportError:
                    cut.append("closed")
                else:
                    cut.append(answer.text)

            tasks.start_soon(write)
            await anyio.to_thread.run_sync(server.hears, "began: tools/call set_schema")
            server.process.send_signal(signal.SIGINT)
            await refused(server.port)
            server.process.send_signal(signal.SIGINT)
            code = await ended(server)
        other.execute("ROLLBACK")
        kept = other.execute("SELECT instructions FROM stacks").fetchall()

    assert cut == ["closed"]
    assert code == -signal.SIGINT
    assert kept != [("Read it all.",)]
    assert [line for line in server.said if "stopped" in line] == []


@pytest.mark.requirement("OPS-22")
@pytest.mark.parametrize("place", ["documents?filename=a.txt", "mcp"])
async def test_what_is_left_at_the_end_of_patience_is_told_that_the_server_ends(
    tmp_path: Path, place: str
) -> None:
    sent = json.dumps(message("tools/list")).encode()
    async with site(tmp_path, patience=Patience(drain=1)) as served:
        stack = await served.stack(ALICE)
        token = served.token(ALICE, stack)
        head = (
            f"POST /stacks/{stack}/{place} HTTP/1.1\nAuthorization: Bearer {token}\n"
            "Content-Type: application/json\nContent-Length: 100000"
        )
        if place == "mcp":
            stream = await raw_request(served.port, head, sent)
            await served.app.store.ready()
        else:
            stream = await raw_request(served.port, head, sent)
            await begun(served.app.settings.data_dir)
        other = await raw_request(served.port, "GET /healthz HTTP/1.1")
        assert (await other.receive()).startswith(b"HTTP/1.1 200"), "both were read by now"
        await other.aclose()

    said = b""
    async with stream:
        with anyio.fail_after(PATIENCE):
            async for part in stream:
                said += part
    first, _, body = said.partition(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 503")
    assert b"connection: close" in first.lower()
    assert b"retry-after: 5" in first.lower()
    error = json.loads(body)["error"]
    assert (error["data"] if place == "mcp" else error)["code"] == "stopping"
