"""PDF to pages, by pdfium. Runs in the throw-away child only: importing it loads pdfium.

Form values and notes are made part of the page first, or they would be lost. Boxes leave here in
points from the top left of the page as a reader holds it: inside the crop box, after /Rotate, and
turned upright where all of the text runs sideways.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as c

from stackdocs_mcp.core.model import PageSource
from stackdocs_mcp.ocr import order, route, rules, tables, turn
from stackdocs_mcp.ocr.drawing import Drawing, drawing_of
from stackdocs_mcp.ocr.failures import Unreadable
from stackdocs_mcp.ocr.formats import PDF
from stackdocs_mcp.ocr.frame import Frame
from stackdocs_mcp.ocr.limits import Limits
from stackdocs_mcp.ocr.order import Rectangle
from stackdocs_mcp.ocr.pdf_text import TextLayer, read_text
from stackdocs_mcp.ocr.pixels import is_blank
from stackdocs_mcp.ocr.task import Task
from stackdocs_mcp.ocr.wire import Outline, Picture, Read, SentLine, SentTable, unrecognised

_LEAST_SIDE = 1_280
"""Pixels of the longer side, whatever that is in dots per inch: what the detection looks at."""
_POINTS = 72
_NEVER_DRAWN = {c.FPDF_ANNOT_LINK, c.FPDF_ANNOT_POPUP}
_A4 = (595.0, 842.0)
_LARGE = 10_000_000
"""Bytes: pdfium reads such a file piece by piece. Any other is faster to parse in memory."""

Converted = Outline | Read | tuple[Picture, bytes]


def pages(file: Path, task: Task) -> Iterator[Converted]:
    """The outline, then each page that is asked for. Raises Unreadable."""
    document = _open(file, task.passwords)
    document.init_forms()  # before any page is loaded, or form values are not drawn
    if len(document) > task.limits.pages:
        raise Unreadable("too_many_pages")
    if not len(document):
        raise Unreadable("damaged")
    yield Outline(media_type=PDF.media_type, pages=len(document))

    for number in range(1, len(document) + 1):
        if number not in task.skip:
            yield _page(document, number, task)


def _open(file: Path, passwords: Sequence[str]) -> pdfium.PdfDocument:
    """The document, by the first password that opens it; most need none, or the empty one."""
    source = file if file.stat().st_size > _LARGE else file.read_bytes()
    for password in (None, *passwords):
        try:
            return pdfium.PdfDocument(source, password=password)
        except pdfium.PdfiumError as error:
            if error.err_code not in (c.FPDF_ERR_PASSWORD, c.FPDF_ERR_SECURITY):
                raise Unreadable("damaged") from error
    raise Unreadable("wrong_password" if passwords else "encrypted")


def _page(document: pdfium.PdfDocument, number: int, task: Task) -> Read | tuple[Picture, bytes]:
    try:
        page, own = _flattened(document, number - 1)
    except pdfium.PdfiumError:  # one broken page does not make the others unreadable
        return Read(number=number, width=_A4[0], height=_A4[1], source=PageSource.NONE)
    try:
        return _converted(page, own, number, task)
    finally:
        page.close()


def _converted(
    page: pdfium.PdfPage, own: int | None, number: int, task: Task
) -> Read | tuple[Picture, bytes]:
    frame = Frame(page)
    drawing = drawing_of(page, frame, own)
    text = read_text(page, frame, drawing)
    pictures = [turn.turned(box, frame.width, frame.height, text.turn) for box in drawing.pictures]
    if task.mode == "always" or route.decide(text.raw, text.visible) == "ocr":
        return _scan(page, number, text, pictures, task)

    size = turn.size(frame.width, frame.height, text.turn)
    unread = route.pictures_to_read(pictures, text.visible, *size)
    rows = order.rows(text.visible)
    found = _tables(rows, drawing, frame, text)
    if not unread or task.mode == "never":
        return Read(
            number=number,
            width=size[0],
            height=size[1],
            source=PageSource.TEXT,
            rotation=text.turn,
            lines=_in_order(rows, text.hidden),
            tables=found,
            notes=("not_recognised",) if unread else (),
        )

    x0, y0, x1, y1 = order.around(unread)
    region = max(0.0, x0), max(0.0, y0), min(size[0], x1), min(size[1], y1)
    scale = _scale(region[2] - region[0], region[3] - region[1], task.limits)
    columns, height, pixels = _render(page, scale, text.turn, region, size)
    picture = Picture(
        number=number,
        width=size[0],
        height=size[1],
        rotation=text.turn,
        columns=columns,
        rows=height,
        region=region,
        whole=False,
        lines=_in_order(rows, text.hidden),
        tables=found,
    )
    return picture, pixels


def _tables(
    rows: list[list[order.Piece]], drawing: Drawing, frame: Frame, text: TextLayer
) -> list[SentTable]:
    if not tables.likely(rows):
        return []
    drawn = rules.of_paths(drawing.paths, frame)
    upright = [turn.turned(box, frame.width, frame.height, text.turn) for box in drawn]
    return tables.found(rows, upright)


def _scan(
    page: pdfium.PdfPage,
    number: int,
    text: TextLayer,
    pictures: Sequence[Rectangle],
    task: Task,
) -> Read | tuple[Picture, bytes]:
    """The whole page as a picture, with the text that is to be checked by it."""
    wide, tall = page.get_size()
    width, height = size = turn.size(wide, tall, text.turn)
    whole = (0.0, 0.0, width, height)
    scale = _scale(width, height, task.limits)
    columns, rows, pixels = _render(page, scale, text.turn, whole, size)
    layer = [] if task.mode == "always" else route.scanned_text(text.hidden, pictures)
    lines = _lines(text, shown=layer)
    read = Read(
        number=number,
        width=width,
        height=height,
        rotation=text.turn,
        source=PageSource.TEXT,
        lines=lines,
        notes=("not_recognised",),
    )
    if is_blank(columns, rows, pixels):
        hidden = [(line, box, True, words) for line, box, _, words in lines]
        return read.model_copy(update={"source": PageSource.BLANK, "lines": hidden, "notes": ()})
    if task.mode == "never":
        return read if layer else unrecognised(number, width, height, lines)
    drawn = task.mode == "always"
    picture = Picture(
        number=number,
        width=width,
        height=height,
        rotation=text.turn,
        columns=columns,
        rows=rows,
        region=whole,
        whole=True,
        lines=lines if drawn or layer else [line for line in lines if line[2]],
        check=drawn or bool(layer),
        drawn=drawn,
    )
    return picture, pixels


def _lines(text: TextLayer, shown: Sequence[order.Piece] = ()) -> list[SentLine]:
    """Visible lines in reading order, with what is as good as visible; then the hidden ones."""
    visible = [*text.visible, *(piece._replace(hidden=False) for piece in shown)]
    known = {id(piece) for piece in shown}
    hidden = [piece for piece in text.hidden if id(piece) not in known]
    return _in_order(order.rows(visible), hidden)


def _in_order(rows: list[list[order.Piece]], hidden: Sequence[order.Piece]) -> list[SentLine]:
    return [_line(row) for row in [*rows, *order.rows(hidden)]]


def _line(row: list[order.Piece]) -> SentLine:
    words = tuple([round(10 * edge) for piece in row for word in piece.words for edge in word])
    if len(row) == 1:
        return row[0].text, row[0].box, row[0].hidden, words
    return order.joined(row), order.around([piece.box for piece in row]), row[0].hidden, words


def _flattened(document: pdfium.PdfDocument, index: int) -> tuple[pdfium.PdfPage, int | None]:
    """The page with its form values and notes as part of the content.

    And how many objects were its content before, where that has changed.
    """
    page = document[index]
    if not any(kind not in _NEVER_DRAWN for kind in _annotations(page)):
        return page, None
    own = c.FPDFPage_CountObjects(page)
    if c.FPDFPage_Flatten(page, c.FLAT_NORMALDISPLAY) == c.FLATTEN_NOTHINGTODO:
        return page, None
    page.close()
    return document[index], own


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
