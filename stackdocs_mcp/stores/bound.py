"""What one binding reaches in the embedded store: each call is one transaction."""

import sqlite3
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import TypeVar

from stackdocs_mcp.core.at_once import Seen, Shown, Standing
from stackdocs_mcp.core.binding import Binding, Role, UserId
from stackdocs_mcp.core.errors import MissingRight, NotFound
from stackdocs_mcp.core.history import ExtractionOutline, Verification
from stackdocs_mcp.core.model import (
    Change,
    ChangeId,
    Completion,
    Document,
    DocumentId,
    DocumentStatus,
    Failure,
    FieldValue,
    FieldWrite,
    Hit,
    JsonObject,
    NewDocument,
    Page,
    PageOutline,
    WriteResult,
)
from stackdocs_mcp.core.paths import FieldPath, PathKey
from stackdocs_mcp.core.ports import Clock
from stackdocs_mcp.core.quota import QuotaExceeded, Quotas
from stackdocs_mcp.core.stack import FolderFile, Ocr, Policy, Stack
from stackdocs_mcp.core.tenancy import Member
from stackdocs_mcp.stores import (
    at_once,
    documents,
    erasing,
    extractions,
    files,
    folder,
    history,
    links,
    locks,
    members,
    pages,
    search,
    stacks,
    starting,
    undo,
    verifying,
)
from stackdocs_mcp.stores.pages import save as save_pages
from stackdocs_mcp.stores.scope import Scope, stamp
from stackdocs_mcp.stores.sqlite import Database

_T = TypeVar("_T")


