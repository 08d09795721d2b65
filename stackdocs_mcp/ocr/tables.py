"""Tables on a page, from its lines and the rules that are drawn on it: rows of cells with boxes.

A wrong table is worse than none. What is ruled in both directions is a table if it has several
rows with several cells; without rules down, layout and amounts have to show one (``aligned``).
Totals below a table are rows of it only if they stand in its grid, or in its columns from the
first one on.
"""

import math
from collections.abc import Sequence

from stackdocs_mcp.ocr import aligned, grids, ruled
from stackdocs_mcp.ocr.cells import Part
from stackdocs_mcp.ocr.order import Piece, Rectangle
from stackdocs_mcp.ocr.wire import SentTable

_UPENDED = 1.7
"""Times as high as wide; four thin letters beside each other are not."""


def likely(rows: Sequence[Sequence[Piece]]) -> bool:
    """There may be a table: cheap to say, and true of all pages that have one."""
    return sum(len(row) > 1 for row in rows) > 1


def found(rows: Sequence[Sequence[Piece]], rules: Sequence[Rectangle] = ()) -> list[SentTable]:
    """The tables of a page from the top; cells name their lines by the place in ``rows``."""
    lines = [
        [Part(at, piece) for piece in row if not _is_upended(piece)] for at, row in enumerate(rows)
    ]
    flat = grids.horizontal(rules)
    tables: list[SentTable] = []
    for grid in grids.found(rules):
        box = grid.box
        inside = [[part for part in line if _stands_in(part, box)] for line in lines]
        reading = ruled.read(grid, [part for line in inside for part in line])
        if reading.is_frame or not reading.rows:
            continue
        if reading.is_table and not reading.is_crowded:
            tables.append(reading.table())
        elif reading.is_table:
            tables += aligned.tables([line for line in inside if line], flat)
        lines = [[part for part in line if not _stands_in(part, box)] for line in lines]

    tables += aligned.tables([line for line in lines if line], flat)
    return sorted(tables, key=_top)


def tilted(table: SentTable, angle: float) -> SentTable:
    """A table that was found on a levelled page where it is on the page itself."""
    rows = [
        [(text, lines, box and _tilted(box, angle), columns) for text, lines, box, columns in row]
        for row in table.rows
    ]
    box = table.box and _tilted(table.box, angle)
    return SentTable(rows=rows, box=box, header_rows=table.header_rows)


def _tilted(box: Rectangle, angle: float) -> Rectangle:
    cos, sin = math.cos(angle), math.sin(angle)
    corners = [(x, y) for x in box[::2] for y in box[1::2]]
    across = [x * cos - y * sin for x, y in corners]
    down = [y * cos + x * sin for x, y in corners]
    return min(across), min(down), max(across), max(down)


def _stands_in(part: Part, box: Rectangle) -> bool:
    x0, y0, x1, y1 = part.piece.box
    return box[0] <= (x0 + x1) / 2 <= box[2] and box[1] <= (y0 + y1) / 2 <= box[3]


def _is_upended(piece: Piece) -> bool:
    """It runs along a side of the page, and would be in the way of all columns."""
    x0, y0, x1, y1 = piece.box
    return y1 - y0 > _UPENDED * (x1 - x0) and len(piece.text) > 3


def _top(table: SentTable) -> float:
    return table.box[1] if table.box else 0.0
