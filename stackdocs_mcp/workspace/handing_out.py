"""Exports for clients on other machines: a link, and what is behind it when it is opened.

Nothing is kept for them. What a link gives is made when it is opened, of what stands then, in a
file that has no name and is gone with whoever reads it.
"""

import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import anyio
import anyio.to_thread

from stackdocs_mcp.core.binding import Right
from stackdocs_mcp.core.errors import ExportTooLarge
from stackdocs_mcp.core.links import Download, Link
from stackdocs_mcp.core.model import Document
from stackdocs_mcp.core.schema import Schema
from stackdocs_mcp.core.stack import Stack
from stackdocs_mcp.workspace.context import Workspace
from stackdocs_mcp.workspace.exporting import INLINE_CHARS, all_records, named, unnamed, unwritable
from stackdocs_mcp.workspace.rendering import Format, Rendering

MEDIA_TYPES: Mapping[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "jsonl": "application/jsonl",
}
ZIP = "application/zip"
PIECE = 64 * 1024
MOST_BYTES = 256 * 1024 * 1024
"""Of all tables of an export by link together, before they are packed."""
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

    Several tables are one zip file. Raises ExportTooLarge.
    """
    workspace.binding.require(Right.READ)
    stack, schema = await workspace.stack()
    folder = workspace.shared.exports
    with unwritable():
        kept = await anyio.to_thread.run_sync(unnamed, folder)
        with closing(kept):
            rendering = Rendering(kept, format, evidence=evidence)
            async for record in all_records(workspace, schema):
                await anyio.to_thread.run_sync(rendering.add, record)
                if rendering.size > MOST_BYTES:
                    raise ExportTooLarge(MOST_BYTES)
            work = partial(_written, folder, stack, rendering, format)
            with anyio.CancelScope(shield=True):  # what is open comes back, to be closed
                found = await anyio.to_thread.run_sync(work)
    return found


async def _inline(
    workspace: Workspace,
    schema: Schema | None,
    format: Format,  # noqa: A002
    *,
    evidence: bool,
) -> tuple[str | None, list[str]]:
    rendering = Rendering(BytesIO(), format, evidence=evidence)
    async for record in all_records(workspace, schema):
        await anyio.to_thread.run_sync(rendering.add, record)
    return await anyio.to_thread.run_sync(rendering.short, INLINE_CHARS), rendering.lists


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


def _written(folder: Path, stack: Stack, rendering: Rendering, format: Format) -> Made:  # noqa: A002
    names = named(stack, rendering.names, format)
    texts = _bounded(rendering.texts())
    file = unnamed(folder)
    try:
        if len(names) == 1:
            file.writelines(next(texts))
            return _from_its_beginning(names[0], MEDIA_TYPES[format], file)
        import zipfile  # noqa: PLC0415  for several tables alone

        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, pieces in zip(names, texts, strict=True):
                with archive.open(name, "w") as member:
                    member.writelines(pieces)
        return _from_its_beginning(f"{names[0].removesuffix(format)}zip", ZIP, file)
    except BaseException:
        file.close()
        raise


def _bounded(texts: Iterator[Iterator[str]]) -> Iterator[Iterator[bytes]]:
    """The same as bytes, as long as they are not too many: rows times columns can be."""
    left = MOST_BYTES

    def counted(pieces: Iterator[str]) -> Iterator[bytes]:
        nonlocal left
        for piece in pieces:
            content = piece.encode()
            left -= len(content)
            if left < 0:
                raise ExportTooLarge(MOST_BYTES)
            yield content

    return map(counted, texts)


def _from_its_beginning(name: str, media_type: str, file: BinaryIO) -> Made:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    return Made(name, media_type, size, file)
