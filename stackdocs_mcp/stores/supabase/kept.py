"""Files that this process has fetched or sent, kept on its own disk for those who read them next.

Bounded in bytes. What was used last stays; what somebody holds the path of always does: a path
counts as held for as long as the very object that was given lives.
"""

import os
import shutil
import sys
import tempfile
import threading
import time
import weakref
from collections import Counter, OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

from stackdocs_mcp.stores.spooling import private_folder

if sys.platform != "win32":
    import fcntl

BYTES = 1 << 30
"""Files that nobody reads are removed, the one used longest ago first, until no more are left."""
ABANDONED_SECONDS = 24 * 3600.0
"""Where a folder cannot be locked: nothing came to it for so long, so its process has died."""
_PREFIX = "files-"
_LOCK = "lock"
"""Held in a folder for as long as its process lives."""

if TYPE_CHECKING:
    _PathOfThisSystem = Path
else:
    _PathOfThisSystem = type(Path())


class _Held(_PathOfThisSystem):
    """A path that can be seen to be given up; to another process it is a plain one."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Path, (str(self),)


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    size: int


class Kept:
    """The files of one process, by their keys. May be used by many threads."""

    def __init__(self, folder: Path | None = None, limit: int = BYTES) -> None:
        """``folder`` is where the process' own one is made; None for where temporary ones are."""
        self._parent = folder
        self._limit = limit
        self._lock = threading.RLock()
        self._folder: Path | None = None
        self._held: int | None = None
        self._files: OrderedDict[str, _File] = OrderedDict()
        self._holds: Counter[Path] = Counter()
        self._turns: weakref.WeakValueDictionary[str, anyio.Lock] = weakref.WeakValueDictionary()
        self._number = 0

    def tidy(self) -> None:
        """Remove what processes that died have left; blocks."""
        if self._parent is not None:
            _forget_abandoned(self._parent)

    def alone(self, key: str) -> anyio.Lock:
        """For one to fetch the file while others wait for it."""
        return self._turns.setdefault(key, anyio.Lock())

    def arrival(self) -> tuple[int, str]:
        """A new file for bytes on their way, open, and its name; blocks. Raises OSError."""
        return tempfile.mkstemp(dir=self._own() / "incoming")  # 0600 from the start

    def take(self, key: str, arrived: Path, size: int) -> Path:
        """Keep a whole file under this key, and give its path, held; blocks. Raises OSError."""
        with self._lock:
            self.forget(key)
            self._number += 1
            file = _File(self._own() / str(self._number), size)
            arrived.rename(file.path)
            self._files[key] = file
            held = self._hold(file.path)
            self._make_room()
            return held

    def find(self, key: str) -> Path | None:
        """The file's path, held; None where it is not, or not whole any more."""
        with self._lock:
            file = self._files.get(key)
            if file is None:
                return None
            with suppress(OSError):
                if file.path.stat().st_size == file.size:
                    self._files.move_to_end(key)
                    return self._hold(file.path)
            self.forget(key)
            return None

    def forget(self, key: str) -> None:
        """Have the file fetched again when it is asked for. Whoever reads it still may."""
        with self._lock:
            file = self._files.pop(key, None)
            if file is not None and not self._holds[file.path]:
                _remove(file.path)

    def forget_all(self, folder: str | None = None) -> None:
        """Have no file with a key in this folder any more, or none at all; blocks."""
        with self._lock:
            for key in [
                one for one in self._files if folder is None or one.startswith(f"{folder}/")
            ]:
                self.forget(key)

    def close(self) -> None:
        """Remove all of it; blocks. Harmless twice."""
        with self._lock:
            self._files.clear()
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder = None
            if self._held is not None:
                os.close(self._held)
                self._held = None

    def _own(self) -> Path:
        with self._lock:
            if self._folder is None:
                parent = self._parent or Path(tempfile.gettempdir())
                if self._parent is not None:
                    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    _forget_abandoned(parent)
                self._folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
                self._held = _hold(self._folder)
            private_folder(self._folder / "incoming")
            return self._folder

    def _hold(self, path: Path) -> Path:
        held = _Held(path)
        self._holds[path] += 1
        weakref.finalize(held, self._release, path).atexit = False
        return held

    def _release(self, path: Path) -> None:
        with self._lock:
            self._holds[path] -= 1
            if self._holds[path] > 0:
                return
            del self._holds[path]
            if all(file.path != path for file in self._files.values()):
                _remove(path)
            self._make_room()

    def _make_room(self) -> None:
        used = sum(file.size for file in self._files.values())
        for key, file in list(self._files.items()):
            if used <= self._limit:
                return
            if not self._holds[file.path]:
                self.forget(key)
                used -= file.size


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _hold(folder: Path) -> int | None:
    """Lock the folder until this process ends, however it does. None where that cannot be done."""
    if sys.platform == "win32":
        return None
    fresh = folder / "fresh"
    held = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fresh.rename(folder / _LOCK)  # whoever finds it there finds it held
    except OSError:  # not every file system has locks
        os.close(held)
        return None
    return held


def _is_abandoned(folder: Path) -> bool:
    """Whether the folder's process has died. Raises OSError where it cannot be told."""
    lock = folder / _LOCK
    if sys.platform == "win32" or not lock.exists():
        return folder.stat().st_mtime < time.time() - ABANDONED_SECONDS
    handle = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True


def _forget_abandoned(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if _is_abandoned(folder):
                shutil.rmtree(folder, ignore_errors=True)
