"""The stack that a command works on, as the person at the keyboard."""

import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from stackdocs_mcp.cli.output import say, shown
from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.core.errors import DocumentNotFound, InvalidArgument, NotFound
from stackdocs_mcp.core.filenames import shown_name
from stackdocs_mcp.core.model import Document, DocumentId
from stackdocs_mcp.core.stack import Stack
from stackdocs_mcp.server.compose import App, folder_of, running, user_of
from stackdocs_mcp.settings import DEFAULT_STACK, Settings
from stackdocs_mcp.workspace import Workspace

PERSON = Actor("person", "command line")
MOST_ALIKE = 1_000
"""Documents whose name holds the name that is looked for."""


def say_made(stack: str) -> None:
    """Say that there is a new stack."""
    say(f"made the stack {shown(stack)!r}")


def _say_unless_default(stack: str) -> None:
    """The stack that nobody has named is no typing mistake."""
    if stack != DEFAULT_STACK:
        say_made(stack)


@asynccontextmanager
async def opened(
    settings: Settings, *, make: bool = False, made: Callable[[str], None] = _say_unless_default
) -> AsyncIterator[Workspace]:
    """The stack of that name, or of the served folder of that name or path.

    With ``make``, a new one when there is none; ``made`` is told its name, else whoever has named
    it is: it may be a typing mistake. Raises NotFound
    otherwise: a mistyped name is no new stack. Raises InvalidArgument when several folders have
    the name.
    """
    async with running(settings) as app:
        yield app.workspace(await _chosen(app, made if make else None), PERSON)


async def _chosen(app: App, made: Callable[[str], None] | None) -> Stack:
    wanted = app.settings.stack
    stacks = [summary.stack for summary in await app.store.stacks(app.user)]
    found = named(stacks, app.settings, wanted)
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
        f"Choose one with --stack: {names}." if names else none_yet(app.settings),
    )


def named(stacks: Sequence[Stack], settings: Settings, wanted: str) -> list[Stack]:
    """The stack of this name that has no folder, else all whose folder has the name or path.

    A path is one of this machine; one of another is named as ``stacks`` lists it.
    """
    plain = [stack for stack in stacks if stack.folder is None and stack.name == wanted]
    if plain:
        return plain
    here = folder_of(settings, Path(os.path.realpath(wanted))) if os.sep in wanted else None
    return [
        stack
        for stack in stacks
        if stack.folder is not None and (stack.name == wanted or stack.folder in {wanted, here})
    ]


def none_yet(settings: Settings) -> str:
    """What to do for somebody who has no stack; in a project, who that is."""
    whose = f"{user_of(settings)} has none yet; " if settings.is_on_supabase else ""
    return f"{whose}`stackdocs-mcp add PATH` makes one."


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
