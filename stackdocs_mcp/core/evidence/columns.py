"""In which column of a page something stands, and which words head that column.

Columns come from the tables that were found on the page; where there is none, from a line of words
that has lines with numbers below its words. Without either a line of words close above heads what
stands below it, as on forms.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from operator import attrgetter

from stackdocs_mcp.core.evidence.boxes import cells_of, part_of, words_of
from stackdocs_mcp.core.model import Box, Cell, Line, Table

_DIGIT = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")
_FEWEST = 3
"""Cells that make a line a header, or a row of its table: two are a name and its value."""
_LOOK = 12
"""Rows below a header within which its table has to begin."""
_LINES_OF_HEADER = 4
_NEAR = 1.0
"""In line heights: the lines of one header are nearer."""
_ABOVE = 2.5
"""In line heights: a word further above heads nothing."""
_LONG = 60
"""Characters: more than this is no heading, nor several with little space between."""
_LABEL = 40
_REACH = 40
"""Rows above within which a lone heading is looked for."""


@dataclass(frozen=True, slots=True)
class Column:
    """What heads the column of something that stands on a page.

    ``lines`` are the numbers of the lines that the heading stands in, ``others`` the headings of
    the columns beside it, ``row`` what stands in those in the same row, empty where nothing does.
    ``is_row`` is said of a row of the table: of one that was found in it or fills several of its
    columns, not of totals below it.
    """

    heading: str
    lines: tuple[int, ...] = ()
    others: tuple[str, ...] = ()
    row: tuple[str, ...] = ()
    is_row: bool = False


@dataclass(slots=True)
class _Part:
    """A part of a line between gaps, with its box."""

    line: int
    text: str
    box: Box


@dataclass(slots=True)
class _Named:
    """A column below its heading: from where to where it reaches, and what heads it."""

    x0: float
    x1: float
    text: str
    lines: tuple[int, ...]


_Cells = dict[int, Cell]
"""The cells of a row of a table, by the first column that they stand in."""


@dataclass(slots=True)
class _Header:
    """Columns with their headings; ``body`` has the rows of a table by the lines they are in."""

    top: float
    bottom: float
    columns: list[_Named]
    body: dict[int, list[_Cells]] = field(default_factory=dict)
    lines: frozenset[int] = frozenset()


_Row = list[_Part]


class Columns:
    """The columns of one page; what is costly is worked out on first use."""

    def __init__(self, lines: Sequence[Line], tables: Sequence[Table] = ()) -> None:
        self._lines = {line.number: line for line in lines}
        self._tables = tables
        self._found: dict[tuple[int, int, int], Column | None] = {}

    def at(self, number: int, low: int, high: int) -> Column | None:
        """The column of characters ``low:high`` of a line; None where nothing heads it."""
        key = number, low, high
        if key not in self._found:
            self._found[key] = self._at(number, low, high)
        return self._found[key]

    def _at(self, number: int, low: int, high: int) -> Column | None:
        line = self._lines.get(number)
        if line is None:
            return None
        box = part_of(line, low, high)
        for header in self._headers:
            for cells in header.body.get(number, ()):
                at = _cell_at(cells, line, low, box)
                if at is not None:
                    texts = {column: cell.text for column, cell in cells.items()}
                    return _column(header, at, texts, is_row=True)
        if box is None or line.box is None:
            return None
        index = self._row_of[number]
        over = self._header_over(line.box, number)
        if over is not None:
            row = self._rows[index]
            at = _under(over.columns, box, row)
            if at is not None:
                return _column(over, at, _said(over.columns, row), is_row=_fills(over.columns, row))
        return self._lone(index, box)

    def _header_over(self, box: Box, number: int) -> _Header | None:
        """The nearest header above."""
        placed = self._placed
        at = bisect_left(placed, (box.y0 + box.y1) / 2, key=attrgetter("bottom"))
        if not at or number in placed[at - 1].lines:
            return None
        return placed[at - 1]

    def _lone(self, index: int, box: Box) -> Column | None:
        """Words of the nearest line above that something stands in the way of."""
        height = box.y1 - box.y0
        for row in reversed(self._rows[max(0, index - _REACH) : index]):
            over = [part for part in row if part.box.x0 < box.x1 and box.x0 < part.box.x1]
            if not over:
                continue
            part = over[0]
            if box.y0 - part.box.y1 > _ABOVE * height or not _is_name(part.text, _LABEL):
                return None
            return Column(part.text.rstrip(" :"), (part.line,))
        return None

    @cached_property
    def _rows(self) -> list[_Row]:
        """The parts of the lines in rows across the page, from the top and from the left.

        A line belongs to the row whose first line's middle it covers.
        """
        boxed = [(line.box, line) for line in self._lines.values() if line.box is not None]
        rows: list[tuple[Box, list[Line]]] = []
        for box, line in sorted(boxed, key=lambda one: one[0].y0 + one[0].y1):
            middle = (box.y0 + box.y1) / 2
            if rows and rows[-1][0].y0 <= middle <= rows[-1][0].y1:
                rows[-1][1].append(line)
            else:
                rows.append((box, [line]))

        return [
            sorted((part for line in row for part in _parts(line)), key=lambda one: one.box.x0)
            for _, row in rows
        ]

    @cached_property
    def _row_of(self) -> dict[int, int]:
        return {part.line: index for index, row in enumerate(self._rows) for part in row}

    @cached_property
    def _headers(self) -> list[_Header]:
        """Those of the tables."""
        return [header for table in self._tables if (header := _of_table(table)) is not None]

    @cached_property
    def _placed(self) -> list[_Header]:
        """All headers that have a place, from the top; also those that only the lines show."""
        found = [header for header in self._headers if header.columns]
        taken = {line for header in found for line in (*header.body, *header.lines)}
        for index, row in enumerate(self._rows):
            if _is_header(row) and not any(part.line in taken for part in row):
                header = self._of_rows(index)
                if header is not None:
                    found.append(header)
                    taken |= header.lines
        return sorted(found, key=attrgetter("bottom"))

    def _of_rows(self, index: int) -> _Header | None:
        """A header that begins with a row of words, if there is a row of numbers below it."""
        below = self._rows[index + 1 : index + 1 + _LOOK]
        columns = [
            _Named(part.box.x0, part.box.x1, part.text, (part.line,))
            for whole in self._rows[index]
            for part in _apart(whole, self._lines[whole.line], below)
        ]
        if not any(_fills(columns, row) and sum(map(_is_figure, row)) > 1 for row in below):
            return None
        top, bottom = _edges(self._rows[index])
        for step in (-1, 1):
            at, last = index + step, self._rows[index]
            while 0 <= at < len(self._rows) and abs(at - index) <= _LINES_OF_HEADER:
                row = self._rows[at]
                if not all(_is_name(part.text) for part in row) or not _is_near(last, row):
                    break
                _take_in(columns, row, step)
                top, bottom = min(top, _edges(row)[0]), max(bottom, _edges(row)[1])
                at, last = at + step, row

        columns.sort(key=attrgetter("x0"))
        lines = frozenset(line for column in columns for line in column.lines)
        return _Header(top, bottom, columns, lines=lines)


def _parts(line: Line) -> Iterator[_Part]:
    for low, high in cells_of(line):
        box = part_of(line, low, high)
        if box is not None:
            yield _Part(line.number, line.text[low:high], box)


def _apart(whole: _Part, line: Line, below: Sequence[_Row]) -> list[_Part]:
    """A part of a header in pieces where rows below have several parts, each under other words."""
    words = [
        _Part(line.number, line.text[low:high], replace(whole.box, x0=x0, x1=x1))
        for (low, high), (x0, x1) in words_of(line)
        if whole.box.x0 <= x0 < whole.box.x1
    ]
    if len(words) < 2:
        return [whole]
    starts = [0]
    for at in range(1, len(words)):
        if _is_name(words[at].text) and _parts_words(words[starts[-1] : at], words[at:], below):
            starts.append(at)
    return [
        _Part(
            line.number,
            " ".join(word.text for word in words[start:end]),
            replace(whole.box, x0=words[start].box.x0, x1=words[end - 1].box.x1),
        )
        for start, end in pairwise([*starts, len(words)])
    ]


def _parts_words(left: Sequence[_Part], right: Sequence[_Part], below: Sequence[_Row]) -> bool:
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


def _over(one: _Part, other: _Part) -> bool:
    return one.box.x0 < other.box.x1 and other.box.x0 < one.box.x1


def _of_table(table: Table) -> _Header | None:
    """The header of a table; None for one that names no columns."""
    rows = [_by_column(row) for row in table.rows]
    named: dict[int, _Named] = {}
    for row in rows[: table.header_rows]:
        for at, cell in row.items():
            for column in range(at, at + cell.columns) if cell.text else ():
                _head(named, column, cell)
    if not named:
        return None
    body: dict[int, list[_Cells]] = {}
    for row in rows[table.header_rows :]:
        for line in {line for cell in row.values() for line in cell.lines}:
            body.setdefault(line, []).append(row)
    boxes = [cell.box for row in table.rows[: table.header_rows] for cell in row if cell.box]
    columns = [named.get(at, _Named(0, 0, "", ())) for at in range(max(named) + 1)]
    lines = frozenset(line for column in columns for line in column.lines) - body.keys()
    top = min((box.y0 for box in boxes), default=0)
    bottom = max((box.y1 for box in boxes), default=0)
    return _Header(top, bottom, columns, body, lines)


def _by_column(row: Iterable[Cell]) -> _Cells:
    """The cells by their columns; those of several columns are followed by places without."""
    cells: _Cells = {}
    column = 0
    for cell in row:
        cells[column] = cell
        column += cell.columns
    return cells


def _head(named: dict[int, _Named], column: int, cell: Cell) -> None:
    box = cell.box if cell.columns == 1 else None
    x0, x1 = (box.x0, box.x1) if box else (0, 0)
    before = named.get(column)
    if before is None:
        named[column] = _Named(x0, x1, cell.text, cell.lines)
        return
    before.text = f"{before.text} {cell.text}"
    before.lines = tuple(dict.fromkeys((*before.lines, *cell.lines)))
    if box:
        before.x0, before.x1 = (min(x0, before.x0), max(x1, before.x1)) if before.x1 else (x0, x1)


def _cell_at(row: _Cells, line: Line, low: int, box: Box | None) -> int | None:
    """The column of the cell of a row that something in one of its lines stands in."""
    here = [(at, cell) for at, cell in row.items() if line.number in cell.lines]
    if box is not None and any(cell.box is not None for _, cell in here):
        middle = (box.x0 + box.x1) / 2
        # The box of a cell of several lines is as wide as the widest: it may reach over others.
        over = [
            (cell.box.x1 - cell.box.x0, at)
            for at, cell in here
            if cell.box is not None and cell.box.x0 <= middle <= cell.box.x1
        ]
        return min(over)[1] if over else None
    parts = list(cells_of(line))
    if len(parts) != len(here):
        return None
    return next((here[n][0] for n, (start, end) in enumerate(parts) if start <= low < end), None)


def _column(header: _Header, at: int, row: Mapping[int, str], *, is_row: bool) -> Column | None:
    """The column as it is told; ``row`` has what stands in each column."""
    if at >= len(header.columns) or not header.columns[at].text:
        return None
    named = header.columns[at]
    beside = [
        (one.text, row.get(nth, ""))
        for nth, one in enumerate(header.columns)
        if one is not named and one.text
    ]
    others, texts = tuple(one for one, _ in beside), tuple(text for _, text in beside)
    return Column(named.text, named.lines, others, texts, is_row)


def _said(columns: Sequence[_Named], row: _Row) -> dict[int, str]:
    """What stands in each column in a row."""
    texts: dict[int, str] = {}
    for part in row:
        at = _under(columns, part.box, row)
        if at is not None:
            texts[at] = f"{texts[at]} {part.text}" if at in texts else part.text
    return texts


def _under(columns: Sequence[_Named], box: Box, row: _Row) -> int | None:
    """The column that something stands in: the one it overlaps most, else the nearest free one."""
    shared, at = max(
        (min(box.x1, one.x1) - max(box.x0, one.x0), at) for at, one in enumerate(columns)
    )
    if shared > 0:
        return at
    taken = any(
        part.box.x0 < columns[at].x1 and columns[at].x0 < part.box.x1
        for part in row
        if not part.box.x0 <= box.x0 < part.box.x1
    )
    return at if not taken and -shared < 2 * (box.y1 - box.y0) else None


def _fills(columns: Sequence[_Named], row: _Row) -> bool:
    """Several columns have a part of the row each, and numbers are among them."""
    filled = set[int]()
    for part in row:
        over = [
            at for at, one in enumerate(columns) if part.box.x0 < one.x1 and one.x0 < part.box.x1
        ]
        if len(over) == 1:
            filled.add(over[0])
    return len(filled) >= _FEWEST and any(map(_is_figure, row))


def _is_header(row: _Row) -> bool:
    return len(row) >= _FEWEST and all(_is_name(part.text) for part in row)


def _is_name(text: str, longest: int = _LONG) -> bool:
    """Words that may head a column: short, no numbers, nothing with its value behind a colon."""
    return (
        len(text) <= longest
        and not _DIGIT.search(text)
        and _LETTER.search(text) is not None
        and ":" not in text.rstrip(" :")
    )


def _is_figure(part: _Part) -> bool:
    return _DIGIT.search(part.text) is not None


def _edges(row: _Row) -> tuple[float, float]:
    return min(part.box.y0 for part in row), max(part.box.y1 for part in row)


def _is_near(one: _Row, other: _Row) -> bool:
    """Two rows stand so close together that they are lines of one header."""
    (top, bottom), (upper, lower) = _edges(one), _edges(other)
    return max(upper - bottom, top - lower) < _NEAR * (bottom - top)


def _take_in(columns: list[_Named], row: _Row, step: int) -> None:
    """Another line of a header: its words go to the columns that they stand over or under."""
    for part in row:
        over = [one for one in columns if part.box.x0 < one.x1 and one.x0 < part.box.x1]
        if not over:
            columns.append(_Named(part.box.x0, part.box.x1, part.text, (part.line,)))
        if len(over) != 1:
            continue
        (one,) = over
        one.text = f"{part.text} {one.text}" if step < 0 else f"{one.text} {part.text}"
        one.lines = (part.line, *one.lines) if step < 0 else (*one.lines, part.line)
        one.x0, one.x1 = min(one.x0, part.box.x0), max(one.x1, part.box.x1)
