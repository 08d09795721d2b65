"""``add``: files into the stack, read to their end, with a bar on a terminal."""

import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.to_thread

from stackdocs_mcp.cli.barrier import FAILED, told
from stackdocs_mcp.cli.opening import opened
from stackdocs_mcp.cli.output import plain_name, put, say, shown
from stackdocs_mcp.core.errors import FileRefused
from stackdocs_mcp.core.model import Document, DocumentStatus
from stackdocs_mcp.ocr.formats import NAMES, SUFFIXES
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace import Workspace
from stackdocs_mcp.workspace.folder import look
from stackdocs_mcp.workspace.intake import Job, OnPage, needs_reading

AT_ONCE = 2

Watched = Callable[[str], OnPage]
"""Given a file name: what to call whenever a page of it is ready."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file to be added, and the name that its document gets."""

    path: Path
    name: str


async def add(settings: Settings, paths: Sequence[str]) -> int:
    """Add and read everything, two documents at once; 1 when one of them could not be."""
    refused = 0
    sources: dict[Path, Source] = {}
    for path in paths:
        try:
            found = await anyio.to_thread.run_sync(sources_of, Path(path))
        except FileRefused as error:
            refused += 1
            _complain(path, error.message, error.advice)
            continue
        sources |= {source.path.absolute(): source for source in found}

    async with opened(settings, make=True) as workspace:
        with progress(len(sources)) as watched:
            failed = await _add_all(workspace, list(sources.values()), watched)
    return FAILED if refused or failed else 0


def sources_of(path: Path) -> list[Source]:
    """The file, or every supported file of the folder, also in its subfolders.

    Raises FileRefused for what is neither, and for a folder with nothing in it to be read.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise FileRefused("there is no such file or folder, or it may not be read") from error
    if stat.S_ISREG(status.st_mode):
        return [Source(path, plain_name(path.name))]
    if not stat.S_ISDIR(status.st_mode):
        raise FileRefused("this is neither a file nor a folder")
    found = [Source(seen.path, plain_name(seen.name)) for seen in look(path, SUFFIXES)]
    if not found:
        raise FileRefused("the folder has no file that can be read", f"Supported are {NAMES}.")
    return found


async def _add_all(workspace: Workspace, sources: Sequence[Source], watched: Watched) -> int:
    """How many of the files could not be added or read."""
    waiting = iter(sources)
    failed = 0

    async def work() -> None:
        nonlocal failed
        for source in waiting:
            try:
                document = await add_one(workspace, source, watched)
            except FileRefused as error:
                failed += 1
                _complain(source.name, error.message, error.advice)
                continue
            failed += document.status is DocumentStatus.FAILED
            _report(document)

    async with anyio.create_task_group() as tasks:
        for _ in range(AT_ONCE):
            tasks.start_soon(work)

    return failed


async def add_one(workspace: Workspace, source: Source, watched: Watched) -> Document:
    """The document of the file, read to its end; how it stands when another process reads it."""
    shared, store, files = workspace.shared, workspace.store, workspace.files
    on_page = watched(source.name)
    document, new = await shared.intake.add(
        store, files, source.path, source.name, shared.max_file_bytes
    )
    if not new:
        document = await store.retry(document.id)
    if needs_reading(document):
        document = await shared.intake.process(Job(store, files, document.id, on_page))
    on_page(document.pages_done, document.pages)
    return document


def _report(document: Document) -> None:
    parts = (document.id, document.status.value, str(document.pages), document.filename)
    put("\t".join(map(shown, parts)))
    if document.error is not None:
        _complain(document.filename, document.error.message, document.error.advice)
    if document.status is DocumentStatus.PROCESSING:
        say(f"{shown(document.filename)}: another process is reading it")


def _complain(name: str, message: str, advice: str) -> None:
    say(f"error: {shown(name)}: {told(message, advice)}")


@contextmanager
def progress(documents: int) -> Iterator[Watched]:
    """A bar for the documents and one for each that is being read; nothing without a terminal."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda _name: lambda _done, _pages: None
        return

    from rich.console import Console  # noqa: PLC0415  only on a terminal
    from rich.markup import escape  # noqa: PLC0415
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        console=Console(stderr=True),
        redirect_stdout=sys.stdout.isatty(),  # else data would end up on standard error
        transient=True,
    ) as bars:
        bars.add_task("All", total=documents, unit="documents")

        def watched(name: str) -> OnPage:
            task = bars.add_task(escape(shown(name)[-40:]), total=None, unit="pages")

            def on_page(done: int, pages: int) -> None:
                bars.update(task, completed=done, total=pages or None)

            return on_page

        yield watched
