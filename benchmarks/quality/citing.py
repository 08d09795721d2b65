"""Where gold values are printed, by this program's own lights, so that it is no judge of itself.

It cites as a careful agent does: all lines that a value stands in, and of several places the one
that has the field's name beside it, or is in the row of the table that the other values are in.
"""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from benchmarks.quality.client import NUMBERS, Json, Lines, Where, gold_values

MOST_LINES = 6
SIGNS = {"EUR": "€", "USD": "$", "GBP": "£"}
NAMES = {
    "net_total": r"netto|ohne|net|ht\b|summe|w/o|base",
    "tax_total": r"steuer|ust|mwst|tax|tva|vat",
    "grand_total": r"brutto|gesamt|total|summe|ttc|inkl|betrag",
    "due": r"zahl|offen|fällig|due|residual|payer|betrag",
    "issue_date": r"rechnung|datum|date|vom|issued",
}
MONTHS = {
    name: number
    for number, names in enumerate(
        "januar january janvier|februar february février|märz march mars|april avril|mai may|"
        "juni june juin|juli july juillet|august août|september septembre|oktober october octobre|"
        "november novembre|dezember december décembre".split("|"),
        1,
    )
    for name in names.split()
}


def cited(gold: Mapping[str, Any], lines: Lines) -> list[Json]:
    """A field for each gold value, with the lines where it stands, as far as they are found."""
    rows: dict[str, Where | None] = {}
    behind = (0, 0)
    for number, row in enumerate(gold.get("lines", ())):
        found = _row({name: value for name, value in row.items() if value}, lines, behind)
        rows[f"lines[{number}]"] = found
        behind = found or behind
    fields: list[Json] = []
    for path, name, value in gold_values(gold):
        run = place(name, value, lines, rows.get(path.split(".")[0]))
        field: Json = {"path": path, "value": value}
        if run:
            field["evidence"] = {"page": run[0][0], "lines": [line for _, line in run]}
        fields.append(field)
    return fields


def place(name: str, value: str, lines: Lines, near: Where | None) -> list[Where]:
    """The lines of a value, with the row of the table that it belongs to; none if not found."""
    if name == "currency":
        return _text(value, lines) or _text(SIGNS.get(value, value), lines)
    if name not in NUMBERS and name != "issue_date":
        return _text(value, lines)
    held = [where for where, text in lines.items() if holds(name, value, text)]

    def rank(where: Where) -> tuple[bool, bool, int, bool]:
        named = re.search(NAMES.get(name, "$^"), lines[where], re.IGNORECASE) is None
        distance = abs(where[1] - near[1]) if near else 0
        return near is not None and where[0] != near[0], named, distance, not _exact(value, where)

    def _exact(number: str, where: Where) -> bool:
        return number.lstrip("-").replace(".", "") in re.sub(r"\D", "", lines[where])

    return sorted(held, key=rank)[:1]


def holds(name: str, value: str, text: str) -> bool:
    """Whether a text prints the value."""
    if name in NUMBERS:
        return abs(Decimal(value)) in _amounts(text, "." in value and name != "quantity")
    if name == "issue_date":
        return date.fromisoformat(value) in _dates(text)
    return _squeezed(value) in _squeezed(text)


def _amounts(text: str, money: bool) -> set[Decimal]:
    """Every number of a line in each convention it could be written in; no rates as money."""
    found = set[Decimal]()
    if money:
        text = re.sub(r"\d[\d.,]*\s?%", " ", text)
    pattern = r"(?<![\w.,])\d[\d.,'\u00a0\u202f ]*\d(?!\w)|(?<![\w.,])\d(?![\w.,])"
    for token in re.findall(pattern, text):
        for part in {token, *token.split(" "), token.replace(" ", "")}:
            bare = re.sub(r"['\u00a0\u202f ]", "", part)
            for point, comma in ((".", ","), (",", ".")):
                if re.fullmatch(rf"(0|[1-9]\d*)(\{comma}\d{{3}})*(\{point}\d+)?", bare):
                    found.add(Decimal(bare.replace(comma, "").replace(point, ".")))
    return found


def _dates(text: str) -> set[date]:
    found = set[date]()
    parts = [
        *((y, m, d) for d, m, y in re.findall(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})", text)),
        *((y, m, d) for m, d, y in re.findall(r"(\d{1,2})/(\d{1,2})/(\d{4})", text)),
        *((f"20{y}", m, d) for d, m, y in re.findall(r"(\d{2})[./-](\d{2})[./-](\d{2})\b", text)),
        *re.findall(r"(\d{4})-(\d{2})-(\d{2})", text),
        *re.findall(r"\b(\d{4})(\d{2})(\d{2})\b", text),
        *(
            (y, str(MONTHS.get(m.lower(), 0)), d)
            for d, m, y in re.findall(r"(\d{1,2})\.? (\w+) (\d{4})", text)
        ),
    ]
    for year, month, day in parts:
        try:
            found.add(date(int(year), int(month), int(day)))
        except ValueError:
            continue
    return found


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text).casefold()


def _in_order(words: list[str], text: str) -> bool:
    """Whether the words stand in the text one after the other, with others in between."""
    rest = iter(re.findall(r"[^\s-]+-?", text.casefold()))
    return all(any(word == one.rstrip(":,;") for one in rest) for word in words)


def _text(value: str, lines: Lines) -> list[Where]:
    """The shortest run of lines with the text; cells that wrap have other columns in between."""
    keys = list(lines)
    words = re.findall(r"[^\s-]+-?", value.casefold())
    for matches in (
        lambda text: _squeezed(value) in _squeezed(text),
        lambda text: _in_order(words, text),
    ):
        for count in range(1, MOST_LINES + 1):
            for low in range(len(keys) - count + 1):
                run = keys[low : low + count]
                same_page = len({page for page, _ in run}) == 1
                if same_page and matches(" ".join(lines[one] for one in run)):
                    return run
    return []


def _row(row: Mapping[str, str], lines: Lines, behind: Where) -> Where | None:
    """The line, behind that of the row before, which prints most of the row's numbers."""
    scored = [
        (sum(holds(name, row[name], text) for name in row if name in NUMBERS), where)
        for where, text in lines.items()
        if where > behind
    ]
    best = max((score for score, _ in scored), default=0)
    return next((where for score, where in scored if score == best and best > 0), None)
