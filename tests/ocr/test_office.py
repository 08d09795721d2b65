"""Plain text and DOCX."""

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_BREAK, WD_COLOR_INDEX
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsmap, qn
from docx.shared import Pt, RGBColor

from stackdocs_mcp.core.model import PageSource
from stackdocs_mcp.ocr.local import LocalEngine
from tests.ocr.conftest import first_page, read_all, texts
from tests.ocr.documents import SCANNED, Slide, deck, rewritten, scan, word

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


@pytest.mark.requirement("OCR-RAW")
@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ("{0}\nmore", "{0}"),
        ("<html><p>{0}", "{0}"),
        ("<r><n>{0}</n></r>", "n: {0}"),
        ("what;amount\nit;{0}\n", "it | {0}"),
        ("From: a@example.org\nMIME-Version: 1.0\n\n{0}", "{0}"),
    ],
)
async def test_what_cleaning_takes_away_is_kept_for_an_audit(
    engine: LocalEngine, tmp_path: Path, form: str, shown: str
) -> None:
    file = tmp_path / "a"
    file.write_text(form.format("due \u202e00.1\u200b EUR"), encoding="utf-8")

    lines = (await first_page(engine, file)).lines

    assert [(line.text, line.raw) for line in lines if "due" in line.text] == [
        (shown.format("due 00.1 EUR"), shown.format("due \u202e00.1\u200b EUR"))
    ]
    assert [line.raw for line in lines if "due" not in line.text] == [None] * (len(lines) - 1)


@pytest.mark.requirement("OCR-RAW")
async def test_a_long_line_is_kept_in_the_pieces_that_it_is_cut_into(
    engine: LocalEngine, tmp_path: Path
) -> None:
    def build(document: Document) -> None:
        document.add_paragraph("se\u00adcret " * 1_000)

    page = await first_page(engine, word(tmp_path / "a", build))

    assert len(page.lines) > 1
    assert sum(len(line.raw or "") for line in page.lines) < 9_000


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
        heading = document.add_table(1, 1).cell(0, 0)
        heading.paragraphs[0].add_run("Amount").font.color.rgb = RGBColor(0xFF, 0xFF, 0xFF)
        shade(heading._tc.get_or_add_tcPr(), "000080")
        marked = document.add_paragraph().add_run("marked")
        marked.font.color.rgb = RGBColor(0xFF, 0xFF, 0xFF)
        marked.font.highlight_color = WD_COLOR_INDEX.BLACK

    page = await first_page(engine, word(tmp_path / "a", build))

    assert texts(page) == ["The total is 10.00", "Amount", "marked"]
    assert texts(page, hidden=True) == ["white 999.00 tiny 998.00"]


def shade(format_: Any, fill: str) -> None:
    shading = OxmlElement("w:shd")
    shading.set(qn("w:val"), "clear")
    shading.set(qn("w:fill"), fill)
    format_.append(shading)


@pytest.mark.requirement("OCR-WORD-02")
@pytest.mark.parametrize("kind", [WD_STYLE_TYPE.PARAGRAPH, WD_STYLE_TYPE.CHARACTER])
@pytest.mark.parametrize("hiding", ["hidden", "white", "tiny", "based"])
async def test_what_a_style_hides_is_flagged_unless_the_run_says_otherwise(
    engine: LocalEngine, tmp_path: Path, kind: WD_STYLE_TYPE, hiding: str
) -> None:
    def build(document: Document) -> None:
        style: Any = document.styles.add_style("Gone", kind)
        style.font.hidden = True if hiding in ("hidden", "based") else None
        style.font.color.rgb = RGBColor(0xFF, 0xFF, 0xFF) if hiding == "white" else None
        style.font.size = Pt(1) if hiding == "tiny" else None
        if hiding == "based":
            basis, style = style, document.styles.add_style("Further", kind)
            style.base_style = basis
        own = style.name if kind is WD_STYLE_TYPE.PARAGRAPH else None
        paragraph = document.add_paragraph(style=own)
        run = None if own else style.name
        paragraph.add_run("secret", style=run)
        paragraph.add_run().add_break()
        shown = paragraph.add_run("seen", style=run).font
        shown.hidden, shown.size, shown.color.rgb = False, Pt(9), RGBColor(0, 0, 0)

    page = await first_page(engine, word(tmp_path / "a", build))

    assert (texts(page), texts(page, hidden=True)) == (["seen"], ["secret"])


@pytest.mark.requirement("OCR-WORD-02")
async def test_text_in_the_colour_of_its_ground_is_flagged(
    engine: LocalEngine, tmp_path: Path
) -> None:
    def build(document: Document) -> None:
        document.add_paragraph("The total is 10.00")
        cell = document.add_table(1, 1).cell(0, 0).paragraphs[0]
        cell.add_run("in a table").font.color.rgb = RGBColor(0xFF, 0xFF, 0xFF)
        dark = document.add_paragraph()
        shade(dark._p.get_or_add_pPr(), "000000")
        for text, level in (("on black", 0), ("and seen", 0xFF)):
            dark.add_run(text).font.color.rgb = RGBColor(level, level, level)

    page = await first_page(engine, word(tmp_path / "a", build))

    assert texts(page) == ["The total is 10.00", "and seen"]
    assert texts(page, hidden=True) == ["in a table", "on black"]


