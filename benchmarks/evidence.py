"""How long checking one field against a page takes: ``python benchmarks/evidence.py``.

Pages are generated, 10,000 characters each, like a dense invoice: lines of text with a date and an
amount, and a table with a header whose columns stand apart. Then pages that make as much work as
they can, each new to the check. Printed are medians and 95th percentiles in microseconds, and the
ratio to the median of one scan of the page for a word.
"""

import random
import re
import statistics
import time
from collections.abc import Callable, Sequence
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
    prepared: list[float] = []
    found: dict[str, list[float]] = {}
    scans: list[float] = []
    for make, kinds in ((page, claims), (table, cells)):
        for one in [make() for _ in range(PAGES)]:
            text = PageText.of(one)
            prepared.append(took(partial(prepare, text)))
            scans.append(took(partial(scan, text)))
            for _ in range(CLAIMS):
                for kind, claim in kinds(chance.choice(one.lines[1:]), text):
                    found.setdefault(kind, []).append(checked(claim, text))

    report("prepare a page", prepared, scans)
    for kind, times in found.items():
        report(kind, times, scans)
    for kind, lines in HOSTILE.items():
        hostile = [Line(at, text, Box(40, at * 12, 540, at * 12 + 10)) for at, text in lines]
        times = [
            checked(claim, PageText(1, hostile))
            for value in (7, 8, "a b", "a b a b a", True)
            for claim in (Claim(value), Claim(value, citation=Citation(1, (1,))))
        ]
        report(kind, times, scans)


HOSTILE = {
    "hostile, equal numbers": list(enumerate(["7 " * 50] * 200, 1)),
    "hostile, one line": [(1, "7 " * 10_000)],
    "hostile, letters": list(enumerate("ab" * 5_000, 1)),
    "hostile, cells": list(enumerate(["a b  7  [x] a"] * 1_000, 1)),
}


def prepare(text: PageText) -> None:
    """All that is worked out on first use."""
    text.signs, text.numbers, text.dates, text.folded, text.unhyphenated, text.skeleton  # noqa: B018
    text.cells, text.options, text.figures, text.column(0, 1)


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


def cells(line: Line, text: PageText) -> list[tuple[str, Claim]]:
    """What is claimed of a row of the table: its own numbers, and those of other columns."""
    position, *_, quantity, price, amount = line.text.split("  ")
    here = Citation(1, (line.number,))
    of_row = partial(Claim, signs=text.signs, citation=here)
    return [
        ("cell, cited", of_row(number_of(amount), labels=("amount",))),
        ("cell, of another column", of_row(int(position), labels=("quantity",))),
        ("cell, one digit changed", of_row(number_of(price) + 1, labels=("unit_price",))),
        ("cell, no citation", Claim(int(quantity), signs=text.signs, labels=("quantity",))),
    ]


def number_of(printed: str) -> Decimal:
    return Decimal(printed.replace(".", "").replace(",", "."))


def values(line: Line) -> tuple[Decimal, JsonValue, str]:
    *words, day, amount = line.text.split()
    return (
        number_of(amount),
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


def table() -> Page:
    """Rows of a position, a description, a quantity, a price and an amount under their names."""
    lefts = (40.0, 80.0, 300.0, 380.0, 460.0)
    lines = [parted(1, lefts, ("Pos", "Beschreibung", "Menge", "Preis", "Betrag"))]
    written = 0
    while written < CHARACTERS:
        quantity, cents = chance.randrange(1, 500), chance.randrange(100, 10**5)
        texts = (
            str(len(lines)),
            *row().rsplit(" ", 2)[:1],
            str(quantity),
            euros(cents),
            euros(cents * quantity),
        )
        lines.append(parted(len(lines) + 1, lefts, texts))
        written += len(lines[-1].text) + 1
    return Page(1, 595, 842, PageSource.TEXT, tuple(lines))


def parted(number: int, lefts: Sequence[float], texts: Sequence[str]) -> Line:
    spans = [
        (left + 5 * match.start(), left + 5 * match.end())
        for left, text in zip(lefts, texts, strict=True)
        for match in re.finditer(r"\S+", text)
    ]
    box = Box(spans[0][0], number * 12, spans[-1][1], number * 12 + 10)
    return Line(number, "  ".join(texts), box, words=tuple(spans))


def euros(cents: int) -> str:
    return f"{cents / 100:,.2f}".replace(",", "\0").replace(".", ",").replace("\0", ".")


def row() -> str:
    words = " ".join(chance.choices(WORDS, k=4))
    day = date(2020, 1, 1) + timedelta(days=chance.randrange(2000))
    return f"{words} {day:%d.%m.%Y} {euros(chance.randrange(100, 10**7))}"


def took(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) * 1e6


def report(what: str, times: list[float], scans: list[float]) -> None:
    median = statistics.median(times)
    slow = statistics.quantiles(times, n=20)[-1]
    ratio = median / statistics.median(scans)
    print(f"{what:24} median {median:8.0f} us   p95 {slow:8.0f} us   {ratio:7.1f} x one scan")


if __name__ == "__main__":
    main()
