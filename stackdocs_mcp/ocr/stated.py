"""Tables of formats that say themselves what is a row and what a cell."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from stackdocs_mcp.ocr import cells, clean
from stackdocs_mcp.ocr.wire import SentCell, SentTable


class Row(NamedTuple):
    """Each cell's text and the columns it spans, and the indices of the lines that they are in."""

    cells: Sequence[tuple[str, int]]
    lines: Sequence[int]


def table(rows: Iterable[Row], header: int = 0) -> SentTable | None:
    """The table of these rows, or None where they have but one column, or there is but one.

    Rows without text, and those longer than a line can be, are left out. Without a ``header`` one
    is looked for.
    """
    shown = [row for row in rows if row.lines and _length(row) <= clean.MAX_LINE]
    if sum(_filled(row) > 1 for row in shown) < 2:
        return None
    sent = [[_cell(text, row.lines, columns) for text, columns in row.cells] for row in shown]
    return SentTable(rows=sent, header_rows=header or cells.header_lines(list(map(_said, shown))))


def on_page(tables: Iterable[SentTable], start: int, end: int) -> list[SentTable]:
    """What of the tables stands in the lines from ``start`` up to ``end``, counted from there."""
    parts = []
    for whole in tables:
        inside = [any(start <= at < end for cell in row for at in cell[1]) for row in whole.rows]
        rows = [
            [_shifted(cell, start, end) for cell in row]
            for row, is_inside in zip(whole.rows, inside, strict=True)
            if is_inside
        ]
        if rows:
            header = sum(inside[: whole.header_rows])
            parts.append(SentTable(rows=rows, header_rows=header))

    return parts


def _length(row: Row) -> int:
    return sum(len(text) for text, _ in row.cells)


def _filled(row: Row) -> int:
    return sum(bool(text) for text, _ in row.cells)


def _cell(text: str, lines: Sequence[int], columns: int) -> SentCell:
    return text, list(lines) if text else [], None, columns


def _said(row: Row) -> dict[int, str]:
    said, column = {}, 0
    for text, columns in row.cells:
        if text:
            said[column] = text
        column += columns
    return said


def _shifted(cell: SentCell, start: int, end: int) -> SentCell:
    text, lines, box, columns = cell
    return text, [at - start for at in lines if start <= at < end], box, columns
