"""Pages made of lines, for tests that plant a value and look for it."""

import re
from collections.abc import Sequence

from stackdocs_mcp.core.evidence import Claim, Finding, PageText, at, located
from stackdocs_mcp.core.model import Box, Citation, JsonValue, Line, Page, PageSource, Place
from stackdocs_mcp.core.values import Expected

INVOICE = [
    "Lieferant GmbH",
    "Musterstraße 12",
    "12345 Musterstadt",
    "Rechnung Nr. RE-2018/77 vom 05.03.2018",
    "Pos Beschreibung Menge Preis Betrag",
    "1 Trennblätter A4 20 9,90 198,00",
    "2 Joghurt Banane 50 5,50 275,00",
    "Summe netto 473,00 €",
    "USt. 19 % 56,87",
    "Gesamtbetrag 1.529,87 EUR",
    "IBAN DE88 2008 0000 0970 3757 00",
    "Zahlbar bis 04.04.2018",
]


def page(lines: Sequence[str], number: int = 1, hidden: Sequence[str] = ()) -> PageText:
    shown = [Line(at, text, box(at, text)) for at, text in enumerate(lines, 1)]
    unseen = [Line(len(lines) + at, text, hidden=True) for at, text in enumerate(hidden, 1)]
    return PageText.of(Page(number, 595, 842, PageSource.TEXT, (*shown, *unseen)))


def box(line: int, text: str) -> Box:
    """Ten points for a character, twelve for a line."""
    return Box(50, line * 12, 50 + 10 * len(text), line * 12 + 10)


def cited(
    value: JsonValue,
    where: int | Sequence[int] | str,
    on: PageText,
    label: str = "",
    kind: str = "",
) -> Finding:
    """The finding for a value that cites lines, or a quote, of the page given."""
    if isinstance(where, str):
        citation = Citation(on.number, quote=where)
    else:
        citation = Citation(on.number, (where,) if isinstance(where, int) else tuple(where))
    labels = (label,) if label else ()
    expected = Expected(format=kind or None)
    return at(Claim(value, expected, on.signs, citation, labels), on)


def uncited(
    value: JsonValue, *pages: PageText, label: str = "", near: Sequence[Place] = ()
) -> Finding:
    labels = (label,) if label else ()
    return located(Claim(value, signs=pages[0].signs, labels=labels, near=tuple(near)), pages)


def codes(finding: Finding) -> list[str]:
    return [warning.code for warning in finding.warnings]


def laid_out(rows: Sequence[Sequence[tuple[float, str]]], number: int = 1) -> PageText:
    """A page of rows of texts at their left edges, five points a character, with word boxes.

    Each row is one line of the page; what stands apart in it is parted as reading parts it.
    """
    lines = [row_of(at, row) for at, row in enumerate(rows, 1)]
    return PageText.of(Page(number, 595, 842, PageSource.TEXT, tuple(lines)))


def row_of(number: int, row: Sequence[tuple[float, str]]) -> Line:
    """A line of texts at their left edges."""
    spans = [span for left, text in row for span in spans_of(left, text)]
    text = "  ".join(text for _, text in row)
    top = number * 12.0
    across = Box(min(x0 for x0, _ in spans), top, max(x1 for _, x1 in spans), top + 10)
    return Line(number, text, across, words=tuple(spans))


def spans_of(left: float, text: str) -> list[tuple[float, float]]:
    """Left and right of each word."""
    return [
        (left + 5 * match.start(), left + 5 * match.end()) for match in re.finditer(r"\S+", text)
    ]
