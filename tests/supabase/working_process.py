"""A process that reads what waits in the queue: as a worker does, with an engine that says so.

    python -m tests.supabase.working_process CONFIG

CONFIG is JSON: ``url``, ``publishable_key``, ``key`` (a JSON Web Key), ``folder``, ``pages`` that
each document has, and how it reads: ``quick``, ``paced`` (a page for each line that it is sent) or
``deadly`` (it kills itself as soon as it knows what the file is).

It says ``before TEXT N`` when it is about to read page N of the file with this text, and what the
worker logs. It ends as the program does.
"""

import json
import logging
import os
import signal
import sys
from collections.abc import AsyncGenerator, Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread

from stackdocs_mcp.cli.barrier import Terminated, run
from stackdocs_mcp.core.engine import Extracted, FileOutline, Pages
from stackdocs_mcp.core.model import Line, Page, PageSource
from stackdocs_mcp.stores.supabase.project import SigningKey
from stackdocs_mcp.stores.supabase.store import open_store
from stackdocs_mcp.workspace.bell import Bell
from stackdocs_mcp.workspace.intake import Intake
from stackdocs_mcp.workspace.working import Worker
from tests.stores.embedded.writing_process import say


class SayingEngine:
    """``core.engine.Engine`` of files that are one line of text."""

    identity = "saying-1"

    def __init__(self, pages: int, manner: str) -> None:
        self._pages = pages
        self._manner = manner

    async def read(self, file: Path, have: Collection[int] = ()) -> AsyncGenerator[Extracted, None]:
        text = file.read_text("utf-8")
        yield FileOutline("text/plain", self._pages)
        if self._manner == "deadly":
            os.kill(os.getpid(), signal.SIGKILL)
        for number in range(1, self._pages + 1):
            if number in have:
                continue
            say(f"before {text} {number}")
            if self._manner == "paced":
                await anyio.to_thread.run_sync(sys.stdin.readline, abandon_on_cancel=True)
            page = Page(number, 595.0, 842.0, PageSource.OCR, (Line(1, f"{text} {number}"),))
            yield Pages((page,), billed=1)

    async def close(self) -> None:
        """There is nothing to give back."""


def now() -> datetime:
    return datetime.now(UTC)


async def work(config: dict[str, Any]) -> None:
    store = await open_store(
        config["url"],
        config["publishable_key"],
        SigningKey(config["key"]),
        clock=now,
        folder=Path(config["folder"]),
    )
    engine, bell = SayingEngine(config["pages"], config.get("manner", "quick")), Bell()
    intake = Intake(lambda _: engine, now, 1_000, bell=bell)
    try:
        async with anyio.create_task_group() as tasks:
            await tasks.start(intake.run)
            say("ready")
            await Worker(store.queue, intake, bell).run()
    finally:
        with anyio.CancelScope(shield=True):
            await store.close()


def main(text: str) -> None:
    ours = logging.getLogger("stackdocs_mcp")
    ours.setLevel(logging.INFO)
    ours.addHandler(logging.StreamHandler(sys.stdout))
    try:
        run(lambda: work(json.loads(text)))
    except Terminated:
        say("ended")
        sys.stdout.flush()
        os._exit(0)  # a thread may still wait for a line


if __name__ == "__main__":
    main(sys.argv[1])
