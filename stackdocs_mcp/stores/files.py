"""The bytes of documents in a folder, by their SHA-256, apart for each user."""

import hashlib
import io
import os
import re
import stat
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import anyio
import anyio.to_thread

from stackdocs_mcp.core.binding import UserId
from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.core.model import Sha256
from stackdocs_mcp.stores.spooling import (
    Arriving,
    forget_left,
    not_copied,
    opened,
    private_folder,
    spooled,
    sync,
)

_HASH = re.compile("[0-9a-f]{64}")
_INCOMING = "incoming"


class FileFolder:
    """One user's files: ``<user>/ab/cd/<sha256>``, and ``incoming`` for what is being copied."""

    def __init__(self, root: Path, owner: UserId, turns: anyio.CapacityLimiter) -> None:
        # A user's name may hold anything; its hash is a safe folder, and tells nobody who it is.
        self._folder = (
            root / hashlib.sha256(owner.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        )
        self._incoming = root / _INCOMING
        self._turns = turns
        self.owner = owner

    async def put(self, source: Path, limit: int) -> tuple[Sha256, int]:
        """Copy a file in; hash and size. See the port."""
        return await anyio.to_thread.run_sync(self._put, source, limit, limiter=self._turns)

    async def put_bytes(self, content: bytes, limit: int) -> tuple[Sha256, int]:
        """Keep these bytes. See the port."""
        return await anyio.to_thread.run_sync(self._put_bytes, content, limit, limiter=self._turns)

    @asynccontextmanager
    async def incoming(self, limit: int) -> AsyncIterator[Arriving]:
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
        with opened(source) as file:
            return self._kept(file, limit)

    def _put_bytes(self, content: bytes, limit: int) -> tuple[Sha256, int]:
        return self._kept(io.BytesIO(content), limit)

    def _kept(self, source: BinaryIO, limit: int) -> tuple[Sha256, int]:
        try:
            arrived, sha256, size = spooled(source, self._arrival, limit)
            try:
                self._place(arrived, sha256)
            except BaseException:
                arrived.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise not_copied(error) from error
        return sha256, size

    def _arrival(self) -> tuple[int, str]:
        """A new file for bytes on their way, open, and its name."""
        for folder in (self._incoming.parent, self._incoming, self._folder):
            private_folder(folder)
        return tempfile.mkstemp(dir=self._incoming)  # 0600 from the start

    async def _settle(self, arrived: Path, sha256: Sha256, _size: int) -> None:
        try:
            await anyio.to_thread.run_sync(self._place, arrived, sha256, limiter=self._turns)
        except OSError as error:
            raise not_copied(error) from error

    def _place(self, arrived: Path, sha256: Sha256) -> None:
        """Give bytes that are on disk their place, durably."""
        target = self._path(sha256)
        for folder in (target.parent.parent, target.parent):
            private_folder(folder)
        _placed(arrived, target)
        sync(target.parent)  # also of another's file, who may not have come so far

    def _local(self, sha256: Sha256) -> Path:
        if not _HASH.fullmatch(sha256) or not self._path(sha256).is_file():
            raise StoreFailed(
                "the document's file is missing from the store", "Add the file again."
            )
        return self._path(sha256)

    def _path(self, sha256: Sha256) -> Path:
        return self._folder / sha256[:2] / sha256[2:4] / sha256


def forget_abandoned(root: Path, now: datetime) -> None:
    """Remove copies that a process left behind when it died."""
    forget_left(root / _INCOMING, now)


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
