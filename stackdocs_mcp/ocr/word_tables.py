"""The tables of a word processor's document, with spans; a table in a cell is text of the cell."""

from docx.oxml.ns import qn

from stackdocs_mcp.ocr import stated, word_text
from stackdocs_mcp.ocr.wire import SentTable
from stackdocs_mcp.ocr.word_text import Element

_CELL_PROPERTIES, _ROW_PROPERTIES = qn("w:tcPr"), qn("w:trPr")
_SPAN, _BEFORE, _HEADER, _VALUE = (
    qn("w:gridSpan"),
    qn("w:gridBefore"),
    qn("w:tblHeader"),
    qn("w:val"),
)
_MOST_COLUMNS = 63
"""What Word itself allows."""


def tables(block: Element, first: int, printed: word_text.Printed) -> list[SentTable]:
    """The table whose first line has this index, in the order of ``word_text.lines``, if it is one.

    A single column or row is none.
    """
    rows: list[stated.Row] = []
    header = 0
    for row in word_text.rows(block):
        lines = list(word_text.row_lines(row, printed))
        seen = [first + at for at, (_, hidden) in enumerate(lines) if not hidden]
        cells = [
            (word_text.cell_text(cell, printed), _number(cell, _CELL_PROPERTIES, _SPAN, 1))
            for cell in word_text.cells(row)
        ]
        if before := _number(row, _ROW_PROPERTIES, _BEFORE, 0):
            cells.insert(0, ("", before))
        header += header == len(rows) and _is_header(row)
        rows.append(stated.Row(cells, seen))
        first += len(lines)

    table = stated.table(rows, header if header < len(rows) else 0)
    return [table] if table else []


def _is_header(row: Element) -> bool:
    switch = row.find(f"{_ROW_PROPERTIES}/{_HEADER}")
    return switch is not None and switch.get(_VALUE) not in word_text.NO


def _number(element: Element, properties: str, name: str, least: int) -> int:
    found = element.find(f"{properties}/{name}")
    value = "" if found is None else found.get(_VALUE, "")
    return min(max(int(value), least), _MOST_COLUMNS) if value.isdecimal() else least
