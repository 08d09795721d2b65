"""The real server on a real socket, many users, real clients: what the tests of HTTP share."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from stackdocs_mcp.auth.local import LocalIssuer
from stackdocs_mcp.core.binding import Binding, Right, Role, StackId, UserId
from stackdocs_mcp.core.identity import Verifier
from stackdocs_mcp.http.arriving import Pace
from stackdocs_mcp.server.compose import App, now, running
from stackdocs_mcp.server.connections import Patience
from stackdocs_mcp.server.web import USUAL, gate_of, listening, run
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace import Workspace
from tests.server.harness import PATIENCE, Era, Session
from tests.server.raw import META

ALICE, BOB, CAROL = UserId("alice"), UserId("bob"), UserId("carol")
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Site:
    """A server that listens, with everything that is behind it."""

    app: App
    port: int
    issuer: LocalIssuer
    files: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def endpoint(self, stack: StackId) -> str:
        return f"{self.url}/stacks/{stack}/mcp"

    def token(self, user: UserId, stack: StackId, scopes: Iterable[Right] = tuple(Right)) -> str:
        return self.issuer.mint(user, stack, scopes, HOUR)

    def bearer(self, user: UserId, stack: StackId, *scopes: Right) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(user, stack, scopes or tuple(Right))}"}

    async def stack(self, user: UserId, name: str = "invoices", **members: Role) -> StackId:
        """The id of a stack of this user's, with these others as members."""
        stack = await self.app.store.open_stack(user, name)
        for member, role in members.items():
            await self.workspace(user, stack.id).store.grant(UserId(member), role)
        return stack.id

    def workspace(self, user: UserId, stack: StackId, owner: UserId | None = None) -> Workspace:
        """The use cases behind the server, without HTTP."""
        binding = Binding(user, stack, frozenset(Right), owner=owner or user)
        return self.app.shared.workspace(binding, (self.files,))

    @asynccontextmanager
    async def client(
        self, user: UserId, stack: StackId, era: Era = "2026-07-28", *scopes: Right
    ) -> AsyncIterator[Session]:
        """The official client, connected with a token."""
        headers = self.bearer(user, stack, *scopes)
        with anyio.fail_after(PATIENCE):
            async with (
                httpx2.AsyncClient(headers=headers, timeout=PATIENCE) as http,
                Client(
                    streamable_http_client(self.endpoint(stack), http_client=http), mode=era
                ) as client,
            ):
                yield Session(client, self.files)

    @asynccontextmanager
    async def raw(
        self, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[httpx2.AsyncClient]:
        """Plain HTTP to the server's address."""
        async with httpx2.AsyncClient(base_url=self.url, headers=headers, timeout=PATIENCE) as http:
            yield http


def message(
    method: str, *, number: int = 1, era: Era = "2026-07-28", **params: Any
) -> dict[str, Any]:
    """A JSON-RPC request as a client of this era sends it."""
    meta = {"_meta": META} if era != "legacy" else {}
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": {**params, **meta}}


def call(tool: str, *, era: Era = "2026-07-28", **arguments: Any) -> dict[str, Any]:
    return message("tools/call", era=era, name=tool, arguments=arguments)


def headers_for(sent: Mapping[str, Any], era: Era = "2026-07-28") -> dict[str, str]:
    """The headers that go with a message."""
    found = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
    if era == "legacy":
        return {**found, "MCP-Protocol-Version": "2025-11-25"}
    params = sent.get("params", {})
    name = params.get("name") or params.get("uri")
    named = {"Mcp-Name": str(name)} if name else {}
    return {**found, "MCP-Protocol-Version": era, "Mcp-Method": str(sent["method"]), **named}


@asynccontextmanager
async def site(
    home: Path,
    *,
    verifier: Verifier | None = None,
    pace: Pace | None = None,
    patience: Patience = USUAL,
    **options: Any,
) -> AsyncIterator[Site]:
    """A server on a free port of loopback, on a data folder below ``home``."""
    files = home / "files"
    files.mkdir(exist_ok=True)
    enough = {"rate_per_second": 10_000, "rate_burst": 100_000}
    chosen = Settings.model_validate({"data_dir": home / "data", "port": 0, **enough, **options})
    with listening(chosen) as bound:
        port = bound.getsockname()[1]
        async with (
            running(chosen) as app,
            gate_of(app, port, verifier=verifier, pace=pace) as gate,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(run, gate, bound, app.shared.listeners.close, patience)
            issuer = LocalIssuer.open(chosen.data_dir.absolute(), now)
            yield Site(app, port, issuer, files)
            tasks.cancel_scope.cancel()
