"""Exports for clients on other machines: a link, and what is behind it when it is opened.

Nothing is kept for them. What a link gives is made when it is opened, of what stands then, in a
file that has no name and is gone with whoever reads it.
"""

import os
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

import anyio
import anyio.to_thread

from stackdocs_mcp.core.binding import Right
from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.core.links import Download, Link
from stackdocs_mcp.core.model import Document
from stackdocs_mcp.core.schema import Schema
from stackdocs_mcp.core.stack import Stack
from stackdocs_mcp.workspace.context import Workspace
from stackdocs_mcp.workspace.exporting import (
    INLINE_CHARS,
    Format,
    Record,
    all_records,
    lists_of,
    named,
    rendered,
)

MEDIA_TYPES: Mapping[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "jsonl": "application/jsonl",
}
ZIP = "application/zip"
PIECE = 64 * 1024
_AT_ONCE = 100
_INLINE_DOCUMENTS = 60
"""With more of them, or more fields, no format is short enough to be shown at once."""
_INLINE_FIELDS = 1_000


@dataclass(frozen=True, slots=True)
class Offered:
    """A link to the whole stack, how many documents are in it, and the documents' own file."""

    link: Link
    documents: int
    inline: str | None
    """When it is small."""
    lists: Sequence[str] | None
    """Names of the other tables; None for a large stack, where nobody looked yet."""


@dataclass(frozen=True, slots=True)
class Made:
    """An export as one file, to be read from its beginning."""

    name: str
    media_type: str
    size: int
    file: BinaryIO

    async def pieces(self) -> AsyncIterator[bytes]:
        """All of it."""
        while piece := await anyio.to_thread.run_sync(self.file.read, PIECE):
            yield piece


async def offer(workspace: Workspace, format: Format, *, evidence: bool) -> Offered:  # noqa: A002  the tool's own word
    """A link to the export of the whole stack."""
    workspace.binding.require(Right.READ)
    _stack, schema = await workspace.stack()
    documents, fields = 0, 0
    async for document in _documents(workspace):
        documents += 1
        fields += document.fields
    inline, lists = None, None
    if documents <= _INLINE_DOCUMENTS and fields <= _INLINE_FIELDS:
        inline, lists = await _inline(workspace, schema, format, evidence=evidence)
    link = workspace.links.download(workspace.binding, Download(format, evidence))
    return Offered(link, documents, inline, lists)


async def made(workspace: Workspace, format: Format, *, evidence: bool) -> Made:  # noqa: A002
    """The export of the whole stack as it stands now, to be closed by whoever reads it.

    Several tables are one zip file.
    """
    workspace.binding.require(Right.READ)
    stack, schema = await workspace.stack()
    records = [record async for record in all_records(workspace, schema)]
    work = partial(_written, workspace.shared.exports, stack, records, format, evidence=evidence)
    with anyio.CancelScope(shield=True):  # what is open comes back, to be closed
        found = await anyio.to_thread.run_sync(work)
    return found  # noqa: RET504  a scope that could swallow something has no last line


async def _inline(
    workspace: Workspace,
    schema: Schema | None,
    format: Format,  # noqa: A002
    *,
    evidence: bool,
) -> tuple[str | None, list[str]]:
    records = [record async for record in all_records(workspace, schema)]
    work = partial(rendered, records, format, evidence=evidence)
    texts = await anyio.to_thread.run_sync(work)
    return texts[""] if len(texts[""]) <= INLINE_CHARS else None, lists_of(texts)


async def _documents(workspace: Workspace) -> AsyncIterator[Document]:
    after = None
    while True:
        found = await workspace.store.documents(after=after, limit=_AT_ONCE)
        for document in found:
            if document.superseded_by is None:
                yield document
        if len(found) < _AT_ONCE:
            return
        after = found[-1].id


def _written(
    folder: Path,
    stack: Stack,
    records: Sequence[Record],
    format: Format,  # noqa: A002
    *,
    evidence: bool,
) -> Made:
    files = named(stack, rendered(records, format, evidence=evidence), format)
    first = next(iter(files))
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = cast("BinaryIO", tempfile.TemporaryFile(dir=folder))  # noqa: SIM115  closed by whoever reads it
        try:
            if len(files) == 1:
                file.write(files[first].encode())
                return _from_its_beginning(first, MEDIA_TYPES[format], file)
            import zipfile  # noqa: PLC0415  for several tables alone

            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, text in files.items():
                    archive.writestr(name, text)
            return _from_its_beginning(f"{first.removesuffix(format)}zip", ZIP, file)
        except BaseException:
            file.close()
            raise
    except OSError as error:
        raise StoreFailed(
            "the export could not be written",
            "Check the export folder (--export-dir, STACKDOCS_EXPORT_DIR) and the free space.",
        ) from error


def _from_its_beginning(name: str, media_type: str, file: BinaryIO) -> Made:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    return Made(name, media_type, size, file)