def _numbered(document: Document) -> None:
    for text, style in (
        ("Wear a hat", "List Number"),
        ("Drink", "List Number"),
        ("Besides", "List Bullet"),
        ("Swim", "List Number"),
    ):
        document.add_paragraph(text, style=style)
    numbering = document.part.numbering_part.element
    family = parse_xml(LEVELS)
    numbering.insert(0, family)
    number = numbering.add_num(99).numId
    for text, level in (("One", 0), ("Inner", 1), ("Other", 1), ("Two", 0), ("Again", 1)):
        paragraph = document.add_paragraph(text)
        properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
        properties.get_or_add_ilvl().val = level
        properties.get_or_add_numId().val = number


LEVELS = (
    '<w:abstractNum xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    ' w:abstractNumId="99"><w:lvl w:ilvl="0"><w:start w:val="4"/><w:numFmt w:val="upperRoman"/>'
    '<w:lvlText w:val="%1."/></w:lvl><w:lvl w:ilvl="1"><w:start w:val="1"/>'
    '<w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1 %2)"/></w:lvl></w:abstractNum>'
)


@pytest.mark.requirement("OCR-WORD-05")
async def test_paragraphs_have_the_numbers_that_are_printed(
    engine: LocalEngine, tmp_path: Path
) -> None:
    page = await first_page(engine, word(tmp_path / "a", _numbered))

    assert texts(page) == [
        "1. Wear a hat",
        "2. Drink",
        "Besides",
        "3. Swim",
        "IV. One",
        "IV a) Inner",
        "IV b) Other",
        "V. Two",
        "V a) Again",
    ]


def _noted(document: Document) -> None:
    for number in (1, 2):
        run = document.add_paragraph(f"Said {number}").add_run()
        reference = OxmlElement("w:footnoteReference")
        reference.set(qn("w:id"), str(number))
        run._r.append(reference)
        document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
    notes = "".join(
        f'<w:footnote w:id="{number}" {kind}><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:footnote>'
        for number, kind, text in (
            (0, 'w:type="separator"', "line"),
            (1, "", "By whom"),
            (2, "", "And when"),
        )
    )
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    part = Part(
        PackURI("/word/footnotes.xml"),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml",
        f'<w:footnotes xmlns:w="{space}">{notes}</w:footnotes>'.encode(),
        document.part.package,
    )
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    document.part.relate_to(part, f"{base}/footnotes")


@pytest.mark.requirement("OCR-WORD-06")
async def test_footnotes_stand_below_their_page(engine: LocalEngine, tmp_path: Path) -> None:
    _, pages = await read_all(engine, word(tmp_path / "a", _noted))

    assert [texts(page) for page in pages] == [
        ["Said 1 [1]", "[1] By whom"],
        ["Said 2 [2]", "[2] And when"],
        [],
    ]


BOX = """<w:r xmlns:w="{w}" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"
 xmlns:v="urn:schemas-microsoft-com:vml"><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing>
<w:txbxContent><w:p><w:r><w:t>in a box</w:t></w:r></w:p></w:txbxContent></w:drawing></mc:Choice>
<mc:Fallback><w:pict><v:textbox><w:txbxContent><w:p><w:r><w:t>in a box</w:t></w:r></w:p>
</w:txbxContent></v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"""
FORM = """<w:r xmlns:w="{w}"><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox>
<w:default w:val="0"/><w:checked/></w:checkBox></w:ffData></w:fldChar>
<w:instrText>FORMCHECKBOX</w:instrText><w:sym w:font="Wingdings" w:char="F0A8"/></w:r>"""


@pytest.mark.requirement("OCR-WORD-07")
async def test_text_boxes_and_ticks_are_read_once(engine: LocalEngine, tmp_path: Path) -> None:
    def build(document: Document) -> None:
        cell = document.add_table(1, 2).row_cells(0)
        for place, parts in ((cell[0].paragraphs[0], BOX), (cell[1].paragraphs[0], FORM)):
            place._p.append(parse_xml(parts.format(w=nsmap["w"])))
        document.add_paragraph("beside")._p.append(parse_xml(BOX.format(w=nsmap["w"])))

    page = await first_page(engine, word(tmp_path / "a", build))

    assert texts(page) == ["in a box | ☒☐", "beside", "in a box"]


@pytest.mark.requirement("OCR-OOXML-03")
async def test_a_page_with_nothing_but_a_scan_is_recognised(
    engine: LocalEngine, tmp_path: Path
) -> None:
    data = BytesIO()
    scan(*SCANNED).save(data, "PNG")

    def build(document: Document) -> None:
        document.add_picture(data)
        hidden = document.add_paragraph().add_run("999.00")
        hidden.font.hidden = True
        hidden.add_break(WD_BREAK.PAGE)
        document.add_paragraph("The second page has text").add_run().add_picture(data)

    def slide(slide: Slide) -> None:
        slide.shapes.add_picture(data, 0, 0)

    _, (first, second) = await read_all(engine, word(tmp_path / "a", build))
    shown = await first_page(engine, deck(tmp_path / "b", slide))

    assert first.source is shown.source is PageSource.OCR
    assert texts(first) == texts(shown) == list(SCANNED)
    assert texts(first, hidden=True) == ["999.00"]
    assert texts(second) == ["The second page has text"]


@pytest.mark.requirement("OCR-OOXML-03")
async def test_a_page_with_nothing_but_a_drawing_is_not_empty_in_silence(
    engine: LocalEngine, tmp_path: Path
) -> None:
    data = BytesIO()
    scan(*SCANNED).save(data, "PNG")
    file = word(tmp_path / "a", lambda document: document.add_picture(data))
    with zipfile.ZipFile(file) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".png")]
    rewritten(file, name, b"PNG", b"EMF")

    page = await first_page(engine, file)

    assert (page.source, page.notes) == (PageSource.NONE, ("not_recognised",))


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
