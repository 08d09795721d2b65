"""A scripted agent in the place of a model: it reads numbered lines and finds values by labels.

It knows what labels look like, as a model does, and nothing of what stands behind them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_PAGE = re.compile(r"--- page (\d+)/\d+ ---")
_LINE = re.compile(r"(\d+)\| (.*)")
_CURSOR = re.compile(r"next_cursor: (\S+)")


@dataclass(frozen=True, slots=True)
class Printed:
    """A line as read_ocr gives it."""

    page: int
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """A value as printed, for a field, with the line that it stands on."""

    path: str
    value: str
    line: Printed

    @property
    def field(self) -> dict[str, Any]:
        """As set_field takes it."""
        evidence = {"page": self.line.page, "lines": [self.line.number]}
        return {"path": self.path, "value": self.value, "evidence": evidence}


@dataclass(frozen=True, slots=True)
class Manner:
    """How a kind of document says things: a pattern for each field, and one for a row."""

    sign: re.Pattern[str]
    fields: Mapping[str, re.Pattern[str]]
    row: re.Pattern[str]


def _patterns(**fields: str) -> dict[str, re.Pattern[str]]:
    return {name: re.compile(pattern) for name, pattern in fields.items()}


MANNERS = {
    "invoice": Manner(
        sign=re.compile(r"^Invoice "),
        fields=_patterns(
            number=r"Invoice no\.\s+(\S+)",
            date=r"Invoice date\s+(\S+)",
            sender=r"^(\S.*?) · .+ · ",
            recipient=r"^(\S.*?)\s{2,}Invoice date",
            currency=r"^Total amount due .*(€)",
            net=r"^Net amount\s+(.+)",
            tax=r"^VAT \d+ %\s+(.+)",
            total=r"^Total amount due\s+(.+)",
        ),
        row=re.compile(
            r"\d+\s{2,}(?P<article>\S+)\s{2,}(?P<description>\S.*?)\s{2,}(?P<quantity>\d+)"
            r"\s{2,}(?P<unit_price>\S+ €)\s{2,}(?P<amount>\S+ €)"
        ),
    ),
    "receipt": Manner(
        sign=re.compile(r"Receipt no\."),
        fields=_patterns(
            number=r"Receipt no\.\s*(\S+)",
            date=r"^(\d{2}\.\d{2}\.\d{4})\s",
            sender=r"^(.*\b(?:Bakery|Café|Shop)\b.*)$",
            currency=r"^TOTAL (EUR)\b",
            net=r"^Net \d+ %\s+(\S+)",
            tax=r"^VAT \d+ %\s+(\S+)",
            total=r"^TOTAL EUR\s+(\S+)",
        ),
        row=re.compile(r"(?P<quantity>\d+) x (?P<description>\S.*?)\s{2,}(?P<amount>\d+\.\d{2})"),
    ),
    "letter": Manner(
        sign=re.compile(r"^Dear "),
        fields=_patterns(
            number=r"^Our reference: (\S+)",
            date=r"^\w+, (\d+ \w+ \d{4})$",
            sender=r"^(.+ Management)$",
            recipient=r"^(?:Mr|Ms) (.+)$",
            currency=r"amount of [\d,.]+ ([A-Z]{3})\b",
            total=r"amount of ([\d,.]+ [A-Z]{3})\b",
        ),
        row=re.compile(r"\d+ \| (?P<due_date>[\d.]+) \| (?P<amount>[\d,.]+ [A-Z]{3})"),
    ),
}
_SYMBOLS = {"€": "EUR"}


def lines_of(text: str) -> list[Printed]:
    """The numbered lines in an answer of read_ocr."""
    lines: list[Printed] = []
    page = 0
    for row in text.splitlines():
        if header := _PAGE.match(row):
            page = int(header[1])
        elif line := _LINE.fullmatch(row):
            lines.append(Printed(page, int(line[1]), line[2].strip()))
    return lines


def cursor_of(text: str) -> str | None:
    """Where read_ocr says to go on; None at the end of the document."""
    found = _CURSOR.fullmatch(text.splitlines()[-1])
    return found[1] if found else None


def kind_of(lines: Sequence[Printed]) -> str:
    """The kind whose sign comes first."""
    for line in lines:
        for kind, manner in MANNERS.items():
            if manner.sign.search(line.text):
                return kind
    raise LookupError("no sign of a known kind of document")


def values_in(lines: Sequence[Printed], kind: str) -> Iterator[Found]:
    """The first place of each field's label, and every row of the table."""
    manner = MANNERS[kind]
    for path, pattern in manner.fields.items():
        for line in lines:
            if match := pattern.search(line.text):
                yield Found(path, _SYMBOLS.get(match[1], match[1]), line)
                break

    rows = [(line, match) for line in lines if (match := manner.row.fullmatch(line.text))]
    for index, (line, match) in enumerate(rows):
        for name, value in match.groupdict().items():
            yield Found(f"line_items[{index}].{name}", value, line)


def one_digit_off(printed: str) -> str:
    """The same figure with its third digit changed."""
    at = [index for index, one in enumerate(printed) if one.isdigit()][2]
    return f"{printed[:at]}{(int(printed[at]) + 5) % 10}{printed[at + 1 :]}"
