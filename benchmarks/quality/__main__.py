"""Run all sections, or those that are named, and print one table; details go to stderr."""

import sys
from importlib import import_module
from pathlib import Path

import anyio

from benchmarks.quality.report import Row, table

SECTIONS = ("printed", "citations", "located", "replay", "swapped", "rows", "rules", "history")


async def main(corpus: Path, sections: list[str]) -> None:
    rows: list[Row] = []
    for name in sections or SECTIONS:
        rows += await import_module(f"benchmarks.quality.{name}").run(corpus)
    print(table(rows))


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]), sys.argv[2:])
