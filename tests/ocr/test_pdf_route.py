"""Which pages of a PDF become pictures to recognise."""

from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from stackdocs_mcp.ocr import pdf, wire
from stackdocs_mcp.ocr.task import Task
from tests.ocr.documents import both, lines, pdf as drawn, picture_at, scan


def _outlines(canvas: Canvas) -> None:
    """An L, a T and an I made of rectangles: letters that no text layer knows of."""
    for x, y, width, height in (
        (50, 300, 4, 24),
        (50, 300, 14, 4),
        (74, 300, 4, 24),
        (68, 320, 16, 4),
        (92, 300, 4, 24),
    ):
        canvas.rect(x, y, width, height, stroke=0, fill=1)


def _sent(file: Path) -> list[wire.Picture]:
    return [item[0] for item in pdf.pages(file, Task()) if isinstance(item, tuple)]


@pytest.mark.requirement("OCR-ROUTE-01")
def test_a_page_of_letters_drawn_as_shapes_is_recognised(tmp_path: Path) -> None:
    (picture,) = _sent(drawn(tmp_path / "a", _outlines))

    assert picture.whole
    assert not picture.check


@pytest.mark.requirement("OCR-ROUTE-02")
def test_a_page_of_text_with_a_small_logo_is_not_recognised(tmp_path: Path) -> None:
    logo = picture_at(scan("Acme"), 30, 20, 40, 20)

    assert _sent(drawn(tmp_path / "a", both(lines("A page of text", "in two lines"), logo))) == []
