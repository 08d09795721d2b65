"""The server's side of the throw-away child: start it, hear it, end it. Blocking; for threads."""

import signal
from collections.abc import Collection
from multiprocessing import connection
from pathlib import Path

from stackdocs_mcp.ocr import child, wire
from stackdocs_mcp.ocr.failures import failure
from stackdocs_mcp.ocr.limits import Limits
from stackdocs_mcp.ocr.processes import Member

NAME = "stackdocs parser"


class Parsing:
    """One file being parsed. ``channel`` is readable when a frame, or the end, is there."""

    def __init__(self, file: Path, skip: Collection[int], limits: Limits) -> None:
        self._limits = limits
        self._member = Member(NAME, child.main, str(file), sorted(skip), limits)

    @property
    def channel(self) -> connection.Connection:
        return self._member.channel

    def expect(self) -> None:
        """Start the clock for the next frame, unless it is running; then the child is killed."""
        self._member.expect(self._limits.step_seconds)

    def frame(self) -> tuple[wire.Frame, bytes]:
        """The next frame, and the bitmap of a picture.

        Raises ExtractionFailed when the file cannot be read or the child is gone.
        """
        try:
            frame = wire.receive(self.channel, self._limits.page_bytes)
            pixels = b""
            if isinstance(frame, wire.Picture):
                most = self._limits.bitmap_bytes
                pixels = wire.receive_bitmap(self.channel, frame.columns, frame.rows, most)
        except (EOFError, wire.Garbled) as error:
            raise failure(self._why_gone()) from error
        finally:
            self._member.relax()
        if isinstance(frame, wire.Failed):
            raise failure(frame.reason)
        return frame, pixels

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
