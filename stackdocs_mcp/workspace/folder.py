"""A folder as a stack: what is in it now, new and changed. Nothing is written there."""

import contextlib
import logging
import os
import stat
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.to_thread

from stackdocs_mcp.core.errors import FileRefused, StackdocsError
from stackdocs_mcp.core.quota import QuotaExceeded
from stackdocs_mcp.core.stack import FolderFile
from stackdocs_mcp.workspace.context import Workspace
from stackdocs_mcp.workspace.intake import Job, needs_reading

log = logging.getLogger(__name__)

MAX_FILES = 20_000
SETTLE_MS = 300
"""A file that changes again within this time is looked at once, when it has come to rest."""

CANCEL_MS = 500
"""How long the watcher's thread takes at most to notice that nobody listens any more."""

LOOK_AGAIN_SECONDS = 5.0
CHECK_EVERY = 10
"""Quiet periods of ``CANCEL_MS`` after which it is checked that the folder is still the same."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A file of the folder as the file system shows it."""

    name: str
    path: Path
    size: int
    modified_ns: int


async def follow(workspace: Workspace, folder: Path, suffixes: Collection[str]) -> None:
    """Take in what is new and changed in the folder, now and whenever it changes, until cancelled.

    Nothing that a folder holds or that becomes of it ends this: what cannot be watched (a network
    drive, a name that is not Unicode, a folder that is gone) is looked through every few seconds.
    """
    while True:
        try:
            await take_in(workspace, folder, suffixes)
            async for _ in _changes(folder):
                await take_in(workspace, folder, suffixes)
        except StackdocsError as error:
            log.warning("the folder could not be looked through: %s", error.code)
        except Exception as error:  # noqa: BLE001  the watcher raises errors of its own, and OSError
            log.warning("the folder cannot be watched: %s", type(error).__name__)
        await anyio.sleep(LOOK_AGAIN_SECONDS)


async def _changes(folder: Path) -> AsyncIterator[None]:
    """Whenever something may have changed: once when watching has begun, then with each change.

    Ends when the folder is gone, or is another one than it was.
    """
    from watchfiles import awatch  # noqa: PLC0415  only where a folder is served

    with _held(folder):
        known, quiet = await anyio.to_thread.run_sync(_identity, folder), 0
        async for changes in awatch(
            folder,
            step=SETTLE_MS,
            debounce=2_000,
            rust_timeout=CANCEL_MS,
            yield_on_timeout=True,
            ignore_permission_denied=True,
        ):
            quiet += 1
            if changes or quiet == 1:
                yield
                continue
            looked = quiet % CHECK_EVERY == 0
            if looked and known != await anyio.to_thread.run_sync(_identity, folder):
                return


@contextlib.contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Keep the folder's identity from being given to another one while it is watched."""
    if os.name != "posix":
        yield
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield
    finally:
        os.close(handle)


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


async def take_in(workspace: Workspace, folder: Path, suffixes: Collection[str]) -> None:
    """Add every file that is not remembered as it is now; a bad one stops no other."""
    remembered = {file.name: file for file in await workspace.store.folder_files()}
    seen = await anyio.to_thread.run_sync(lambda: list(look(folder, suffixes)))
    for file in seen:
        known = remembered.get(file.name)
        if known and (known.size, known.modified_ns) == (file.size, file.modified_ns):
            continue
        try:
            await _add(workspace, file)
        except QuotaExceeded:
            log.warning("the folder's other files were left out: the month's quota is used up")
            return
        except FileRefused as error:  # gone again, or too large
            log.warning("a file of the folder was left out: %s", error.code)
        except StackdocsError as error:
            log.warning("a file of the folder could not be added: %s", error.code)


def look(
    folder: Path, suffixes: Collection[str], on_other: Callable[[], object] | None = None
) -> Iterator[Seen]:
    """The folder's regular files with these suffixes, by name, also in its subfolders.

    Hidden files and folders and links are passed over. At most 20,000. ``on_other`` is called for
    each file with another suffix. Reads the file system.
    """
    found = 0
    for where, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(where, name)
            if name.startswith((".", "~$")):
                continue
            if path.suffix.lower() not in suffixes:
                if on_other is not None:
                    on_other()
                continue
            if not _is_unicode(name):
                log.warning("a file of the folder was left out: its name is not valid Unicode")
                continue
            try:
                status = path.lstat()
            except OSError:  # gone since the folder was listed
                continue
            if not stat.S_ISREG(status.st_mode):
                continue
            found += 1
            if found > MAX_FILES:
                log.warning("only the first %d files of the folder are taken in", MAX_FILES)
                return
            relative = path.relative_to(folder).as_posix()
            yield Seen(relative, path, status.st_size, status.st_mtime_ns)


def _is_unicode(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


async def _add(workspace: Workspace, file: Seen) -> None:
    shared = workspace.shared
    document, _new = await shared.intake.add(
        workspace.store, workspace.files, file.path, file.name, shared.max_file_bytes
    )
    await workspace.store.remember_file(
        FolderFile(file.name, file.size, file.modified_ns, document.id)
    )
    if needs_reading(document):
        shared.intake.begin(Job(workspace.behind, workspace.files, document.id))
