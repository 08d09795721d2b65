"""Tables as the OCR service writes them, HTML or Markdown, to rows of cells.

They are what a model made of a hostile page: nothing in them is followed, and their size is capped.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

_MOST_CELLS = 20_000
_MOST_COLUMNS = 500
_RULE = re.compile(r"\|?(?:\s*:?-+:?\s*\|)+(?:\s*:?-+:?\s*)?")
_BAR = re.compile(r"(?<!\\)\|")


class TooLarge(ValueError):
    """More than any page of paper holds."""


class Entry(NamedTuple):
    """A cell: its text, and over how many columns and rows it goes."""

    text: str
    columns: int = 1
    rows: int = 1


class Grid(NamedTuple):
    """Rows of cells, each with as many places as it has columns, and how many are headings."""

    rows: list[list[Entry]]
    header_rows: int


def of_html(content: str) -> Grid:
    """The rows of the first table in ``content``. Raises TooLarge."""
    from lxml import html  # noqa: PLC0415 - the server loads it with the first table

    parser = html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True)
    root = html.document_fromstring(f"<html><body>{content}</body></html>", parser=parser)
    table = root.find(".//table")
    if table is None:
        return Grid([], 0)
    rows: list[list[Entry]] = []
    header_rows = 0
    for row in table.iter("tr"):
        if next(row.iterancestors("table")) is not table:
            continue  # a table in a cell is the cell's text
        cells = [cell for cell in row if cell.tag in ("td", "th")]
        if len(rows) == header_rows and cells and all(cell.tag == "th" for cell in cells):
            header_rows += 1
        rows.append([_entry(cell) for cell in cells])
    return Grid(_filled(rows), header_rows)


def has_rule(lines: list[str]) -> bool:
    """One of the lines parts headings from cells, so that they are a table."""
    return any(_RULE.fullmatch(line.strip()) for line in lines)


def of_markdown(lines: list[str]) -> Grid:
    """The rows of lines that are a table. Raises TooLarge."""
    header_rows = 0
    rows: list[list[Entry]] = []
    for line in lines:
        bare = line.strip()
        if not bare:
            continue
        if _RULE.fullmatch(bare):
            header_rows = header_rows or len(rows)
            continue
        rows.append([Entry(cell.strip()) for cell in _BAR.split(bare.removeprefix("|"))])
        if bare.endswith("|") and not bare.endswith("\\|"):
            rows[-1].pop()
    return Grid(_filled(rows), header_rows)


def _entry(cell: Any) -> Entry:
    for line_break in cell.iter("br"):
        line_break.tail = f" {line_break.tail or ''}"
    text = " ".join(str(cell.text_content()).split())
    return Entry(text, _span(cell, "colspan"), _span(cell, "rowspan"))


def _span(cell: Any, name: str) -> int:
    text = str(cell.get(name, "1")).strip()
    return min(max(int(text), 1), _MOST_COLUMNS) if text.isascii() and text.isdigit() else 1


def _filled(rows: list[list[Entry]]) -> list[list[Entry]]:
    """With an empty cell where one from above reaches down."""
    reaching: dict[int, int] = {}
    filled: list[list[Entry]] = []
    cells = 0
    for row in rows:
        places, reaching = _placed(row, reaching)
        filled.append(places)
        cells += len(places)
        if cells > _MOST_CELLS:
            raise TooLarge
    return filled


def _placed(row: list[Entry], reaching: dict[int, int]) -> tuple[list[Entry], dict[int, int]]:
    """The row with empty cells in these columns, and the columns that reach into the next row."""
    below = {column: rows - 1 for column, rows in reaching.items() if rows > 1}
    placed: list[Entry] = []
    column = 0
    for entry in row:
        for _ in _taken(column, reaching):
            placed.append(Entry(""))
            column += 1
        placed.append(entry)
        if entry.rows > 1:
            below |= dict.fromkeys(range(column, column + entry.columns), entry.rows - 1)
        column += entry.columns
        if column > _MOST_COLUMNS:
            raise TooLarge
    placed += [Entry("") for _ in _taken(column, reaching)]
    return placed, below


def _taken(column: int, reaching: dict[int, int]) -> Iterator[int]:
    while column in reaching:
        yield column
        column += 1
