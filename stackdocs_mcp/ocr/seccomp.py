"""No network, no new processes, nothing written: a filter for what is asked of a Linux kernel.

Needs no rights, works in containers, and cannot be taken off again. Written in the kernel's own
filter language (Documentation/userspace-api/seccomp_filter.rst), because what is published for
Python either needs the LGPL's libseccomp or starts programs instead of restricting this process.
"""

import ctypes
import errno
import os
import platform
import struct
import sys
from functools import cache

from stackdocs_mcp.ocr import kernel, syscalls

_SET_FILTER, _IS_AVAILABLE = 1, 2
_ALL_THREADS = 1
_ALLOW, _KILL, _REFUSE, _UNKNOWN = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026
"""SECCOMP_RET_...: with EPERM, and with ENOSYS as a kernel without that call."""

_LOAD, _EQUAL, _ABOVE, _ANY_BIT, _RETURN = 0x20, 0x15, 0x25, 0x45, 0x06
_NUMBER, _MACHINE, _ARGUMENTS = 0, 4, 16
"""Where struct seccomp_data has what. Both machines store the lower half of an argument first."""

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_THREAD = 0x10000
_TERMINAL_INPUT = (0x5412, 0x541C)
"""TIOCSTI and TIOCLINUX type into the terminal of whoever started the server."""

_Test = tuple[int, int, int]
"""Offset in an argument's bytes, comparison, operand."""


def missing() -> str:
    """Why this system has no such filter, or nothing when it has."""
    machine = syscalls.MACHINES.get(platform.machine())
    if sys.platform != "linux":
        return f"{platform.system()} has no seccomp"
    if machine is None or sys.maxsize < 2**32:
        return f"the filter is not known for {platform.machine()} and this Python"
    errno_answers = ctypes.byref(ctypes.c_uint32(_REFUSE & 0xFFFF0000))
    try:
        kernel.ask(syscalls.depending(machine)["seccomp"], _IS_AVAILABLE, 0, errno_answers)
    except OSError:
        return "the kernel has no seccomp filters"
    return ""


def install() -> None:
    """Filter this thread and what it starts, for good. Raises OSError."""
    machine = _machine()
    signal = syscalls.depending(machine)["tgkill"]  # to itself: that is how a process aborts
    own = _when(signal, [(0, _EQUAL, os.getpid())], _ALLOW, _REFUSE)
    _add(machine, own + _common(machine), 0)


def fix_limits() -> None:
    """Keep the resource limits of all threads, and those of other processes, as they are.

    Raises OSError.
    """
    machine = _machine()
    numbers = syscalls.depending(machine)
    new = [(half, _ANY_BIT, 0xFFFFFFFF) for half in (16, 20)]  # a pointer, or nothing
    code = _when(numbers["prlimit64"], new, _REFUSE, _ALLOW)
    code += _step(_EQUAL, numbers["setrlimit"], 0, 1) + _step(_RETURN, _REFUSE)
    _add(machine, code + _step(_RETURN, _ALLOW), _ALL_THREADS)


def prepare() -> None:
    """Make what the filters of all processes have in common; a fork inherits it."""
    _common(_machine())


@cache
def _common(machine: syscalls.Machine) -> bytes:
    numbers = syscalls.depending(machine)
    code = _step(_ABOVE, syscalls.NEWEST, 0, 1) + _step(_RETURN, _UNKNOWN)
    for number in syscalls.refused(machine):
        code += _step(_EQUAL, number, 0, 1) + _step(_RETURN, _REFUSE)
    for name in syscalls.UNKNOWN:
        code += _step(_EQUAL, numbers[name], 0, 1) + _step(_RETURN, _UNKNOWN)
    code += _when(numbers["clone"], [(0, _ANY_BIT, _THREAD)], _ALLOW, _REFUSE)
    code += _when(numbers["openat"], [(16, _ANY_BIT, _WRITING)], _REFUSE, _ALLOW)
    if "open" in numbers:
        code += _when(numbers["open"], [(8, _ANY_BIT, _WRITING)], _REFUSE, _ALLOW)
    typing = [(8, _EQUAL, request) for request in _TERMINAL_INPUT]
    code += _when(numbers["ioctl"], typing, _REFUSE, _ALLOW)
    return code + _step(_RETURN, _ALLOW)


def _add(machine: syscalls.Machine, rules: bytes, flags: int) -> None:
    code = _step(_LOAD, _MACHINE) + _step(_EQUAL, machine.audit, 1, 0) + _step(_RETURN, _KILL)
    code += _step(_LOAD, _NUMBER) + rules
    steps = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HP", len(code) // 8, ctypes.addressof(steps))
    kernel.gain_nothing()
    call = syscalls.depending(machine)["seccomp"]
    if kernel.ask(call, _SET_FILTER, flags, program):
        raise OSError(errno.EPERM, "a thread has a filter of its own")


def _machine() -> syscalls.Machine:
    return syscalls.MACHINES[platform.machine()]


def _when(number: int, tests: list[_Test], passed: int, failed: int) -> bytes:
    """The answer to one call: ``passed`` if any of the tests is true."""
    code = b""
    for offset, comparison, operand in tests:
        code += _step(_LOAD, _ARGUMENTS + offset)
        code += _step(comparison, operand, 0, 1) + _step(_RETURN, passed)
    code += _step(_RETURN, failed)
    return _step(_EQUAL, number, 0, len(code) // 8) + code


def _step(code: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """A struct sock_filter; the last two count the steps to skip."""
    return struct.pack("=HBBI", code, if_true, if_false, operand)
