"""Whether the heading of a column says that what stands in it is another field's."""

import re
from collections.abc import Iterator, Sequence

from stackdocs_mcp.core.evidence.columns import Column
from stackdocs_mcp.core.evidence.concepts import concepts, is_known, label_concepts

_WORD = re.compile(r"[^\W\d_]+")
_DIGIT = re.compile(r"\d")
_MOST_WORDS = 3
"""Longer labels are descriptions, whose words name other fields as well."""
_RATE = frozenset({"tax", "rate"})
_SUMS = frozenset({"amount", "total", "net", "due"})
"""Each of them is printed over what another document calls by another."""
_TOTALS = frozenset({"total", "due"})
_NO_SUM = frozenset({"rate", "price", "quantity", "unit", "number", "date", "count"})
_COUNTS = frozenset({"quantity"})
_POSITIONS = frozenset(
    (
        *("pos", "position", "posicion", "posizione", "posicao", "pozycja", "lp", "line", "lin"),
        *("linea", "linha", "ligne", "lijn", "regel", "riga", "rij", "row", "zeile", "number"),
    )
)
"""What heads the numbers of the rows; a bare "No." does, too."""
_WITH = frozenset({"incl", "including", "inclusive", "inkl", "inklusive", "mit", "with", "ttc"})
"""An amount with tax is no tax."""


def is_anothers(labels: Sequence[str], column: Column | None) -> bool:
    """The heading of a row's column names something else than the labels do.

    So it does if it is one kind of sum and the field another, if one is a count and the other an
    amount, or it is the number of the row; and if its words are of our concepts while the same row
    has something with digits in a column that is headed as the field is called.
    """
    if column is None or not column.is_row or _DIGIT.search(column.heading):
        return False  # what has a value of its own heads nothing
    said = concepts(_told(column.heading))
    called = _called(labels)
    if (sums := _is_other_sum(labels, said, column)) is not None:
        return sums
    if called & said or (called & _SUMS and said & _SUMS):
        return False
    is_position = bool(said) and said <= _POSITIONS
    if _is_money(called) and (said & _COUNTS or is_position):
        return True
    if called & _COUNTS and ("price" in said or is_position):
        return True
    return any(map(is_known, said)) and _is_headed_beside(labels, column)


def is_beside_own(labels: Sequence[str], column: Column | None) -> bool:
    """The heading tells us nothing, while a column beside it is headed as the field is called."""
    if column is None or not column.is_row or _DIGIT.search(column.heading):
        return False
    said = concepts(_told(column.heading))
    if any(map(is_known, said)) or _called(labels) & said:
        return False
    return _is_headed_beside(labels, column)


def _called(labels: Sequence[str]) -> frozenset[str]:
    return frozenset[str]().union(*map(label_concepts, _names(labels)))


def _is_headed_beside(labels: Sequence[str], column: Column) -> bool:
    heads = list(_heads(labels))
    return any(any(head <= said for head in heads) for said in _filled_beside(column))


def _filled_beside(column: Column) -> Iterator[frozenset[str]]:
    """What the other headings name below which the row has something with digits."""
    for heading, text in zip(column.others, column.row, strict=True):
        if _DIGIT.search(text) is not None:
            yield concepts(_told(heading))


def _is_other_sum(labels: Sequence[str], said: frozenset[str], column: Column) -> bool | None:
    """A tax for a total, a net amount beside the total that is asked for; None for no two sums.

    That a net amount stands below "Total" is usual, unless the row has a column for what is net.
    """
    wanted = {kind for label in _names(labels) if (kind := _sum(label_concepts(label)))}
    heading = _sum(said)
    if not wanted or heading is None:
        return None
    if heading in wanted:
        return False
    if heading == "tax":
        return True
    return any(_sum(beside) in wanted for beside in _filled_beside(column))


def _sum(words: frozenset[str]) -> str | None:
    """Which sum the words name: before tax, the tax, or with it; "amount" alone is none of them."""
    if words & _NO_SUM:
        return None
    if "net" in words:
        return "net"
    if "tax" in words and not words & _WITH:
        return "tax"
    return "total" if words & _TOTALS or ("amount" in words and words & _WITH) else None


def _is_money(called: frozenset[str]) -> bool:
    return bool(called & (_SUMS | {"price"})) and not called & _COUNTS


def is_rate(column: Column | None) -> bool:
    """It is a row's share of something: ``%``, ``VAT %``, ``tax rate``."""
    if column is None or not column.is_row:
        return False
    said = concepts(_told(column.heading))
    return said <= _RATE and ("%" in column.heading or "rate" in said)


def _heads(labels: Sequence[str]) -> Iterator[frozenset[str]]:
    """What each label names: the price of a ``unit price``, the date of a ``date of birth``."""
    for label in _names(labels):
        before, _, _ = label.partition(" of ")
        words = _WORD.findall(before.replace("_", " "))
        if words and (head := label_concepts(words[-1])):
            yield head


def _names(labels: Sequence[str]) -> Iterator[str]:
    for label in labels:
        if len(label_concepts(label)) <= _MOST_WORDS:
            yield label


def _told(heading: str) -> str:
    """With words joined that a line end breaks: ``Positions- betrag``."""
    return heading.replace("- ", "")
