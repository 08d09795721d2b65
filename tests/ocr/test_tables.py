"""Tables: what is found on PDF pages and in scans, and what must not be."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, Table

from stackdocs_mcp.core.model import Box, Page, Table as Found
from stackdocs_mcp.ocr import pages, pdf
from stackdocs_mcp.ocr.local import LocalEngine
from stackdocs_mcp.ocr.task import Task
from stackdocs_mcp.ocr.wire import Read
from tests.ocr.conftest import first_page
from tests.ocr.documents import both, lines, pdf as written

A4 = 595.0, 842.0
Draw = Callable[[Canvas], None]
ITEMS = [
    ["Article", "Quantity", "Price", "Amount"],
    ["Paper, white", "20 pcs", "9.90", "198.00"],
    ["Ink", "5 pcs", "55.00", "275.00"],
    ["Stapler", "1 pcs", "7.25", "7.25"],
]
GRID = [("GRID", (0, 0), (-1, -1), 0.5, "black")]
RULES = [("LINEBELOW", (0, 0), (-1, -1), 0.5, "black")]
RIGHT = [("ALIGN", (1, 0), (-1, -1), "RIGHT")]
WIDTHS = [160.0, 80.0, 80.0, 80.0]

pytestmark = pytest.mark.anyio


def table(
    rows: Sequence[Sequence[object]],
    style: Sequence[tuple[object, ...]] = (),
    *,
    x: float = 60,
    top: float = 700,
    widths: Sequence[float] = (),
) -> Draw:
    """Draws a table with its top left corner there."""

    def draw(canvas: Canvas) -> None:
        made = Table([list(row) for row in rows], colWidths=list(widths) or None)
        made.setStyle([*RIGHT, *style])
        _, height = made.wrapOn(canvas, 500, 700)
        made.drawOn(canvas, x, top - height)

    return draw


def read(file: Path, *draw: Draw) -> Page:
    """The first page of a PDF that is drawn so."""
    made = written(file, both(*draw), size=A4)
    frame = next(frame for frame in pdf.pages(made, Task()) if isinstance(frame, Read))
    return pages.read(frame)


def said(found: Found) -> list[list[str]]:
    return [[cell.text for cell in row] for row in found.rows]


def sides(box: Box | None) -> tuple[float, ...]:
    return (box.x0, box.y0, box.x1, box.y1) if box else ()


def is_in(inner: Box | None, outer: Box | None) -> bool:
    assert inner
    assert outer
    return (
        outer.x0 - 1 <= inner.x0
        and outer.y0 - 1 <= inner.y0
        and inner.x1 <= outer.x1 + 1
        and inner.y1 <= outer.y1 + 1
    )


@pytest.mark.requirement("OCR-TABLE-01")
def test_a_ruled_table_comes_back_with_boxes_and_lines(tmp_path: Path) -> None:
    page = read(tmp_path / "a", lines("Invoice", x=60, top=800), table(ITEMS, GRID, widths=WIDTHS))

    [found] = page.tables
    assert said(found) == ITEMS
    assert found.header_rows == 1
    assert [[cell.lines for cell in row] for row in found.rows] == [[(n,)] * 4 for n in range(2, 6)]
    assert sides(found.rows[1][3].box) == pytest.approx((380, 160, 460, 178), abs=1.5)
    assert all(is_in(cell.box, found.box) for row in found.rows for cell in row)


@pytest.mark.requirement("OCR-TABLE-01")
def test_a_table_whose_rows_are_not_ruled_is_parted_at_its_amounts(tmp_path: Path) -> None:
    columns = [
        ("BOX", (0, 0), (-1, -1), 0.5, "black"),
        ("INNERGRID", (0, 0), (-1, 0), 0.5, "black"),
    ]
    between = [("LINEAFTER", (at, 0), (at, -1), 0.5, "black") for at in range(3)]

    page = read(tmp_path / "a", table(ITEMS, [*columns, *between], widths=WIDTHS))

    [found] = page.tables
    assert said(found) == ITEMS


@pytest.mark.requirement("OCR-TABLE-01")
def test_text_that_runs_on_over_a_rule_is_parted_there(tmp_path: Path) -> None:
    rows = [["Net", "Tax", "Sum"], ["10.00", "1.90", "11.90"], ["20.00", "3.80", "23.80"]]
    tight = [("LEFTPADDING", (0, 0), (-1, -1), 2), ("RIGHTPADDING", (0, 0), (-1, -1), 2)]

    page = read(tmp_path / "a", table(rows, [*GRID, *tight], widths=[32.0] * 3))

    assert page.lines[1].text.endswith(" 1.90 11.90")
    assert [said(found) for found in page.tables] == [rows]


@pytest.mark.requirement("OCR-TABLE-02")
@pytest.mark.parametrize("style", [[], RULES], ids=["borderless", "only horizontal rules"])
def test_aligned_columns_below_a_header_are_a_table(
    tmp_path: Path, style: list[tuple[object, ...]]
) -> None:
    page = read(
        tmp_path / "a",
        lines("Invoice 2026-118", "We thank you for your order of last week.", x=60, top=780),
        table(ITEMS, style, widths=WIDTHS),
    )

    [found] = page.tables
    assert said(found) == ITEMS
    assert found.header_rows == 1
    left, _, right, _ = sides(found.rows[2][3].box)
    assert left > 400
    assert right == pytest.approx(454, abs=1.5)


@pytest.mark.requirement("OCR-TABLE-02")
def test_a_table_of_words_only_needs_rules_between_its_rows(tmp_path: Path) -> None:
    rows = [["Name", "Town", "Trade"], ["Ada", "Bonn", "Baker"], ["Bert", "Trier", "Smith"]]
    rows += [["Cora", "Fulda", "Tailor"]]

    ruled = read(tmp_path / "a", table(rows, RULES, widths=[120.0] * 3))
    plain = read(tmp_path / "b", table(rows, widths=[120.0] * 3))

    assert [said(found) for found in ruled.tables] == [rows]
    assert plain.tables == ()


@pytest.mark.requirement("OCR-TABLE-03")
@pytest.mark.parametrize("style", [GRID, []], ids=["ruled", "aligned"])
@pytest.mark.parametrize("place", ["TOP", "MIDDLE"])
def test_wrapped_text_belongs_to_its_row(
    tmp_path: Path, style: list[tuple[object, ...]], place: str
) -> None:
    long = "Paper, white, wood-free, for printers of all kinds, in boxes of five reams"
    body = getSampleStyleSheet()["BodyText"]
    rows: list[list[object]] = [[*row] for row in ITEMS]
    rows[1][0] = Paragraph(long, body)
    rows[3][0] = Paragraph(long, body)

    page = read(
        tmp_path / "a", table(rows, [*style, ("VALIGN", (0, 0), (-1, -1), place)], widths=WIDTHS)
    )

    [found] = page.tables
    assert [row[0] for row in said(found)] == ["Article", long, "Ink", long]
    assert [row[1:] for row in said(found)] == [row[1:] for row in ITEMS]
    assert len(found.rows[1][0].lines) == 3 if place == "TOP" else 2


@pytest.mark.requirement("OCR-TABLE-04")
def test_a_merged_cell_says_how_many_columns_it_spans(tmp_path: Path) -> None:
    rows = [["Article", "Price", ""], ["", "net", "gross"], ["Ink", "10.00", "11.90"]]
    rows += [["Paper", "5.00", "5.95"]]

    page = read(tmp_path / "a", table(rows, [*GRID, ("SPAN", (1, 0), (2, 0))], widths=[90.0] * 3))

    [found] = page.tables
    assert [(cell.text, cell.columns) for cell in found.rows[0]] == [("Article", 1), ("Price", 2)]
    assert found.header_rows == 2
    assert said(found)[2:] == rows[2:]


@pytest.mark.requirement("OCR-TABLE-05")
def test_tables_below_and_beside_each_other_are_told_apart(tmp_path: Path) -> None:
    taxes = [["Rate", "Tax"], ["7 %", "1.40"], ["19 %", "38.00"]]
    terms = [["Due", "Part"], ["1 May", "100.00"], ["1 June", "139.40"]]

    page = read(
        tmp_path / "a",
        table(ITEMS, widths=WIDTHS),
        table(taxes, GRID, top=500),
        table(terms, GRID, x=320, top=500),
    )

    assert sorted(map(said, page.tables)) == sorted([ITEMS, taxes, terms])


@pytest.mark.requirement("OCR-TABLE-06")
def test_cells_are_where_a_viewer_turns_them_to(tmp_path: Path) -> None:
    def turned(canvas: Canvas) -> None:
        canvas.setPageRotation(90)  # the canvas lays the page on its side for that
        canvas.translate(A4[1], 0)
        canvas.rotate(90)
        table(ITEMS, GRID, widths=WIDTHS)(canvas)

    page = read(tmp_path / "a", turned)

    [found] = page.tables
    assert (page.width, page.height, page.rotation) == (*A4, 0)
    assert said(found) == ITEMS
    assert sides(found.box) == pytest.approx((60, 142, 460, 214), abs=1.5)


WORDS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=9)
AMOUNTS = st.decimals(0, 9999, places=2).map(str)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """A header of words, and rows that begin with a word and go on with amounts."""
    columns = draw(st.integers(2, 5))
    header = draw(st.lists(WORDS, min_size=columns, max_size=columns))
    row = st.tuples(WORDS, *[AMOUNTS] * (columns - 1)).map(list)
    return [header, *draw(st.lists(row, min_size=2, max_size=8))]


@pytest.mark.requirement("OCR-TABLE-07")
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=tables(), width=st.integers(70, 95), padding=st.integers(2, 9))
def test_any_ruled_table_comes_back_cell_by_cell(
    tmp_path: Path, rows: list[list[str]], width: int, padding: int
) -> None:
    pad = [(side, (0, 0), (-1, -1), padding) for side in ("TOPPADDING", "BOTTOMPADDING")]

    page = read(tmp_path / "a", table(rows, [*GRID, *pad], widths=[float(width)] * len(rows[0])))

    assert [said(found) for found in page.tables] == [rows]
    assert page.tables[0].header_rows == 1


def article(canvas: Canvas) -> None:
    text = "The quick brown fox of 1912 jumps over 13 lazy dogs and 24 cats while it rains. " * 12
    for x in (60, 310):
        paragraph = Paragraph(text, getSampleStyleSheet()["BodyText"])
        _, height = paragraph.wrapOn(canvas, 225, 700)
        paragraph.drawOn(canvas, x, 780 - height)


def beside(*columns: Sequence[str]) -> Draw:
    """Columns of short lines beside each other."""
    return both(*(lines(*texts, x=60 + 170 * at, top=780) for at, texts in enumerate(columns)))


FIELDS = [("Name", "Ada Lovelace"), ("Born", "10 Dec 1815"), ("Member", "4711"), ("Fee", "12.00")]
BOXED = [["Name Ada", "Born 1815", "Town London"], ["Street 12 Main Street", "", "Zip 2211"]]
BOXED += [["Remarks none", "", ""], ["Signed", "", "Date 1 May"]]
NO_TABLES = {
    "two columns of text": article,
    "addresses": beside(
        ["Ada Ltd", "12 Main Street", "2211 London", "Tel. 555 1234"],
        ["Bert plc", "8 Side Street", "80331 Munich", "Tel. 555 9876"],
        ["Cora Inc", "1 High Road", "10115 Berlin", "Tel. 555 5555"],
    ),
    "names and values": beside(*zip(*FIELDS, strict=True)),
    "names and values twice": beside(
        ["Invoice no.", "Date", "Customer no.", "Order", "Delivery"],
        ["4711", "01.02.2026", "88123", "556", "03.02.2026"],
        ["Bank code", "Account", "Tax no.", "Register", "Branch"],
        ["10020030", "998877", "201/113", "1234", "12"],
    ),
    "a letter": lines(
        "Bonn, 1 May 2026", "Dear Ada,", "we owe you 12.00 EUR since 1 April 2026, and 7 more."
    ),
    "a form": table(
        BOXED,
        [*GRID, ("SPAN", (0, 1), (1, 1)), ("SPAN", (0, 2), (2, 2)), ("SPAN", (0, 3), (1, 3))],
        widths=[110.0] * 3,
    ),
}


@pytest.mark.requirement("OCR-TABLE-08")
@pytest.mark.parametrize("draw", NO_TABLES.values(), ids=NO_TABLES)
def test_what_is_no_table_is_not_taken_for_one(tmp_path: Path, draw: Draw) -> None:
    page = read(tmp_path / "a", draw)

    assert len(page.lines) > 2
    assert page.tables == ()


@pytest.mark.requirement("OCR-TABLE-09")
def test_totals_below_a_table_are_not_rows_of_it(tmp_path: Path) -> None:
    totals = [["", "Net", "480.25"], ["", "Tax", "91.25"], ["", "Total", "571.50"]]

    page = read(
        tmp_path / "a",
        table(ITEMS, widths=WIDTHS),
        table(totals, top=615, widths=[240.0, 80.0, 80.0]),
    )

    assert [said(found) for found in page.tables] == [ITEMS]


@pytest.mark.requirement("OCR-TABLE-11")
async def test_a_table_in_a_scan_is_found(engine: LocalEngine, tmp_path: Path) -> None:
    made = written(tmp_path / "a", table(ITEMS, widths=WIDTHS), size=A4)
    with pdfium.PdfDocument(made) as document:
        document[0].render(scale=2).to_pil().save(tmp_path / "scan.png")

    page = await first_page(engine, tmp_path / "scan.png")

    [found] = page.tables
    assert said(found) == ITEMS
    assert [cell.lines for cell in found.rows[1]] == [(2,)] * 4
    assert is_in(found.box, Box(0, 0, page.width, page.height))
