"""The server's side of the OCR workers: a few long-lived processes, lent out one page at a time."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from multiprocessing import connection

from stackdocs_mcp.ocr import backend, wire, worker
from stackdocs_mcp.ocr.failures import failure
from stackdocs_mcp.ocr.limits import Limits
from stackdocs_mcp.ocr.processes import Member

NAME = "stackdocs ocr"
log = logging.getLogger(__name__)


class WorkerDied(Exception):
    """Before it answered."""


class Worker:
    """One OCR process, used by one page at a time. Blocking; for threads."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._member = Member(NAME, worker.main, limits)
        self.backend: backend.Backend | None = None
        """What its models run on, once it has answered."""

    @property
    def channel(self) -> connection.Connection:
        return self._member.channel

    @property
    def is_alive(self) -> bool:
        return self._member.is_alive

    def ask(self, picture: wire.Picture, pixels: bytes, languages: Sequence[str]) -> None:
        """Send one bitmap; the answer is there when ``channel`` is readable."""
        self._member.expect(self._limits.ocr_seconds)
        asked = wire.Bitmap(
            columns=picture.columns, rows=picture.rows, whole=picture.whole, languages=languages
        )
        try:
            wire.send(self.channel, asked)
            self.channel.send_bytes(pixels)
        except OSError as error:
            raise WorkerDied from error

    def answer(self) -> wire.Recognised:
        """What was recognised. Raises WorkerDied, or ExtractionFailed where that will not help."""
        try:
            answer = wire.receive_recognised(self.channel, self._limits.page_bytes)
        except (EOFError, wire.Garbled) as error:
            if self._member.is_overdue:
                raise failure("ocr_timed_out") from error
            raise WorkerDied from error
        finally:
            self._member.relax()
        if answer.unavailable:
            raise failure("ocr_unavailable")
        self.backend = answer.backend
        return answer

    def kill(self) -> None:
        self._member.kill()

    def close(self) -> None:
        self._member.close()


class Pool:
    """At most ``size`` workers, started when they are first needed, replaced when they die.

    A file that waits for its only one comes before files that have one already, and those that
    wait come in turn: a long file never keeps all workers from page to page.
    """

    def __init__(self, size: int, limits: Limits) -> None:
        self._limits = limits
        self._free = size
        self._idle: list[Worker] = []
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._is_fallback_known = False

    def borrow(self, *, wait: bool, unless: Callable[[], bool]) -> Worker | None:
        """A worker of one's own, or None when ``unless`` becomes true.

        Without ``wait`` also when all are lent out, or somebody waits for the next.
        """
        with self._changed:
            if wait:
                self._wait_in_line(unless)
            elif self._waiting:
                return None
            if not self._free or unless() or self._closed:
                return None
            self._free -= 1
            while self._idle:
                idle = self._idle.pop()
                if idle.is_alive:
                    return idle
                idle.close()
        return self._started()

    def give_back(self, borrowed: Worker, *, sound: bool) -> None:
        """Lend it to the next one, or replace it when that is needed."""
        if not sound:
            borrowed.close()
        with self._changed:
            if borrowed.backend not in (None, backend.preferred()) and not self._is_fallback_known:
                self._is_fallback_known = True
                log.warning("OpenVINO is installed but does not load; onnxruntime reads the scans")
            self._free += 1
            if sound and not self._closed:
                self._idle.append(borrowed)
            elif sound:
                borrowed.close()
            self._changed.notify_all()

    def nudge(self) -> None:
        """Let those who wait look at their ``unless`` again."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """End the idle workers, and each of the others when it comes back."""
        with self._changed:
            self._closed = True
            idle, self._idle = self._idle, []
            self._changed.notify_all()
        for each in idle:
            each.close()

    def _wait_in_line(self, unless: Callable[[], bool]) -> None:
        """Until one is free and nobody waits longer, or it is for nothing."""
        place = object()
        self._waiting.append(place)
        try:
            while not ((self._free and self._waiting[0] is place) or unless() or self._closed):
                self._changed.wait()
        finally:
            self._waiting.remove(place)
            self._changed.notify_all()

    def _started(self) -> Worker:
        try:
            return Worker(self._limits)
        except BaseException:
            with self._changed:
                self._free += 1
                self._changed.notify_all()
            raise
