"""Adding files of this machine: only from allowed folders, only regular files, never a link."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.to_thread

from stackdocs_mcp.core.binding import Right
from stackdocs_mcp.core.errors import FileRefused
from stackdocs_mcp.core.model import Document, DocumentId
from stackdocs_mcp.core.quota import Left
from stackdocs_mcp.workspace.context import Workspace
from stackdocs_mcp.workspace.counting import PageCount
from stackdocs_mcp.workspace.intake import Job, OnPage, needs_reading

PATIENCE_SECONDS = 10.0
"""How long adding waits for the pages; the rest goes on behind it (clients give up after 60 s)."""


@dataclass(frozen=True, slots=True)
class Added:
    """The document of the file's bytes, and whether the stack did not have it yet."""

    document: Document
    new: bool
    attached: Sequence[Document] = ()
    """What was found in the file by now and became a document of its own."""
    quota: Left | None = None
    """What the user may still add and have read this month; None where nothing is limited."""


async def add_document(workspace: Workspace, path: str) -> Added:
    """Add the file, or find the document it is already, and wait a little for its pages.

    What is attached to it is read as well. A file that failed before is tried again. Raises
    FileRefused, always with the same sentence for a path outside the allowed folders, whether or
    not there is something, and QuotaExceeded.
    """
    workspace.binding.require(Right.WRITE)
    source = await anyio.to_thread.run_sync(allowed_file, path, workspace.allowed)
    shared = workspace.shared
    document, new = await shared.intake.add(
        workspace.store, workspace.files, source, source.name, shared.max_file_bytes
    )
    if not new:
        document = await workspace.store.retry(document.id)
    if not needs_reading(document):
        return Added(document, new, quota=await shared.store.quota(workspace.binding.user))

    attached = await _read_a_while(workspace, document)
    return Added(
        await workspace.store.document(document.id),
        new,
        [await workspace.store.document(one) for one in attached],
        await shared.store.quota(workspace.binding.user),
    )


async def _read_a_while(workspace: Workspace, document: Document) -> list[DocumentId]:
    """Begin to read the document, wait a little, and give what was found attached to it."""
    count = PageCount()
    begun: list[anyio.Event] = []
    attached: dict[DocumentId, None] = {}

    def begin(one: Document, on_page: OnPage | None = None) -> None:
        job = Job(workspace.behind, workspace.files, one.id, on_page, on_attached)
        begun.append(workspace.shared.intake.start(job))

    def on_attached(one: Document) -> None:
        if needs_reading(one) and one.id not in attached:
            begin(one)
        attached[one.id] = None

    begin(document, count)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(count.report, workspace.report)
        with anyio.move_on_after(PATIENCE_SECONDS):
            for over in begun:  # it grows while it is waited for
                await over.wait()
        count.end()

    return list(attached)


def allowed_file(path: str, allowed: Sequence[Path]) -> Path:
    """The real path of a regular file inside one of the folders; a relative path is tried in each.

    Links on the way below the folder are refused, also those that lead back inside: what a link
    names can change between the check and the reading. Reads the file system.
    """
    if not allowed:
        raise FileRefused(
            "this server may not read files",
            "Start it with --allow FOLDER (or STACKDOCS_ALLOW), or with `serve FOLDER`.",
        )
    refused = FileRefused(
        "the path is not a regular file inside the allowed folders",
        "Give a file below one of the folders the server was started with; links are not followed.",
    )
    if "\0" in path or not path:
        raise refused

    for folder in allowed:
        root = Path(os.path.realpath(folder))
        candidate = root / path
        if Path(path).is_absolute():
            candidate = _below(Path(path), folder, root)
        # What is not its own real path has a link or ".." on the way.
        if not candidate.is_relative_to(root) or Path(os.path.realpath(candidate)) != candidate:
            continue
        if candidate.is_file():
            return candidate

    raise refused


def _below(path: Path, folder: Path, root: Path) -> Path:
    """An absolute path through the folder's name as it was given, seen from its real place."""
    given = folder.absolute()
    return root / path.relative_to(given) if path.is_relative_to(given) else path
