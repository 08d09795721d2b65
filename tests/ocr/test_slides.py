"""PPTX."""

from pathlib import Path
from typing import Any

import pytest
from pptx.chart import data as charts
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE
from pptx.enum.shapes import MSO_SHAPE
from pptx.opc.package import Part
from pptx.opc.packuri import PackURI
from pptx.oxml import parse_xml
from pptx.util import Cm, Pt

from stackdocs_mcp.core.model import PageSource
from stackdocs_mcp.ocr.local import LocalEngine
from tests.ocr.conftest import first_page, read_all, texts
from tests.ocr.documents import Slide, deck

RGB: Any = RGBColor
"""Without types."""
pytestmark = pytest.mark.anyio


def write(slide: Slide, text: str, left: float, top: float) -> None:
    box = slide.shapes.add_textbox(Cm(left), Cm(top), Cm(4), Cm(1))
    box.text_frame.text = text


def _offer(slide: Slide) -> None:
    write(slide, "below", 1, 12)
    write(slide, "right\vof it", 12, 1.1)
    write(slide, "left\nand on", 1, 1.3)
    table = slide.shapes.add_table(2, 3, Cm(1), Cm(6), Cm(12), Cm(2)).table
    for row, values in enumerate((("Pos.", "What", "Amount"), ("1", "", "50.00"))):
        for column, value in enumerate(values):
            table.cell(row, column).text = value
    group = slide.shapes.add_group_shape()
    inner = group.shapes.add_group_shape().shapes.add_textbox(Cm(1), Cm(4), Cm(4), Cm(1))
    inner.text_frame.text = "in a group"
    slide.notes_slide.notes_text_frame.text = "Say hello\nand goodbye"


@pytest.mark.requirement("OCR-SLIDE-01")
async def test_a_slide_is_a_page_read_from_the_top_left(
    engine: LocalEngine, tmp_path: Path
) -> None:
    outline, pages = await read_all(engine, deck(tmp_path / "a", _offer, lambda _: None))

    assert outline.pages == 2
    assert texts(pages[0]) == [
        "left",
        "and on",
        "right",
        "of it",
        "in a group",
        "Pos. | What | Amount",
        "1 |  | 50.00",
        "below",
        "Notes: Say hello",
        "Notes: and goodbye",
    ]
    assert (pages[0].width, pages[0].height) == (720, 540)
    assert pages[1].source is PageSource.BLANK


@pytest.mark.requirement("OCR-SLIDE-02")
async def test_hidden_slides_and_shapes_are_flagged(engine: LocalEngine, tmp_path: Path) -> None:
    def hidden_slide(slide: Slide) -> None:
        write(slide, "secret", 1, 1)
        slide.notes_slide.notes_text_frame.text = "more"
        slide.element.set("show", "0")

    def hidden_shape(slide: Slide) -> None:
        group = slide.shapes.add_group_shape()
        group.shapes.add_textbox(Cm(1), Cm(1), Cm(4), Cm(1)).text_frame.text = "secret"
        group._element.nvGrpSpPr.cNvPr.set("hidden", "1")
        write(slide, "seen", 1, 9)

    _, pages = await read_all(engine, deck(tmp_path / "a", hidden_slide, hidden_shape))

    assert texts(pages[0]) == []
    assert texts(pages[0], hidden=True) == ["secret", "Notes: more"]
    assert texts(pages[1]) == ["seen"]
    assert texts(pages[1], hidden=True) == ["secret"]


def coloured(slide: Slide, text: str, top: float, level: int = 0xFF) -> Any:
    box = slide.shapes.add_textbox(Cm(1), Cm(top), Cm(4), Cm(1))
    run = box.text_frame.paragraphs[0].add_run()
    run.text = text
    run.font.color.rgb = RGB(level, level, level)
    return box


@pytest.mark.requirement("OCR-SLIDE-02")
async def test_text_beside_the_slide_too_small_or_as_its_ground_is_flagged(
    engine: LocalEngine, tmp_path: Path
) -> None:
    def build(slide: Slide) -> None:
        write(slide, "seen", 1, 1)
        write(slide, "beside", -9, 3)
        write(slide, "below", 1, 30)
        write(slide, "tiny", 1, 4)
        slide.shapes[-1].text_frame.paragraphs[0].runs[0].font.size = Pt(1)
        coloured(slide, "white", 5)
        filled = coloured(slide, "on black", 7)
        filled.fill.solid()
        filled.fill.fore_color.rgb = RGB(0, 0, 0)
        slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, Cm(0), Cm(9), Cm(9), Cm(3))
        coloured(slide, "over a shape", 10)
        coloured(slide, "dark", 13, level=0)

    page = await first_page(engine, deck(tmp_path / "a", build))

    assert texts(page) == ["seen", "on black", "over a shape", "dark"]
    assert sorted(texts(page, hidden=True)) == ["below", "beside", "tiny", "white"]


DIAGRAM = """<p:graphicFrame xmlns:p="{p}" xmlns:a="{a}"><p:nvGraphicFramePr>
<p:cNvPr id="9" name="d"/><p:cNvGraphicFramePr/><p:nvPr/></p:nvGraphicFramePr>
<p:xfrm><a:off x="0" y="0"/><a:ext cx="99" cy="99"/></p:xfrm>
<a:graphic><a:graphicData uri="{d}"><d:relIds xmlns:d="{d}" xmlns:r="{r}" r:dm="{rid}"/>
</a:graphicData></a:graphic></p:graphicFrame>"""
MODEL = """<d:dataModel xmlns:d="{d}" xmlns:a="{a}"><d:ptLst><d:pt><d:t><a:p><a:r><a:t>First</a:t>
</a:r></a:p></d:t></d:pt><d:pt><d:t><a:p><a:r><a:t>then</a:t></a:r></a:p></d:t></d:pt></d:ptLst>
</d:dataModel>"""


@pytest.mark.requirement("OCR-SLIDE-04")
async def test_the_text_of_a_diagram_is_read(engine: LocalEngine, tmp_path: Path) -> None:
    names = {
        "p": "http://schemas.openxmlformats.org/presentationml/2006/main",
        "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
        "d": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
        "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    }

    def build(slide: Slide) -> None:
        kind = "application/vnd.openxmlformats-officedocument.drawingml.diagramData+xml"
        place = PackURI("/ppt/diagrams/data1.xml")
        part = Part(place, kind, slide.part.package, MODEL.format(**names).encode())
        rid = slide.part.relate_to(part, f"{names['r']}/diagramData")
        slide.shapes._spTree.append(parse_xml(DIAGRAM.format(rid=rid, **names)))

    assert texts(await first_page(engine, deck(tmp_path / "a", build))) == ["First", "then"]


@pytest.mark.requirement("OCR-SLIDE-03")
async def test_a_chart_reads_as_a_table(engine: LocalEngine, tmp_path: Path) -> None:
    def build(slide: Slide) -> None:
        data: Any = charts.CategoryChartData()  # type: ignore[no-untyped-call]
        data.categories = ["May", "June"]
        data.add_series("Sold", (1.5, None))
        data.add_series("Lost", (2, 0.1))
        kind = XL_CHART_TYPE.COLUMN_CLUSTERED
        frame = slide.shapes.add_chart(kind, Cm(1), Cm(1), Cm(9), Cm(9), data)
        frame.chart.has_title = True
        frame.chart.chart_title.text_frame.text = "A year"

    page = await first_page(engine, deck(tmp_path / "a", build))

    assert texts(page) == ["A year", "| Sold | Lost", "May | 1.5 | 2", "June |  | 0.1"]
