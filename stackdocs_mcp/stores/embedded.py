"""The embedded store: one SQLite file and a folder of files, on this machine alone."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, closing, suppress
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread

from stackdocs_mcp.core.binding import Binding, StackId, UserId
from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.core.events import Watch
from stackdocs_mcp.core.ports import Clock
from stackdocs_mcp.core.quota import UNLIMITED, Left, Quotas
from stackdocs_mcp.core.stack import Stack, StackSummary
from stackdocs_mcp.core.tenancy import AuditRow, Denial, Membership
from stackdocs_mcp.stores import erasing, members, refusals, stacks, usage
from stackdocs_mcp.stores.bound import BoundStore
from stackdocs_mcp.stores.events import watching
from stackdocs_mcp.stores.files import FileFolder, forget_abandoned
from stackdocs_mcp.stores.migrate import known, migrate, version
from stackdocs_mcp.stores.scope import stamp
from stackdocs_mcp.stores.sqlite import Database, connect, create, transact

FILE = "stackdocs.db"
FILES = "files"
COPIES = 2
"""Files that are copied in at once."""


async def open_store(folder: Path, *, clock: Clock, quotas: Quotas = UNLIMITED) -> "EmbeddedStore":
    """The store in this folder, made or brought up to date first.

    Raises StoreTooNew when a newer program has written it, StoreFailed when it cannot be used.
    """
    return await anyio.to_thread.run_sync(_open, folder, clock, quotas)


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


def _open(folder: Path, clock: Clock, quotas: Quotas) -> "EmbeddedStore":
    path = folder / FILE
    create(path)
    writer = connect(path)
    try:
        migrate(writer, known(), stamp(clock()))
        forget_abandoned(folder / FILES, clock())
    except OSError as error:
        writer.close()
        raise StoreFailed("the data folder cannot be used") from error
    except BaseException:
        writer.close()
        raise
    store = EmbeddedStore(folder, Database(path, writer), clock, quotas)
    _finish_erasing(writer, store.files_of)
    return store


def _finish_erasing(writer: sqlite3.Connection, files_of: Callable[[UserId], FileFolder]) -> None:
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

    def __init__(
        self, folder: Path, database: Database, clock: Clock, quotas: Quotas = UNLIMITED
    ) -> None:
        self._path = folder / FILE
        self._files = folder / FILES
        self._database = database
        self._clock = clock
        self._quotas = quotas
        self._copies = anyio.CapacityLimiter(COPIES)

    @property
    def queue(self) -> None:
        return None

    def bind(self, binding: Binding) -> "BoundStore":
        return BoundStore(self._database, binding, self._clock, self._quotas, self.files_of)

    def files(self, binding: Binding) -> FileFolder:
        return self.files_of(binding.owner)

    def files_of(self, owner: UserId) -> FileFolder:
        """The folder that all stacks of this owner share."""
        return FileFolder(self._files, owner, self._copies)

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
        while await self._database.write(partial(erasing.remove, files=self.files_of)):
            pass
        return True

    async def quota(self, user: UserId) -> Left | None:
        now = self._clock()
        return await self._database.read(
            lambda connection: usage.left(connection, user, self._quotas, now)
        )

    async def membership(self, user: UserId, stack: StackId) -> Membership | None:
        return await self._database.look_up(partial(members.find, user=user, stack=stack))

    async def unread(self) -> Sequence[tuple[UserId, StackId]]:
        return await self._database.read(stacks.unread)

    async def ready(self) -> None:
        await self._database.read(lambda connection: connection.execute("SELECT 1").fetchone())

    async def record(self, denial: Denial) -> None:
        now = stamp(self._clock())
        await self._database.write(partial(refusals.record, denial=denial, now=now))

    async def denials(
        self, *, user: UserId | None = None, stack: str | None = None, limit: int
    ) -> Sequence[AuditRow]:
        return await self._database.read(
            partial(refusals.denials, user=user, stack=stack, limit=limit)
        )

    def watch(self) -> AbstractAsyncContextManager[Watch]:
        return watching(self._path)

    async def close(self) -> None:
        await self._database.close()
