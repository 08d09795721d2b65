"""How long looking for missed rows takes: ``python benchmarks/missing_rows.py``.

A list of 1,000 rows with four fields over 30 generated pages, whole and with every tenth row left
out. Printed are medians in milliseconds: making the strips of all pages, and the search itself.
"""

import statistics
import time
from collections.abc import Callable
from decimal import Decimal

from stackdocs_mcp.core.evidence import PageText
from stackdocs_mcp.core.model import Box, Evidence, Leaf, Line, Page, PageSource, Place, Verdict
from stackdocs_mcp.core.rows import searches, strips_of

PAGES, ROWS = 30, 1_000
ON_PAGE = -(-ROWS // PAGES)
EDGES = (330.0, 430.0, 530.0)
TIMES = 9


def main() -> None:
    pages = [page(number) for number in range(1, PAGES + 1)]
    strips = [strip for one in pages for strip in strips_of(one)]
    report("strips of 30 pages", lambda: [strips_of(one) for one in pages])
    for what, step in (("all rows written", 0), ("every tenth row missed", 10)):
        leaves = [leaf for row in range(ROWS) if not step or row % step for leaf in written(row)]
        found = [one.missed(strips) for one in searches(leaves, None)]
        count = sum(len(one.spots) for one in found if one)
        report(f"{what}: {count}", lambda leaves=leaves: search(leaves, strips))  # type: ignore[misc]


def search(leaves: list[Leaf], strips: list[object]) -> None:
    for one in searches(leaves, None):
        one.missed(strips)  # type: ignore[arg-type]


def page(number: int) -> PageText:
    rows = range((number - 1) * ON_PAGE, min(number * ON_PAGE, ROWS))
    lines = [line(at, texts(row)) for at, row in enumerate(rows, 1)]
    return PageText.of(Page(number, 595, 842, PageSource.TEXT, tuple(lines)))


def texts(row: int) -> list[str]:
    return [f"Article number {row} of the list", str(row % 9 + 1), "2.50", f"{row + 3}.25"]


def line(number: int, row: list[str]) -> Line:
    top = 20 + 20.0 * number
    words = [(60.0 + 30 * at, 85.0 + 30 * at) for at in range(len(row[0].split()))]
    for text, edge in zip(row[1:], EDGES, strict=True):
        words.append((edge - 5 * len(text), edge))
    return Line(number, "  ".join(row), Box(60, top, 530, top + 10), words=tuple(words))


def written(row: int) -> list[Leaf]:
    name, *figures = texts(row)
    place = Place(row // ON_PAGE + 1, (row % ON_PAGE + 1,), name)
    evidence = Evidence(Verdict.VERIFIED, place)
    values = [name, *map(Decimal, figures)]
    return [Leaf(("rows", row, f"field{at}"), one, evidence) for at, one in enumerate(values)]


def report(what: str, run: Callable[[], object]) -> None:
    times = []
    for _ in range(TIMES):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e3)
    print(f"{what:28} median {statistics.median(times):7.1f} ms   longest {max(times):7.1f} ms")


if __name__ == "__main__":
    main()
