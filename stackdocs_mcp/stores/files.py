"""The bytes of documents in a folder, by their SHA-256, apart for each user."""

import hashlib
import io
import os
import re
import stat
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import anyio
import anyio.to_thread

from stackdocs_mcp.core.binding import UserId
from stackdocs_mcp.core.errors import FileRefused, FileTooLarge, StoreFailed
from stackdocs_mcp.core.model import Sha256

CHUNK = 1 << 20
ABANDONED = timedelta(hours=6)
"""A copy that has not grown for so long was left by a process that died."""

_HASH = re.compile("[0-9a-f]{64}")
_INCOMING = "incoming"
# A named pipe must not hang us, a link must not lead us elsewhere. Windows has neither flag.
_READ = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


class FileFolder:
    """One user's files: ``<user>/ab/cd/<sha256>``, and ``incoming`` for what is being copied."""

    def __init__(self, root: Path, user: UserId, turns: anyio.CapacityLimiter) -> None:
        # A user's name may hold anything; its hash is a safe folder, and tells nobody who it is.
        self._folder = root / hashlib.sha256(user.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        self._incoming = root / _INCOMING
        self._turns = turns
        self.user = user

    async def put(self, source: Path, limit: int) -> tuple[Sha256, int]:
        """Copy a file in; hash and size. See the port."""
        return await anyio.to_thread.run_sync(self._put, source, limit, limiter=self._turns)

    async def put_bytes(self, content: bytes, limit: int) -> tuple[Sha256, int]:
        """Keep these bytes. See the port."""
        return await anyio.to_thread.run_sync(self._put_bytes, content, limit, limiter=self._turns)

    @asynccontextmanager
    async def incoming(self, limit: int) -> AsyncIterator["Arriving"]:
        """Bytes that arrive piece by piece. See the port."""
        arriving = Arriving(self._arrival, self._settle, limit, self._turns)
        try:
            yield arriving
        finally:
            with anyio.CancelScope(shield=True):
                await arriving.drop()

    async def local(self, sha256: Sha256) -> Path:
        """The file with these bytes. Raises StoreFailed when it is not there."""
        return await anyio.to_thread.run_sync(self._local, sha256, limiter=self._turns)

    def remove(self, sha256: Sha256) -> None:
        """Remove the file with these bytes, where it is; blocks. Raises StoreFailed."""
        try:
            self._path(sha256).unlink(missing_ok=True)
        except OSError as error:
            raise StoreFailed("a file could not be removed from the store") from error

    def _put(self, source: Path, limit: int) -> tuple[Sha256, int]:
        with _opened(source) as file:
            return self._kept(file, limit)

    def _put_bytes(self, content: bytes, limit: int) -> tuple[Sha256, int]:
        return self._kept(io.BytesIO(content), limit)

    def _kept(self, source: BinaryIO, limit: int) -> tuple[Sha256, int]:
        try:
            return self._copied(source, limit)
        except OSError as error:
            raise StoreFailed("the file could not be copied into the store") from error

    def _arrival(self) -> tuple[int, str]:
        """A new file for bytes on their way, open, and its name."""
        for folder in (self._incoming.parent, self._incoming, self._folder):
            private_folder(folder)
        return tempfile.mkstemp(dir=self._incoming)  # 0600 from the start

    def _copied(self, source: BinaryIO, limit: int) -> tuple[Sha256, int]:
        handle, name = self._arrival()
        try:
            with os.fdopen(handle, "wb") as copy:
                sha256, size = _copy(source, copy, limit)
                copy.flush()
                os.fsync(copy.fileno())
            self._settle(Path(name), sha256)
        except BaseException:
            with suppress(FileNotFoundError):
                Path(name).unlink()
            raise
        return sha256, size

    def _settle(self, arrived: Path, sha256: Sha256) -> None:
        """Give bytes that are on disk their place, durably."""
        target = self._path(sha256)
        for folder in (target.parent.parent, target.parent):
            private_folder(folder)
        _placed(arrived, target)
        _sync(target.parent)  # also of another's file, who may not have come so far

    def _local(self, sha256: Sha256) -> Path:
        if not _HASH.fullmatch(sha256) or not self._path(sha256).is_file():
            raise StoreFailed(
                "the document's file is missing from the store", "Add the file again."
            )
        return self._path(sha256)

    def _path(self, sha256: Sha256) -> Path:
        return self._folder / sha256[:2] / sha256[2:4] / sha256


class Arriving:
    """``core.arriving.Incoming`` in the folder for what is being copied."""

    def __init__(
        self,
        begin: Callable[[], tuple[int, str]],
        settle: Callable[[Path, Sha256], None],
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
        await self._in_turn(self._kept)
        return Sha256(self._digest.hexdigest()), self.size

    async def drop(self) -> None:
        """Leave nothing behind of what was not kept. Harmless twice."""
        self._pieces = []
        if self._file is not None:
            await anyio.to_thread.run_sync(self._dropped, self._file, limiter=self._turns)

    async def _in_turn(self, work: Callable[[], None]) -> None:
        try:
            await anyio.to_thread.run_sync(work, limiter=self._turns)
        except OSError as error:
            raise StoreFailed("the file could not be copied into the store") from error

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

    def _kept(self) -> None:
        self._flush()
        file = self._opened()
        file.flush()
        os.fsync(file.fileno())
        file.close()
        self._settle(self._path, Sha256(self._digest.hexdigest()))
        self._file = None

    def _dropped(self, file: BinaryIO) -> None:
        with suppress(OSError):  # what cannot be written any more, on a full disk
            file.close()
        with suppress(FileNotFoundError):
            self._path.unlink()
        self._file = None


def private_folder(folder: Path) -> None:
    """Make the folder for its owner alone, durably, unless it is there."""
    if folder.is_dir():
        return
    folder.mkdir(mode=0o700, exist_ok=True)
    _sync(folder.parent)


def forget_abandoned(root: Path, now: datetime) -> None:
    """Remove copies that a process left behind when it died."""
    oldest = (now - ABANDONED).timestamp()
    with suppress(FileNotFoundError):
        for file in (root / _INCOMING).iterdir():
            with suppress(FileNotFoundError):
                if file.stat().st_mtime < oldest:
                    file.unlink()


@contextmanager
def _opened(source: Path) -> Iterator[BinaryIO]:
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


def _copy(source: BinaryIO, copy: BinaryIO, limit: int) -> tuple[Sha256, int]:
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        size += len(chunk)
        if size > limit:
            raise FileTooLarge(limit)
        digest.update(chunk)
        copy.write(chunk)

    return Sha256(digest.hexdigest()), size


def _placed(arrived: Path, target: Path) -> None:
    """Make the file the target, unless its bytes are there: then that stays the file it is.

    Somebody may be reading it, in a process that may open this very file and no other. Of several
    at once the first one wins.
    """
    size = arrived.stat().st_size
    if not _is_whole(target, size):
        try:
            os.link(arrived, target)
        except OSError:  # cut short, or just made by another; or a file cannot have two names here
            if not _is_whole(target, size):
                arrived.replace(target)
                return
    arrived.unlink()


def _is_whole(file: Path, size: int) -> bool:
    """There is a regular file of this size, which its name says the bytes of."""
    try:
        found = file.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size == size


def _sync(folder: Path) -> None:
    """Make a new name in the folder durable; Windows cannot, and does not need to."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
