"""A real MCP client, connected over stdio to a server process of its own."""

import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from mcp import Client, StdioServerParameters
from mcp_types import CallToolResult, Implementation, TextContent

from stackdocs_mcp import __version__
from stackdocs_mcp.cli.demo.agent import Printed, cursor_of, lines_of
from stackdocs_mcp.core.errors import StackdocsError
from stackdocs_mcp.settings import PREFIX, Settings

PROTOCOL = "2026-07-28"
READ_CHARS = 2_500
"""Asked for per call, so that reading goes on with a cursor as it does with long documents."""


class DemoFailed(StackdocsError):
    """Something did not happen as it should."""

    advice = "Run `stackdocs-mcp doctor`, and please report it."


@dataclass(frozen=True, slots=True)
class Session:
    """A connected client; what the server answers, or DemoFailed."""

    client: Client

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """The text and the structured content of a call's answer."""
        result = await self.client.call_tool(tool, dict(arguments))
        text = _text(result)
        expect(not result.is_error, f"{tool} answered an error: {text}")
        return text, result.structured_content or {}

    async def tools(self) -> int:
        return len((await self.client.list_tools()).tools)

    async def read(self, document: str) -> tuple[list[Printed], int]:
        """All lines of the document, and how many calls it took."""
        lines: list[Printed] = []
        cursor, calls = None, 0
        while True:
            arguments = {"document_id": document, "max_chars": READ_CHARS}
            more: dict[str, str] = {} if cursor is None else {"cursor": cursor}
            text, _ = await self.call("read_ocr", arguments | more)
            lines += lines_of(text)
            calls += 1
            cursor = cursor_of(text)
            if cursor is None:
                return lines, calls


def expect(happened: bool, otherwise: str) -> None:
    """Raise DemoFailed unless it happened."""
    if not happened:
        raise DemoFailed(f"the demo did not go as it should: {otherwise.rstrip('.')}")


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[Session]:
    """A client of a new process that serves the settings' stack, and nothing of the environment."""
    parameters = StdioServerParameters(
        command=sys.executable,
        args=[
            *("-m", "stackdocs_mcp", "--log-level", "warning", "serve"),
            *("--stack", settings.stack, "--data-dir", str(settings.data_dir.absolute())),
            *("--export-dir", str(settings.exports)),
        ],
        env={name: value for name, value in os.environ.items() if not name.startswith(PREFIX)},
    )
    agent = Implementation(name="demo-agent", version=__version__)
    async with Client(parameters, mode=PROTOCOL, client_info=agent) as client:
        yield Session(client)


def _text(result: CallToolResult) -> str:
    return "\n".join(one.text for one in result.content if isinstance(one, TextContent))
