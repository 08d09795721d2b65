"""Files of the data folder that hold a secret: made on first use, whole, for their owner alone."""

import os
import secrets
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stackdocs_mcp.core.errors import StackdocsError

SECRET_BYTES = 32
_MAX_BYTES = 4_096


class BadKey(StackdocsError):
    """A file with a key cannot be used."""

    code = "bad_key"


@dataclass(frozen=True, slots=True)
class KeyFile:
    """Where a key is kept, ``what`` it is called, and what is ``lost`` with it."""

    path: Path
    what: str
    lost: str

    def secret(self) -> bytes:
        """The 32 random bytes in it. Raises as ``content`` does, and for any other length."""
        found = self.content(lambda: secrets.token_bytes(SECRET_BYTES))
        if len(found) != SECRET_BYTES:
            raise self.bad(f"does not have {SECRET_BYTES} bytes")
        return found

    def content(self, make: Callable[[], bytes]) -> bytes:
        """What is in the file, from ``make`` where there is none yet. Blocking.

        It is on disk when this returns, and processes that begin at the same time agree on one.
        Raises BadKey where others than its owner can read it, and where it can be neither read nor
        made.
        """
        try:
            if not self.path.exists():
                self._keep(make())
            return self._read()
        except OSError as error:
            raise self.bad("cannot be read or made") from error

    def replace(self, content: bytes) -> None:
        """Put another key in the file's place, at once and for good. Blocking.

        Raises BadKey where it cannot be written.
        """
        try:
            temporary = self._written(content)
            temporary.replace(self.path)
        except OSError as error:
            raise self.bad("cannot be replaced") from error

    def state(self) -> tuple[int, ...]:
        """Changes with whatever is done to the file; () where there is none. Costs one look."""
        try:
            found = self.path.stat()
        except OSError:
            return ()
        return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns

    def bad(self, why: str) -> BadKey:
        """The error that says what is wrong with this file, and what to do."""
        return BadKey(
            f"{self.what}, {str(self.path)!r}, {why}",
            f"Correct that, or remove the file: a new key is made, and {self.lost}.",
        )

    def _keep(self, content: bytes) -> None:
        temporary = self._written(content)
        try:
            os.link(temporary, self.path)  # fails where it exists: the first process wins
        except FileExistsError:
            pass
        finally:
            temporary.unlink()

    def _written(self, content: bytes) -> Path:
        """A file beside it with this content, which is on disk."""
        handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=".key-")  # 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            Path(temporary).unlink()
            raise
        return Path(temporary)

    def _read(self) -> bytes:
        with self.path.open("rb") as file:
            if os.name == "posix" and os.fstat(file.fileno()).st_mode & 0o077:
                raise self.bad("can be read by others than its owner")
            return file.read(_MAX_BYTES)


def of_links(folder: Path) -> KeyFile:
    """The key that seals cursors and one-time links."""
    lost = "links and cursors that were given out no longer work"
    return KeyFile(folder / "cursor.key", "the key of links and cursors", lost)


def of_logs(folder: Path) -> KeyFile:
    """The key that makes names in logs tell nothing."""
    lost = "users and stacks have other names in logs from then on"
    return KeyFile(folder / "log.key", "the key of names in logs", lost)
