"""Taking in files that are sent, not read from this machine; and links to send them to."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta

import anyio

from stackdocs_mcp.core.amounts import sized
from stackdocs_mcp.core.binding import Right
from stackdocs_mcp.core.errors import (
    FileRefused,
    FileTooLarge,
    FileUnsupported,
    InvalidArgument,
    LinkUsed,
    SizeDiffers,
)
from stackdocs_mcp.core.filenames import sent_name
from stackdocs_mcp.core.files import Incoming
from stackdocs_mcp.core.links import Link, Upload
from stackdocs_mcp.core.model import NewDocument
from stackdocs_mcp.workspace.adding import Added
from stackdocs_mcp.workspace.context import Sniff, Workspace
from stackdocs_mcp.workspace.intake import Job, needs_reading

HEAD_BYTES = 4_096
"""So much of a file says whether it is of a kind that can never be read."""
REMEMBERED = timedelta(days=2)
"""Longer than anything that begins before a link expires can take."""


@dataclass(frozen=True, slots=True)
class Once:
    """A file that a one-time link was made for."""

    nonce: str
    size: int
    expires_at: datetime


async def offer(workspace: Workspace, filename: str, size: int) -> Link:
    """A link that the file can be sent to. Raises InvalidArgument for a name or size that is none.

    Nothing is kept of it: a link that nobody uses costs nothing.
    """
    workspace.binding.require(Right.WRITE)
    await workspace.store.stack()
    name, most = sent_name(filename), workspace.shared.max_file_bytes
    if not name:
        raise InvalidArgument("the filename is not a file's name", "Send the name with its suffix.")
    if size > most:
        raise InvalidArgument(f"the file has more than {sized(most)}", FileTooLarge.advice)
    return workspace.links.upload(workspace.binding, Upload(name, size))


async def take_in(
    workspace: Workspace,
    filename: str,
    pieces: AsyncGenerator[bytes, None],
    once: Once | None = None,
) -> Added:
    """The document of the bytes that come, or the one that has them already; it is read behind.

    One that failed before is tried again. What the pieces raise is raised, and nothing is left.
    Raises FileTooLarge, FileUnsupported (by its first bytes, whatever it is called), FileRefused
    for an empty file and one without a name, and with ``once`` also SizeDiffers, and LinkUsed when
    the link was used for other bytes; and QuotaExceeded. The same bytes are the same document.
    """
    workspace.binding.require(Right.WRITE)
    shared, store = workspace.shared, workspace.store
    name = sent_name(filename)
    if not name:
        raise FileRefused(
            "the file has no name",
            "Send it as ?filename=..., in a Content-Disposition, or in a form.",
        )
    limit = shared.max_file_bytes if once is None else once.size
    async with workspace.files.incoming(limit) as incoming:
        await _fill(incoming, pieces, shared.sniff)
        if once is not None and incoming.size != once.size:
            raise SizeDiffers(once.size, incoming.size)
        with anyio.CancelScope(shield=True):  # begun is done, whoever goes away meanwhile
            if once is not None:
                await _use(workspace, once, incoming)
            sha256, size = await incoming.keep()
            document, new = await store.add_document(NewDocument(name, sha256, size))
            if not new:
                document = await store.retry(document.id)
            await workspace.files.local(sha256)  # or it was erased with others just then

    if needs_reading(document):
        shared.intake.begin(Job(workspace.behind, workspace.files, document.id))
    return Added(document, new, quota=await shared.store.quota(workspace.binding.user))


async def _fill(incoming: Incoming, pieces: AsyncGenerator[bytes, None], sniff: Sniff) -> None:
    """All the pieces, unless the first bytes show that they are for nothing."""
    head: bytes | None = b""
    async with aclosing(pieces) as coming:
        async for piece in coming:
            if head is not None:
                head += piece[:HEAD_BYTES]
                if len(head) >= HEAD_BYTES:
                    _check(head, sniff)
                    head = None
            await incoming.write(piece)
    if incoming.size == 0:
        raise FileRefused("the file is empty", "Send it again, with its content.")
    if head is not None:
        _check(head, sniff)


def _check(head: bytes, sniff: Sniff) -> None:
    if why := sniff(head):
        raise FileUnsupported("files of this kind cannot be read", why)


async def _use(workspace: Workspace, once: Once, incoming: Incoming) -> None:
    sha256 = await incoming.sha256()
    used = await workspace.store.use_link(once.nonce, sha256, once.expires_at + REMEMBERED)
    if used != sha256:
        raise LinkUsed("another file", "Call add_document again for a link of its own.")
