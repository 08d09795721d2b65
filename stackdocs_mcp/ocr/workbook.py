"""XLSX to pages: a sheet is a page, a row a line, cells parted by bars.

Columns that are empty in the whole sheet, and rows that are, take no place. Formulas show the value
that they had when the file was saved. Hidden sheets, rows, columns and cells are flagged. Links to
other workbooks are not followed.
"""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import openpyxl
from openpyxl.cell.read_only import ReadOnlyCell
from openpyxl.worksheet._reader import WorkSheetParser

from stackdocs_mcp.ocr import clean, package, plain
from stackdocs_mcp.ocr.cell_style import CellStyles
from stackdocs_mcp.ocr.cell_text import GENERAL, cell_text
from stackdocs_mcp.ocr.failures import Unreadable
from stackdocs_mcp.ocr.formats import XLSX
from stackdocs_mcp.ocr.limits import Limits
from stackdocs_mcp.ocr.task import Task
from stackdocs_mcp.ocr.wire import Outline, Read, SentLine, unplaced

Sheet: TypeAlias = Any
"""Of openpyxl, which has no types."""
_CELLS = " | "
_COLUMNS = 18_278
"""ZZZ, the last that openpyxl knows; programs end at XFD."""


class _Cell(NamedTuple):
    column: int
    text: str
    hidden: bool


def pages(file: Path, task: Task) -> Iterator[Outline | Read]:
    """The outline, then each page that is asked for. Raises Unreadable."""
    warnings.simplefilter("ignore")  # about what openpyxl would lose on saving
    try:
        package.refuse_bombs(file, task.limits)
        with file.open("rb") as opened:
            book = openpyxl.load_workbook(opened, read_only=True, data_only=True, keep_links=False)
            sheets = book.worksheets
            if len(sheets) > task.limits.pages:
                raise Unreadable("too_many_pages")
            yield Outline(media_type=XLSX.media_type, pages=max(1, len(sheets)))
            if not sheets and 1 not in task.skip:
                yield plain.page(1, [])
            for number, sheet in enumerate(sheets, 1):
                if number not in task.skip:
                    yield plain.page(number, _lines(sheet, task.limits))
    except package.BROKEN as error:
        raise Unreadable("damaged") from error


def _lines(sheet: Sheet, limits: Limits) -> list[SentLine]:
    """The rows of a sheet, below its name; nothing for an empty one."""
    unseen = sheet.sheet_state != "visible"
    rows = list(_rows(sheet, limits))
    columns = {
        column: place
        for place, column in enumerate(sorted({cell.column for row in rows for cell in row}))
    }
    lines: list[SentLine] = [
        unplaced(line, hidden or unseen)
        for row in rows
        for line, hidden in _row_lines(row, columns)
    ]
    if lines:
        lines.insert(0, unplaced(clean.line(sheet.title), unseen))
    return lines


def _rows(sheet: Sheet, limits: Limits) -> Iterator[list[_Cell]]:
    """The cells with text of each row that has any. Raises Unreadable.

    openpyxl's own rows are filled up to the furthest cell, which may be the seventeen billionth.
    """
    book = sheet.parent
    cells = characters = 0
    styles = CellStyles()
    hidden_columns: bytearray | None = None
    with sheet._get_source() as source:  # noqa: SLF001
        parser = WorkSheetParser(
            source,
            sheet._shared_strings,  # noqa: SLF001
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,  # noqa: SLF001
            timedelta_formats=book._timedelta_formats,  # noqa: SLF001
        )
        for number, found in parser.parse():
            unseen = _is_hidden(parser.row_dimensions.pop(str(number), {}), "ht")
            if hidden_columns is None:  # columns are described before the first row
                hidden_columns = _hidden_columns(parser.column_dimensions.values())
            row = [
                _Cell(cell.column, text, hidden or unseen or hidden_columns[cell.column] == 1)
                for cell in (ReadOnlyCell(sheet, **each) for each in found)
                for text, hidden in [_shown(cell, styles)]
                if text
            ]
            cells += len(row)
            characters += sum(len(cell.text) for cell in row)
            if cells > limits.sheet_cells or characters > limits.page_bytes // 4:
                raise Unreadable("too_many_cells")
            if row:
                yield row


def _row_lines(row: list[_Cell], columns: Mapping[int, int]) -> Iterator[tuple[str, bool]]:
    """What can be seen, each cell in its column's place, and then what cannot."""
    seen = [cell for cell in row if not cell.hidden]
    if seen:
        texts = [""] * (1 + max(columns[cell.column] for cell in seen))
        for cell in seen:
            texts[columns[cell.column]] = cell.text
        yield _CELLS.join(texts), False
    if len(seen) < len(row):
        yield _CELLS.join(cell.text for cell in row if cell.hidden), True


def _hidden_columns(columns: Iterable[Mapping[str, str]]) -> bytearray:
    """By number, 1 for a column that is hidden."""
    hidden = bytearray(_COLUMNS + 1)
    for column in columns:
        if _is_hidden(column, "width"):
            first = int(column["min"])
            last = min(int(column.get("max", first)), _COLUMNS)
            hidden[first : last + 1] = b"\1" * (last + 1 - first)
    return hidden


def _is_hidden(attributes: Mapping[str, str], size: str) -> bool:
    """A row or column that is hidden, or has no height or width."""
    return attributes.get("hidden") in ("1", "true") or float(attributes.get(size, 1)) == 0


def _shown(cell: ReadOnlyCell, styles: CellStyles) -> tuple[str, bool]:
    """The text of a cell, and whether its own format keeps it from being seen."""
    if cell.value is None:
        return "", False
    number_format = cell.number_format or GENERAL
    if text := clean.flat(cell_text(cell.value, number_format)):
        return text, styles.hides(cell)
    return clean.flat(cell_text(cell.value, GENERAL)), True
