"""Serving one stack to one client over standard input and output."""

import logging

from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.server.app import build
from stackdocs_mcp.server.compose import running
from stackdocs_mcp.server.stdio import serve
from stackdocs_mcp.server.telemetry import observed
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.tools import select

log = logging.getLogger(__name__)


async def serve_stdio(settings: Settings) -> None:
    """Bind once, to the operating system's user and the stack of the settings, and serve."""
    with observed(settings):
        await _serve(settings)


async def _serve(settings: Settings) -> None:
    async with running(settings) as app:
        stack = await app.open_stack()
        workspace = app.workspace(stack, Actor("agent"))
        app.read_behind(workspace)
        tools = select(settings.toolset, read_only=settings.read_only)
        log.info("serving a stack with %d tools on standard input and output", len(tools))
        await serve(build(tools, lambda _context: workspace, is_lasting=True))
