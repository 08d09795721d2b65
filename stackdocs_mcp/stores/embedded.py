"""The embedded store: one SQLite file and a folder of files, on this machine alone."""

import sqlite3
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, closing, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.to_thread

from stackdocs_mcp.core.binding import Binding, Role, StackId, UserId
from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.core.events import Watch
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
from stackdocs_mcp.core.stack import FolderFile, Ocr, Policy, Stack, StackSummary
from stackdocs_mcp.core.tenancy import AuditRow, Denial, Member, Membership
from stackdocs_mcp.stores import (
    documents,
    erasing,
    extractions,
    files,
    folder,
    history,
    locks,
    members,
    pages,
    search,
    stacks,
    starting,
    undo,
    verifying,
)
from stackdocs_mcp.stores.events import watching
from stackdocs_mcp.stores.migrate import known, migrate, version
from stackdocs_mcp.stores.pages import save as save_pages
from stackdocs_mcp.stores.scope import Scope, stamp
from stackdocs_mcp.stores.sqlite import Database, connect, create, transact

FILE = "stackdocs.db"
FILES = "files"
COPIES = 2
"""Files that are copied in at once."""

_T = TypeVar("_T")


async def open_store(folder: Path, *, clock: Clock) -> "EmbeddedStore":
    """The store in this folder, made or brought up to date first.

    Raises StoreTooNew when a newer program has written it, StoreFailed when it cannot be used.
    """
    return await anyio.to_thread.run_sync(_open, folder, clock)


async def open_as_it_is(folder: Path, *, clock: Clock) -> "EmbeddedStore":
    """The store in this folder, to be looked at: it is neither made, nor migrated, nor written.

    Raises StoreFailed when it cannot be used.
    """
    return await anyio.to_thread.run_sync(_open_as_it_is, folder, clock)


def is_current(path: Path) -> bool:
    """The database in this file has the shape that this program writes."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            return version(connection) == known()[-1].number
    except sqlite3.Error:
        return False


def _open_as_it_is(folder: Path, clock: Clock) -> "EmbeddedStore":
    path = folder / FILE
    writer = connect(path)
    writer.execute("PRAGMA query_only = ON")
    return EmbeddedStore(folder, Database(path, writer), clock)


def _open(folder: Path, clock: Clock) -> "EmbeddedStore":
    path = folder / FILE
    create(path)
    writer = connect(path)
    try:
        migrate(writer, known(), stamp(clock()))
        files.forget_abandoned(folder / FILES, clock())
    except OSError as error:
        writer.close()
        raise StoreFailed("the data folder cannot be used") from error
    except BaseException:
        writer.close()
        raise
    store = EmbeddedStore(folder, Database(path, writer), clock)
    _finish_erasing(writer, store.files)
    return store


def _finish_erasing(
    writer: sqlite3.Connection, files_of: Callable[[UserId], files.FileFolder]
) -> None:
    """What a process left that died over it. Where that fails, it is tried at the next opening."""
    if not transact(writer, "BEGIN", erasing.is_left, "COMMIT"):
        return
    with suppress(StoreFailed):
        while transact(writer, "BEGIN IMMEDIATE", erasing.erase, "COMMIT"):
            pass
        remove = partial(erasing.remove, files=files_of)
        while transact(writer, "BEGIN IMMEDIATE", remove, "COMMIT"):
            pass


class EmbeddedStore:
    """``core.ports.Store`` on SQLite."""

    def __init__(self, folder: Path, database: Database, clock: Clock) -> None:
        self._path = folder / FILE
        self._files = folder / FILES
        self._database = database
        self._clock = clock
        self._copies = anyio.CapacityLimiter(COPIES)

    def bind(self, binding: Binding) -> "BoundStore":
        return BoundStore(self._database, binding, self._clock)

    def files(self, user: UserId) -> files.FileFolder:
        return files.FileFolder(self._files, user, self._copies)

    async def open_stack(self, user: UserId, name: str, folder: str | None = None) -> Stack:
        find = partial(stacks.find, user=user, name=name, folder=folder)
        found = await self._database.read(find)
        if found is not None:
            return found
        make = partial(stacks.make, user=user, name=name, folder=folder, now=stamp(self._clock()))
        return await self._database.write(make)

    async def stacks(self, user: UserId) -> Sequence[StackSummary]:
        return await self._database.read(partial(stacks.summaries, user=user))

    async def delete_stack(self, user: UserId, stack: StackId) -> bool:
        mark = partial(erasing.mark, user=user, stack=stack, now=stamp(self._clock()))
        if not await self._database.write(mark):
            return False
        while await self._database.write(erasing.erase):
            pass
        while await self._database.write(partial(erasing.remove, files=self.files)):
            pass
        return True

    async def membership(self, user: UserId, stack: StackId) -> Membership | None:
        return await self._database.read(partial(members.find, user=user, stack=stack))

    async def unread(self) -> Sequence[tuple[UserId, StackId]]:
        return await self._database.read(stacks.unread)

    async def ready(self) -> None:
        await self._database.read(lambda connection: connection.execute("SELECT 1").fetchone())

    async def record(self, denial: Denial) -> None:
        now = stamp(self._clock())
        await self._database.write(partial(members.record, denial=denial, now=now))

    async def denials(self, *, user: UserId | None = None, limit: int) -> Sequence[AuditRow]:
        return await self._database.read(partial(members.denials, user=user, limit=limit))

    def watch(self) -> AbstractAsyncContextManager[Watch]:
        return watching(self._path)

    async def close(self) -> None:
        await self._database.close()


class BoundStore:
    """``core.ports.StackStore`` for one binding; the sentences of the port hold."""

    def __init__(self, database: Database, binding: Binding, clock: Clock) -> None:
        self._database = database
        self._binding = binding
        self._clock = clock

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

    async def add_document(self, new: NewDocument) -> tuple[Document, bool]:
        return await self._write(lambda scope: documents.add(scope, new))

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

    async def stored_pages(self, document: DocumentId, engine: str) -> Sequence[int]:
        while await self._write(lambda scope: pages.link(scope, document, engine)):
            pass
        return await self._read(lambda scope: pages.read(scope, document))

    async def save_pages(
        self, document: DocumentId, engine: str, pages: Sequence[Page], *, billed: int = 0
    ) -> None:
        await self._write(lambda scope: save_pages(scope, document, engine, pages, billed))

    async def finish(self, document: DocumentId) -> Document:
        return await self._write(lambda scope: documents.finish(scope, document))

    async def fail(self, document: DocumentId, failure: Failure) -> Document:
        return await self._write(lambda scope: documents.fail(scope, document, failure))

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
        dry_run: bool = False,
    ) -> Sequence[WriteResult]:
        return await self._write(
            lambda scope: extractions.write(scope, document, writes, readings), keep=not dry_run
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

    async def members(self) -> Sequence[Member]:
        return await self._read(members.everyone)

    async def grant(self, user: UserId, role: Role) -> None:
        await self._write(lambda scope: members.grant(scope, user, role))

    async def revoke(self, user: UserId) -> bool:
        return await self._write(lambda scope: members.revoke(scope, user))

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
        return Scope(connection, binding.user, binding.owner, binding.stack, binding.actor, now)
