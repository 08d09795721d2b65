"""A process that writes fields to a store until it has done enough or is killed.

Its arguments are FOLDER NAME COUNT. Each acknowledged write is a line ``REVISION PATH VALUE`` on
stdout, written after the call returned and never before.
"""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import anyio

from stackdocs_mcp.stores.embedded import open_store
from tests.stores.builders import ALICE, binding, ready, setting


async def write(folder: Path, name: str, count: int) -> None:
    store = await open_store(folder, clock=lambda: datetime.now(UTC))
    stack = await store.open_stack(ALICE, "shared")
    repo = store.bind(binding(ALICE, stack.id))
    document = await ready(repo, "shared.pdf")
    for number in range(count):
        path = f"{name}.rows[{number % 7}].n"
        writes = [setting(path, number), setting("shared", f"{name} {number}")]
        results = await repo.write(document.id, writes)
        say(f"{results[0].revision} {path} {number}")
    await store.close()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str]) -> None:
    folder, name, count = arguments
    anyio.run(write, Path(folder), name, int(count))


if __name__ == "__main__":
    main(sys.argv[1:])
