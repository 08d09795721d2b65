"""The stack's fields as files: one row per document, and a table of its own for each list."""

import hashlib
import os
import re
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

import anyio.to_thread

from stackdocs_mcp.core.binding import Right
from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.core.schema import Schema
from stackdocs_mcp.core.stack import Stack
from stackdocs_mcp.workspace.context import Workspace
from stackdocs_mcp.workspace.rendering import Format, Record, Rendering

INLINE_CHARS = 4_000

_AT_ONCE = 100
_UNSAFE_NAME = re.compile(r"[^\w-]+")
_LONGEST_PART = 60


@dataclass(frozen=True, slots=True)
class Exported:
    """Where the files are, the first one for the documents, and how many documents are in."""

    files: Sequence[Path]
    documents: int
    inline: str | None
    """The documents' own file, when it is small."""
    lists: Sequence[str]
    """Names of the other tables, which are files of their own."""


async def export(workspace: Workspace, format: Format, *, evidence: bool = False) -> Exported:  # noqa: A002  the tool's own word
    """Write the whole stack into the export folder, replacing the last export of this format."""
    workspace.binding.require(Right.READ)
    stack, schema = await workspace.stack()
    folder = workspace.shared.exports
    with unwritable():
        kept = await anyio.to_thread.run_sync(unnamed, folder)
        with closing(kept):
            rendering = Rendering(kept, format, evidence=evidence)
            async for record in all_records(workspace, schema):
                await anyio.to_thread.run_sync(rendering.add, record)
            write = partial(_write_all, folder, stack, rendering, format)
            files = await anyio.to_thread.run_sync(write)
            inline = await anyio.to_thread.run_sync(rendering.short, INLINE_CHARS)
    return Exported(files, rendering.documents, inline, rendering.lists)


def named(stack: Stack, tables: Iterable[str], format: Format) -> list[str]:  # noqa: A002
    """What the files of these tables are called, the documents' own first.

    No two differ by case alone: many file systems take them for one.
    """
    name = file_part(stack.name, stack.id if stack.folder else "")
    found: list[str] = []
    folded = set[str]()
    for table in tables:
        part = file_part(table) if table else ""
        apart = ""
        while part.casefold() in folded:
            apart += table
            part = file_part(table, apart)
        folded.add(part.casefold())
        found.append(f"{name}.{part}.{format}" if part else f"{name}.{format}")
    return found


def file_part(name: str, apart: str = "") -> str:
    """The name as a part of a file's name; names that would look alike there get a mark.

    ``apart`` tells two things of the same name apart, such as stacks of two folders.
    """
    part = _UNSAFE_NAME.sub("-", name).strip("-")[:_LONGEST_PART]
    if part == name and not apart:
        return part
    mark = hashlib.sha256(f"{name}\0{apart}".encode()).hexdigest()[:8]
    return f"{part or 'stack'}-{mark}"


async def all_records(workspace: Workspace, schema: Schema | None) -> AsyncIterator[Record]:
    """Every document of the stack as it stands, but for those with a newer version."""
    after = None
    while True:
        documents = await workspace.store.documents(after=after, limit=_AT_ONCE)
        for document in documents:
            if document.superseded_by is not None:
                continue  # its newer version is in; two would count twice
            fields = list(await workspace.store.fields(document.id)) if document.fields else []
            if schema is not None:
                fields.sort(key=lambda field: schema.order(field.leaf.path))
            yield Record(document, fields)
        if len(documents) < _AT_ONCE:
            return
        after = documents[-1].id


def _write_all(folder: Path, stack: Stack, rendering: Rendering, format: Format) -> list[Path]:  # noqa: A002
    """Each file whole or not at all: a reader never sees half of one."""
    files = [folder / name for name in named(stack, rendering.names, format)]
    for path, pieces in zip(files, rendering.texts(), strict=True):
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=".export-")
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    return files


@contextmanager
def unwritable() -> Iterator[None]:
    """Raises StoreFailed where what is done here meets a full disk, or no folder."""
    try:
        yield
    except OSError as error:
        raise StoreFailed(
            "the export could not be written",
            "Check the export folder (--export-dir, STACKDOCS_EXPORT_DIR) and the free space.",
        ) from error


def unnamed(folder: Path) -> BinaryIO:
    """A file in the folder that is gone when it is closed. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return cast("BinaryIO", tempfile.TemporaryFile(dir=folder))
