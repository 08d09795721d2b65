"""The tables of an HTML page, from its rows as they are read."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from stackdocs_mcp.ocr import stated
from stackdocs_mcp.ocr.wire import SentTable

Element: TypeAlias = Any
"""Of lxml, which has no types."""
_MOST_SPANNED = 1_000
"""Columns or rows; what browsers stop at, too (HTML 4.9.11)."""


class _Row(NamedTuple):
    element: Element
    texts: Mapping[Element, str]
    lines: Sequence[int]


class Tables:
    """Gathers rows, and gives the tables that they are of."""

    def __init__(self) -> None:
        self._rows: dict[Element, list[_Row]] = {}

    def add(self, row: Element, texts: Mapping[Element, str], lines: Sequence[int]) -> None:
        """A row with what each of its cells shows, and the indices of its lines."""
        table = next(row.iterancestors("table"), None)
        if table is not None:
            self._rows.setdefault(table, []).append(_Row(row, texts, lines))

    def found(self) -> list[SentTable]:
        """In the order of their first rows."""
        tables = (stated.table(_placed(rows), _header(rows)) for rows in self._rows.values())
        return [table for table in tables if table is not None]


def _header(rows: Sequence[_Row]) -> int:
    """How many rows at the top are in a head, or of heading cells only."""
    count = 0
    for row in rows:
        if row.element.getparent().tag != "thead" and any(cell.tag != "th" for cell in row.texts):
            break
        count += 1
    return count if count < len(rows) else 0


def _placed(rows: Sequence[_Row]) -> list[stated.Row]:
    """With an empty cell below each one that spans several rows."""
    found = []
    below: dict[int, int] = {}
    for row in rows:
        cells: list[tuple[str, int]] = []
        column = 0
        for cell, text in row.texts.items():
            column = _under(below, column, cells)
            across, down = _span(cell, "colspan"), _span(cell, "rowspan")
            cells.append((text, across))
            if down > 1:
                below.update(dict.fromkeys(range(column, column + across), down))
            column += across
        _under(below, column, cells)
        below = {at: left - 1 for at, left in below.items() if left > 1}
        found.append(stated.Row(cells, row.lines))

    return found


def _under(below: Mapping[int, int], column: int, cells: list[tuple[str, int]]) -> int:
    """The next column that no cell from above reaches into."""
    while below.get(column, 0) > 0:
        cells.append(("", 1))
        column += 1
    return column


def _span(cell: Element, name: str) -> int:
    value = cell.get(name, "").strip()
    return min(max(int(value), 1), _MOST_SPANNED) if value.isascii() and value.isdigit() else 1
