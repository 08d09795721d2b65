"""The real product, as its users run it: commands, a server process, a data folder for each."""

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
from anyio.streams.text import TextReceiveStream

from tests.cli.shell import COMMAND, Shell
from tests.clients.work import FIELDS, FILENAME, TEXT

STACK = "invoices"
STARTING = 30
SERVING = "serving HTTP on"
LOOPBACK = "127.0.0.1"
TEE = Path(__file__).parent / "programs" / "tee.py"


@dataclass(frozen=True, slots=True)
class Place:
    """A data folder with a stack, with one document in it and a schema."""

    shell: Shell

    def copied(self, folder: Path) -> "Place":
        """The same in another folder, for one client alone."""
        shutil.copytree(self.shell.data, folder)
        return Place(Shell(folder))

    def told(self, public: str) -> dict[str, Any]:
        """What ``token`` prints for a server at this address: how a client connects.

        ``typed`` is the command for Claude Code, ``configuration`` the JSON for others; ``url``
        and ``headers`` are those of its one server.
        """
        options = ("--stack", STACK, "--public-url", public)
        command, _, shown = _done(self.shell, "token", *options).partition("\n")
        configuration = json.loads(shown)
        (server,) = configuration["mcpServers"].values()
        there = {"url": server["url"], "headers": server["headers"]}
        return {**there, "configuration": configuration, "typed": shlex.split(command)}

    def command(self, kept: Path) -> list[str]:
        """What serves the stack over stdio, with every line kept in a file."""
        return [sys.executable, str(TEE), str(kept), COMMAND, "--stack", STACK]

    def exported(self) -> dict[str, Any]:
        """The document as the store has it, with evidence."""
        shown = self.shell("export", "--stack", STACK, "--format", "json", "--evidence")
        (document,) = json.loads(shown.out)
        return dict(document)

    def author(self) -> str:
        """Who wrote the first change, as the history names it."""
        changes = self.shell("history", "--stack", STACK).rows[1:]
        return changes[-1][2] if changes else ""


def prepared(home: Path) -> Place:
    """A place made with the commands that a user would type."""
    shell = Shell(home / "data")
    document = home / FILENAME
    document.write_text(TEXT, "utf-8")
    _done(shell, "add", "--stack", STACK, document)
    _done(shell, "schema", "set", "--stack", STACK, "--fields", FIELDS, "--evidence", "require")
    return Place(shell)


@asynccontextmanager
async def serving(place: Place, public: str, log: Path) -> AsyncIterator[str]:
    """``serve --http`` behind a public address, as a process. Its own base address."""
    port = _free_port()
    command = [COMMAND, "serve", "--http", "--port", str(port), "--public-url", public]
    async with await anyio.open_process(
        command,
        env=place.shell.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as server:
        assert server.stderr is not None
        said = TextReceiveStream(server.stderr)
        try:
            with anyio.fail_after(STARTING):
                await _until(said, SERVING, log)
            yield f"http://{LOOPBACK}:{port}"
        finally:
            if server.returncode is None:
                server.terminate()
            with anyio.CancelScope(shield=True):
                await _until(said, None, log)


def listening() -> socket.socket:
    """A socket on a free port of loopback."""
    return socket.create_server((LOOPBACK, 0))


async def _until(said: TextReceiveStream, wanted: str | None, log: Path) -> None:
    """Keep what the server says, until it has said what is wanted, or to its end."""
    seen = ""
    async for part in said:
        with log.open("a", encoding="utf-8") as kept:
            kept.write(part)
        seen += part
        if wanted is not None and wanted in seen:
            return
    if wanted is not None:
        raise RuntimeError(f"the server ended: {seen[-500:]}")


def _free_port() -> int:
    with listening() as bound:
        return int(bound.getsockname()[1])


def _done(shell: Shell, *arguments: str | os.PathLike[str]) -> str:
    ran = shell(*map(str, arguments))
    if ran.code != 0:
        raise RuntimeError(f"{arguments[0]} ended with {ran.code}: {ran.err[-500:]}")
    return ran.out
