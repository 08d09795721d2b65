"""Plain text and DOCX."""

from pathlib import Path

import pytest
from docx.document import Document
from docx.enum.text import WD_BREAK, WD_COLOR_INDEX
from docx.oxml import OxmlElement
from docx.shared import Pt, RGBColor

from stackdocs_mcp.ocr.local import LocalEngine
from tests.ocr.conftest import first_page, read_all, texts
from tests.ocr.documents import word

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("OCR-TEXT-01")
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]
)
async def test_text_is_read_in_its_encoding(
    engine: LocalEngine, tmp_path: Path, encoding: str
) -> None:
    file = tmp_path / "a"
    written = "Müller & Söhne\nGröße: 42 m²\n\nStraße 7, übermäßig schön für den König\n"
    file.write_bytes(written.encode(encoding))

    page = await first_page(engine, file)

    assert texts(page) == [line for line in written.splitlines() if line]
    assert page.lines[0].box is None


@pytest.mark.requirement("OCR-TEXT-02")
async def test_a_form_feed_ends_a_page_and_so_do_two_hundred_lines(
    engine: LocalEngine, tmp_path: Path
) -> None:
    file = tmp_path / "a"
    many = "\n".join(f"line {n}" for n in range(1, 451))
    file.write_text(f"the cover\f{many}\f")

    _, pages = await read_all(engine, file)

    assert [len(page.lines) for page in pages] == [1, 200, 200, 50]
    assert pages[2].lines[0].text == "line 201"


def _letter(document: Document) -> None:
    document.sections[0].header.paragraphs[0].text = "The sender"
    document.sections[0].footer.paragraphs[0].text = "The bank"
    document.add_paragraph("Before the table")
    table = document.add_table(rows=0, cols=3)
    for values in (("Pos.", "What", "Amount"), ("1", "Repair", "50.00")):
        for cell, value in zip(table.add_row().cells, values, strict=True):
            cell.text = value
    document.add_paragraph("After the table\tat the tab")
    document.add_paragraph("first").add_run().add_break(WD_BREAK.PAGE)
    document.add_paragraph("On the second page")


@pytest.mark.requirement("OCR-WORD-01")
async def test_a_letter_reads_in_the_order_of_its_body_with_a_line_for_each_row(
    engine: LocalEngine, tmp_path: Path
) -> None:
    outline, pages = await read_all(engine, word(tmp_path / "a", _letter))

    assert outline.pages == 2
    assert texts(pages[0]) == [
        "The sender",
        "Before the table",
        "Pos. | What | Amount",
        "1 | Repair | 50.00",
        "After the table  at the tab",
        "first",
    ]
    assert texts(pages[1]) == ["On the second page", "The bank"]


@pytest.mark.requirement("OCR-WORD-02")
async def test_vanished_text_is_flagged(engine: LocalEngine, tmp_path: Path) -> None:
    def build(document: Document) -> None:
        paragraph = document.add_paragraph("The total is 10.00")
        paragraph.add_run(" or rather 999.00").font.hidden = True

    page = await first_page(engine, word(tmp_path / "a", build))

    assert texts(page) == ["The total is 10.00"]
    assert texts(page, hidden=True) == ["or rather 999.00"]


@pytest.mark.requirement("OCR-WORD-02")
async def test_text_that_is_white_or_tiny_is_flagged_but_not_on_a_dark_ground(
    engine: LocalEngine, tmp_path: Path
) -> None:
    def build(document: Document) -> None:
        paragraph = document.add_paragraph("The total is 10.00")
        paragraph.add_run(" white 999.00").font.color.rgb = RGBColor(0xFF, 0xFF, 0xFE)
        paragraph.add_run(" tiny 998.00").font.size = Pt(1)
        heading = document.add_table(1, 1).cell(0, 0).paragraphs[0]
        heading.add_run("Amount").font.color.rgb = RGBColor(0xFF, 0xFF, 0xFF)
        marked = document.add_paragraph().add_run("marked")
        marked.font.color.rgb = RGBColor(0xFF, 0xFF, 0xFF)
        marked.font.highlight_color = WD_COLOR_INDEX.BLACK

    page = await first_page(engine, word(tmp_path / "a", build))

    assert texts(page) == ["The total is 10.00", "Amount", "marked"]
    assert texts(page, hidden=True) == ["white 999.00 tiny 998.00"]


@pytest.mark.requirement("OCR-WORD-03")
async def test_what_was_struck_out_is_gone_and_what_was_put_in_is_there(
    engine: LocalEngine, tmp_path: Path
) -> None:
    def build(document: Document) -> None:
        paragraph = document.add_paragraph("The total is ")
        for tag, text in (("w:del", "999.00"), ("w:ins", "10.00")):
            change = OxmlElement(tag)
            change.append(paragraph.add_run(text)._r)
            paragraph._p.append(change)

    page = await first_page(engine, word(tmp_path / "a", build))

    assert texts(page) == ["The total is 10.00"]


@pytest.mark.requirement("OCR-WORD-04")
async def test_tables_in_tables_are_one_line(engine: LocalEngine, tmp_path: Path) -> None:
    def build(document: Document) -> None:
        place = document.add_table(1, 1).cell(0, 0)
        for _ in range(60):
            place = place.add_table(1, 1).cell(0, 0)
        place.text = "at the bottom"

    page = await first_page(engine, word(tmp_path / "a", build))

    assert texts(page) == ["at the bottom"]