class BoundStore:
    """``core.ports.StackStore`` for one binding; the sentences of the port hold."""

    def __init__(
        self,
        database: Database,
        binding: Binding,
        clock: Clock,
        quotas: Quotas,
        files_of: Callable[[UserId], files.FileFolder],
    ) -> None:
        self._database = database
        self._binding = binding
        self._clock = clock
        self._quotas = quotas
        self._files_of = files_of

    async def stack(self) -> Stack:
        return await self._read(stacks.bound)

    async def set_schema(
        self, schema: JsonObject | None, instructions: str, policy: Policy
    ) -> Stack:
        return await self._write(
            lambda scope: stacks.set_schema(scope, schema, instructions, policy)
        )

    async def set_ocr(self, ocr: Ocr) -> Stack:
        return await self._write(lambda scope: stacks.set_ocr(scope, ocr))

    async def add_document(
        self, new: NewDocument, *, part_of: DocumentId | None = None
    ) -> tuple[Document, bool]:
        try:
            return await self._write(lambda scope: documents.add(scope, new, part_of))
        except (QuotaExceeded, MissingRight, NotFound):
            owner = self._binding.owner  # perhaps of a caller who is no member any more
            await self._database.write(
                lambda connection: erasing.discard(connection, owner, new.sha256, self._files_of)
            )
            raise

    async def document(self, document: DocumentId) -> Document:
        return await self._read(lambda scope: documents.get(scope, document))

    async def documents(
        self,
        *,
        status: DocumentStatus | None = None,
        query: str | None = None,
        after: DocumentId | None = None,
        limit: int,
    ) -> Sequence[Document]:
        return await self._read(lambda scope: documents.page(scope, status, query, after, limit))

    async def outlines(
        self, document: DocumentId, *, first: int = 1, last: int | None = None
    ) -> Sequence[PageOutline]:
        return await self._read(lambda scope: pages.outlines(scope, document, first, last))

    async def pages(self, document: DocumentId, numbers: Collection[int]) -> Sequence[Page]:
        return await self._read(lambda scope: pages.get(scope, document, numbers))

    async def mark_read(self, document: DocumentId, numbers: Collection[int]) -> None:
        await self._write(lambda scope: pages.mark_read(scope, document, numbers))

    async def search(
        self, query: str, *, document: DocumentId | None = None, after: int = 0, limit: int
    ) -> Sequence[Hit]:
        return await self._read(lambda scope: search.find(scope, query, document, after, limit))

    async def claim(self, document: DocumentId, owner: str, until: datetime) -> bool:
        return await self._write(
            lambda scope: documents.claim(scope, document, owner, stamp(until))
        )

    async def release(self, document: DocumentId, owner: str) -> None:
        await self._write(lambda scope: documents.release(scope, document, owner))

    async def unclaimed(self, now: datetime, limit: int) -> Sequence[Document]:
        return await self._read(lambda scope: documents.unclaimed(scope, stamp(now), limit))

    async def set_outline(self, document: DocumentId, media_type: str, pages: int) -> None:
        await self._write(lambda scope: documents.set_outline(scope, document, media_type, pages))

    async def reserve_recognition(self, document: DocumentId, pages: int) -> None:
        await self._write(lambda scope: documents.reserve_recognition(scope, document, pages))

    async def stored_pages(self, document: DocumentId, engine: str) -> Sequence[int]:
        while await self._write(lambda scope: pages.link(scope, document, engine)):
            pass
        return await self._read(lambda scope: pages.read(scope, document))

    async def save_pages(
        self,
        document: DocumentId,
        engine: str,
        pages: Sequence[Page],
        *,
        billed: int = 0,
        recognised: int = 0,
    ) -> None:
        await self._write(
            lambda scope: save_pages(
                scope, document, engine, pages, billed=billed, recognised=recognised
            )
        )

    async def finish(self, document: DocumentId, owner: str | None = None) -> Document:
        return await self._write(lambda scope: documents.finish(scope, document, owner))

    async def fail(
        self, document: DocumentId, failure: Failure, owner: str | None = None
    ) -> Document:
        return await self._write(lambda scope: documents.fail(scope, document, failure, owner))

    async def retry(self, document: DocumentId) -> Document:
        return await self._write(lambda scope: documents.retry(scope, document))

    async def reread(self, document: DocumentId) -> Document:
        return await self._write(lambda scope: pages.give_up(scope, document))

    async def folder_files(self) -> Sequence[FolderFile]:
        return await self._read(folder.files)

    async def remember_file(self, file: FolderFile) -> None:
        await self._write(lambda scope: folder.remember(scope, file))

    async def fields(
        self,
        document: DocumentId,
        *,
        extraction: int | None = None,
        below: FieldPath = (),
        after: PathKey | None = None,
        limit: int | None = None,
    ) -> Sequence[FieldValue]:
        return await self._read(
            lambda scope: extractions.read(
                scope, document, extraction, below=below, after=after, limit=limit
            )
        )

    async def extractions(self, document: DocumentId) -> Sequence[ExtractionOutline]:
        return await self._read(lambda scope: starting.outlines(scope, document))

    async def start_extraction(self, document: DocumentId) -> Document:
        return await self._write(lambda scope: starting.start(scope, document))

    async def write(
        self,
        document: DocumentId,
        writes: Sequence[FieldWrite],
        *,
        readings: int | None = None,
        seen: Seen | None = None,
        dry_run: bool = False,
    ) -> Sequence[WriteResult]:
        return await self._write(
            lambda scope: extractions.write(scope, document, writes, readings, seen),
            keep=not dry_run,
        )

    async def unlock(self, document: DocumentId, path: FieldPath) -> WriteResult:
        return await self._write(lambda scope: locks.unlock(scope, document, path))

    async def undo(
        self, document: DocumentId, change: ChangeId | None = None, *, redo: bool = False
    ) -> Sequence[Change]:
        return await self._write(lambda scope: undo.undo(scope, document, change, redo=redo))

    async def complete(
        self,
        document: DocumentId,
        *,
        revision: int,
        readings: int | None = None,
        version: str | None = None,
        completion: Completion,
    ) -> Document:
        checked = extractions.Checked(revision, readings, version)
        return await self._write(
            lambda scope: extractions.complete(scope, document, checked, completion)
        )

    async def changes(
        self, document: DocumentId | None = None, *, before: int | None = None, limit: int
    ) -> Sequence[Change]:
        return await self._read(lambda scope: history.changes(scope, document, before, limit))

    async def came_to(self, document: DocumentId, digest: str) -> bool:
        return await self._read(lambda scope: history.came_to(scope, document, digest))

    async def verify(self, document: DocumentId) -> Verification:
        return await self._read(lambda scope: verifying.verify(scope, document))

    async def opened(
        self,
        document: DocumentId,
        *,
        recent: bool = False,  # noqa: ARG002  what is there costs no more than what was
    ) -> tuple[Document, Stack]:
        return await self._read(lambda scope: (documents.get(scope, document), stacks.bound(scope)))

    async def standing(self, document: DocumentId) -> Standing:
        return await self._read(lambda scope: at_once.standing(scope, document))

    async def shown(self, document: DocumentId, numbers: Collection[int]) -> Shown:
        return await self._read(lambda scope: at_once.shown(scope, document, numbers))

    async def members(self) -> Sequence[Member]:
        return await self._read(members.everyone)

    async def grant(self, user: UserId, role: Role) -> None:
        await self._write(lambda scope: members.grant(scope, user, role))

    async def revoke(self, user: UserId) -> bool:
        return await self._write(lambda scope: members.revoke(scope, user))

    async def use_link(self, nonce: str, use: str, expires_at: datetime) -> str:
        return await self._write(lambda scope: links.use(scope, nonce, use, stamp(expires_at)))

    async def _read(self, work: Callable[[Scope], _T]) -> _T:
        return await self._database.read(lambda connection: work(self._scope(connection)))

    async def _write(self, work: Callable[[Scope], _T], *, keep: bool = True) -> _T:
        return await self._database.write(
            lambda connection: work(self._scope(connection)), keep=keep
        )

    def _scope(self, connection: sqlite3.Connection) -> Scope:
        """The binding in a transaction that has begun: writes carry the times they happened in.

        Whoever is no member any more is told so here, whatever was checked before.
        """
        binding = self._binding
        members.check(connection, binding)
        now = stamp(self._clock())
        return Scope(
            connection,
            binding.user,
            binding.owner,
            binding.stack,
            binding.actor,
            now,
            self._quotas,
        )
