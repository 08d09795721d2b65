"""What goes over the wire, whoever the client is: read on its way, and changed in nothing."""

import json
import socket
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import httpx2
import mcp_types as types
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from stackdocs_mcp.server.web import run

HOPS = {b"connection", b"keep-alive", b"transfer-encoding"}
PATIENCE = 60
DATA = b"data:"


@dataclass(slots=True)
class Heard:
    """What a client says of itself, what it asks for, and what is refused to it."""

    protocol: str = ""
    client: str = ""
    asked: Counter[str] = field(default_factory=Counter)
    """How often, by method of the protocol."""
    refusals: Counter[str] = field(default_factory=Counter)
    """How often, by HTTP method and status, or by the code of a protocol error."""

    def sent(self, line: bytes) -> None:
        """A message of the client."""
        message = _object(_read(line))
        if "method" in message:
            self.asked[str(message["method"])] += 1
        params = _object(message.get("params"))
        meta = _object(params.get("_meta"))
        self.protocol = meta.get(types.PROTOCOL_VERSION_META_KEY, self.protocol)
        info = _object(params.get("clientInfo") or meta.get(types.CLIENT_INFO_META_KEY))
        if info:
            self.client = f"{info.get('name')} {info.get('version')}"

    def got(self, line: bytes) -> None:
        """A message of the server: its answer to ``initialize`` is what was agreed upon."""
        message = _object(_read(line))
        result = _object(message.get("result"))
        self.protocol = result.get("protocolVersion", self.protocol)
        code = _object(message.get("error")).get("code")
        if isinstance(code, int):
            self.refusals[f"error {code}"] += 1


def kept_by_tee(path: Path) -> Heard:
    """What programs/tee.py has kept of a connection over stdio."""
    heard = Heard()
    for line in path.read_bytes().splitlines() if path.exists() else ():
        (heard.sent if line.startswith(b">") else heard.got)(line[1:])
    return heard


@dataclass
class Between:
    """A proxy that hands every request on as it came, and every answer as it comes."""

    upstream: str
    heard: Heard = field(default_factory=Heard)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        self.heard.sent(body)
        async with (
            httpx2.AsyncClient(timeout=PATIENCE) as http,
            http.stream(
                request.method,
                self.upstream + request.url.path,
                headers=_kept(request.headers.raw),
                content=body,
            ) as answer,
        ):
            if answer.status_code >= 400:
                self.heard.refusals[f"{request.method} {answer.status_code}"] += 1
            passed = StreamingResponse(self._read(answer), answer.status_code)
            passed.raw_headers = _kept(answer.headers.raw)
            await passed(scope, receive, send)

    async def _read(self, answer: httpx2.Response) -> AsyncIterator[bytes]:
        """The answer's parts. Each line is heard before it is handed on: some clients then go."""
        rest = b""
        async for part in answer.aiter_raw():
            *lines, rest = [one.removeprefix(DATA) for one in (rest + part).split(b"\n")]
            if _read(rest) is not None:  # a whole message without a line's end
                lines, rest = [*lines, rest], b""
            for line in lines:
                self.heard.got(line)
            yield part


@asynccontextmanager
async def between(bound: socket.socket, upstream: str) -> AsyncIterator[Heard]:
    """Hand on what comes to the socket to ``upstream``, a base address, and hear it."""
    proxy = Between(upstream)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run, proxy, bound)
        yield proxy.heard
        tasks.cancel_scope.cancel()


def _kept(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in headers if name.lower() not in HOPS]


def _read(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _object(found: Any) -> Mapping[str, Any]:
    return found if isinstance(found, Mapping) else {}
