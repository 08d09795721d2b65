"""One SQLite file: a writer, a few readers, both off the event loop, and failures in our words."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.to_thread

from stackdocs_mcp.core.errors import InvalidArgument, StoreFailed

READERS = 4
BUSY_SECONDS = 20.0
"""How long a call waits for another process's write."""
OLDEST = (3, 37, 0)  # STRICT tables

_T = TypeVar("_T")

_SETTINGS = (
    f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA temp_store = MEMORY",
)
_SAID = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "the store's folder is read-only",
    sqlite3.SQLITE_BUSY: "another process holds the store",
    sqlite3.SQLITE_LOCKED: "another process holds the store",
    sqlite3.SQLITE_CORRUPT: "the store's file is damaged",
    sqlite3.SQLITE_NOTADB: "the store's file is not a database",
    sqlite3.SQLITE_CANTOPEN: "the store's file cannot be opened",
    sqlite3.SQLITE_PERM: "the store's file may not be used by this user",
    sqlite3.SQLITE_IOERR: "the disk reports an error",
}


def create(path: Path) -> None:
    """Make the file for its owner alone, in a folder for its owner alone, before SQLite sees it.

    SQLite gives its ``-wal`` and ``-shm`` files the rights of the file itself. Raises StoreFailed.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        os.close(handle)
        path.chmod(0o600)
    except OSError as error:
        raise StoreFailed("the data folder cannot be used for writing") from error


def connect(path: Path) -> sqlite3.Connection:
    """A connection that commits only when told, and may move between threads.

    Raises StoreFailed when the file cannot be opened as a database.
    """
    if sqlite3.sqlite_version_info < OLDEST:
        raise StoreFailed(f"SQLite {sqlite3.sqlite_version} is too old; 3.37 is needed")
    try:
        connection = sqlite3.connect(
            path,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
    except sqlite3.Error as error:
        raise failure(error) from error
    connection.row_factory = sqlite3.Row
    try:
        for setting in _SETTINGS:
            connection.execute(setting)
        _write_ahead(connection)
    except sqlite3.Error as error:
        connection.close()
        raise failure(error) from error
    return connection


@contextmanager
def patient(connection: sqlite3.Connection, seconds: float) -> Iterator[None]:
    """Meanwhile the connection waits this long for another process's write."""
    wait = "PRAGMA busy_timeout = {:.0f}"
    try:
        connection.execute(wait.format(seconds * 1000))
    except sqlite3.Error as error:
        raise failure(error) from error
    try:
        yield
    finally:
        with suppress(sqlite3.Error):  # then it stays patient, which harms nobody
            connection.execute(wait.format(BUSY_SECONDS * 1000))


def is_busy(error: BaseException | None) -> bool:
    """SQLite gave up waiting for another process."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF == sqlite3.SQLITE_BUSY


def transact(
    connection: sqlite3.Connection, begin: str, work: Callable[[sqlite3.Connection], _T], end: str
) -> _T:
    """What ``work`` gives, between ``begin`` and ``end``; rolled back if anything is raised.

    Raises StoreFailed for whatever SQLite reports, and InvalidArgument for text and numbers that
    it cannot hold.
    """
    try:
        if connection.in_transaction:  # the last one could not even be rolled back
            connection.execute("ROLLBACK")
        connection.execute(begin)
        try:
            result = work(connection)
            connection.execute(end)
        except BaseException:
            if connection.in_transaction:  # a full disk has rolled back already
                connection.execute("ROLLBACK")
            raise
    except sqlite3.Error as error:
        raise failure(error) from error
    except (UnicodeEncodeError, OverflowError) as error:
        raise InvalidArgument(
            "a text or number cannot be stored", "Send valid Unicode and numbers of usual size."
        ) from error
    return result


def failure(error: sqlite3.Error) -> StoreFailed:
    """What went wrong, in our words; SQLite's own stay in ``__cause__``."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return StoreFailed("the store is closed")
    return StoreFailed(_SAID.get(code & 0xFF, "the store could not be used"))


class Database:
    """The connections of one process. Writes queue for one of them; reads use the others.

    A call that is cancelled while it waits has done nothing; one that has begun is awaited to its
    end, so that a transaction is never torn and nobody is told before it is over.
    """

    def __init__(self, path: Path, writer: sqlite3.Connection) -> None:
        self._path = path
        self._writer = writer
        self._readers: list[sqlite3.Connection] = []
        self._looker: sqlite3.Connection | None = None
        self._write_turn = anyio.CapacityLimiter(1)
        self._read_turn = anyio.CapacityLimiter(READERS)
        self._closed = False

    async def read(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """What ``work`` gives from one snapshot of the database."""
        return await anyio.to_thread.run_sync(self._read, work, limiter=self._read_turn)

    async def look_up(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """What ``work`` gives, which finds one row by its key. Answers as ``read`` does.

        On the event loop: it takes 6 us there, and ten times that by a thread and back. Readers
        wait for nobody in WAL; where this one would have to wait after all, a thread does.
        """
        if self._looker is None:
            await self._open_looker()
        if self._looker is not None and not self._closed:
            with suppress(StoreFailed):
                return transact(self._looker, "BEGIN", work, "COMMIT")
        return await self.read(work)

    async def write(self, work: Callable[[sqlite3.Connection], _T], *, keep: bool = True) -> _T:
        """What ``work`` gives in one transaction, on disk when this returns; or not kept at all."""
        end = "COMMIT" if keep else "ROLLBACK"
        return await anyio.to_thread.run_sync(self._write, work, end, limiter=self._write_turn)

    async def close(self) -> None:
        """Wait for running calls, then close every connection. Harmless twice."""
        self._closed = True
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._writer.close, limiter=self._write_turn)
            if self._looker is not None:
                await anyio.to_thread.run_sync(self._looker.close)
            turns = [object() for _ in range(READERS)]
            for turn in turns:
                await self._read_turn.acquire_on_behalf_of(turn)
            while self._readers:
                await anyio.to_thread.run_sync(self._readers.pop().close)
            for turn in turns:
                self._read_turn.release_on_behalf_of(turn)

    def _read(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        if self._closed:
            raise StoreFailed("the store is closed")
        connection = self._readers.pop() if self._readers else self._reader()
        try:
            return transact(connection, "BEGIN", work, "COMMIT")
        finally:
            self._readers.append(connection)

    def _write(self, work: Callable[[sqlite3.Connection], _T], end: str) -> _T:
        return transact(self._writer, "BEGIN IMMEDIATE", work, end)

    async def _open_looker(self) -> None:
        with anyio.CancelScope(shield=True):  # or it would be open, and nobody's
            opened = await anyio.to_thread.run_sync(self._make_looker)
            if self._looker is None and not self._closed:
                self._looker = opened
            else:  # another call was first, or the store was closed meanwhile
                await anyio.to_thread.run_sync(opened.close)

    def _make_looker(self) -> sqlite3.Connection:
        connection = self._reader()
        connection.execute("PRAGMA busy_timeout = 0")
        return connection

    def _reader(self) -> sqlite3.Connection:
        connection = connect(self._path)
        connection.execute("PRAGMA query_only = ON")
        return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to WAL. SQLite does not wait for a process that switches at the same time: we do."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
