"""Standard input and output as the wire: vetted lines in, whole messages out, nothing else."""

import contextlib
import json
import logging
import os
import re
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any, BinaryIO, cast

import anyio
import anyio.to_thread
from mcp.server import NotificationOptions, Server
from mcp.server.stdio import stdio_server

from stackdocs_mcp.core import strict

log = logging.getLogger(__name__)

MAX_LINE = 4 * 1024 * 1024
_EDGE = 512
_ID = r'"id"\s*:\s*(\d{1,18}|"[\w.:-]{1,128}")'
_ID_FIRST = re.compile(rf'^\s*\{{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?{_ID}\s*[,}}]')
_ID_LAST = re.compile(rf'"jsonrpc"\s*:\s*"2\.0"\s*,\s*{_ID}\s*\}}\s*$')
TOLD = NotificationOptions(resources_changed=True)
"""What a client of the 2025 era is told of without asking."""
_PARSE_ERROR, _INVALID_REQUEST = -32700, -32600


class Unusable(ValueError):
    """A line that is not one strict JSON message; ``code`` is the JSON-RPC error for it."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


async def serve(server: Server[Any]) -> None:
    """Serve this process's standard input until it ends.

    While serving, descriptor 1 is standard error and 0 the null device, also for child processes:
    what anything prints by mistake can neither reach the wire nor read from it.
    """
    with _claimed() as (stdin, stdout):
        wire = _Wire(stdin, stdout)
        # The SDK asks for anyio files; it iterates the one and writes and flushes the other.
        files = cast("anyio.AsyncFile[str]", wire)
        async with stdio_server(files, files) as (read, write):
            await server.run(read, write, server.create_initialization_options(TOLD))


class _Wire:
    """Lines that are strict JSON, one at a time; any other line is answered here and dropped."""

    def __init__(self, stdin: BinaryIO, stdout: BinaryIO) -> None:
        self._stdin = stdin
        self._stdout = stdout
        self._writing = anyio.Lock()

    async def __aiter__(self) -> AsyncIterator[str]:
        while line := await anyio.to_thread.run_sync(self._line, abandon_on_cancel=True):
            if not line.strip():
                continue
            try:
                yield vetted(line)
            except Unusable as error:
                log.warning("a line of the client was refused: %s", error)
                refusal = {"code": error.code, "message": str(error)}
                answer = {"jsonrpc": "2.0", "id": asked(line), "error": refusal}
                await self.write(json.dumps(answer) + "\n")

    async def write(self, text: str) -> None:
        """A whole message; a lone surrogate is replaced, since it must not end the connection."""
        data = text.encode("utf-8", "replace")
        async with self._writing:
            await anyio.to_thread.run_sync(self._put, data)

    async def flush(self) -> None:
        """Nothing: every message is flushed as it is written."""

    def _put(self, data: bytes) -> None:
        self._stdout.write(data)
        self._stdout.flush()

    def _line(self) -> bytes:
        line = self._stdin.readline(MAX_LINE + 1)
        if len(line) <= MAX_LINE:
            return line
        tail = line[-_EDGE:]
        while rest := self._stdin.readline(MAX_LINE):  # read past what is too long to keep
            tail = (tail + rest)[-_EDGE:]
            if rest.endswith(b"\n"):
                break
        return line + tail


def vetted(line: bytes) -> str:
    """The line as text when it is one JSON object that all parsers read alike (RFC 8259, 4).

    Raises Unusable for one that is too long, not UTF-8, nested deeper than 64, or that has
    duplicate keys, NaN or Infinity, lone surrogates, or is no object.
    """
    if len(line) > MAX_LINE:
        raise Unusable(_INVALID_REQUEST, "the message is longer than 4 MiB")
    try:
        text = line.decode("utf-8")
        message = strict.read(text)
    except strict.NotStrict as error:
        raise Unusable(_PARSE_ERROR, f"the message cannot be read: {error}") from error
    except UnicodeDecodeError as error:
        raise Unusable(_PARSE_ERROR, "the line is not JSON in UTF-8") from error
    if not isinstance(message, dict):
        raise Unusable(_INVALID_REQUEST, "the message is not a JSON-RPC object")
    return text


def asked(line: bytes) -> int | str | None:
    """The request's id in a line that is refused, so that its client does not wait for ever.

    Of a line that is too long only its two ends are looked at, as clients write them.
    """
    if len(line) <= MAX_LINE:
        with contextlib.suppress(ValueError, RecursionError):
            message = json.loads(line.decode("utf-8"))
            found = message.get("id") if isinstance(message, dict) else None
            return found if isinstance(found, int | str) and not isinstance(found, bool) else None
    for pattern, edge in ((_ID_FIRST, line[:_EDGE]), (_ID_LAST, line[-_EDGE:])):
        if match := pattern.search(edge.decode("utf-8", "replace")):
            one: int | str = json.loads(match[1])
            return one
    return None


@contextlib.contextmanager
def _claimed() -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """The wire on descriptors that no child inherits; 0 and 1 are put back afterwards."""
    sys.stdout.flush()
    stdin, stdout = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    try:
        # closefd=False: a thread may still wait on the descriptor when serving is over.
        yield os.fdopen(stdin, "rb", closefd=False), os.fdopen(stdout, "wb", closefd=False)
    finally:
        os.dup2(stdout, 1)
        os.dup2(stdin, 0)
