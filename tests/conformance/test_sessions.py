"""Sessions of 2025-11-25, which only the fixtures use: the gate still binds every request anew."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from stackdocs_mcp.auth.local import LocalIssuer
from stackdocs_mcp.core.binding import Binding, Right, StackId, UserId
from stackdocs_mcp.server.compose import App, now, running
from stackdocs_mcp.server.web import gate_of
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace.adding import add_document

pytestmark = pytest.mark.anyio

ALICE, BOB = UserId("alice"), UserId("bob")
PORT = 8765
ACCEPTED = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-11-25"}
OPENING: Mapping[str, Any] = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "test", "version": "1"},
}
LISTING: Mapping[str, Any] = {"name": "list_documents", "arguments": {}}


@pytest.mark.requirement("CONF-06")
async def test_a_session_carries_no_binding_to_another_user_or_stack(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", port=PORT, allow=(tmp_path,))
    async with running(settings) as app, gate_of(app, PORT, stateless=False) as gate:
        stacks = {user: await _stack(app, user, tmp_path) for user in (ALICE, BOB)}
        issuer = LocalIssuer.open(settings.data_dir.absolute(), now)
        transport = httpx2.ASGITransport(app=gate)
        async with httpx2.AsyncClient(
            transport=transport, base_url=f"http://127.0.0.1:{PORT}", headers=ACCEPTED
        ) as http:

            async def answer(
                user: UserId, method: str, params: Mapping[str, Any], session: str = ""
            ) -> httpx2.Response:
                stack = stacks[user]
                token = issuer.mint(user, stack, Right, timedelta(hours=1))
                headers = {"Authorization": f"Bearer {token}", "Mcp-Session-Id": session}
                return await http.post(
                    f"/stacks/{stack}/mcp",
                    json=_message(method, params),
                    headers={name: value for name, value in headers.items() if value},
                )

            opened = await answer(ALICE, "initialize", OPENING)
            session = opened.headers["mcp-session-id"]
            await answer(ALICE, "notifications/initialized", {}, session)
            answers = [await answer(user, "tools/call", LISTING, session) for user in (ALICE, BOB)]

    assert "of-alice.txt" in answers[0].text
    assert "of-alice.txt" not in answers[1].text
    assert "of-bob.txt" in answers[1].text


def _message(method: str, params: Mapping[str, Any]) -> dict[str, Any]:
    number = {} if method.startswith("notifications/") else {"id": 1}
    return {"jsonrpc": "2.0", "method": method, "params": params, **number}


async def _stack(app: App, user: UserId, folder: Path) -> StackId:
    """A stack of the user's, with one document that has the user's name."""
    stack = await app.store.open_stack(user, "papers")
    path = folder / f"of-{user}.txt"
    path.write_text("Total due 52.20\n")
    workspace = app.shared.workspace(Binding(user, stack.id, frozenset(Right)), (folder,))
    await add_document(workspace, str(path))
    return stack.id
