"""XLSX and CSV."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl.styles import Color, Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet

from stackdocs_mcp.core.errors import ExtractionFailed
from stackdocs_mcp.core.model import PageSource
from stackdocs_mcp.ocr.cell_text import cell_text
from stackdocs_mcp.ocr.limits import Limits
from stackdocs_mcp.ocr.local import LocalEngine
from tests.ocr.conftest import first_page, read_all, texts
from tests.ocr.documents import rewritten, workbook

pytestmark = pytest.mark.anyio

FLAT = 77
"""A height that is no height once the file is written: openpyxl writes none."""


@pytest.mark.requirement("OCR-SHEET-01")
async def test_a_sheet_is_a_page_and_a_row_is_a_line(engine: LocalEngine, tmp_path: Path) -> None:
    def prices(sheet: Worksheet) -> None:
        sheet.title = "Prices"
        sheet.append(["Pos.", None, "What", "Amount"])
        sheet.append([])
        sheet.append([1, None, None, 50.5])

    def empty(sheet: Worksheet) -> None:
        sheet.title = "Nothing"

    outline, pages = await read_all(engine, workbook(tmp_path / "a", prices, empty))

    assert outline.pages == 2
    assert texts(pages[0]) == ["Prices", "Pos. | What | Amount", "1 |  | 50.5"]
    assert pages[1].source is PageSource.BLANK


@pytest.mark.requirement("OCR-SHEET-02")
@pytest.mark.parametrize(
    ("value", "number_format", "shown"),
    [
        (0.1 + 0.2, "General", "0.3"),
        (1234567.0, "General", "1234567"),
        (12345678901234567890, "General", "12345678901234600000"),
        (1e-30, "General", "1E-30"),
        (1234.5, "#,##0.00", "1234.50"),
        (1234.5, '#,##0.00\\ "EUR"', "1234.50 EUR"),
        (1234.5, "[$€-407]\\ #,##0.00", "€ 1234.50"),
        (-3, "#,##0.00;[Red](#,##0.00)", "(3.00)"),
        (-3, "0.00", "-3.00"),
        (-0.001, "0.00", "0.00"),
        (0, '0.00;-0.00;"none"', "none"),
        (0, '_("$"* #,##0.00_);_("$"* (#,##0.00);_("$"* "-"??_);_(@_)', "$-"),
        (-2, '_("$"* #,##0.00_);_("$"* (#,##0.00);_("$"* "-"??_);_(@_)', "$(2.00)"),
        (0, "#", ""),
        (0.5, "#.##", "0.5"),
        (1.005, "0.00", "1.01"),
        (2.5, "0", "3"),
        (1e308, "0.00", "1E+308"),
        (0.19, "0%", "19%"),
        (42, "00000", "00042"),
        (1.5, "0.0##", "1.5"),
        (1234567, "0.0,,", "1234567"),
        (12.5, "# ?/?", "12.5"),
        (5, "[>3]0.00;0", "5"),
        (5, ";;;", ""),
        ("secret", ";;;", ""),
        (True, "General", "TRUE"),
        (dt.datetime.fromisoformat("2026-06-30"), "dd.mm.yy", "2026-06-30"),
        (dt.datetime.fromisoformat("2026-06-30T09:05"), "dd.mm.yy hh:mm", "2026-06-30 09:05"),
        (dt.time(9, 5), "hh:mm", "09:05"),
        (dt.timedelta(hours=26, minutes=3), "[h]:mm", "26:03:00"),
    ],
)
def test_a_cell_shows_what_its_format_does_in_signs_of_no_language(
    value: object, number_format: str, shown: str
) -> None:
    assert cell_text(value, number_format) == shown


@pytest.mark.requirement("OCR-SHEET-03")
async def test_formats_and_cached_results_come_from_the_file(
    engine: LocalEngine, tmp_path: Path
) -> None:
    def build(sheet: Worksheet) -> None:
        sheet.append([dt.date(2026, 6, 30), 1234.5, "=1+1"])
        sheet["B1"].number_format = '#,##0.00 "EUR"'

    file = workbook(tmp_path / "a", build)
    rewritten(file, "xl/worksheets/sheet1.xml", b"<v></v>", b"<v>2</v>")
    rewritten(file, "xl/worksheets/sheet1.xml", b"<v />", b"<v>2</v>")

    assert texts(await first_page(engine, file)) == ["Sheet", "2026-06-30 | 1234.50 EUR | 2"]


def _hide_row(sheet: Worksheet) -> None:
    sheet.row_dimensions[2].hidden = True


def _hide_columns(sheet: Worksheet) -> None:
    sheet.column_dimensions.group("A", "B", hidden=True)


def _hide_by_format(sheet: Worksheet) -> None:
    sheet["A2"].number_format = sheet["B2"].number_format = ";;;"


def _flatten(sheet: Worksheet) -> None:
    sheet.row_dimensions[2].height = FLAT


@pytest.mark.requirement("OCR-SHEET-04")
async def test_cells_in_the_colour_of_their_ground_are_flagged(
    engine: LocalEngine, tmp_path: Path
) -> None:
    white, dark = Color(rgb="FFFFFFFF"), PatternFill("solid", fgColor="FF000080")

    def fill(sheet: Worksheet) -> None:
        sheet.append(["The total is 10.00"])
        for text, font, ground in (
            ("white", Font(color=white), None),
            ("paper", Font(color=Color(theme=0)), PatternFill("solid", fgColor="FFFFFFFF")),
            ("tiny", Font(sz=1), None),
            ("navy", Font(color="FF000080"), dark),
            ("heading", Font(color=white), dark),
            ("grey", Font(color=Color(theme=0, tint=-0.5)), None),
            ("red", Font(color="FFFF0000"), None),
        ):
            cell = sheet.cell(sheet.max_row + 1, 1, text)
            cell.font, cell.fill = font, ground or PatternFill()

    page = await first_page(engine, workbook(tmp_path / "a", fill))

    assert texts(page)[1:] == ["The total is 10.00", "heading", "grey", "red"]
    assert texts(page, hidden=True) == ["white", "paper", "tiny", "navy"]


@pytest.mark.requirement("OCR-SHEET-04")
@pytest.mark.parametrize("hide", [_hide_row, _hide_columns, _hide_by_format, _flatten])
async def test_what_a_sheet_hides_is_flagged(
    engine: LocalEngine, tmp_path: Path, hide: Callable[[Worksheet], None]
) -> None:
    def build(sheet: Worksheet) -> None:
        sheet.append([None, None, "seen"])
        sheet.append(["secret", 999])
        hide(sheet)

    file = workbook(tmp_path / "a", build)
    rewritten(file, "xl/worksheets/sheet1.xml", b'ht="%d"' % FLAT, b'ht="0"')
    page = await first_page(engine, file)

    assert texts(page, hidden=True) == ["secret | 999"]
    assert [text.strip(" |") for text in texts(page)] == ["Sheet", "seen"]


@pytest.mark.requirement("OCR-SHEET-04")
async def test_a_hidden_sheet_is_flagged(engine: LocalEngine, tmp_path: Path) -> None:
    def build(sheet: Worksheet) -> None:
        sheet.title = "Behind"
        sheet.append(["secret"])
        sheet.sheet_state = "veryHidden"

    file = workbook(tmp_path / "a", lambda sheet: sheet.append(["seen"]), build)
    _, pages = await read_all(engine, file)

    assert texts(pages[1]) == []
    assert texts(pages[1], hidden=True) == ["Behind", "secret"]


@pytest.mark.requirement("OCR-SHEET-05")
async def test_two_far_cells_cost_two_cells(engine: LocalEngine, tmp_path: Path) -> None:
    def build(sheet: Worksheet) -> None:
        sheet["A1"] = "first"
        sheet["XFD1048576"] = "last"

    page = await first_page(engine, workbook(tmp_path / "a", build))

    assert [text.strip(" |") for text in texts(page)] == ["Sheet", "first", "last"]


@pytest.mark.requirement("OCR-SHEET-06")
async def test_a_sheet_with_too_many_cells_is_too_large(tmp_path: Path) -> None:
    small = LocalEngine(Limits(sheet_cells=20, page_bytes=4_000), workers=1)

    def many(sheet: Worksheet) -> None:
        for _ in range(3):
            sheet.append(list(range(10)))

    def long(sheet: Worksheet) -> None:
        sheet.append(["word " * 250])

    codes = []
    for build in (many, long):
        with pytest.raises(ExtractionFailed) as failure:
            await read_all(small, workbook(tmp_path / "a", build))
        codes.append(failure.value.code)
    await small.close()

    assert codes == ["too_large"] * 2


@pytest.mark.requirement("OCR-CSV-01")
@pytest.mark.parametrize(
    "content",
    [
        'Pos.;What;Amount\r\n1;"Repair;\r\nlong";1.234,50\r\n2;Parts;7,00\r\n',
        "Pos.\tWhat\tAmount\n1\tRepair; long\t1.234,50\n2\tParts\t7,00",
        'Pos.,What,Amount\n1,Repair; long,"1.234,50"\n\n2,Parts,"7,00"\n',
        "1;Repair long;1.234,50\n2;Parts;7,00\n",
        "sep=;\nPos.;What;Amount\n1;Repair long;1.234,50\n2;Parts;7,00\n",
    ],
)
async def test_rows_of_csv_are_lines_without_the_delimiter(
    engine: LocalEngine, tmp_path: Path, content: str
) -> None:
    file = tmp_path / "a"
    file.write_bytes(content.encode("cp1252"))

    outline, (page,) = await read_all(engine, file)

    assert outline.media_type == "text/csv"
    rows = ["Pos. | What | Amount", "1 | Repair long | 1.234,50", "2 | Parts | 7,00"]
    assert [text.replace(";", "") for text in texts(page)] in (rows, rows[1:])


@pytest.mark.requirement("OCR-CSV-02")
@pytest.mark.parametrize(
    "content",
    [
        "Dear Sir, dear Madam\nthank you, we have it\nyours, the shop\n",
        "one line, with nothing below",
        "# A title\n\nSome *words*, and\n- a list; of\n- two, three\n",
        "a,b,c\nand then no more\n",
        "Gesamt 12,50\nNetto 10,50\nMwSt 2,00\n",
        "Rechnung,neu\nNetto 10,50\nMwSt 2,00\n",
        '{"a": 1,"b": 2}\n{"a": 3,"b": 4}\n',
        "| a | b |\n|---|---|\n| 1 | 2 |\n",
        "int a;\nint b;\n",
    ],
)
async def test_text_with_commas_stays_text(
    engine: LocalEngine, tmp_path: Path, content: str
) -> None:
    file = tmp_path / "a.csv"
    file.write_text(content)

    outline, (page,) = await read_all(engine, file)

    assert outline.media_type == "text/plain"
    assert texts(page) == [line for line in content.splitlines() if line]


@pytest.mark.requirement("OCR-CSV-03")
async def test_two_hundred_rows_are_a_page(engine: LocalEngine, tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("".join(f"{n};row\n" for n in range(1, 451)))

    _, pages = await read_all(engine, file, have=[1])

    assert [(page.number, len(page.lines)) for page in pages] == [(2, 200), (3, 50)]
    assert pages[0].lines[0].text == "201 | row"
