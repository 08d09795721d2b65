"""Comparing what a system extracted with what is right, leaf by leaf.

Two leaves are equal when both are nothing (null, empty, not there), when they are the same number
however it is written, or when their texts are the same but for case, white space, width and
composition (NFKC), and punctuation that is not inside a number. Rows of a list have no numbers of
their own: each row of the output belongs to the row of the truth that it has most leaves in common
with, each to one only, the nearest on a tie. A row that shares nothing with any is all wrong.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

Path = tuple[str | int, ...]
_PUNCTUATION = re.compile(r"(?<!\d)[.,]|[.,](?!\d)|[^\w.,+-]|(?<=\w)-|-(?!\d)|\+(?!\d)")


@dataclass(frozen=True, slots=True)
class Compared:
    """A leaf of an output beside the leaf of the truth that it stands for."""

    path: Path
    value: object
    truth: object

    @property
    def right(self) -> bool:
        return normal(self.value) == normal(self.truth)


def compared(value: object, truth: object, path: Path = ()) -> Iterator[Compared]:
    """Every leaf of the value, empty lists and objects too, in order."""
    if isinstance(value, dict) and value:
        for name, child in value.items():
            there = truth.get(name) if isinstance(truth, dict) else None
            yield from compared(child, there, (*path, name))
    elif isinstance(value, list) and value:
        rows = _rows(value, truth if isinstance(truth, list) else [])
        for row, child in enumerate(value):
            yield from compared(child, rows.get(row), (*path, row))
    else:
        yield Compared(path, value, truth)


def normal(value: object) -> object:
    """What is compared: None for nothing, numbers as such, texts folded."""
    if value is None or value in ("", [], {}):
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float | Decimal):
        return Decimal(str(value)).normalize()
    text = unicodedata.normalize("NFKC", str(value)).casefold()
    number = _number(text)
    if number is not None:
        return number
    return _PUNCTUATION.sub("", re.sub(r"\s+", "", text)) or text


def _number(text: str) -> Decimal | None:
    try:
        found = Decimal(text.replace(",", "").strip())
    except InvalidOperation:
        return None
    return found.normalize() if found.is_finite() else None


def _rows(rows: list[object], truth: list[object]) -> dict[int, object]:
    pairs = sorted(
        (-common, abs(here - there), here, there)
        for here, row in enumerate(rows)
        for there, other in enumerate(truth)
        if (common := _common(row, other))
    )
    taken: dict[int, int] = {}
    for _, _, here, there in pairs:
        if here not in taken and there not in taken.values():
            taken[here] = there
    return {here: truth[there] for here, there in taken.items()}


def _common(value: object, truth: object) -> int:
    """How many leaves are the same and something."""
    return sum(one.right and normal(one.value) is not None for one in compared(value, truth))
