"""A process that adds a file to a store, reads it, and says each page; it may be killed any time.

    python -m tests.workspace.scanning_process FOLDER FILE MINUTES_LATER [dies]

With ``dies`` it kills itself as soon as it knows what the file is, as if the file had done so.
"""

import os
import signal
import sys
from collections.abc import AsyncGenerator, Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio

from stackdocs_mcp.core.engine import Extracted, Pages
from stackdocs_mcp.core.model import Document
from stackdocs_mcp.core.ports import Clock
from stackdocs_mcp.ocr.local import LocalEngine
from stackdocs_mcp.stores.embedded import open_store
from stackdocs_mcp.workspace.intake import Intake, Job
from tests.stores.builders import ALICE, binding


class Recording:
    """The local engine, and what it was asked and gave."""

    def __init__(self, *, is_deadly: bool = False) -> None:
        self._engine = LocalEngine(workers=1)
        self._is_deadly = is_deadly
        self.had: list[int] = []
        self.gave: list[int] = []

    @property
    def identity(self) -> str:
        return self._engine.identity

    async def read(self, file: Path, have: Collection[int] = ()) -> AsyncGenerator[Extracted, None]:
        self.had = sorted(have)
        async for item in self._engine.read(file, have):
            if self._is_deadly:
                os.kill(os.getpid(), signal.SIGKILL)
            if isinstance(item, Pages):
                self.gave += [page.number for page in item.pages]
            yield item

    async def close(self) -> None:
        await self._engine.close()


def later(minutes: int) -> Clock:
    """A clock that is ahead, so that claims have run out."""
    return lambda: datetime.now(UTC) + timedelta(minutes=minutes)


async def read(folder: Path, file: Path, clock: Clock, engine: Recording) -> Document:
    """The document of the file after this process has done what it can."""
    store = await open_store(folder, clock=clock)
    try:
        stack = await store.open_stack(ALICE, "shared")
        bound = binding(ALICE, stack.id)
        repo, files = store.bind(bound), store.files(bound)
        intake = Intake(lambda _choice: engine, clock, 10_000_000)
        document, _ = await intake.add(repo, files, file, file.name, 10_000_000)
        return await intake.process(Job(repo, files, document.id, _say))
    finally:
        await engine.close()
        await store.close()


def _say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    place, source, minutes, *deadly = sys.argv[1:]
    recording = Recording(is_deadly=bool(deadly))
    anyio.run(read, Path(place), Path(source), later(int(minutes)), recording)
    _say("read", *recording.gave)
