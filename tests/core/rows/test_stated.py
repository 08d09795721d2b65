"""Tables of formats that say themselves what is a row: nothing is guessed from a layout."""

import csv
from collections.abc import Callable, Iterable
from pathlib import Path

import docx
import openpyxl
import pytest

from stackdocs_mcp.core.evidence import PageText
from stackdocs_mcp.ocr import delimited, pages, web, word, workbook
from stackdocs_mcp.ocr.task import Task
from stackdocs_mcp.ocr.wire import Read
from tests.core.rows.tables import HEADING, ITEMS, leaf, missed, spot, spots, written

ROWS = [HEADING, *ITEMS]
Converted = Callable[[Path, Task], Iterable[object]]


def of_csv(folder: Path, rows: list[list[str]]) -> list[PageText]:
    file = folder / "items.csv"
    with file.open("w", newline="") as opened:
        csv.writer(opened).writerows(rows)
    return read(delimited.pages, file)


def of_workbook(folder: Path, rows: list[list[str]]) -> list[PageText]:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append([float(text) if text[:1].isdigit() else text for text in row])
    made.save(folder / "items.xlsx")
    return read(workbook.pages, folder / "items.xlsx")


def of_word(folder: Path, rows: list[list[str]]) -> list[PageText]:
    made = docx.Document()
    made.add_paragraph("Invoice 4711 of 3 March 2026")
    table = made.add_table(len(rows), len(rows[0]))
    for row, texts in zip(table.rows, rows, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    made.add_paragraph("Net total 519.45")
    made.save(str(folder / "items.docx"))
    return read(word.pages, folder / "items.docx")


def of_web(folder: Path, rows: list[list[str]]) -> list[PageText]:
    cells = ["".join(f"<td>{text}</td>" for text in row) for row in rows]
    body = "".join(f"<tr>{row}</tr>" for row in cells)
    file = folder / "items.html"
    file.write_text(f"<p>Invoice 4711</p><table>{body}</table><p>Net total 519.45</p>")
    return read(web.pages, file)


def read(converted: Converted, file: Path) -> list[PageText]:
    frames = [frame for frame in converted(file, Task()) if isinstance(frame, Read)]
    return [PageText.of(pages.read(frame)) for frame in frames]


MAKERS = [of_csv, of_workbook, of_word, of_web]


@pytest.mark.requirement("ROWS-07")
@pytest.mark.parametrize("make", MAKERS)
def test_the_row_of_a_stated_table_that_was_left_out_is_named(
    make: Callable[[Path, list[list[str]]], list[PageText]], tmp_path: Path
) -> None:
    found = make(tmp_path, ROWS)

    assert missed(found, written(found, ITEMS)) == []
    for gone in ITEMS:
        left = written(found, [item for item in ITEMS if item is not gone])
        assert spots(missed(found, left)) == [spot(found, gone[0])]


@pytest.mark.requirement("ROWS-07")
@pytest.mark.parametrize("make", MAKERS)
def test_a_stated_table_of_which_nothing_was_written_is_known_by_its_columns(
    make: Callable[[Path, list[list[str]]], list[PageText]], tmp_path: Path
) -> None:
    found = make(tmp_path, ROWS)
    total = [leaf(found, ("total",), "x", (1, 1))]

    assert spots(missed(found, total)) == [spot(found, item[0]) for item in ITEMS]


@pytest.mark.requirement("ROWS-07")
def test_a_stated_table_of_texts_alone_is_complete_with_all_its_rows(tmp_path: Path) -> None:
    people = [["Name", "Town"], ["Ada", "London"], ["Kurt", "Brno"], ["Emmy", "Erlangen"]]
    found = of_csv(tmp_path, people)
    fields = ("description", "town")
    leaves = [
        leaf(found, ("people", nth, field), text, spot(found, row[0]))
        for nth, row in enumerate(people[1:])
        for field, text in zip(fields, row, strict=True)
    ]

    assert missed(found, leaves, None) == []
    assert spots(missed(found, leaves[:4], None)) == [spot(found, "Emmy")]
