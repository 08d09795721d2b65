"""Tables of formats that say themselves what is a row and what a cell."""

from collections.abc import Callable, Iterable
from pathlib import Path

import docx
import openpyxl
import pptx
import pytest
from docx.oxml import OxmlElement
from pptx.util import Inches

from stackdocs_mcp.core.model import Page
from stackdocs_mcp.ocr import delimited, pages, slides, web, word, workbook
from stackdocs_mcp.ocr.task import Task
from stackdocs_mcp.ocr.wire import Read
from tests.ocr.test_tables import ITEMS, said

pytestmark = pytest.mark.requirement("OCR-TABLE-10")
Pages = Callable[[Path, Task], Iterable[object]]


def read(converted: Pages, file: Path) -> list[Page]:
    return [pages.read(frame) for frame in converted(file, Task()) if isinstance(frame, Read)]


def document(file: Path) -> Path:
    made = docx.Document()
    made.add_paragraph("Invoice")
    table = made.add_table(len(ITEMS), len(ITEMS[0]))
    for row, texts in zip(table.rows, ITEMS, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    made.save(str(file))
    return file


def book(file: Path) -> Path:
    made = openpyxl.Workbook()
    made.active.append([])
    for row in ITEMS:
        made.active.append([float(text) if "." in text else text for text in row])
        for cell in made.active[made.active.max_row][2:]:
            cell.number_format = "0.00"
    made.save(file)
    return file


def deck(file: Path) -> Path:
    made = pptx.Presentation()
    slide = made.slides.add_slide(made.slide_layouts[5])
    slide.shapes.title.text = "Invoice"
    place = Inches(1), Inches(3), Inches(6), Inches(2)
    table = slide.shapes.add_table(len(ITEMS), len(ITEMS[0]), *place).table
    for row, texts in zip(table.rows, ITEMS, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    made.save(str(file))
    return file


def site(file: Path) -> Path:
    head, *body = (
        "".join(f"<{tag}>{text}</{tag}>" for text in row)
        for tag, row in zip(["th", "td", "td", "td"], ITEMS, strict=True)
    )
    rows = "".join(f"<tr>{row}</tr>" for row in [head, *body])
    file.write_text(f"<h1>Invoice</h1><table>{rows}</table>", "utf-8")
    return file


def values(file: Path) -> Path:
    rows = [";".join(f'"{text}"' for text in row) for row in ITEMS]
    file.write_text("\n".join(rows), "utf-8")
    return file


@pytest.mark.parametrize(
    ("converted", "make", "first"),
    [
        (word.pages, document, 2),
        (workbook.pages, book, 2),
        (slides.pages, deck, 2),
        (web.pages, site, 2),
        (delimited.pages, values, 1),
    ],
    ids=["DOCX", "XLSX", "PPTX", "HTML", "CSV"],
)
def test_a_table_comes_back_cell_by_cell(
    tmp_path: Path, converted: Pages, make: Callable[[Path], Path], first: int
) -> None:
    [page] = read(converted, make(tmp_path / "a"))

    [found] = page.tables
    assert said(found) == ITEMS
    assert found.header_rows == 1
    numbers = [{number for cell in row for number in cell.lines} for row in found.rows]
    assert numbers == [{first}, {first + 1}, {first + 2}, {first + 3}]
    assert page.lines[first].text == "Paper, white | 20 pcs | 9.90 | 198.00"
    assert {cell.box for row in found.rows for cell in row} == {None}


def test_merged_cells_of_a_word_document_keep_their_columns(tmp_path: Path) -> None:
    made = docx.Document()
    table = made.add_table(3, 3)
    for row in table.rows:
        for at, cell in enumerate(row.cells):
            cell.text = f"{row._index} {at}"
    table.cell(0, 1).merge(table.cell(0, 2)).text = "wide"
    table.cell(1, 0).merge(table.cell(2, 0)).text = "tall"
    heading = OxmlElement("w:tblHeader")
    table.rows[0]._tr.get_or_add_trPr().append(heading)
    made.save(str(tmp_path / "a"))

    [page] = read(word.pages, tmp_path / "a")

    [found] = page.tables
    assert [[(cell.text, cell.columns) for cell in row] for row in found.rows] == [
        [("0 0", 1), ("wide", 2)],
        [("tall", 1), ("1 1", 1), ("1 2", 1)],
        [("", 1), ("2 1", 1), ("2 2", 1)],
    ]
    assert found.header_rows == 1


def test_merged_cells_of_a_slide_keep_their_columns(tmp_path: Path) -> None:
    made = pptx.Presentation()
    slide = made.slides.add_slide(made.slide_layouts[6])
    table = slide.shapes.add_table(2, 3, 0, 0, Inches(6), Inches(2)).table
    for at, text in enumerate(("Name", "Price", "", "Ink", "1.00", "1.19")):
        table.cell(at // 3, at % 3).text = text
    table.cell(0, 1).merge(table.cell(0, 2))
    made.save(str(tmp_path / "a"))

    [page] = read(slides.pages, tmp_path / "a")

    [found] = page.tables
    assert [[(cell.text, cell.columns) for cell in row] for row in found.rows] == [
        [("Name", 1), ("Price", 2)],
        [("Ink", 1), ("1.00", 1), ("1.19", 1)],
    ]


def test_spans_and_layouts_of_a_web_page_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(
        "<table><tr><td>Menu</td></tr><tr><td>Home</td></tr></table>"
        "<table><thead><tr><th rowspan=2>Name<th colspan=2>Price</tr>"
        "<tr><th>net<th>gross</tr></thead>"
        "<tr><td>Ink<td>1.00<td>1.19</tr><tr style='display:none'><td>x<td>y<td>z</tr></table>",
        "utf-8",
    )

    [page] = read(web.pages, tmp_path / "a")

    [found] = page.tables
    assert [[(cell.text, cell.columns) for cell in row] for row in found.rows] == [
        [("Name", 1), ("Price", 2)],
        [("", 1), ("net", 1), ("gross", 1)],
        [("Ink", 1), ("1.00", 1), ("1.19", 1)],
    ]
    assert found.header_rows == 2


def test_the_regions_of_a_sheet_are_tables_of_their_own(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    sheet = made.active
    for row in (
        ["Sales of May"],
        ["Town", "Sum", None, "Name", "Fee"],
        ["Bonn", 5, None, "Ada", 7],
        ["Ulm", 6, None, "Bert", 8],
        [],
        ["a note below"],
    ):
        sheet.append(row)
    made.save(tmp_path / "a")

    [page] = read(workbook.pages, tmp_path / "a")

    assert [said(found) for found in page.tables] == [
        [["Town", "Sum"], ["Bonn", "5"], ["Ulm", "6"]],
        [["Name", "Fee"], ["Ada", "7"], ["Bert", "8"]],
    ]
    assert [found.header_rows for found in page.tables] == [1, 1]


def test_a_long_table_goes_on_with_the_lines_of_the_next_page(tmp_path: Path) -> None:
    rows = ["Name,Fee", *(f"Member {at},{at}.50" for at in range(1, 300))]
    (tmp_path / "a").write_text("\n".join(rows), "utf-8")

    first, second = read(delimited.pages, tmp_path / "a")

    assert [len(page.tables[0].rows) for page in (first, second)] == [200, 100]
    assert [page.tables[0].header_rows for page in (first, second)] == [1, 0]
    assert [cell.lines for cell in second.tables[0].rows[0]] == [(1,), (1,)]
    assert said(second.tables[0])[0] == ["Member 200", "200.50"]
