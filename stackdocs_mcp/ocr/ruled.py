"""Tables whose columns are ruled: the grid says where cells are, and text what a row is.

A band between two rules is one row, whose cells may have several lines, unless amounts stand below
one another in it: then only the columns are ruled, and each line with amounts begins a row.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from stackdocs_mcp.ocr import cells, grids
from stackdocs_mcp.ocr.cells import Part, Row, Strip
from stackdocs_mcp.ocr.order import around
from stackdocs_mcp.ocr.wire import SentCell, SentTable

_MOST_UNPARTED = 4
"""Lines of a band that fill several cells without amounts; more are rows that we cannot part."""
_MOST = 0.5
"""Of the rows: so many have several cells with text, and all of the columns."""
_CROWDED = 2

Spans = Sequence[grids.Span]


class _Row(NamedTuple):
    spans: Spans
    body: Row
    top: float
    bottom: float


def table(grid: grids.Grid, parts: Sequence[Part]) -> SentTable | None:
    """The table in a grid, from the parts that stand in it, or None where it holds no rows."""
    banded: list[list[Part]] = [[] for _ in grid.cells]
    for part in parts:
        banded[_place(grid.bands, part.piece.middle)].append(part)

    rows: list[_Row] = []
    for number, (spans, inside) in enumerate(zip(grid.cells, banded, strict=True)):
        bodies = _bodies(_strips(grid, spans, inside), len(grid.cells))
        if bodies is None:
            return None
        heights = _heights(bodies, grid.bands[number], grid.bands[number + 1])
        for body, (top, bottom) in zip(bodies, heights, strict=True):
            _lift(spans, body, rows)
            if body:
                rows.append(_Row(spans, body, top, bottom))

    bodies = [row.body for row in rows]
    header = cells.header_rows(bodies)
    if not _is_table(rows, header):
        return None
    return cells.table([_cells(grid, row) for row in rows], header)


def _is_table(rows: Sequence[_Row], header: int) -> bool:
    """The grid is regular and its columns are all ruled: no form, and no frame around text."""
    columns = rows[0].spans[-1].end if rows else 0
    lively = sum(len(row.body) > 1 for row in rows)
    regular = sum(len(row.spans) == columns for row in rows)
    if lively < 2 or lively < _MOST * len(rows) or regular < _MOST * len(rows):
        return False
    if len(rows) == 2 and (not header or not rows[1].body.keys() <= rows[0].body.keys()):
        return False
    return sum(_is_crowded(row.body) for row in rows[header:]) < _CROWDED


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
    for part in parts:
        column = _place(grid.columns, (part.piece.box[0] + part.piece.box[2]) / 2)
        first = next(span.first for span in spans if span.first <= column < span.end)
        lines.setdefault(part.line, {}).setdefault(first, []).append(part)
    return [cells.strip(line) for line in lines.values()]


def _bodies(strips: Sequence[Strip], bands: int) -> list[Row] | None:
    """The rows of one band; None where it has more of them than can be told apart."""
    several = [strip for strip in strips if len(strip.cells) > 1]
    seen: dict[int, int] = {}
    for strip in several:
        for column, parts in strip.cells.items():
            if cells.is_amount(cells.text(parts)):
                seen[column] = seen.get(column, 0) + 1
    if max(seen.values(), default=0) > max(1, _MOST * len(several)):
        lasting = {column for column, times in seen.items() if times == max(seen.values())}
        heads = [strip for strip in several if not lasting.isdisjoint(strip.cells)]
        return [cells.merged(row) for row in cells.gathered(strips, heads)]
    if bands <= 2 and len(several) > _MOST_UNPARTED:
        return None
    return [cells.merged(strips)]


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
