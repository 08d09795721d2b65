"""Processes of the tests on one project, and what they say."""

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.supabase.projects import Project
from tests.supabase.rig import ROOT

PATIENCE = 60.0
"""Seconds that something may take that takes less than one on a machine with nothing else to do."""


class Replica:
    """A process of its own on the project; its lines are read as they come."""

    def __init__(
        self,
        project: Project,
        folder: Path,
        *,
        program: str = "working",
        done: "queue.SimpleQueue[str] | None" = None,
        **config: object,
    ) -> None:
        """What it does, the module of its ``program`` says, and what that takes.

        ``done`` is given a line for each document that it has read.
        """
        self._done = done
        config |= {
            "url": project.url,
            "publishable_key": project.publishable_key,
            "key": json.dumps(project.key),
            "folder": str(folder),
        }
        module = f"tests.supabase.{program}_process"
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, json.dumps(config)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
        )
        self.lines: list[str] = []
        self._coming: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._coming.put(line.rstrip("\n"))
            if self._done is not None and line.startswith("document "):
                self._done.put(line)
        self._coming.put(None)

    def until(self, what: Callable[[str], bool]) -> str:
        """The next line that is this. Raises AssertionError when it ends without."""
        while True:
            try:
                line = self._coming.get(timeout=PATIENCE)
            except queue.Empty:
                line = None
            assert line is not None, "\n".join(self.lines[-20:])
            self.lines.append(line)
            if what(line):
                return line

    def says(self, beginning: str) -> str:
        """The next line that begins like this."""
        return self.until(lambda line: line.startswith(beginning))

    def tell(self, pages: int) -> None:
        """Let it read so many pages."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n" * pages)
        self.process.stdin.flush()

    def ended(self) -> int:
        """Its exit code, when it has ended; all it said is in ``lines``."""
        code = self.process.wait(PATIENCE)
        while (line := self._coming.get(timeout=PATIENCE)) is not None:
            self.lines.append(line)
        return code

    def killed(self) -> int:
        """The same, after kill -9."""
        self.process.kill()
        return self.ended()

    def __enter__(self) -> Self:
        try:
            self.says("ready")
        except BaseException:  # also Ctrl-C: nobody else ends it then
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def _end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
