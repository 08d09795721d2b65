"""Documents read to their end, with what is attached to them, and a line for each."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import anyio

from stackdocs_mcp.cli.barrier import told
from stackdocs_mcp.cli.bars import Watched
from stackdocs_mcp.cli.output import put, say, shown
from stackdocs_mcp.core.errors import StackdocsError, StoreFailed
from stackdocs_mcp.core.model import Document, DocumentStatus
from stackdocs_mcp.workspace import Workspace
from stackdocs_mcp.workspace.browsing import problems
from stackdocs_mcp.workspace.intake import Job, needs_reading

AT_ONCE = 2
UNFINISHED = (
    "It was not read to its end. See what `stackdocs-mcp doctor` says of the data folder, then run "
    "this again: it goes on with what is there."
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A document to be read: what to call it, and how to get it. May raise StackdocsError."""

    name: str
    document: Callable[[], Awaitable[Document]]


async def read_all(workspace: Workspace, pieces: Sequence[Piece], watched: Watched) -> int:
    """Read everything, two at once, and print a line for each; how many could not be read."""
    waiting = iter(pieces)
    failed = 0

    def finished(document: Document) -> None:
        nonlocal failed
        failed += document.status is DocumentStatus.FAILED
        _report(document)

    async def work() -> None:
        nonlocal failed
        for piece in waiting:
            try:
                await read(workspace, piece, watched, finished)
            except StackdocsError as error:
                failed += 1
                # Much may have been stored by then, whatever the store says of its last step.
                broken = isinstance(error, StoreFailed)
                complain(piece.name, error.message, UNFINISHED if broken else error.advice)

    async with anyio.create_task_group() as tasks:
        for _ in range(AT_ONCE):
            tasks.start_soon(work)

    return failed


async def read(
    workspace: Workspace, piece: Piece, watched: Watched, finished: Callable[[Document], None]
) -> None:
    """Read the document, and then all that is attached to it; ``finished`` is given each of them.

    One that failed before is tried again. One that another process reads is waited for.
    """
    store, files = workspace.store, workspace.files
    waiting = [piece]
    known = set[str]()

    def on_attached(one: Document) -> None:
        if one.id not in known:
            known.add(one.id)
            waiting.append(Piece(one.filename, lambda: store.document(one.id)))

    for one in waiting:  # it grows by what is attached
        with watched(one.name) as on_page:
            document = await store.retry((await one.document()).id)
            if needs_reading(document):
                job = Job(store, files, document.id, on_page, on_attached)
                document = await workspace.shared.intake.process(job)
        finished(document)


def complain(name: str, message: str, advice: str) -> None:
    """Say on standard error what is wrong with the file or document."""
    say(f"error: {shown(name)}: {told(message, advice)}")


def _report(document: Document) -> None:
    parts = (document.id, document.status.value, str(document.pages), document.filename)
    put("\t".join(map(shown, parts)))
    if document.error is not None:
        complain(document.filename, document.error.message, document.error.advice)
    for problem in problems(document):
        say(f"{shown(document.filename)}: {problem}")
