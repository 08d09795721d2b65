"""Whether the heading of a column says that what stands in it is another field's."""

import re
from collections.abc import Iterator, Sequence

from stackdocs_mcp.core.evidence.columns import Column
from stackdocs_mcp.core.evidence.concepts import concepts, label_concepts

_WORD = re.compile(r"[^\W\d_]+")
_DIGIT = re.compile(r"\d")
_MOST_WORDS = 3
"""Longer labels are descriptions, whose words name other fields as well."""
_RATE = frozenset({"tax", "rate"})
_SUMS = frozenset({"amount", "total", "net", "due"})
"""Each of them is printed over what another document calls by another."""
_COUNTS = frozenset({"quantity"})
_POSITIONS = frozenset({"pos", "position"})


def is_anothers(labels: Sequence[str], column: Column | None) -> bool:
    """The heading of a row's column names something else than the labels do.

    So it does if the same row has something with digits in a column that is headed as the field is
    called, or if one is a count and the other an amount, or it is the number of the row. It is
    never said of a column whose heading has a word of the labels in common.
    """
    if column is None or not column.is_row or _DIGIT.search(column.heading):
        return False  # what has a value of its own heads nothing
    said = concepts(_told(column.heading))
    called = frozenset[str]().union(*map(label_concepts, _names(labels)))
    if called & said or (called & _SUMS and said & _SUMS):
        return False
    is_position = bool(said) and said <= _POSITIONS
    if _is_money(called) and (said & _COUNTS or is_position):
        return True
    if called & _COUNTS and ("price" in said or is_position):
        return True
    heads = list(_heads(labels))
    return any(
        _DIGIT.search(text) is not None and any(head <= concepts(_told(heading)) for head in heads)
        for heading, text in zip(column.others, column.row, strict=True)
    )


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
