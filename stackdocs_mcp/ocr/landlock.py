"""No files but those that are named, on Linux kernels with Landlock (5.13 and later).

https://docs.kernel.org/userspace-api/landlock.html. Needs no rights and cannot be taken off.
"""

import contextlib
import ctypes
import os
import platform
import stat
import struct
import sys
from collections.abc import Iterable

from stackdocs_mcp.ocr import kernel

_CREATE, _ADD, _RESTRICT = 444, 445, 446
"""The same numbers on every machine."""
_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_VERSION, _BENEATH = 1, 1
_KINDS = {1: 13, 2: 14, 3: 15, 5: 16}
"""By version of Landlock: how many kinds of access to files there are."""
_NETWORK = 0b11
_SCOPES = 0b11


def version() -> int:
    """Of the kernel's Landlock, 0 where there is none."""
    if sys.platform != "linux":
        return 0
    try:
        return kernel.ask(_CREATE, None, ctypes.c_size_t(0), _VERSION)
    except OSError:
        return 0


def missing() -> str:
    """Why this system has no Landlock, or nothing when it has."""
    if sys.platform != "linux":
        return f"{platform.system()} has no Landlock"
    return "" if version() else "the kernel is older than 5.13, or was started without Landlock"


def read_only(paths: Iterable[str]) -> None:
    """From here on this thread, and what it starts, may read these files and folders, no more.

    Paths that do not exist are left out. No TCP either, and no signal to other processes, where
    the kernel knows how. Raises OSError.
    """
    has = version()
    kinds = max(count for since, count in _KINDS.items() if since <= has)
    taken = (1 << kinds) - 1, _NETWORK if has >= 4 else 0, _SCOPES if has >= 6 else 0
    asked = struct.pack("=QQQ", *taken)
    rules = kernel.ask(_CREATE, asked, ctypes.c_size_t(len(asked)), 0)
    try:
        for path in paths:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                _allow(rules, path)
        kernel.gain_nothing()
        kernel.ask(_RESTRICT, rules, 0)
    finally:
        os.close(rules)


def _allow(rules: int, path: str) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        is_folder = stat.S_ISDIR(os.fstat(place).st_mode)
        access = _READ_FILE | (_READ_FOLDER if is_folder else 0)
        kernel.ask(_ADD, rules, _BENEATH, struct.pack("=Qi", access, place), 0)
    finally:
        os.close(place)
