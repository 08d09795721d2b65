"""One file on its way to pages: a child that parses it, and OCR workers for its pictures.

Blocking; one thread at a time calls ``next``. Nothing is prefetched but what the child has drawn
while the workers are busy, so that a file of any length needs the memory of a few pages.
"""

import threading
from collections import deque
from dataclasses import dataclass
from multiprocessing import connection
from pathlib import Path

from stackdocs_mcp.core.engine import Attachment, Extracted, FileOutline, Pages, Recognising
from stackdocs_mcp.core.errors import ExtractionFailed
from stackdocs_mcp.ocr import clean, pages, wire
from stackdocs_mcp.ocr.failures import failure
from stackdocs_mcp.ocr.parsing import Parsing
from stackdocs_mcp.ocr.recognising import Pool, Worker, WorkerDied
from stackdocs_mcp.ocr.task import Task

_TRIES = 2


@dataclass(slots=True)
class _Job:
    """A picture to recognise."""

    picture: wire.Picture
    pixels: bytes
    tries: int = 0


class Reading:
    """Pages of one file, as they become ready."""

    def __init__(self, file: Path, task: Task, pool: Pool) -> None:
        self._task = task
        self._pool = pool
        self._parsing = Parsing(file, task)
        self._announced: deque[_Job] = deque()
        """Of which the caller has not been told yet."""
        self._waiting: deque[_Job] = deque()
        self._asked: dict[connection.Connection, tuple[Worker, _Job]] = {}
        self._ready: deque[Extracted] = deque()
        self._is_parsed = False
        self._is_stopped = False
        self._state = threading.Lock()
        """Held while what ``stop`` has to kill changes."""
        self._busy = threading.Lock()
        """Held by ``next``, whose caller may have been cancelled, so that ``close`` waits."""

    def next(self) -> Extracted | None:
        """The outline, then one page after the other, then None, also once it has been stopped.

        Raises ExtractionFailed.
        """
        with self._busy:
            try:
                return self._next()
            except ExtractionFailed:
                if self._is_stopped:  # killed processes look like crashes
                    return None
                raise

    def stop(self) -> None:
        """End the work at once, from any thread; a ``next`` under way returns None."""
        with self._state:
            self._is_stopped = True
            self._parsing.kill()
            for worker, _ in self._asked.values():
                worker.kill()
        self._pool.nudge()

    def close(self) -> None:
        """Give processes and workers back. Only after ``stop``, or the last ``next``."""
        with self._busy:
            for worker, _ in self._asked.values():
                self._pool.give_back(worker, sound=False)
            self._asked.clear()
            self._parsing.close()

    def _next(self) -> Extracted | None:
        while not self._is_stopped:
            self._ask()
            if self._ready:
                return self._given(self._ready.popleft())
            if self._is_parsed and not self._asked and not self._waiting:
                return None
            if self._waiting and not self._asked:  # a worker was waited for, and none will come
                return None
            self._hear()
        return None

    def _given(self, item: Extracted) -> Extracted:
        """The item; the next call begins to recognise what it announces."""
        if isinstance(item, Recognising):
            self._waiting.append(self._announced.popleft())
        return item

    def _ask(self) -> None:
        """Hand waiting pictures to free workers; wait for one only when nothing else is to do."""
        while self._waiting:
            idle = not self._asked and not self._ready
            worker = self._pool.borrow(wait=idle, unless=lambda: self._is_stopped)
            if worker is None:
                return
            job = self._waiting.popleft()
            with self._state:
                self._asked[worker.channel] = worker, job
                if self._is_stopped:
                    worker.kill()
            try:
                worker.ask(job.picture, job.pixels, self._task.languages)
            except WorkerDied:
                self._again(worker, job)

    def _hear(self) -> None:
        """Take what comes next from the child, unless a picture waits, or from the workers."""
        channels = list(self._asked)
        if not self._is_parsed and not self._waiting:
            self._parsing.expect()
            channels.append(self._parsing.channel)
        for channel in connection.wait(channels):
            if channel is self._parsing.channel:
                self._take_frame(*self._parsing.frame())
            else:
                assert isinstance(channel, connection.Connection)
                self._take_answer(*self._asked[channel])

    def _take_frame(self, frame: wire.Frame, content: bytes) -> None:
        match frame:
            case wire.Outline():
                self._ready.append(FileOutline(frame.media_type, frame.pages))
            case wire.Read():
                self._ready.append(Pages((pages.read(frame),)))
            case wire.Picture():
                self._announced.append(_Job(frame, content))
                self._ready.append(Recognising((frame.number,)))
            case wire.Attached():
                self._ready.append(Attachment(clean.file_name(frame.name), content))
            case _:
                self._is_parsed = True

    def _take_answer(self, worker: Worker, job: _Job) -> None:
        try:
            answer = worker.answer()
        except WorkerDied:
            self._again(worker, job)
            return
        with self._state:
            del self._asked[worker.channel]
        self._pool.give_back(worker, sound=not answer.is_last)
        self._ready.append(Pages((pages.recognised(job.picture, answer),)))

    def _again(self, worker: Worker, job: _Job) -> None:
        """The worker died over this page: another one may try once more."""
        with self._state:
            del self._asked[worker.channel]
        self._pool.give_back(worker, sound=False)
        job.tries += 1
        if job.tries == _TRIES:
            raise failure("ocr_crashed")
        self._waiting.append(job)
