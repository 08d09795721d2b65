"""A process that reads one file into a stack, a page for each line that it is sent.

Its arguments are FOLDER STACK SECONDS: how far its clock is ahead. It says ``before N`` when it is
about to read page N, ``seen N`` when it knows of N pages (when it reads, and when it waits), and
``over N M`` at the end: pages there are, and pages that it was charged for.
"""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import anyio.to_thread

from stackdocs_mcp.core.model import NewDocument
from stackdocs_mcp.stores.embedded import open_store
from stackdocs_mcp.workspace.intake import Intake, Job
from tests.stores.builders import ALICE, binding
from tests.stores.embedded.writing_process import say
from tests.workspace.paced import PacedEngine

CONTENT = b"the same bytes"


async def turn(number: int) -> None:
    say(f"before {number}")
    await anyio.to_thread.run_sync(sys.stdin.readline)


async def read(folder: Path, name: str, ahead: timedelta) -> None:
    def clock() -> datetime:
        return datetime.now(UTC) + ahead

    store = await open_store(folder, clock=clock)
    stack = await store.open_stack(ALICE, name)
    bound = binding(ALICE, stack.id)
    repo, files = store.bind(bound), store.files(bound)
    sha256, size = await files.put_bytes(CONTENT, 99)
    document, _ = await repo.add_document(NewDocument("a.txt", sha256, size))
    engine = PacedEngine(turn)
    intake = Intake(lambda _: engine, clock, 99)
    job = Job(repo, files, document.id, on_page=lambda done, _: say(f"seen {done}"))
    document = await intake.process(job)
    say(f"over {document.pages_done} {len(engine.charged)}")
    await store.close()


def main(arguments: Sequence[str]) -> None:
    folder, name, ahead = arguments
    anyio.run(read, Path(folder), name, timedelta(seconds=int(ahead)))


if __name__ == "__main__":
    main(sys.argv[1:])
