"""The tables of slides, with spans."""

from typing import Any

from stackdocs_mcp.ocr import clean, stated
from stackdocs_mcp.ocr.wire import SentTable


def tables(table: Any, first: int) -> list[SentTable]:
    """The table whose first line has this index, if it has several rows and columns."""
    rows: list[stated.Row] = []
    for row in table.rows:
        cells = [
            ("" if cell.is_spanned else clean.flat(cell.text), _columns(cell))
            for at, cell in enumerate(row.cells)
            if not cell.is_spanned or not _is_beside(row.cells, at)
        ]
        is_line = any(text for text, _ in cells)
        rows.append(stated.Row(cells, [first] if is_line else []))
        first += is_line

    found = stated.table(rows, header=int(table.first_row))
    return [found] if found else []


def _columns(cell: Any) -> int:
    return int(cell.span_width) if cell.is_merge_origin else 1


def _is_beside(row: Any, at: int) -> bool:
    """A spanned cell belongs to one on its left in the same row, and has no place of its own."""
    origin = next((left for left in range(at, -1, -1) if row[left].is_merge_origin), None)
    return origin is not None and origin + _columns(row[origin]) > at
