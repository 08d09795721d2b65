"""``stackdocs-mcp serve --http`` as an operator types it, with nothing but the provider's name."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import pytest
from anyio.streams.text import TextReceiveStream

from stackdocs_mcp.core.binding import Binding, Right, StackId
from stackdocs_mcp.server.compose import running
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace.adding import add_document
from tests.oidc.client import Agent
from tests.oidc.provider import Browser, Provider
from tests.oidc.stacks import READ, WRITE
from tests.server.harness import PATIENCE

pytestmark = pytest.mark.anyio

ANNOUNCED = "serving HTTP on "


@pytest.mark.requirement("OIDC-09")
async def test_the_command_with_only_an_issuer_set_lets_its_people_in_and_logs_no_token(
    provider: Provider, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    stack, paper = await _prepared(provider, data, tmp_path)
    agent, command = Agent(Browser("ada")), Command(data, provider.issuer)

    async with command.running() as url:
        endpoint = f"{url}/stacks/{stack}/mcp"
        async with agent.connected(endpoint, "2026-07-28", tmp_path) as session:
            await session.client.list_tools()
            written = await session.data("set_field", document_id=paper, path="total", value="52.2")

    assert written["outcome"] == "accepted"
    assert agent.challenges == [(401, [READ]), (403, [READ, WRITE])]
    assert len(agent.kept.given) == 2
    assert not any(part in command.said for token in agent.kept.given for part in token.split("."))


async def _prepared(provider: Provider, data: Path, folder: Path) -> tuple[StackId, str]:
    """A stack of Ada's with a document, made before anybody serves it."""
    path = folder / "paper.txt"
    path.write_text("Total due 52.20\n")
    async with running(Settings(data_dir=data)) as app:
        ada = provider.user("ada")
        stack = (await app.store.open_stack(ada, "invoices")).id
        workspace = app.shared.workspace(Binding(ada, stack, frozenset(Right)), (folder,))
        return stack, (await add_document(workspace, str(path))).document.id


@dataclass
class Command:
    """The process, and everything that it writes."""

    data: Path
    issuer: str
    said: str = ""
    listening: anyio.Event = field(default_factory=anyio.Event)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """The address that it says, once it listens. Stopped as a service manager stops it."""
        named = {"STACKDOCS_AUTH_ISSUER": self.issuer, "STACKDOCS_LOG_LEVEL": "debug"}
        typed = ["serve", "--http", "--port", "0", "--data-dir", str(self.data)]
        with anyio.fail_after(PATIENCE):
            async with (
                await anyio.open_process(
                    [sys.executable, "-m", "stackdocs_mcp", *typed],
                    env={**os.environ, **named},
                    stderr=subprocess.STDOUT,
                ) as process,
                anyio.create_task_group() as tasks,
            ):
                tasks.start_soon(self._hear, process)
                await self.listening.wait()
                yield self.said.partition(ANNOUNCED)[2].split()[0]
                process.send_signal(signal.SIGTERM)

    async def _hear(self, process: anyio.abc.Process) -> None:
        assert process.stdout is not None
        async for text in TextReceiveStream(process.stdout):
            self.said += text
            if "\n" in self.said.partition(ANNOUNCED)[2]:
                self.listening.set()
        self.listening.set()
