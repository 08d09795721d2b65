"""A process that takes from a shared bucket: NAME FOLDER CALLS APART.

It says that it is ready, waits for a line, and prints how much it was given. Each call says that it
is APART seconds later; so all that were given can be counted exactly.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import anyio

from stackdocs_mcp.core.errors import StoreFailed
from tests.stores.test_limits import COUNTERS, take


async def taking(name: str, folder: Path, calls: int, apart: float) -> int:
    counters, given = COUNTERS[name](folder), 0
    for call in range(calls):
        while True:
            try:
                given += (await take(counters, 3, call * apart)).count
            except StoreFailed:  # the other process was in the way for long
                continue
            break
    await counters.close()
    return given


def main(arguments: Sequence[str]) -> None:
    name, folder, calls, apart = arguments
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    sys.stdout.write(str(anyio.run(taking, name, Path(folder), int(calls), float(apart))))


if __name__ == "__main__":
    main(sys.argv[1:])
