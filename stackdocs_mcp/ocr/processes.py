"""Child processes that follow the server, speak over one channel, and can be killed at any time."""

import contextlib
import multiprocessing
import sys
import threading
import types
from collections.abc import Callable, Iterator
from functools import cache
from multiprocessing import connection
from multiprocessing.context import BaseContext

from stackdocs_mcp.ocr import sandbox

_GRACE = 5.0
"""Seconds that a killed process may take to be gone."""
_bookkeeping = threading.Lock()
"""multiprocessing's list of children, and the reading of an exit code, know no threads."""


@cache
def context() -> BaseContext:
    """A fork server that has loaded the parsers, or fresh processes where there is none.

    On Linux it is logged, once, which protection they will not have.
    """
    if sys.platform == "linux":
        sandbox.warn(sandbox.protections())
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    forking = multiprocessing.get_context("forkserver")
    forking.set_forkserver_preload(["stackdocs_mcp.ocr.nursery"])
    return forking


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """Start a child that does not run this process's main program again.

    multiprocessing would, so that what is defined there can be named; we name nothing there, and
    a program that uses this package need not be written for it.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


class Member:
    """A process with its channel. All methods may be called from any thread, close() last."""

    def __init__(self, name: str, main: Callable[..., None], *arguments: object) -> None:
        starting = context()
        self.channel, theirs = starting.Pipe()
        with _bookkeeping:
            self._process = starting.Process(  # type: ignore[attr-defined]
                name=name, target=main, args=(theirs, *arguments), daemon=True
            )
            with _without_main():
                self._process.start()
        theirs.close()
        self._closing = threading.Lock()
        self._clock: threading.Timer | None = None
        self._closed = False
        self.is_overdue = False
        """It was killed because it took too long."""

    @property
    def is_alive(self) -> bool:
        return not self._closed and not connection.wait([self._process.sentinel], 0)

    def expect(self, seconds: float) -> None:
        """Kill the process unless ``relax`` is called in time. Harmless while the clock runs."""
        if self._clock is None:
            self._clock = threading.Timer(seconds, self._too_late)
            self._clock.daemon = True
            self._clock.start()

    def relax(self) -> None:
        """What was expected has come."""
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def kill(self) -> None:
        """End the process at once; its channel reads as ended."""
        with self._closing:
            if not self._closed:
                self._process.kill()

    def exit_code(self) -> int | None:
        """Of a process that is ending, after waiting for that."""
        connection.wait([self._process.sentinel], _GRACE)
        with _bookkeeping:
            code: int | None = self._process.exitcode
            return code

    def close(self) -> None:
        """Kill the process, wait for its end, and give its descriptors back. Harmless twice."""
        self.relax()
        self.kill()
        with self._closing:
            if self._closed:
                return
            connection.wait([self._process.sentinel], _GRACE)
            with _bookkeeping:
                self._process.join(_GRACE)
                self._process.close()
            self.channel.close()
            self._closed = True

    def _too_late(self) -> None:
        self.is_overdue = True
        self.kill()
