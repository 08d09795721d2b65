"""A real client in front of the real server: in memory or as a process, in both protocol eras."""

import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import anyio
import mcp_types as types
from mcp import Client, StdioServerParameters

from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.server.app import build
from stackdocs_mcp.server.compose import App, running
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.tools import select
from stackdocs_mcp.workspace import Workspace

Era = Literal["2026-07-28", "legacy"]
PATIENCE = 60


@dataclass(frozen=True)
class Session:
    """A connected client with the few moves that tests make again and again."""

    client: Client
    files: Path

    async def call(self, tool: str, /, **arguments: Any) -> types.CallToolResult:
        return await self.client.call_tool(tool, arguments)

    async def data(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """The structured content of a call that must succeed."""
        result = await self.call(tool, **arguments)
        assert not result.is_error, text_of(result)
        assert isinstance(result.structured_content, dict)
        return result.structured_content

    async def text(self, tool: str, /, **arguments: Any) -> str:
        result = await self.call(tool, **arguments)
        assert not result.is_error, text_of(result)
        return text_of(result)

    async def refusal(self, tool: str, /, **arguments: Any) -> str:
        """The message of a call that must be an error."""
        result = await self.call(tool, **arguments)
        assert result.is_error, result
        return text_of(result)

    async def add(self, name: str, content: str | bytes) -> str:
        """The id of a document made of this content."""
        path = self.files / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        added = await self.data("add_document", path=str(path))
        return str(added["document"]["id"])

    async def read(self, document: str, **arguments: Any) -> str:
        return await self.text("read_ocr", document_id=document, **arguments)


def text_of(result: types.CallToolResult) -> str:
    (block,) = result.content
    assert isinstance(block, types.TextContent)
    return block.text


def settings(home: Path, /, **options: Any) -> Settings:
    """Settings of a store below the folder, with ``files`` in it as the allowed folder."""
    files = home / "files"
    files.mkdir(exist_ok=True)
    return Settings.model_validate({"data_dir": home / "data", "allow": (files,), **options})


@asynccontextmanager
async def in_memory(chosen: Settings, era: Era = "2026-07-28") -> AsyncIterator[Session]:
    """A client of a server in this process."""
    async with running(chosen) as app, client_of(app, era) as session:
        yield session


@asynccontextmanager
async def client_of(app: App, era: Era = "2026-07-28") -> AsyncIterator[Session]:
    workspace = await bound(app)
    app.read_behind(workspace)
    tools = select(app.settings.toolset, read_only=app.settings.read_only)
    server = build(tools, lambda _context: workspace, is_lasting=True)
    with anyio.fail_after(PATIENCE):
        async with Client(server, mode=era) as client:
            yield Session(client, app.settings.allowed[0])


async def bound(app: App) -> Workspace:
    return app.workspace(await app.open_stack(), Actor("agent"))


@asynccontextmanager
async def over_stdio(
    chosen: Settings, era: Era = "2026-07-28", environment: Mapping[str, str] | None = None
) -> AsyncIterator[Session]:
    """A client of a server process of its own."""
    with anyio.fail_after(PATIENCE):
        async with Client(parameters(chosen, environment), mode=era) as client:
            yield Session(client, chosen.allowed[0])


def parameters(
    chosen: Settings, environment: Mapping[str, str] | None = None
) -> StdioServerParameters:
    arguments = ["-m", "stackdocs_mcp", "serve", "--data-dir", str(chosen.data_dir)]
    if chosen.folder is not None:
        arguments.append(str(chosen.folder))
    for folder in chosen.allow:
        arguments += ["--allow", str(folder)]
    return StdioServerParameters(
        command=sys.executable, args=arguments, env={**os.environ, **(environment or {})}
    )
