"""In which column of a page something stands, and which words head that column.

Columns come from the tables that were found on the page; where there is none, from a line of words
that has lines with numbers below its words. Without either a line of words close above heads what
stands below it, as on forms.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter

from stackdocs_mcp.core.evidence import headers
from stackdocs_mcp.core.evidence.boxes import cells_of
from stackdocs_mcp.core.evidence.headers import Header, Row
from stackdocs_mcp.core.model import Box, Line, Table

_ABOVE = 2.5
"""In line heights: a word further above heads nothing."""
_LABEL = 40
"""Characters: more than this names nothing."""
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


class Columns:
    """The columns of one page; what is costly is worked out on first use."""

    def __init__(self, lines: Sequence[Line], tables: Sequence[Table] = ()) -> None:
        self._lines = {line.number: line for line in lines}
        self._tables = tables
        self._found: dict[tuple[int, int, int], Column | None] = {}

    def at(self, number: int, low: int, high: int, box: Box | None) -> Column | None:
        """The column of characters ``low:high`` of a line, in their box; None without a heading."""
        key = number, low, high
        if key not in self._found:
            self._found[key] = self._at(number, low, box)
        return self._found[key]

    def _at(self, number: int, low: int, box: Box | None) -> Column | None:
        line = self._lines.get(number)
        if line is None:
            return None
        for header in self._headers:
            for cells in header.body.get(number, ()):
                at = _cell_at(cells, line, low, box)
                if at is not None:
                    texts = {column: cell.text for column, cell in cells.items()}
                    return _column(header, at, texts, is_row=True)
        if box is None or line.box is None:
            return None
        index = self._row_of[number]
        row = self._rows[index]
        over = self._header_over(line.box, number)
        if over is not None and len(row) <= headers.MOST:
            at = headers.under(over.columns, box, row)
            if at is not None:
                return _column(
                    over, at, _said(over.columns, row), is_row=headers.fills(over.columns, row)
                )
        return self._lone(index, box)

    def _header_over(self, box: Box, number: int) -> Header | None:
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
            if len(row) > headers.MOST:
                return None
            over = [part for part in row if part.box.x0 < box.x1 and box.x0 < part.box.x1]
            if not over:
                continue
            part = over[0]
            if box.y0 - part.box.y1 > _ABOVE * height or not headers.is_name(part.text, _LABEL):
                return None
            return Column(part.text.rstrip(" :"), (part.line,))
        return None

    @cached_property
    def _rows(self) -> list[Row]:
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
            sorted(
                (part for line in row for part in headers.parts_of(line)),
                key=lambda one: one.box.x0,
            )
            for _, row in rows
        ]

    @cached_property
    def _row_of(self) -> dict[int, int]:
        return {part.line: index for index, row in enumerate(self._rows) for part in row}

    @cached_property
    def _headers(self) -> list[Header]:
        """Those of the tables."""
        return [header for table in self._tables if (header := headers.of_table(table)) is not None]

    @cached_property
    def _placed(self) -> list[Header]:
        """All headers that have a place, from the top; also those that only the lines show."""
        found = [header for header in self._headers if header.columns]
        taken = {line for header in found for line in (*header.body, *header.lines)}
        for index, row in enumerate(self._rows):
            if headers.is_header(row) and not any(part.line in taken for part in row):
                header = headers.of_rows(self._rows, index, self._lines)
                if header is not None:
                    found.append(header)
                    taken |= header.lines
        return sorted(found, key=attrgetter("bottom"))


def _cell_at(row: headers.Cells, line: Line, low: int, box: Box | None) -> int | None:
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


def _column(header: Header, at: int, row: Mapping[int, str], *, is_row: bool) -> Column | None:
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


def _said(columns: Sequence[headers.Named], row: Row) -> dict[int, str]:
    """What stands in each column in a row."""
    texts: dict[int, str] = {}
    for part in row:
        at = headers.under(columns, part.box, row)
        if at is not None:
            texts[at] = f"{texts[at]} {part.text}" if at in texts else part.text
    return texts
