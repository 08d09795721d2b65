"""What code that has taken over a process might try there. Runs in the process, after its sandbox.

Each deed is harmless where it succeeds, and answers nothing then.
"""

import ctypes
import errno
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from multiprocessing import connection
from pathlib import Path

from stackdocs_mcp.ocr import child, worker
from stackdocs_mcp.ocr.limits import Limits


def in_parser(channel: connection.Connection, places: Mapping[str, str]) -> None:
    """Answer what came of each deed, in a process made as those that parse a file."""
    child.enclose(places["document"], Limits())
    channel.send(_outcomes(places))


def in_worker(channel: connection.Connection, places: Mapping[str, str]) -> None:
    """The same in an OCR worker, with its models loaded."""
    worker.enclosed(Limits())
    channel.send(_outcomes(places))


def aborting(_channel: connection.Connection, document: str) -> None:
    """Die as a library does that finds its memory broken."""
    child.enclose(document, Limits())
    signal.signal(signal.SIGABRT, signal.SIG_DFL)
    os.abort()


def flooding(channel: connection.Connection, document: str, size: int) -> None:
    """Send more than the server takes."""
    child.enclose(document, Limits())
    channel.send_bytes(b"x" * size)


def burning(_channel: connection.Connection, document: str) -> None:
    """Use processor time for ever."""
    child.enclose(document, Limits(cpu_seconds=1))
    while True:
        pass


def swelling(channel: connection.Connection, document: str) -> None:
    """Take memory until there is no more, and tell how many megabytes that were."""
    child.enclose(document, Limits())
    taken = []
    try:
        while True:
            taken.append(bytearray(1024 * 1024))
    except MemoryError:
        count = len(taken)
        del taken
        channel.send(count)


def _outcomes(places: Mapping[str, str]) -> dict[str, str]:
    return {name: _outcome(deed, places[needs]) for name, (needs, deed) in DEEDS.items()}


def _outcome(deed: Callable[[str], object], place: str) -> str:
    """The name of the error, or nothing."""
    try:
        deed(place)
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "?")
    except RuntimeError as error:  # as threading has it
        return type(error).__name__
    return ""


def _call(number: int) -> Callable[[str], object]:
    """A call of the kernel that Python does not have, with arguments that do no harm."""

    def ask(_place: str) -> None:
        if ctypes.CDLL(None, use_errno=True).syscall(number, -1, 0, 0, 0, 0) < 0:
            raise OSError(ctypes.get_errno(), "")

    return ask


def _connect(port: str) -> None:
    socket.create_connection(("127.0.0.1", int(port))).close()


def _send_to(port: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x", ("127.0.0.1", int(port)))


def _local_socket(_place: str) -> None:
    socket.socket(socket.AF_UNIX).close()


def _fork(_place: str) -> None:
    if os.fork() == 0:
        os._exit(0)


def _spawn(_place: str) -> None:
    subprocess.run([sys.executable, "-c", ""], check=True)


def _replace_itself(_place: str) -> None:
    os.execv("/bin/true", ["true"])


def _write(path: str) -> None:
    Path(path).write_text("x")


def _overwrite(path: str) -> None:
    os.close(os.open(path, os.O_RDWR))


def _temporary(_place: str) -> None:
    tempfile.TemporaryFile().close()


def _signal_server(_place: str) -> None:
    os.kill(os.getppid(), 0)


def _limit_server(_place: str) -> None:
    resource.prlimit(os.getppid(), resource.RLIMIT_CORE, (0, 0))


def _unlimit(_place: str) -> None:
    resource.prlimit(0, resource.RLIMIT_CORE, (0, 0))


def _read(path: str) -> None:
    with open(path, "rb") as file:  # noqa: PTH123
        file.read(1)


def _server_environment(_place: str) -> None:
    _read(f"/proc/{os.getppid()}/environ")


def _thread(_place: str) -> None:
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()


DEEDS: dict[str, tuple[str, Callable[[str], object]]] = {
    "connect": ("port", _connect),
    "send a datagram": ("port", _send_to),
    "open a local socket": ("port", _local_socket),
    "fork": ("document", _fork),
    "start a program": ("document", _spawn),
    "become a program": ("document", _replace_itself),
    "write a file": ("new", _write),
    "write to the document": ("document", _overwrite),
    "remove the document": ("document", os.unlink),
    "rename the document": ("document", lambda place: Path(place).rename(f"{place}.old")),
    "link the document": ("document", lambda place: Path(f"{place}.link").symlink_to(place)),
    "let others read the document": ("document", lambda place: Path(place).chmod(0o777)),
    "cut the document": ("document", lambda place: os.truncate(place, 0)),
    "make a folder": ("new", os.mkdir),
    "make a temporary file": ("document", _temporary),
    "make a file in memory": ("document", os.memfd_create),
    "signal the server": ("document", _signal_server),
    "limit the server": ("document", _limit_server),
    "change its limits": ("document", _unlimit),
    "trace a process": ("document", _call(101 if os.uname().machine == "x86_64" else 117)),
    "ask through a ring": ("document", _call(425)),
    "read another file": ("secret", _read),
    "list a folder": ("folder", os.listdir),
    "read the server's environment": ("document", _server_environment),
    "read the document": ("document", _read),
    "start a thread": ("document", _thread),
}
