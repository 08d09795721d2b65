"""Bytes on their way into a store: hashed, counted, on disk till they are kept."""

import errno
import hashlib
import os
import stat
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import anyio
import anyio.to_thread

from stackdocs_mcp.core.errors import FileRefused, FileTooLarge, StoreFailed
from stackdocs_mcp.core.model import Sha256

CHUNK = 1 << 20
ABANDONED = timedelta(hours=6)
"""A copy that has not grown for so long was left by a process that died."""

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
# A named pipe must not hang us, a link must not lead us elsewhere. Windows has neither flag.
_READ = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


Spooled = tuple[Path, Sha256, int]
"""A file of this machine, and the hash and the size of its bytes."""
Settle = Callable[[Path, Sha256, int], Awaitable[None]]
"""Given a file, whole and on disk, with its hash and size; takes it away or leaves it."""


class Arriving:
    """``core.files.Incoming`` in a folder for what is being copied.

    ``begin`` opens a file there and gives its name; what ``settle`` leaves of it is removed.
    """

    def __init__(
        self,
        begin: Callable[[], tuple[int, str]],
        settle: Settle,
        limit: int,
        turns: anyio.CapacityLimiter,
    ) -> None:
        self._begin = begin
        self._settle = settle
        self._limit = limit
        self._turns = turns
        self._pieces: list[bytes] = []
        self._waiting = 0
        self._digest = hashlib.sha256()
        self._file: BinaryIO | None = None
        self._path = Path()
        self.size = 0

    async def write(self, piece: bytes) -> None:
        """Take the next bytes. See the port."""
        self.size += len(piece)
        if self.size > self._limit:
            raise FileTooLarge(self._limit)
        self._pieces.append(piece)
        self._waiting += len(piece)
        if self._waiting >= CHUNK:
            await self._in_turn(self._flush)

    async def sha256(self) -> Sha256:
        """The hash of what has arrived. See the port."""
        await self._in_turn(self._flush)
        return Sha256(self._digest.hexdigest())

    async def keep(self) -> tuple[Sha256, int]:
        """Make it a file of the store. See the port."""
        await self._in_turn(self._finish)
        sha256 = Sha256(self._digest.hexdigest())
        await self._settle(self._path, sha256, self.size)
        self._file = None
        return sha256, self.size

    async def drop(self) -> None:
        """Leave nothing behind of what was not kept. Harmless twice."""
        self._pieces = []
        if self._file is not None:
            await anyio.to_thread.run_sync(self._dropped, self._file, limiter=self._turns)

    async def _in_turn(self, work: Callable[[], None]) -> None:
        try:
            await anyio.to_thread.run_sync(work, limiter=self._turns)
        except OSError as error:
            raise not_copied(error) from error

    def _opened(self) -> BinaryIO:
        if self._file is None:
            handle, name = self._begin()
            self._path, self._file = Path(name), os.fdopen(handle, "wb")
        return self._file

    def _flush(self) -> None:
        file = self._opened()
        for piece in self._pieces:
            self._digest.update(piece)
            file.write(piece)
        self._pieces, self._waiting = [], 0

    def _finish(self) -> None:
        self._flush()
        file = self._opened()
        file.flush()
        os.fsync(file.fileno())
        file.close()

    def _dropped(self, file: BinaryIO) -> None:
        with suppress(OSError):  # what cannot be written any more, on a full disk
            file.close()
        with suppress(FileNotFoundError):
            self._path.unlink()
        self._file = None


def spooled(source: BinaryIO, begin: Callable[[], tuple[int, str]], limit: int) -> Spooled:
    """The bytes as a file of their own, on disk; see ``Arriving``. Raises FileTooLarge, OSError."""
    handle, name = begin()
    try:
        with os.fdopen(handle, "wb") as copy:
            sha256, size = _copied(source, copy, limit)
            copy.flush()
            os.fsync(copy.fileno())
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name), sha256, size


@contextmanager
def opened(source: Path) -> Iterator[BinaryIO]:
    """A regular file, not through a link. Raises FileRefused for anything else."""
    try:
        handle = os.open(source, _READ)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise FileRefused(
            f"{source.name!r} cannot be read", "Name an existing file, not a link."
        ) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise FileRefused(f"{source.name!r} is not a regular file", "Name a document's file.")
    with os.fdopen(handle, "rb") as file:
        yield file


def _copied(source: BinaryIO, copy: BinaryIO, limit: int) -> tuple[Sha256, int]:
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        size += len(chunk)
        if size > limit:
            raise FileTooLarge(limit)
        digest.update(chunk)
        copy.write(chunk)

    return Sha256(digest.hexdigest()), size


def not_copied(error: OSError) -> StoreFailed:
    """What a copy failed for, in our words."""
    if error.errno in _FULL:
        return StoreFailed(
            "the disk of this server is full", "Make room there, then send the file again."
        )
    return StoreFailed("the file could not be copied into the store")


def private_folder(folder: Path) -> None:
    """Make the folder for its owner alone, durably, unless it is there."""
    if folder.is_dir():
        return
    folder.mkdir(mode=0o700, exist_ok=True)
    sync(folder.parent)


def forget_left(folder: Path, now: datetime) -> None:
    """Remove what a process left in this folder for copies when it died."""
    oldest = (now - ABANDONED).timestamp()
    with suppress(FileNotFoundError):
        for file in folder.iterdir():
            with suppress(FileNotFoundError):
                if file.stat().st_mtime < oldest:
                    file.unlink()


def sync(folder: Path) -> None:
    """Make a new name in the folder durable; Windows cannot, and does not need to."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
