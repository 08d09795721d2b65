"""Tables whose columns are ruled: the grid says where cells are, and text what a row is.

A band between two rules is one row, whose cells may have several lines, unless amounts stand below
one another in it: then only the columns are ruled, and each line with amounts begins a row.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from stackdocs_mcp.ocr import cells, grids
from stackdocs_mcp.ocr.cells import Part, Row, Strip
from stackdocs_mcp.ocr.order import around
from stackdocs_mcp.ocr.wire import SentCell, SentTable

_MOST_SIDE_BY_SIDE = 5
"""Lines of a band that fill several cells; more are rows that cannot be told apart."""
_MOST = 0.5
"""Of the rows: so many have several cells with text, and all of the columns."""

Spans = Sequence[grids.Span]


class _Row(NamedTuple):
    spans: Spans
    body: Row
    top: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What stands in a grid: its rows, and what kind of grid that makes it."""

    grid: grids.Grid
    rows: Sequence[_Row]
    is_frame: bool
    """There is more in one of its bands than a cell has."""

    @property
    def header(self) -> int:
        return cells.header_rows([row.body for row in self.rows])

    @property
    def is_table(self) -> bool:
        """The grid is regular: no form, and no frame around text."""
        rows = self.rows
        columns = len(self.grid.columns) - 1
        lively = sum(len(row.body) > 1 for row in rows)
        regular = sum(len(row.spans) == columns for row in rows)
        if lively < 2 or lively < _MOST * len(rows) or regular < _MOST * len(rows):
            return False
        if len(rows) > 2:
            return True
        return self.header > 0 and rows[1].body.keys() <= rows[0].body.keys()

    @property
    def is_crowded(self) -> bool:
        """Cells have several amounts on a line: some of the columns are not ruled."""
        return sum(_is_crowded(row.body) for row in self.rows[self.header :]) > 1

    def table(self) -> SentTable:
        return cells.table([_cells(self.grid, row) for row in self.rows], self.header)


def read(grid: grids.Grid, parts: Sequence[Part]) -> Reading:
    """The rows in a grid, from the parts that stand in it."""
    banded: list[list[Part]] = [[] for _ in grid.cells]
    for part in parts:
        banded[_place(grid.bands, part.piece.middle)].append(part)

    rows: list[_Row] = []
    is_frame = False
    for number, (spans, inside) in enumerate(zip(grid.cells, banded, strict=True)):
        strips = _strips(grid, spans, inside)
        bodies = _bodies(strips)
        is_frame = is_frame or _is_frame(strips, bodies)
        heights = _heights(bodies, grid.bands[number], grid.bands[number + 1])
        for body, (top, bottom) in zip(bodies, heights, strict=True):
            _lift(spans, body, rows)
            if body:
                rows.append(_Row(spans, body, top, bottom))

    return Reading(grid, rows, is_frame)


def _is_frame(strips: Sequence[Strip], bodies: Sequence[Row]) -> bool:
    several = sum(len(strip.cells) > 1 for strip in strips)
    return len(bodies) == 1 and several > _MOST_SIDE_BY_SIDE


def _is_crowded(body: Row) -> bool:
    """A cell has several amounts on one line, so that a rule is missing between them."""
    for parts in body.values():
        lines = [part.line for part in parts if cells.is_amount(part.piece.text)]
        if len(set(lines)) < len(lines):
            return True
    return False


def _place(edges: Sequence[float], at: float) -> int:
    return min(max(bisect_right(edges, at) - 1, 0), len(edges) - 2)


def _strips(grid: grids.Grid, spans: Spans, parts: Sequence[Part]) -> list[Strip]:
    """The lines of a band, each with its parts by the first column of the cell they stand in."""
    lines: dict[int, dict[int, list[Part]]] = {}
    edges = [grid.columns[span.first] for span in spans[1:]]
    for part in [piece for whole in parts for piece in cells.cut(whole, edges)]:
        column = _place(grid.columns, (part.piece.box[0] + part.piece.box[2]) / 2)
        first = next(span.first for span in spans if span.first <= column < span.end)
        lines.setdefault(part.line, {}).setdefault(first, []).append(part)
    return [cells.strip(line) for line in lines.values()]


def _bodies(strips: Sequence[Strip]) -> list[Row]:
    """The rows of one band."""
    several = [strip for strip in strips if len(strip.cells) > 1]
    amounts = Counter(
        column
        for strip in several
        for column, parts in strip.cells.items()
        if cells.is_amount(cells.text(parts))
    )
    most = max(amounts.values(), default=0)
    if most <= max(1, _MOST * len(several)):
        return [cells.merged(strips)]
    lasting = {column for column, times in amounts.items() if times == most}
    heads = [strip for strip in several if not lasting.isdisjoint(strip.cells)]
    return [cells.merged(row) for row in cells.gathered(strips, heads)]


def _heights(bodies: Sequence[Row], top: float, bottom: float) -> list[tuple[float, float]]:
    """Where the rows of a band begin and end."""
    if len(bodies) == 1:
        return [(top, bottom)]
    boxes = [around(part.piece.box for parts in body.values() for part in parts) for body in bodies]
    starts = [top, *(max(top, box[1]) for box in boxes[1:])]
    return list(zip(starts, [*starts[1:], bottom], strict=True))


def _lift(spans: Spans, body: Row, rows: Sequence[_Row]) -> None:
    """What stands below a missing rule goes to the cell above it, but no amount to another."""
    for span in spans:
        lower = body.get(span.first)
        above = next((row.body for row in reversed(rows) if span.first in row.body), None)
        if not span.continues or not lower or above is None:
            continue
        upper = above[span.first]
        if not (cells.is_amount(cells.text(upper)) and cells.is_amount(cells.text(lower))):
            upper.extend(body.pop(span.first))


def _cells(grid: grids.Grid, row: _Row) -> list[SentCell]:
    found: list[SentCell] = []
    for span in row.spans:
        parts = row.body.get(span.first, [])
        bottom = max([row.bottom, *(part.piece.box[3] for part in parts)])
        box = grid.columns[span.first], row.top, grid.columns[span.end], bottom
        found.append(cells.cell(parts, box, span.end - span.first))
    return found
