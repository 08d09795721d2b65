"""What tables are made of: pieces in columns, logical rows, amounts and headers."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from stackdocs_mcp.ocr import order
from stackdocs_mcp.ocr.order import Piece, Rectangle
from stackdocs_mcp.ocr.wire import SentCell, SentTable

_AMOUNT = re.compile(
    r"(?:[^\W\d_]{1,4}\.?\s)?[^\w\s]{0,3}\s?"  # a currency, a sign
    r"\d[\d.,'\u2019/:\s-]*[^\w\s]{0,3}"
    r"(?:\s?[^\W\d_]{1,4}[\u00b2\u00b3]?\.?(?:\([a-z]{1,2}\))?)?"  # a unit: Stk, pcs., EUR, m²
)
_DIGIT = re.compile(r"\d")
_DATE = re.compile(r"\d{1,2}[ .-]{1,2}[^\W\d_]{3,9}[ .,-]{1,2}\d{2,4}")
_VOID = re.compile(r"[\W_]*")
_MOSTLY = 0.6
_MOST_HEADERS = 3
_LONG = 40


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
    is_loose: bool = False
    """Its text runs over into other columns."""

    @property
    def height(self) -> float:
        return self.bottom - self.top


Row = dict[int, list[Part]]
"""The parts of each filled cell, by column."""
Said = Mapping[int, str]
"""What each filled cell says."""


def cut(part: Part, edges: Sequence[float], gap: float = 0.0) -> list[Part]:
    """The part in pieces where an edge goes between two of its words, at least so far apart."""
    line, piece = part
    x0, y0, x1, y1 = piece.box
    words = piece.text.split()
    if not any(x0 < edge < x1 for edge in edges) or len(words) != len(piece.words):
        return [part]
    starts = [0]
    for at, (left, right) in enumerate(pairwise(piece.words), 1):
        middle, following = sum(left) / 2, sum(right) / 2
        if right[0] - left[1] >= gap and any(middle < edge <= following for edge in edges):
            starts.append(at)

    found = []
    for start, end in pairwise([*starts, len(words)]):
        spans, said = piece.words[start:end], " ".join(words[start:end])
        box = x0 if start == 0 else spans[0][0], y0, x1 if end == len(words) else spans[-1][1], y1
        found.append(Part(line, piece._replace(text=said, box=box, words=spans)))
    return found


def strip(cells: Mapping[int, Sequence[Part]]) -> Strip:
    """With the height of what stands in it."""
    box = order.around(part.piece.box for parts in cells.values() for part in parts)
    return Strip(box[1], box[3], cells)


def text(parts: Sequence[Part]) -> str:
    """What a cell says, its lines one after the other."""
    if len(parts) == 1:
        return parts[0].piece.text
    return " ".join([part.piece.text for part in parts])


@lru_cache(maxsize=4_096)
def is_amount(said: str) -> bool:
    """A number or date, at most with its unit or currency."""
    return len(said) < _LONG and bool(_AMOUNT.fullmatch(said) or _DATE.fullmatch(said))


def has_digit(parts: Sequence[Part]) -> bool:
    """There is a number in it, whatever else."""
    return any(_DIGIT.search(part.piece.text) for part in parts)


def amount_columns(rows: Iterable[Row]) -> set[int]:
    """The columns that mostly have amounts where they have something."""
    return _amount_columns(_said(row) for row in rows)


def gathered(
    strips: Sequence[Strip], heads: Sequence[Strip], barriers: Sequence[float] = ()
) -> list[list[Strip]]:
    """The strips of each logical row, which has one of the ``heads``.

    Between two heads a row ends at the widest gap, of those with one of the ``barriers``, which are
    rules, if there are any. Of equally wide gaps it is the last: text goes on with what is above.
    """
    starts = [0]
    places = [at for at, strip in enumerate(strips) if any(strip is head for head in heads)]
    for upper, lower in pairwise(places):
        gaps = [
            (_is_crossed(strips[at - 1], strips[at], barriers), round(_gap(strips, at)), at)
            for at in range(upper + 1, lower + 1)
        ]
        starts.append(max(gaps)[2])
    return [list(strips[start:end]) for start, end in pairwise([*starts, len(strips)])]


def _gap(strips: Sequence[Strip], at: int) -> float:
    return strips[at].top - max(strip.bottom for strip in strips[max(0, at - 2) : at])


def _is_crossed(upper: Strip, lower: Strip, barriers: Sequence[float]) -> bool:
    low, high = upper.top + upper.bottom, lower.top + lower.bottom
    return any(low < 2 * at < high for at in barriers)


def merged(strips: Iterable[Strip]) -> Row:
    """Several lines as one row."""
    row: Row = {}
    for each in strips:
        for column, parts in each.cells.items():
            row.setdefault(column, []).extend(parts)
    return row


def header_rows(rows: Sequence[Row]) -> int:
    """How many rows at the top name the columns, as far as that is clear."""
    return header_lines([_said(row) for row in rows])


def header_lines(rows: Sequence[Said]) -> int:
    """How many rows at the top name the columns: none has an amount, and there are some below.

    Or one that leaves the first column free, which all others fill.
    """
    count = next((at for at, row in enumerate(rows) if any(map(is_amount, row.values()))), 0)
    names = [said for row in rows[:count] for said in row.values()]
    if 0 < count <= _MOST_HEADERS and not any(said.endswith(":") for said in names):
        amounts = _amount_columns(rows[count:])
        return count if any(not amounts.isdisjoint(row) for row in rows[:count]) else 0
    first = min((min(row) for row in rows if row), default=0)
    others = rows[1:]
    return int(len(others) > 1 and first not in rows[0] and all(first in row for row in others))


def _said(row: Row) -> Said:
    return {column: text(parts) for column, parts in row.items()}


def _amount_columns(rows: Iterable[Said]) -> set[int]:
    filled: dict[int, int] = {}
    amounts: dict[int, int] = {}
    for row in rows:
        for column, said in row.items():
            if is_amount(said):
                amounts[column] = amounts.get(column, 0) + 1
            elif _VOID.fullmatch(said):
                continue
            filled[column] = filled.get(column, 0) + 1

    return {column for column, times in amounts.items() if times >= _MOSTLY * filled[column]}


def cell(parts: Sequence[Part], box: Rectangle | None, columns: int = 1) -> SentCell:
    """A cell as it is sent; without a box of its own that around its parts."""
    lines = list(dict.fromkeys(part.line for part in parts))
    if box is None and parts:
        box = order.around(part.piece.box for part in parts)
    return text(parts), lines, box, columns


def table(rows: list[list[SentCell]], header: int) -> SentTable:
    """A table around its cells."""
    boxes = [box for row in rows for _, _, box, _ in row if box]
    return SentTable(rows=rows, box=order.around(boxes) if boxes else None, header_rows=header)
