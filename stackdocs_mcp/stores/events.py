"""What changed last, read from one connection of its own: see core/events.py."""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.to_thread

from stackdocs_mcp.core.binding import StackId
from stackdocs_mcp.core.events import About, Event
from stackdocs_mcp.core.model import DocumentId
from stackdocs_mcp.stores.sqlite import connect, transact

EVERY_SECONDS = 0.25
AT_ONCE = 1_000

# Any commit of any other connection, of this process or not, changes it.
_VERSION = "PRAGMA data_version"
_LAST = "SELECT coalesce(max(number), 0) FROM news"
_NEWS = """
SELECT number, stack_id, about, document_id FROM news WHERE number > ? ORDER BY number LIMIT ?
"""


@asynccontextmanager
async def watching(path: Path) -> AsyncIterator["SqliteWatch"]:
    """A watch of this file, with a connection that is closed at the end. Raises StoreFailed."""
    connection = await anyio.to_thread.run_sync(connect, path)
    try:
        last = await anyio.to_thread.run_sync(_last, connection)
        yield SqliteWatch(connection, last)
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(connection.close)


class SqliteWatch:
    """``core.events.Watch``: looks four times a second whether anybody has written."""

    def __init__(self, connection: sqlite3.Connection, last: int) -> None:
        self._connection = connection
        self._last = last
        self._version: int | None = None

    async def changed(self) -> Sequence[Event]:
        """What changed since the last call; waits until there is something."""
        while True:
            await anyio.sleep(EVERY_SECONDS)
            if found := await anyio.to_thread.run_sync(self._look):
                self._last = found[-1][0]
                return [event for _number, event in found]

    def _look(self) -> list[tuple[int, Event]]:
        return transact(self._connection, "BEGIN", self._news, "COMMIT")

    def _news(self, connection: sqlite3.Connection) -> list[tuple[int, Event]]:
        (version,) = connection.execute(_VERSION).fetchone()
        if version == self._version:
            return []
        found = connection.execute(_NEWS, (self._last, AT_ONCE)).fetchall()
        if not found:
            self._version = version  # while there is more, the next look goes on
        return [(int(row["number"]), _event(row)) for row in found]


def _last(connection: sqlite3.Connection) -> int:
    connection.execute("PRAGMA query_only = ON")
    (number,) = transact(connection, "BEGIN", lambda one: one.execute(_LAST).fetchone(), "COMMIT")
    return int(number)


def _event(row: sqlite3.Row) -> Event:
    document = DocumentId(row["document_id"]) if row["document_id"] else None
    return Event(StackId(row["stack_id"]), About(row["about"]), document)
