"""One client at work: its process, the calls asked of it, and what the store holds afterwards."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from tests.cli.shell import environment
from tests.clients.environments import python_with
from tests.clients.product import Place, listening, serving
from tests.clients.registry import PROGRAMS, Client, Transport
from tests.clients.wire import Heard, between, kept_by_tee
from tests.clients.work import STEPS, VALUE, Done, Seen, Wrong, work
from tests.node.environment import Node, installed as installed_node

PATIENCE = 120
"""Seconds for one client; the slowest needs ten."""
MAX_LINE = 1_000_000
QUIET = {
    "DO_NOT_TRACK": "1",
    "MCP_USE_ANONYMIZED_TELEMETRY": "false",
    "OPENAI_AGENTS_DISABLE_TRACING": "1",
    "NO_PROXY": "127.0.0.1",
    "no_proxy": "127.0.0.1",
}


@dataclass(slots=True)
class Row:
    """What came of one client over one transport. ``failure`` is empty where all is well."""

    client: str
    version: str
    transport: Transport
    protocol: str = ""
    steps: list[str] = field(default_factory=list)
    kept: bool = False
    by: str = ""
    asked: dict[str, int] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Installed:
    """What a client's program is run with."""

    python: Path
    node: Node | None


def installed(client: Client) -> Installed:
    """The client's environment, made on first use. Raises NotInstalled."""
    if client.module:
        return Installed(Path(sys.executable), installed_node(PROGRAMS))
    return Installed(python_with(client.packages), None)


async def run(
    client: Client, transport: Transport, given: Installed, place: Place, scratch: Path
) -> Row:
    """Let the client do its work on a copy of the place. What fails is in the row, not raised."""
    row = Row(client.name, client.version, transport)
    own = place.copied(scratch / "data")
    done, heard = Done(row.steps), Heard()
    begun = time.monotonic()
    try:
        with anyio.fail_after(PATIENCE):
            if transport == "http":
                async with _over_http(own, scratch) as (job, heard):
                    await _work(client, given, job, done, scratch)
            else:
                job = _over_stdio(own, scratch)
                await _work(client, given, job, done, scratch)
    except* Exception as group:  # noqa: BLE001  whatever a client does is in its row
        row.failure = _said(group, scratch)
    row.seconds = round(time.monotonic() - begun, 1)

    if transport == "stdio":
        heard = kept_by_tee(scratch / "stdio.log")
    row.protocol = heard.protocol
    row.asked, row.refusals = dict(heard.asked), dict(heard.refusals)
    exported = own.exported()
    field = exported.get("evidence", {}).get("total", {})
    row.kept = (
        exported["status"] == "completed"
        and exported["fields"].get("total") == VALUE
        and field.get("verdict") == "verified"
    )
    row.by = own.author()
    row.failure = row.failure or _wrong(row, client, heard)
    return row


def _wrong(row: Row, client: Client, heard: Heard) -> str:
    """What is not as it should be after work that seemed to succeed."""
    # A client of 2025 says its name once, in a session that over HTTP ends with that request.
    named = row.transport == "stdio" or row.protocol >= "2026"
    author = f"agent {heard.client}" if named else "agent"
    if row.steps != list(STEPS):
        return "it ended before its work was done"
    if not row.kept:
        return "the store does not hold the verified value in a completed document"
    if row.protocol != client.protocol:
        return f"it was to speak {client.protocol}"
    return "" if row.by == author else f"the history names {row.by!r} and not {author!r}"


@contextlib.asynccontextmanager
async def _over_http(place: Place, scratch: Path) -> AsyncIterator[tuple[dict[str, Any], Heard]]:
    with listening() as bound:
        public = f"http://127.0.0.1:{bound.getsockname()[1]}"
        async with (
            serving(place, public, scratch / "server.log") as upstream,
            between(bound, upstream) as heard,
        ):
            yield place.told(public), heard


def _over_stdio(place: Place, scratch: Path) -> dict[str, Any]:
    data = {"STACKDOCS_DATA_DIR": str(place.shell.data)}
    return {"command": place.command(scratch / "stdio.log"), "environment": data}


async def _work(
    client: Client, given: Installed, job: dict[str, Any], done: Done, scratch: Path
) -> None:
    home = scratch / "home"
    home.mkdir()
    job |= {"home": str(home), "option": client.option}
    command = [str(given.python), str(PROGRAMS / client.program)]
    if given.node is not None:
        job |= {"node": str(given.node.program), "modules": str(given.node.modules)}
        if client.program.endswith(".mjs"):
            scripts = home / "scripts"
            scripts.mkdir()
            command = [str(given.node.program), str(given.node.beside(scripts) / client.program)]

    with (scratch / "client.log").open("wb") as log:
        process = await anyio.open_process(
            command,
            env=environment({**QUIET, "HOME": str(home)}),
            cwd=home,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
        try:
            await _converse(process, job, done)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            with anyio.CancelScope(shield=True):
                await process.aclose()


async def _converse(process: Process, job: dict[str, Any], done: Done) -> None:
    """Ask for one call after the other. Raises Wrong."""
    assert process.stdin is not None
    assert process.stdout is not None
    lines = BufferedByteReceiveStream(process.stdout)
    said = await _exchange(process, lines, job)
    calls = work(said["tools"], done)
    with contextlib.suppress(StopIteration):
        call = next(calls)
        while True:
            asked = {"tool": call.tool, "arguments": call.arguments}
            said = await _exchange(process, lines, asked)
            call = calls.send(Seen(said["seen"], said["failed"]))

    await process.stdin.aclose()
    code = await process.wait()
    if code != 0:
        raise Wrong(f"its work was done, and then it ended with {code}")


async def _exchange(
    process: Process, lines: BufferedByteReceiveStream, said: dict[str, Any]
) -> dict[str, Any]:
    assert process.stdin is not None
    try:
        await process.stdin.send(json.dumps(said).encode() + b"\n")
        line = await lines.receive_until(b"\n", MAX_LINE)
    except (anyio.IncompleteRead, anyio.EndOfStream, anyio.BrokenResourceError) as error:
        raise Wrong(f"it ended with {await process.wait()}") from error
    return dict(json.loads(line))


def _said(group: BaseExceptionGroup[Exception], scratch: Path) -> str:
    """The first error, and the last that the client said."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    log = scratch / "client.log"
    last = log.read_text("utf-8", "replace").strip()[-600:] if log.exists() else ""
    what = f"no end after {PATIENCE} s" if isinstance(error, TimeoutError) else str(error)
    return f"{what or type(error).__name__}{f' | {last}' if last else ''}"
