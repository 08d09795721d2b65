"""How long checking one field against a page takes: ``python benchmarks/evidence.py``.

Pages are generated, 10,000 characters each, like a dense invoice. Printed are medians and 95th
percentiles in microseconds, and the ratio to the median of one scan of the page for a word.
"""

import random
import statistics
import time
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

from stackdocs_mcp.core.evidence import Claim, PageText, at, located
from stackdocs_mcp.core.model import Box, Citation, JsonValue, Line, Page, PageSource

CHARACTERS = 10_000
PAGES = 40
CLAIMS = 40
WORDS = "Lieferung von Bürobedarf Ordner Papier Toner Wartung Pauschale nach Aufwand Posten".split()

chance = random.Random(7)


def main() -> None:
    pages = [page() for _ in range(PAGES)]
    prepared: list[float] = []
    found: dict[str, list[float]] = {}
    scans: list[float] = []
    for one in pages:
        text = PageText.of(one)
        prepared.append(took(partial(prepare, text)))
        scans.append(took(partial(scan, text)))
        for _ in range(CLAIMS):
            line = chance.choice(one.lines)
            for kind, claim in claims(line, text):
                found.setdefault(kind, []).append(checked(claim, text))

    report("prepare a page", prepared, scans)
    for kind, times in found.items():
        report(kind, times, scans)


def prepare(text: PageText) -> None:
    """All that is worked out on first use."""
    text.signs, text.numbers, text.dates, text.folded, text.unhyphenated, text.skeleton  # noqa: B018


def scan(text: PageText) -> int:
    """What the ratios compare with: one pass over the page's characters."""
    return text.text.casefold().find("zzzz")


def checked(claim: Claim, text: PageText) -> float:
    """Microseconds of one check."""
    if claim.citation:
        return took(partial(at, claim, text))
    return took(partial(located, claim, [text]))


def claims(line: Line, text: PageText) -> list[tuple[str, Claim]]:
    number, day, words = values(line)
    slip = number + 1
    here = Citation(1, (line.number,))
    return [
        ("number, cited", Claim(number, signs=text.signs, citation=here, labels=("amount",))),
        ("number, wrong", Claim(slip, signs=text.signs, citation=here, labels=("amount",))),
        ("number, no citation", Claim(number, signs=text.signs, labels=("amount",))),
        ("date, cited", Claim(day, signs=text.signs, citation=here)),
        ("text, cited", Claim(words, signs=text.signs, citation=here)),
        ("text, by quote", Claim(words, signs=text.signs, citation=Citation(1, quote=line.text))),
        ("text, nowhere", Claim(words + " Gesellschaft", signs=text.signs, citation=here)),
    ]


def values(line: Line) -> tuple[Decimal, JsonValue, str]:
    *words, day, amount = line.text.split()
    return (
        Decimal(amount.replace(".", "").replace(",", ".")),
        "-".join(reversed(day.split("."))),
        " ".join(words),
    )


def page() -> Page:
    lines: list[Line] = []
    written = 0
    while written < CHARACTERS:
        text = row()
        y = 12.0 * len(lines)
        lines.append(Line(len(lines) + 1, text, Box(40, y, 40 + 5 * len(text), y + 10)))
        written += len(text) + 1
    return Page(1, 595, y + 20, PageSource.TEXT, tuple(lines))


def row() -> str:
    words = " ".join(chance.choices(WORDS, k=4))
    day = date(2020, 1, 1) + timedelta(days=chance.randrange(2000))
    amount = f"{chance.randrange(100, 10**7) / 100:,.2f}"
    printed = amount.replace(",", "\0").replace(".", ",").replace("\0", ".")
    return f"{words} {day:%d.%m.%Y} {printed}"


def took(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) * 1e6


def report(what: str, times: list[float], scans: list[float]) -> None:
    median = statistics.median(times)
    slow = statistics.quantiles(times, n=20)[-1]
    ratio = median / statistics.median(scans)
    print(f"{what:22} median {median:8.0f} us   p95 {slow:8.0f} us   {ratio:7.1f} x one scan")


if __name__ == "__main__":
    main()
