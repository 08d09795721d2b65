"""What tables are made of before they are sent: pieces in columns, logical rows, amounts, headers."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from stackdocs_mcp.ocr import order
from stackdocs_mcp.ocr.order import Piece, Rectangle
from stackdocs_mcp.ocr.wire import SentCell, SentTable

_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")
_UNIT = 4
"""Letters; "Stk", "EUR" and "pcs." stand with amounts, longer words make it text."""
_VOID = re.compile(r"[\W_]*")
_MOSTLY = 0.6
_MOST_HEADERS = 3
_TIE = 0.5


class Part(NamedTuple):
    """A piece of the line with this index."""

    line: int
    piece: Piece


@dataclass(frozen=True, slots=True)
class Strip:
    """The pieces of one line, by the column that they stand in."""

    top: float
    bottom: float
    cells: Mapping[int, Sequence[Part]]

    @property
    def height(self) -> float:
        return self.bottom - self.top


Row = dict[int, list[Part]]
"""The parts of each filled cell, by column."""


def strip(cells: Mapping[int, Sequence[Part]]) -> Strip:
    """With the height of what stands in it."""
    box = order.around(part.piece.box for parts in cells.values() for part in parts)
    return Strip(box[1], box[3], cells)


def text(parts: Sequence[Part]) -> str:
    """What a cell says, its lines one after the other."""
    return " ".join(part.piece.text for part in parts)


def is_amount(said: str) -> bool:
    """A number, date or the like, at most with its unit or currency."""
    words = said.split()
    lettered = [word for word in words if _LETTER.search(word)]
    if len(lettered) > 1 or not any(_DIGIT.search(word) for word in words if word not in lettered):
        return False
    return not lettered or len(_LETTER.findall(lettered[0])) <= _UNIT


def amount_columns(rows: Iterable[Row]) -> frozenset[int]:
    """The columns that mostly have amounts where they have something."""
    filled: dict[int, list[bool]] = {}
    for row in rows:
        for column, parts in row.items():
            said = text(parts)
            if not _VOID.fullmatch(said):
                filled.setdefault(column, []).append(is_amount(said))

    return frozenset(
        column for column, amounts in filled.items() if sum(amounts) >= _MOSTLY * len(amounts)
    )


def gathered(strips: Sequence[Strip], heads: Sequence[Strip]) -> list[list[Strip]]:
    """The strips of each logical row: each goes to the nearest of the ``heads``."""
    found: list[list[Strip]] = [[] for _ in heads]
    for each in strips:
        found[nearest(each, heads)].append(each)
    return found


def nearest(strip: Strip, heads: Sequence[Strip]) -> int:
    """Which of the heads; of two equally near ones the upper, whose text it goes on with."""
    return min(range(len(heads)), key=lambda at: _distance(strip, heads[at]))


def merged(strips: Iterable[Strip]) -> Row:
    """Several lines as one row."""
    row: Row = {}
    for each in strips:
        for column, parts in each.cells.items():
            row.setdefault(column, []).extend(parts)
    return row


def header_rows(rows: Sequence[Row]) -> int:
    """How many rows at the top name the columns: none has an amount, and there are some below.

    Or one that leaves the first column free, which all others fill.
    """
    count = next((at for at, row in enumerate(rows) if _has_amount(row)), 0)
    if 0 < count <= _MOST_HEADERS:
        amounts = amount_columns(rows[count:])
        return count if any(not amounts.isdisjoint(row) for row in rows[:count]) else 0
    first = min((min(row) for row in rows if row), default=0)
    others = rows[1:]
    return int(len(others) > 1 and first not in rows[0] and all(first in row for row in others))


def _has_amount(row: Row) -> bool:
    return any(is_amount(text(parts)) for parts in row.values())


def cell(parts: Sequence[Part], box: Rectangle | None, columns: int = 1) -> SentCell:
    """A cell as it is sent; without a box of its own that around its parts."""
    lines = list(dict.fromkeys(part.line for part in parts))
    if box is None and parts:
        box = order.around(part.piece.box for part in parts)
    return text(parts), lines, box, columns


def table(rows: Sequence[Sequence[SentCell]], header: int) -> SentTable:
    """A table around its cells."""
    boxes = [box for row in rows for _, _, box, _ in row if box]
    return SentTable(rows=rows, box=order.around(boxes) if boxes else None, header_rows=header)


def _distance(one: Strip, other: Strip) -> float:
    if one is other:
        return -math.inf
    gap = max(one.top - other.bottom, other.top - one.bottom)
    return gap if other.top > one.top else gap - _TIE
