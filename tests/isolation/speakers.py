"""The three ways to reach a server, each speaking raw JSON-RPC: what is compared are bytes."""

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import anyio.to_thread
import httpx2

from stackdocs_mcp.core.binding import Right, StackId, UserId
from tests.server.harness import Era
from tests.server.raw import Raw
from tests.web.site import Site, headers_for, message

Transport = Literal["http 2026-07-28", "http 2025-11-25", "stdio"]
TRANSPORTS: tuple[Transport, ...] = ("http 2026-07-28", "http 2025-11-25", "stdio")
_CHANGING = {"date", "x-request-id"}


@dataclass(frozen=True)
class Reply:
    """An answer as it came, without the date and the request's own id."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    request: str = field(default="", compare=False)

    def without(self, value: object) -> "Reply":
        """The answer with every mention of the value replaced."""
        named = json.dumps(value)[1:-1].encode()
        return Reply(self.status, self.headers, self.body.replace(named, b"ID"))

    @property
    def message(self) -> dict[str, Any]:
        """The JSON-RPC message in it."""
        content = self.body
        if not content.startswith(b"{"):  # a stream of events
            content = [line for line in content.splitlines() if line.startswith(b"data: {")][-1][6:]
        found: dict[str, Any] = json.loads(content)
        return found

    @property
    def is_refusal(self) -> bool:
        """An error of whatever kind."""
        if self.status >= 400:
            return True
        found = self.message
        return "error" in found or bool(found["result"].get("isError"))

    @property
    def result(self) -> dict[str, Any]:
        assert not self.is_refusal, self.body
        found: dict[str, Any] = self.message["result"]
        return found


class Speaker(Protocol):
    """A client of one transport, bound to one user and stack."""

    async def ask(self, method: str, params: Mapping[str, Any] | None = None) -> Reply: ...

    async def result(self, method: str, params: Mapping[str, Any] | None = None) -> Any: ...

    async def tool(self, name: str, /, **arguments: Any) -> Reply: ...


class _Speaking:
    async def ask(self, method: str, params: Mapping[str, Any] | None = None) -> Reply:
        raise NotImplementedError

    async def result(self, method: str, params: Mapping[str, Any] | None = None) -> Any:
        """The result of a request that must succeed."""
        return (await self.ask(method, params)).result

    async def tool(self, name: str, /, **arguments: Any) -> Reply:
        return await self.ask("tools/call", {"name": name, "arguments": arguments})


class OverHttp(_Speaking):
    """Speaks to a site with a token of its user for its stack."""

    def __init__(
        self,
        http: httpx2.AsyncClient,
        site: Site,
        user: UserId,
        stack: StackId,
        era: Era,
        *scopes: Right,
    ) -> None:
        self._http = http
        self._path = f"/stacks/{stack}/mcp"
        self._bearer = site.bearer(user, stack, *scopes)
        self._era = era

    async def ask(self, method: str, params: Mapping[str, Any] | None = None) -> Reply:
        sent = message(method, era=self._era, **(params or {}))
        headers = {**headers_for(sent, self._era), **self._bearer}
        if (name := headers.get("Mcp-Name")) is not None:
            headers["Mcp-Name"] = _as_header(name)
        answer = await self._http.post(self._path, json=sent, headers=headers)
        kept = [one for one in answer.headers.multi_items() if one[0] not in _CHANGING]
        request = answer.headers.get("x-request-id", "")
        return Reply(answer.status_code, tuple(sorted(kept)), answer.content, request)


class OverStdio(_Speaking):
    """Speaks to a server process of its own."""

    def __init__(self, raw: Raw) -> None:
        self._raw = raw

    async def ask(self, method: str, params: Mapping[str, Any] | None = None) -> Reply:
        sent = message(method, **(params or {}))
        return await anyio.to_thread.run_sync(self._exchange, json.dumps(sent).encode())

    def _exchange(self, line: bytes) -> Reply:
        self._raw.send(line)
        while True:
            said = self._raw.stdout.readline()
            if "id" in json.loads(said):  # notifications in between are passed over
                return Reply(0, (), said)


def _as_header(value: str) -> str:
    """The value as the protocol sends it in a header: what could break one is in base64."""
    if value.isascii() and value.isprintable() and value == value.strip():
        return value
    return f"=?base64?{b64encode(value.encode()).decode()}?="


@asynccontextmanager
async def over_http(
    site: Site, user: UserId, stack: StackId, era: Era, *scopes: Right
) -> AsyncIterator[Speaker]:
    async with site.raw() as http:
        yield OverHttp(http, site, user, stack, era, *scopes)


@asynccontextmanager
async def over_stdio(home: Path, **variables: Any) -> AsyncIterator[Speaker]:
    """Of the local user and the stack ``default`` below this folder."""
    raw = await anyio.to_thread.run_sync(lambda: Raw(home, errors=home / "errors.txt", **variables))
    try:
        yield OverStdio(raw)
    finally:
        await anyio.to_thread.run_sync(raw.end)
