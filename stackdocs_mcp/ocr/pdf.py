"""PDF to pages, by pdfium. Runs in the throw-away child only: importing it loads pdfium.

Form values and notes are made part of the page first, or they would be lost. Boxes leave here in
points from the top left of the page as a reader holds it: inside the crop box, after /Rotate, and
turned upright where all of the text runs sideways.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as c

from stackdocs_mcp.core.model import PageSource
from stackdocs_mcp.ocr import drawn, order, route, tables, turn
from stackdocs_mcp.ocr.failures import Unreadable
from stackdocs_mcp.ocr.formats import PDF
from stackdocs_mcp.ocr.limits import Limits
from stackdocs_mcp.ocr.order import Rectangle
from stackdocs_mcp.ocr.pdf_text import Frame, TextLayer, read_text
from stackdocs_mcp.ocr.pixels import is_blank
from stackdocs_mcp.ocr.task import Task
from stackdocs_mcp.ocr.wire import (
    Outline,
    Picture,
    Read,
    SentLine,
    SentTable,
    unplaced,
    unrecognised,
)

_LEAST_SIDE = 1_280
"""Pixels of the longer side, whatever that is in dots per inch: what the detection looks at."""
_POINTS = 72
_NEVER_DRAWN = {c.FPDF_ANNOT_LINK, c.FPDF_ANNOT_POPUP}
_A4 = (595.0, 842.0)

Converted = Outline | Read | tuple[Picture, bytes]


def pages(file: Path, task: Task) -> Iterator[Converted]:
    """The outline, then each page that is asked for. Raises Unreadable."""
    document = _open(file)
    document.init_forms()  # before any page is loaded, or form values are not drawn
    if len(document) > task.limits.pages:
        raise Unreadable("too_many_pages")
    if not len(document):
        raise Unreadable("damaged")
    yield Outline(media_type=PDF.media_type, pages=len(document))

    for number in range(1, len(document) + 1):
        if number not in task.skip:
            yield _page(document, number, task)


def _open(file: Path) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(file)
    except pdfium.PdfiumError as error:
        locked = error.err_code in (c.FPDF_ERR_PASSWORD, c.FPDF_ERR_SECURITY)
        raise Unreadable("encrypted" if locked else "damaged") from error


def _page(document: pdfium.PdfDocument, number: int, task: Task) -> Read | tuple[Picture, bytes]:
    try:
        page = _flattened(document, number - 1)
    except pdfium.PdfiumError:  # one broken page does not make the others unreadable
        return Read(number=number, width=_A4[0], height=_A4[1], source=PageSource.NONE)
    try:
        return _converted(page, number, task)
    finally:
        page.close()


def _converted(page: pdfium.PdfPage, number: int, task: Task) -> Read | tuple[Picture, bytes]:
    frame = Frame(page)
    text = read_text(page, frame)
    width, height = turn.size(frame.width, frame.height, text.turn)
    if task.mode == "always" or route.decide(text.raw, text.visible) == "ocr":
        return _scan(page, number, text, task)

    on_page = drawn.on_page(page)
    pictures = _upright(on_page.pictures, frame, text)
    rows = order.rows(text.visible)
    unread = route.pictures_to_read(pictures, text.visible, width, height)
    if not unread or task.mode == "never":
        return Read(
            number=number,
            width=width,
            height=height,
            source=PageSource.TEXT,
            rotation=text.turn,
            lines=_lines(rows, text),
            tables=_tables(rows, on_page, frame, text),
            notes=("not_recognised",) if unread else (),
        )

    x0, y0, x1, y1 = order.around(unread)
    region = max(0.0, x0), max(0.0, y0), min(width, x1), min(height, y1)
    scale = _scale(region[2] - region[0], region[3] - region[1], task.limits)
    columns, lines, pixels = _render(page, scale, text.turn, region, (width, height))
    picture = Picture(
        number=number,
        width=width,
        height=height,
        rotation=text.turn,
        columns=columns,
        rows=lines,
        region=region,
        whole=False,
        lines=_lines(rows, text),
        tables=_tables(rows, on_page, frame, text),
    )
    return picture, pixels


def _scan(
    page: pdfium.PdfPage, number: int, text: TextLayer, task: Task
) -> Read | tuple[Picture, bytes]:
    width, height = page.get_size()
    whole = (0.0, 0.0, width, height)
    columns, rows, pixels = _render(
        page, _scale(width, height, task.limits), 0, whole, (width, height)
    )
    hidden = [unplaced(piece.text, True) for row in order.rows(text.hidden) for piece in row]
    if is_blank(columns, rows, pixels):
        return Read(
            number=number, width=width, height=height, source=PageSource.BLANK, lines=hidden
        )
    if task.mode == "never":
        return unrecognised(number, width, height, _lines(order.rows(text.visible), text))
    picture = Picture(
        number=number,
        width=width,
        height=height,
        columns=columns,
        rows=rows,
        region=whole,
        whole=True,
        lines=hidden,
    )
    return picture, pixels


def _upright(boxes: Iterable[Rectangle], frame: Frame, text: TextLayer) -> list[Rectangle]:
    """Boxes in PDF coordinates where a reader sees them."""
    return [
        turn.turned(frame.displayed(*box), frame.width, frame.height, text.turn) for box in boxes
    ]


def _tables(
    rows: list[list[order.Piece]], on_page: drawn.Drawn, frame: Frame, text: TextLayer
) -> list[SentTable]:
    if not tables.likely(rows):
        return []
    return tables.found(rows, _upright(on_page.rules(), frame, text))


def _lines(rows: list[list[order.Piece]], text: TextLayer) -> list[SentLine]:
    """Visible lines in reading order, then the hidden ones."""
    return [_line(row) for row in [*rows, *order.rows(text.hidden)]]


def _line(row: list[order.Piece]) -> SentLine:
    if len(row) == 1:
        return row[0].text, row[0].box, row[0].hidden, ()
    return order.joined(row), order.around([piece.box for piece in row]), row[0].hidden, ()


def _flattened(document: pdfium.PdfDocument, index: int) -> pdfium.PdfPage:
    """The page with its form values and notes as part of the content."""
    page = document[index]
    if not any(kind not in _NEVER_DRAWN for kind in _annotations(page)):
        return page
    c.FPDFPage_Flatten(page, c.FLAT_NORMALDISPLAY)
    page.close()
    return document[index]


def _annotations(page: pdfium.PdfPage) -> Iterator[int]:
    for index in range(c.FPDFPage_GetAnnotCount(page)):
        if annotation := c.FPDFPage_GetAnnot(page, index):
            yield c.FPDFAnnot_GetSubtype(annotation)
            c.FPDFPage_CloseAnnot(annotation)


def _scale(width: float, height: float, limits: Limits) -> float:
    """Pixels per point; small pages, as receipts are, get more than others."""
    longest = max(width, height, 1.0)
    return min(max(limits.dpi / _POINTS, _LEAST_SIDE / longest), limits.bitmap_side / longest)


def _render(
    page: pdfium.PdfPage,
    scale: float,
    degrees: turn.Turn,
    region: Rectangle,
    size: tuple[float, float],
) -> tuple[int, int, bytes]:
    """Columns, rows and the packed rows of BGR of a region of the page."""
    x0, y0, x1, y1 = region
    bitmap = page.render(
        scale=scale,
        rotation=degrees,
        crop=(x0, size[1] - y1, size[0] - x1, y0),
    )
    columns, rows, stride = bitmap.width, bitmap.height, bitmap.stride
    view = memoryview(bitmap.buffer).cast("B")
    packed = b"".join(view[row * stride : row * stride + columns * 3] for row in range(rows))
    return columns, rows, packed
