"""A process that saves pages that cost until it is killed.

Its arguments are FOLDER FIRST. Each acknowledged batch is a line with its last page's number on
stdout, written after the call returned and never before.
"""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import anyio

from stackdocs_mcp.stores.embedded import open_store
from tests.stores.builders import ALICE, ENGINE, added, binding, page
from tests.stores.embedded.writing_process import say

BATCH = 3


async def save(folder: Path, first: int) -> None:
    store = await open_store(folder, clock=lambda: datetime.now(UTC))
    stack = await store.open_stack(ALICE, "shared")
    repo = store.bind(binding(ALICE, stack.id))
    document = await added(repo, "shared.pdf")
    while True:
        pages = [page(number, "word") for number in range(first, first + BATCH)]
        await repo.save_pages(document.id, ENGINE, pages, billed=BATCH)
        first += BATCH
        say(str(first - 1))


def main(arguments: Sequence[str]) -> None:
    folder, first = arguments
    anyio.run(save, Path(folder), int(first))


if __name__ == "__main__":
    main(sys.argv[1:])
