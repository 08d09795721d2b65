"""The server's side of the throw-away child: start it, hear it, end it. Blocking; for threads."""

import signal
from multiprocessing import connection
from pathlib import Path

from stackdocs_mcp.ocr import child, wire
from stackdocs_mcp.ocr.failures import failure
from stackdocs_mcp.ocr.processes import Member
from stackdocs_mcp.ocr.task import Task

NAME = "stackdocs parser"


class Parsing:
    """One file being parsed. ``channel`` is readable when a frame, or the end, is there."""

    def __init__(self, file: Path, task: Task) -> None:
        self._limits = task.limits
        self._member = Member(NAME, child.main, str(file.absolute()), task)

    @property
    def channel(self) -> connection.Connection:
        return self._member.channel

    def expect(self) -> None:
        """Start the clock for the next frame, unless it is running; then the child is killed."""
        self._member.expect(self._limits.step_seconds)

    def frame(self) -> tuple[wire.Frame, bytes]:
        """The next frame, and the bitmap of a picture or the bytes of an attachment.

        Raises ExtractionFailed when the file cannot be read or the child is gone.
        """
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
            raise failure(self._why_gone()) from error
        finally:
            self._member.relax()
        if isinstance(frame, wire.Failed):
            raise failure(frame.reason)
        return frame, content

    def kill(self) -> None:
        """End the child at once. From any thread, at any time."""
        self._member.kill()

    def close(self) -> None:
        """Kill the child and wait until nothing is left of it."""
        self._member.close()

    def _why_gone(self) -> str:
        if self._member.is_overdue:
            return "timed_out"
        return "timed_out" if self._member.exit_code() == -signal.SIGXCPU else "crashed"
