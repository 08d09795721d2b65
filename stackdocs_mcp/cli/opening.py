"""The stack that a command works on, as the person at the keyboard."""

import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.core.errors import DocumentNotFound, InvalidArgument, NotFound
from stackdocs_mcp.core.filenames import shown_name
from stackdocs_mcp.core.model import Document, DocumentId
from stackdocs_mcp.core.stack import Stack
from stackdocs_mcp.server.compose import App, running
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace import Workspace

PERSON = Actor("person", "command line")
MOST_ALIKE = 1_000
"""Documents whose name holds the name that is looked for."""


def _nothing(_stack: str) -> None:
    """A new stack is no news where documents are added to it."""


@asynccontextmanager
async def opened(
    settings: Settings, *, make: bool = False, made: Callable[[str], None] = _nothing
) -> AsyncIterator[Workspace]:
    """The stack of that name, or of the served folder of that name or path.

    With ``make``, a new one when there is none; ``made`` is told its name. Raises NotFound
    otherwise: a mistyped name is no new stack. Raises InvalidArgument when several folders have
    the name.
    """
    async with running(settings) as app:
        yield app.workspace(await _chosen(app, made if make else None), PERSON)


async def _chosen(app: App, made: Callable[[str], None] | None) -> Stack:
    wanted = app.settings.stack
    stacks = [summary.stack for summary in await app.store.stacks(app.user)]
    found = named(stacks, wanted)
    if len(found) == 1:
        return found[0]
    if found:
        folders = ", ".join(str(stack.folder) for stack in found)
        raise InvalidArgument(
            f"several folders have a stack named {wanted!r}",
            f"Give the folder itself to --stack: {folders}.",
        )
    if made is not None and os.sep not in wanted:
        stack = await app.store.open_stack(app.user, wanted)
        made(wanted)
        return stack

    names = ", ".join(repr(stack.name) for stack in stacks)
    raise NotFound(
        f"there is no stack {wanted!r}",
        f"Choose one with --stack: {names}." if names else "`stackdocs-mcp add PATH` makes one.",
    )


def named(stacks: Sequence[Stack], wanted: str) -> list[Stack]:
    """The stack of this name that has no folder, else all whose folder has the name or path."""
    plain = [stack for stack in stacks if stack.folder is None and stack.name == wanted]
    if plain:
        return plain
    path = os.path.realpath(wanted) if os.sep in wanted else None
    return [
        stack
        for stack in stacks
        if stack.folder is not None and (stack.name == wanted or stack.folder == path)
    ]


async def document_of(workspace: Workspace, wanted: str) -> Document:
    """The document with this id, else the one with this file name.

    Raises NotFound, or InvalidArgument when several have the name; versions of a file that was
    changed since do not count.
    """
    with suppress(DocumentNotFound):
        return await workspace.store.document(DocumentId(wanted))
    name = shown_name(wanted)
    alike = await workspace.store.documents(query=name, limit=MOST_ALIKE)
    found = [one for one in alike if one.filename == name and one.superseded_by is None]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(one.id for one in found)
        raise InvalidArgument(f"several documents are named {wanted!r}", f"Give an id: {ids}.")
    raise NotFound(
        f"there is no document {wanted!r} in the stack",
        "Give the id that `stackdocs-mcp add` printed, or the file name; and --stack.",
    )
