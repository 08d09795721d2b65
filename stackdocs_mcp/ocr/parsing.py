"""The server's side of the throw-away child: start it, hear it, end it. Blocking; for threads.

A child that somebody else killed, as a system without memory does, says nothing about its file: it
is started once more, for the pages that are missing.
"""

import signal
import threading
from dataclasses import replace
from multiprocessing import connection
from pathlib import Path

from stackdocs_mcp.ocr import child, wire
from stackdocs_mcp.ocr.failures import failure
from stackdocs_mcp.ocr.processes import Member
from stackdocs_mcp.ocr.task import Task

NAME = "stackdocs parser"
_KILLED = -getattr(signal, "SIGKILL", 9)  # Windows has neither
_OUT_OF_TIME = -getattr(signal, "SIGXCPU", 24)


class _Gone(Exception):
    """The child ended before it had said everything."""


class Parsing:
    """One file being parsed, by a child that is started when it is first asked for something.

    ``channel`` is readable when a frame, or the end, is there.
    """

    def __init__(self, file: Path, task: Task) -> None:
        self._file = file
        self._task = task
        self._limits = task.limits
        self._pages: set[int] = set()
        """That have come."""
        self._has_outline = False
        self._attached = 0
        self._repeated = 0
        """Attachments that a second child sends again and that have come before."""
        self._is_second = False
        self._is_ended = False
        self._state = threading.Lock()
        """Held while what ``kill`` has to kill changes."""
        self._member: Member | None = None

    @property
    def channel(self) -> connection.Connection:
        return self._begun().channel

    def expect(self) -> None:
        """Start the clock for the next frame, unless it is running; then the child is killed."""
        self._begun().expect(self._limits.step_seconds)

    def frame(self) -> tuple[wire.Frame, bytes]:
        """The next frame, and the bitmap of a picture or the bytes of an attachment.

        Raises ExtractionFailed when the file cannot be read or the child is gone.
        """
        while True:
            try:
                frame, content = self._received()
            except _Gone:
                self._start_again()
                continue
            if isinstance(frame, wire.Failed):
                raise failure(frame.reason)
            if self._is_new(frame):
                return frame, content
            self.expect()

    def kill(self) -> None:
        """End the child at once, for good. From any thread, at any time."""
        with self._state:
            self._is_ended = True
            if self._member:
                self._member.kill()

    def close(self) -> None:
        """Kill the child and wait until nothing is left of it."""
        if self._member:
            self._member.close()

    def _begun(self) -> Member:
        return self._member or self._begin()

    def _begin(self) -> Member:
        """A child for the pages that have not come."""
        task = replace(self._task, skip=frozenset(self._task.skip) | self._pages)
        member = Member(NAME, child.main, str(self._file.absolute()), task)
        with self._state:
            self._member = member
            if self._is_ended:
                member.kill()
        return member

    def _received(self) -> tuple[wire.Frame, bytes]:
        try:
            frame = wire.receive(self.channel, self._limits.page_bytes)
            content = b""
            if isinstance(frame, wire.Picture):
                most = self._limits.bitmap_bytes
                content = wire.receive_bitmap(self.channel, frame.columns, frame.rows, most)
            if isinstance(frame, wire.Attached):
                most = self._limits.file_bytes
                content = wire.receive_content(self.channel, frame.size, most)
        except (EOFError, wire.Garbled) as error:
            raise _Gone from error
        finally:
            self._begun().relax()
        return frame, content

    def _start_again(self) -> None:
        """Once, where the child was killed by neither us nor its file. Raises ExtractionFailed."""
        gone = self._begun()
        code = gone.exit_code()
        if gone.is_overdue or code == _OUT_OF_TIME:
            raise failure("timed_out")
        if code != _KILLED or self._is_second or self._has_ended():
            raise failure("crashed")
        self._is_second = True
        self._repeated = self._attached
        gone.close()
        self._begin()
        self.expect()

    def _has_ended(self) -> bool:
        with self._state:
            return self._is_ended

    def _is_new(self, frame: wire.Frame) -> bool:
        """The frame was not sent by an earlier child."""
        match frame:
            case wire.Outline():
                is_first, self._has_outline = not self._has_outline, True
                return is_first
            case wire.Attached():
                self._repeated -= 1
                self._attached += self._repeated < 0
                return self._repeated < 0
            case wire.Read() | wire.Picture():
                self._pages.add(frame.number)
        return True
