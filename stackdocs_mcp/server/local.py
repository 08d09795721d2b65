"""Serving one stack to one client over standard input and output."""

import logging

from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.server.app import build
from stackdocs_mcp.server.compose import App, running
from stackdocs_mcp.server.stdio import serve
from stackdocs_mcp.server.telemetry import observed
from stackdocs_mcp.settings import DEFAULT_STACK, Settings
from stackdocs_mcp.tools import select

log = logging.getLogger(__name__)


async def serve_stdio(settings: Settings) -> None:
    """Bind once, to the operating system's user and the stack of the settings, and serve."""
    with observed(settings):
        await _serve(settings)


async def _serve(settings: Settings) -> None:
    async with running(settings) as app:
        known = await _has_stack(app)
        stack = await app.open_stack()
        if not known:  # it may be a typing mistake
            log.info("made a stack of this name: there was none")
        workspace = app.workspace(stack, Actor("agent"))
        app.read_behind(workspace)
        tools = select(settings.toolset, read_only=settings.read_only)
        log.info("serving a stack with %d tools on standard input and output", len(tools))
        await serve(build(tools, lambda _context: workspace, is_lasting=True))


async def _has_stack(app: App) -> bool:
    """Whether the stack that was named is there; who named none has made no mistake."""
    settings = app.settings
    if settings.folder is not None or settings.stack == DEFAULT_STACK:
        return True
    stacks = [summary.stack for summary in await app.store.stacks(app.user)]
    return any(one.folder is None and one.name == settings.stack for one in stacks)
