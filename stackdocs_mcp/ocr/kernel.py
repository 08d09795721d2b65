"""Calls of the Linux kernel that Python has no function for."""

import ctypes
import os
from functools import cache

_NO_NEW_PRIVILEGES = 38


def ask(call: int, *arguments: object) -> int:
    """What the kernel answers. Raises OSError."""
    answer = int(_libc().syscall(ctypes.c_long(call), *arguments))
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return answer


def gain_nothing() -> None:
    """Keep this thread from ever getting rights by starting a program. Raises OSError.

    The kernel wants it of those who restrict themselves without being root.
    """
    if _libc().prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
