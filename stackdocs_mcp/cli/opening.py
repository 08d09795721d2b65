"""The stack that a command works on, as the person at the keyboard."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.core.errors import NotFound
from stackdocs_mcp.core.model import Stack
from stackdocs_mcp.server.compose import App, running
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace import Workspace

PERSON = Actor("person", "command line")


@asynccontextmanager
async def opened(settings: Settings, *, make: bool = False) -> AsyncIterator[Workspace]:
    """The settings' stack, made when there is none and ``make`` says so.

    Raises NotFound for a stack that there is not: a mistyped name is no new stack.
    """
    async with running(settings) as app:
        stack = await app.open_stack() if make else await _existing(app)
        yield app.workspace(stack, PERSON)


async def _existing(app: App) -> Stack:
    stacks = [summary.stack for summary in await app.store.stacks(app.user)]
    for stack in stacks:
        if stack.name == app.settings.stack:
            return stack

    names = ", ".join(repr(stack.name) for stack in stacks)
    raise NotFound(
        f"there is no stack {app.settings.stack!r}",
        f"Choose one with --stack: {names}." if names else "`stackdocs-mcp add PATH` makes one.",
    )
