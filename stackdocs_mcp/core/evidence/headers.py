"""Headers of columns: those of the tables that were found, and those that only lines show."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from operator import attrgetter

from stackdocs_mcp.core.evidence.boxes import cells_of, part_of, words_of
from stackdocs_mcp.core.model import Box, Cell, Line, Table

_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")
_FEWEST = 3
"""Cells that make a line a header, or a row of its table: two are a name and its value."""
MOST = 60
"""Parts of a row; more are no table that anybody reads."""
_LOOK = 12
"""Rows below a header within which its table has to begin."""
_LINES = 4
_NEAR = 1.0
"""In line heights: the lines of one header are nearer."""
_ASIDE = 2.0
"""In line heights: what stands further beside a heading is not under it."""
_LONG = 60
"""Characters: more than this is no heading, nor several with little space between."""


@dataclass(slots=True)
class Part:
    """A part of a line between gaps, with its box."""

    line: int
    text: str
    box: Box


@dataclass(slots=True)
class Named:
    """A column below its heading: from where to where it reaches, and what heads it."""

    x0: float
    x1: float
    text: str
    lines: tuple[int, ...]


Cells = dict[int, Cell]
"""The cells of a row of a table, by the first column that they stand in."""


@dataclass(slots=True)
class Header:
    """Columns with their headings; ``body`` has the rows of a table by the lines they are in."""

    top: float
    bottom: float
    columns: list[Named]
    body: dict[int, list[Cells]] = field(default_factory=dict)
    lines: frozenset[int] = frozenset()


Row = list[Part]


def parts_of(line: Line) -> Iterator[Part]:
    words = words_of(line)
    for low, high in cells_of(line):
        box = part_of(line, low, high, words)
        if box is not None:
            yield Part(line.number, line.text[low:high], box)


def _apart(whole: Part, line: Line, below: Sequence[Row]) -> list[Part]:
    """A part of a header in pieces where rows below have several parts, each under other words."""
    words = [
        Part(line.number, line.text[low:high], replace(whole.box, x0=x0, x1=x1))
        for low, high, x0, x1 in words_of(line)
        if whole.box.x0 <= x0 < whole.box.x1
    ]
    if len(words) < 2:
        return [whole]
    starts = [0]
    for at in range(1, len(words)):
        if is_name(words[at].text) and _parts_words(words[starts[-1] : at], words[at:], below):
            starts.append(at)
    return [
        Part(
            line.number,
            " ".join(word.text for word in words[start:end]),
            replace(whole.box, x0=words[start].box.x0, x1=words[end - 1].box.x1),
        )
        for start, end in pairwise([*starts, len(words)])
    ]


def _parts_words(left: Sequence[Part], right: Sequence[Part], below: Sequence[Row]) -> bool:
    """Rows have something under the one words and something under the others, and none under both.

    What reaches far beyond the words is running text, and tells nothing.
    """
    x0, x1 = left[0].box.x0, right[-1].box.x1
    is_parted = False
    for row in below:
        sides = {
            (any(_over(part, one) for one in left), any(_over(part, one) for one in right))
            for part in row
            if x0 - (x1 - x0) < part.box.x0 and part.box.x1 < x1 + (x1 - x0)
        }
        if (True, True) in sides:
            return False
        is_parted = is_parted or {(True, False), (False, True)} <= sides
    return is_parted


def _over(one: Part, other: Part) -> bool:
    return one.box.x0 < other.box.x1 and other.box.x0 < one.box.x1


def of_rows(rows: Sequence[Row], index: int, lines: Mapping[int, Line]) -> Header | None:
    """A header that begins with a row of words, if there is a row of numbers below it."""
    below = [row for row in rows[index + 1 : index + 1 + _LOOK] if len(row) <= MOST]
    columns = [
        Named(part.box.x0, part.box.x1, part.text, (part.line,))
        for whole in rows[index]
        for part in _apart(whole, lines[whole.line], below)
    ]
    if not any(fills(columns, row) and sum(map(_is_figure, row)) > 1 for row in below):
        return None
    top, bottom = _edges(rows[index])
    for step in (-1, 1):
        at, last = index + step, rows[index]
        while 0 <= at < len(rows) and abs(at - index) <= _LINES:
            row = rows[at]
            if not all(is_name(part.text) for part in row) or not _is_near(last, row):
                break
            if step < 0 and len(row) == 1 and row[0].box.x0 < columns[0].x1:
                break  # a title
            _take_in(columns, row, step)
            top, bottom = min(top, _edges(row)[0]), max(bottom, _edges(row)[1])
            at, last = at + step, row

    columns.sort(key=attrgetter("x0"))
    numbers = frozenset(line for column in columns for line in column.lines)
    return Header(top, bottom, columns, lines=numbers)


def of_table(table: Table) -> Header | None:
    """The header of a table; None for one that names no columns."""
    rows = [_by_column(row) for row in table.rows]
    named: dict[int, Named] = {}
    for row in rows[: table.header_rows]:
        for at, cell in row.items():
            for column in range(at, at + cell.columns) if cell.text else ():
                _head(named, column, cell)
    if not named:
        return None
    body: dict[int, list[Cells]] = {}
    for row in rows[table.header_rows :]:
        for line in {line for cell in row.values() for line in cell.lines}:
            body.setdefault(line, []).append(row)
    boxes = [cell.box for row in table.rows[: table.header_rows] for cell in row if cell.box]
    columns = [named.get(at, Named(0, 0, "", ())) for at in range(max(named) + 1)]
    lines = frozenset(line for column in columns for line in column.lines) - body.keys()
    top = min((box.y0 for box in boxes), default=0)
    bottom = max((box.y1 for box in boxes), default=0)
    return Header(top, bottom, columns, body, lines)


def _by_column(row: Iterable[Cell]) -> Cells:
    """The cells by their columns; those of several columns are followed by places without."""
    cells: Cells = {}
    column = 0
    for cell in row:
        cells[column] = cell
        column += cell.columns
    return cells


def _head(named: dict[int, Named], column: int, cell: Cell) -> None:
    box = cell.box if cell.columns == 1 else None
    x0, x1 = (box.x0, box.x1) if box else (0, 0)
    before = named.get(column)
    if before is None:
        named[column] = Named(x0, x1, cell.text, cell.lines)
        return
    before.text = f"{before.text} {cell.text}"
    before.lines = tuple(dict.fromkeys((*before.lines, *cell.lines)))
    if box:
        before.x0, before.x1 = (min(x0, before.x0), max(x1, before.x1)) if before.x1 else (x0, x1)


def under(columns: Sequence[Named], box: Box, row: Row) -> int | None:
    """The column that something stands in, by itself, by the part that it is of, or the nearest.

    The nearest one must be free, and near.
    """
    shared, at = _most_shared(columns, box)
    if shared > 0:
        return at
    own = next((part.box for part in row if part.box.x0 <= box.x0 < part.box.x1), box)
    shared, whole = _most_shared(columns, own)
    if shared > 0:
        return whole
    taken = any(
        part.box.x0 < columns[at].x1 and columns[at].x0 < part.box.x1
        for part in row
        if part.box is not own
    )
    return at if not taken and -shared < _ASIDE * (box.y1 - box.y0) else None


def _most_shared(columns: Sequence[Named], box: Box) -> tuple[float, int]:
    """The column that a box has most in common with, and how wide that is."""
    return max((min(box.x1, one.x1) - max(box.x0, one.x0), at) for at, one in enumerate(columns))


def fills(columns: Sequence[Named], row: Row) -> bool:
    """Several columns have a part of the row each, and numbers are among them."""
    filled = set[int]()
    for part in row:
        over = [
            at for at, one in enumerate(columns) if part.box.x0 < one.x1 and one.x0 < part.box.x1
        ]
        if len(over) == 1:
            filled.add(over[0])
    return len(filled) >= _FEWEST and any(map(_is_figure, row))


def is_header(row: Row) -> bool:
    return _FEWEST <= len(row) <= MOST and all(is_name(part.text) for part in row)


def is_name(text: str, longest: int = _LONG) -> bool:
    """Words that may head a column: short, no numbers, nothing with its value behind a colon."""
    return (
        len(text) <= longest
        and not _DIGIT.search(text)
        and _LETTER.search(text) is not None
        and ":" not in text.rstrip(" :")
    )


def _is_figure(part: Part) -> bool:
    return _DIGIT.search(part.text) is not None


def _edges(row: Row) -> tuple[float, float]:
    return min(part.box.y0 for part in row), max(part.box.y1 for part in row)


def _is_near(one: Row, other: Row) -> bool:
    """Two rows stand so close together that they are lines of one header."""
    (top, bottom), (upper, lower) = _edges(one), _edges(other)
    return max(upper - bottom, top - lower) < _NEAR * (bottom - top)


def _take_in(columns: list[Named], row: Row, step: int) -> None:
    """Another line of a header: its words go to the columns that they stand over or under."""
    for part in row:
        over = [one for one in columns if part.box.x0 < one.x1 and one.x0 < part.box.x1]
        if not over:
            columns.append(Named(part.box.x0, part.box.x1, part.text, (part.line,)))
        if len(over) != 1:
            continue
        (one,) = over
        one.text = f"{part.text} {one.text}" if step < 0 else f"{one.text} {part.text}"
        one.lines = (part.line, *one.lines) if step < 0 else (*one.lines, part.line)
        one.x0, one.x1 = min(one.x0, part.box.x0), max(one.x1, part.box.x1)
