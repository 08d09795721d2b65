"""Token buckets in an SQLite file of their own, shared by the processes on one data folder."""

import math
import sqlite3
from contextlib import suppress
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread

from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.core.limits import Granted
from stackdocs_mcp.stores.sqlite import create, failure

FILE = "limits.db"
BUSY_SECONDS = 0.25
"""A call that waits longer for other processes fails: whoever counts has another way then."""
CLOCK_SKEW = 60.0
"""Seconds that two processes' clocks may be apart, also after one of them has been set."""
IDLE_SECONDS = 3_600.0
"""Buckets nobody has taken from for so long, or until they are full, are forgotten."""
FORGET_EVERY = 1_000

_SETTINGS = (
    f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = OFF",  # after a power cut the buckets are full: nobody minds
    "PRAGMA trusted_schema = OFF",
)
_TABLE = """
CREATE TABLE IF NOT EXISTS buckets (
    key     TEXT NOT NULL PRIMARY KEY,
    held    REAL NOT NULL,
    at      REAL NOT NULL,
    granted INTEGER NOT NULL
) STRICT, WITHOUT ROWID
"""
# What the bucket holds by now; "at" never goes back, but where the clock was put back.
_HELD = "min(:burst, held + max(0.0, :now - at) * :per_second)"
_GRANTED = f"min(:want, CAST({_HELD} AS INTEGER))"
_TAKE = f"""
INSERT INTO buckets (key, held, at, granted)
VALUES (:key, :burst - min(:want, :burst), :now, min(:want, :burst))
ON CONFLICT (key) DO UPDATE SET held = {_HELD} - {_GRANTED}, granted = {_GRANTED},
    at = CASE WHEN :now < at - {CLOCK_SKEW} THEN :now ELSE max(at, :now) END
RETURNING granted, held, at
"""  # noqa: S608  constants
_FORGET = "DELETE FROM buckets WHERE at < :before"
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def granted(count: int, held: float, at: float, *, per_second: float, now: float) -> Granted:
    """What a bucket gave that holds so much since then; where it gave nothing, until when."""
    if count:
        return Granted(count)
    missing = max(0.0, 1.0 - held) / per_second + max(0.0, at - now)
    return Granted(0, missing if math.isfinite(missing) else IDLE_SECONDS)


class SharedCounters:
    """``core.limits.Counters`` in a file of the data folder; costs nothing until it is used."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._turn = anyio.CapacityLimiter(1)
        self._connection: sqlite3.Connection | None = None
        self._taken = 0
        self._closed = False

    async def take(
        self, key: str, want: int, *, per_second: float, burst: int, now: float
    ) -> Granted:
        work = partial(self._take, key, want, per_second, burst, now)
        return await anyio.to_thread.run_sync(work, limiter=self._turn)

    async def close(self) -> None:
        self._closed = True
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._drop, limiter=self._turn)

    def _take(self, key: str, want: int, per_second: float, burst: int, now: float) -> Granted:
        if self._closed:
            raise StoreFailed("the store is closed")
        asked = {"key": key, "want": want, "per_second": per_second, "burst": burst, "now": now}
        try:
            ((count, held, at),) = self._opened().execute(_TAKE, asked).fetchall()
            self._forget(max(IDLE_SECONDS, burst / per_second), now)
        except sqlite3.Error as error:
            self._drop()  # the next call opens it anew, and makes another of a damaged one
            raise failure(error) from error
        return granted(count, held, at, per_second=per_second, now=now)

    def _forget(self, idle: float, now: float) -> None:
        """Once in a while, buckets that are full: a new one is the same."""
        self._taken += 1
        if self._taken % FORGET_EVERY == 0:
            self._connected().execute(_FORGET, {"before": now - idle})

    def _connected(self) -> sqlite3.Connection:
        assert self._connection is not None
        return self._connection

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                self._connection = _open(self._path)
            except sqlite3.Error as error:
                code = getattr(error, "sqlite_errorcode", 0) & 0xFF
                if code not in _DAMAGED:
                    raise
                for name in ("", "-wal", "-shm"):
                    with suppress(OSError):
                        self._path.with_name(FILE + name).unlink()
                self._connection = _open(self._path)
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


def _open(path: Path) -> sqlite3.Connection:
    create(path)
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        for setting in _SETTINGS:
            connection.execute(setting)
        connection.execute(_TABLE)
    except sqlite3.Error:
        connection.close()
        raise
    return connection
