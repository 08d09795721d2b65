"""Adding files of this machine: only from allowed folders, only regular files, never a link."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import anyio.to_thread

from stackdocs_mcp.core.binding import Right
from stackdocs_mcp.core.errors import FileRefused
from stackdocs_mcp.core.model import Document
from stackdocs_mcp.workspace.context import Workspace
from stackdocs_mcp.workspace.intake import Job, needs_reading, wait_for

PATIENCE_SECONDS = 10.0
"""How long adding waits for the pages; the rest goes on behind it (clients give up after 60 s)."""


@dataclass(frozen=True, slots=True)
class Added:
    """The document of the file's bytes, and whether the stack did not have it yet."""

    document: Document
    new: bool


async def add_document(workspace: Workspace, path: str) -> Added:
    """Add the file, or find the document it is already, and wait a little for its pages.

    A file that failed before is tried again. Raises FileRefused, always with the same sentence for
    a path outside the allowed folders, whether or not there is something.
    """
    workspace.binding.require(Right.WRITE)
    source = await anyio.to_thread.run_sync(allowed_file, path, workspace.allowed)
    shared = workspace.shared
    document, new = await shared.intake.add(
        workspace.store, workspace.files, source, source.name, shared.max_file_bytes
    )
    if not new:
        document = await workspace.store.retry(document.id)
    if needs_reading(document):
        over = shared.intake.start(Job(workspace.store, workspace.files, document.id))
        await wait_for(over, PATIENCE_SECONDS)
        document = await workspace.store.document(document.id)

    return Added(document, new)


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
