"""The real server on a socket, with a user's token put on every request: the suite sends none."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import anyio
from starlette.types import ASGIApp, Receive, Scope, Send

from stackdocs_mcp.auth.local import LocalIssuer
from stackdocs_mcp.core.binding import Actor, Right
from stackdocs_mcp.server.compose import now, running
from stackdocs_mcp.server.web import gate_of, listening, run
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace.adding import add_document
from tests.conformance.fixture_app import with_fixtures
from tests.server.papers import INVOICE


@dataclass(frozen=True)
class WithToken:
    """Adds the header in front of the gate. Host, Origin and all else stay as they came."""

    gate: ASGIApp
    token: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        bearer = (b"authorization", f"Bearer {self.token}".encode())
        await self.gate({**scope, "headers": [*scope["headers"], bearer]}, receive, send)


@asynccontextmanager
async def serving(home: Path, *, fixtures: bool, sessions: bool) -> AsyncIterator[str]:
    """The address of a stack with a document, served to its owner until the end.

    With ``fixtures`` the suite's own tools, resources and prompts are there too, and with
    ``sessions`` a client of 2025-11-25 gets one. All the rest is the product.
    """
    settings = Settings(data_dir=home / "data", port=0, allow=(home,))
    paper = home / "invoice.txt"
    paper.write_text(INVOICE)
    async with running(settings) as app:
        stack = await app.open_stack()
        await add_document(app.workspace(stack, Actor("agent")), str(paper))
        issuer = LocalIssuer.open(settings.data_dir.absolute(), now)
        token = issuer.mint(app.user, stack.id, Right, timedelta(hours=1))
        with listening(settings) as bound:
            port = bound.getsockname()[1]
            extended = with_fixtures if fixtures else None
            async with (
                gate_of(app, port, extended=extended, stateless=not sessions) as gate,
                anyio.create_task_group() as tasks,
            ):
                tasks.start_soon(run, WithToken(gate, token), bound)
                yield f"http://127.0.0.1:{port}/stacks/{stack.id}/mcp"
                tasks.cancel_scope.cancel()
