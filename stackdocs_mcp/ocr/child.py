"""The throw-away process that parses one file: limits first, then nothing but the file.

Everything a file does to a parser ends here: the process has bounded memory and time, no network,
no way to write or to start anything (see ``sandbox``), and is gone after the last page. Importing
this module is cheap: the server process names ``main`` when it starts the child.
"""

import gc
import importlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import connection, process
from pathlib import Path
from typing import Any

from stackdocs_mcp.ocr import formats, sandbox, wire
from stackdocs_mcp.ocr.failures import Unreadable
from stackdocs_mcp.ocr.limits import Limits
from stackdocs_mcp.ocr.task import Task

Converter = Callable[[Path, Task], Iterator[Any]]


def main(channel: connection.Connection, file: str, task: Task) -> None:
    """Send the outline and the pages that the task asks for, or the reason why not."""
    gc.disable()  # the process is gone before it would pay, and its memory is limited
    enclose(file, task.limits)
    try:
        _convert(channel, Path(file), task)
    except BrokenPipeError:
        return  # the server does not want the rest
    except Exception as error:  # noqa: BLE001 - the last barrier: a file fails alone
        wire.send(channel, wire.Failed(reason=_reason(error, Path(file))))


def _reason(error: Exception, file: Path) -> str:
    """Why the file cannot be read: whatever else a parser raises, the file is bad.

    Unless it is not the file: parsers say of one that they cannot open that it is damaged, too.
    """
    if isinstance(error, MemoryError):
        return "memory"
    if isinstance(error, ImportError):
        return "program_incomplete"
    reason = error.reason if isinstance(error, Unreadable) else "damaged"
    return "unopened" if reason == "damaged" and not _opens(file) else reason


def _opens(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            opened.read(1)
    except OSError:
        return False
    return True


def enclose(file: str, limits: Limits) -> None:
    """Give up whatever reading this file does not need."""
    withdraw((file,))
    sandbox.bound(limits.memory_bytes, limits.cpu_seconds)


def withdraw(documents: Sequence[str] = ()) -> None:
    """Let go of the protocol's streams, of other files, and of life when the server is gone."""
    void = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # a library's complaint may quote the document: it goes nowhere
        os.dup2(void, stream)
    os.close(void)
    sys.stdin = sys.stdout = sys.stderr = None
    sandbox.shut(documents)
    server = process.parent_process()
    assert server is not None
    threading.Thread(target=_follow, args=(server.sentinel,), daemon=True).start()


def _follow(server: int) -> None:
    connection.wait([server])
    os._exit(1)


def _convert(channel: connection.Connection, file: Path, task: Task) -> None:
    with file.open("rb") as opened:
        if os.fstat(opened.fileno()).st_size > task.limits.file_bytes:
            raise Unreadable("file_too_large")
        kind = formats.recognise(opened)
    if isinstance(kind, str):
        raise Unreadable(kind)

    converter = importlib.import_module(f"stackdocs_mcp.ocr.{kind.converter}")
    pages: Converter = converter.pages
    for item in pages(file, task):
        if isinstance(item, tuple):
            frame, content = item  # a picture with its pixels, or an attachment with its bytes
            wire.send(channel, frame)
            channel.send_bytes(content)
        else:
            wire.send(channel, item)
    wire.send(channel, wire.Done())
