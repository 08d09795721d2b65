"""What a process that sees documents cannot do, by what the system offers to take it away.

First ``shut``, then threads: it binds the thread that calls it and those that come after. Then
``bound``, when what the process needs for itself is there. A protection that the system has and
does not give ends the process; one that it lacks is said by ``doctor``, and on Linux in the log.
"""

import logging
import mimetypes
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from multiprocessing import process
from pathlib import Path

from stackdocs_mcp.ocr import landlock, seccomp

log = logging.getLogger(__name__)

_OPEN_FILES = 64
_SYSTEM = (
    "/usr",
    "/lib",
    "/lib64",
    "/nix/store",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/dev/null",
    "/dev/urandom",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/self/statm",
    "/sys/devices/system",
)
"""Where libraries, fonts and time zones are, and how many processors there are."""


@dataclass(frozen=True, slots=True)
class Protection:
    """Something that parser processes cannot do, by which means, or why they can."""

    name: str
    means: str
    missing: str

    @property
    def said(self) -> str:
        """For whoever runs the server."""
        given = f"no, {self.missing}" if self.missing else f"yes ({self.means})"
        return f"{self.name}: {given}"


def protections() -> tuple[Protection, ...]:
    """All of them, as this system has them."""
    unbound = "" if _is_bounded() else f"{sys.platform} has no resource limits"
    lists = (
        ("no network, no new processes, nothing written", "seccomp", seccomp.missing()),
        ("no files but the document and libraries", "Landlock", landlock.missing()),
        ("bounded memory and processor time", "resource limits", unbound),
    )
    return tuple(Protection(*each) for each in lists)


def warn(found: Iterable[Protection]) -> None:
    """Log what is missing."""
    for each in found:
        if each.missing:
            log.warning("of processes that read documents, %s", each.said)


def prepare() -> None:
    """Do once, before a fork, what each process would have to do for itself."""
    if not seccomp.missing():
        seccomp.prepare()


def shut(documents: Sequence[str] = ()) -> None:
    """Leave this thread these files, what programs are made of, and nothing else of the system.

    The folder for temporary files is one that cannot hold any: no format that is read needs one,
    and a library that tries gets an error at once instead of a place that a document could fill.
    """
    os.chdir(os.sep)
    os.environ["TMPDIR"] = tempfile.tempdir = os.devnull
    if not landlock.missing():
        landlock.read_only([*_libraries(), *_SYSTEM, *map(str, mimetypes.knownfiles), *documents])
    if not seccomp.missing():
        seccomp.install()


def bound(memory: int, seconds: int | None = None, *, threads: bool = False) -> None:
    """Bound the memory in bytes, and the processor time; no file can grow. For good.

    Where it starts no ``threads`` either, no process can be added to those that are there. That
    does not bind root; ``shut`` does.
    """
    if _is_bounded():
        _limit(memory, seconds, threads=threads)
    if not seccomp.missing():
        seccomp.fix_limits()


def address_space() -> int:
    """Bytes that this process has reserved by now, as the memory bound counts; 0 if unknown."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _is_bounded() -> bool:
    try:
        import resource  # noqa: F401, PLC0415 - not on every system
    except ImportError:
        return False
    return True


def _limit(memory: int, seconds: int | None, *, threads: bool) -> None:
    import resource  # noqa: PLC0415 - not on every system

    wanted = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
    }
    if seconds is not None:
        wanted[resource.RLIMIT_CPU] = seconds
    if not threads:
        wanted[resource.RLIMIT_NPROC] = 0
    for kind, most in wanted.items():
        _, hard = resource.getrlimit(kind)
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        # At the hard limit of processor time the kernel kills; just below, it says why.
        spare = kind == resource.RLIMIT_CPU and least != hard
        resource.setrlimit(kind, (least, least + spare))


def _libraries() -> list[str]:
    """Where modules come from, but not the folder that the server was started in."""
    started = process.ORIGINAL_DIR  # type: ignore[attr-defined]
    places = [place for place in sys.path if place and place != started]
    return [sys.prefix, sys.base_prefix, *places, str(Path(__file__).parents[1])]
