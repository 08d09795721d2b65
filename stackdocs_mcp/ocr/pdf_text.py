"""A PDF page's own text, with boxes, and what of it a reader cannot see.

pdfium breaks the text of a page into lines. A line that was drawn in one go is one piece; any other
is taken apart into words and put together again up to the gaps between columns. Calls per
character would cost more than all the rest together.
"""

import ctypes
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2 as pdfium
import pypdfium2.raw as c

from stackdocs_mcp.ocr import turn
from stackdocs_mcp.ocr.order import Piece, Rectangle
from stackdocs_mcp.ocr.pixels import Contrast

_WORD = re.compile(r"[^\s\x00]+")
_HYPHEN = "\x02"
"""Where pdfium saw a word broken at the end of a line, and runs the lines together."""
_ALSO_HYPHEN = "\ufffe"
"""What it calls that when asked for the whole text."""
_LINE = re.compile(r"[^\r\n\x02]+\x02?|\x02")
_GAP = 1.0
"""In line heights: pieces are parted at wider gaps."""
_SMALLEST = 1.0
"""Points: nobody reads smaller text."""
_PALE = 225
_FAINT = 40
_UNDRAWN = {c.FPDF_TEXTRENDERMODE_INVISIBLE, c.FPDF_TEXTRENDERMODE_CLIP}
_SAMPLE = 12
_SURROGATES = range(0xD800, 0xE000)


@dataclass(frozen=True, slots=True)
class TextLayer:
    """``raw`` is the text as the file has it; pieces are in points of the page turned upright."""

    raw: str
    visible: list[Piece]
    hidden: list[Piece]
    turn: turn.Turn
    """Degrees clockwise from the page as it is displayed to upright."""


class Frame:
    """The page as it is displayed: its box in PDF coordinates, and its /Rotate."""

    def __init__(self, page: pdfium.PdfPage) -> None:
        box = c.FS_RECTF()
        c.FPDF_GetPageBoundingBox(page, box)
        self._box = box.left, box.bottom, box.right, box.top
        self._rotation: turn.Turn = page.get_rotation()
        self.width, self.height = page.get_size()

    @property
    def rotation(self) -> turn.Turn:
        return self._rotation

    def displayed(self, left: float, bottom: float, right: float, top: float) -> Rectangle:
        """A rectangle in PDF coordinates, in points from the top left as displayed."""
        x0, y0, x1, y1 = self._box
        unturned = left - x0, y1 - top, right - x0, y1 - bottom
        return turn.turned(unturned, x1 - x0, y1 - y0, self._rotation)

    def shows(self, box: Rectangle) -> bool:
        """Some of the displayed rectangle is on the page."""
        return box[2] > 0 and box[3] > 0 and box[0] < self.width and box[1] < self.height


def read_text(page: pdfium.PdfPage, frame: Frame) -> TextLayer:
    """The text of a page, reading order not yet found."""
    layer = page.get_textpage()
    try:
        return _Reader(page, layer, frame).read()
    finally:
        layer.close()


class _Reader:
    """One page's text layer; the buffers that pdfium writes into are made once."""

    def __init__(self, page: pdfium.PdfPage, layer: pdfium.PdfTextPage, frame: Frame) -> None:
        self._layer = layer
        self._frame = frame
        self._contrast = Contrast(page)
        self._sides = tuple(ctypes.c_double() for _ in range(4))
        self._colour = tuple(ctypes.c_uint() for _ in range(4))
        self._loose = c.FS_RECTF()

    def read(self) -> TextLayer:
        raw = self._characters()
        upright = self._upright(raw)
        visible: list[Piece] = []
        hidden: list[Piece] = []
        for match in _LINE.finditer(raw):
            for piece in _merged(self._pieces(match.start(), match[0], upright)):
                (hidden if piece.hidden else visible).append(piece)

        return TextLayer(raw, visible, hidden, upright)

    def _characters(self) -> str:
        """The text of the page, one element for each of pdfium's characters."""
        count = c.FPDFText_CountChars(self._layer)
        if count <= 0:
            return ""
        buffer = (ctypes.c_ushort * (count + 1))()
        written = c.FPDFText_GetText(self._layer, 0, count, buffer) - 1
        units = memoryview(buffer).cast("B")[: 2 * written]
        text = bytes(units).decode("utf-16-le", "surrogatepass")
        if len(text) == count:
            return text.replace(_ALSO_HYPHEN, _HYPHEN)
        # Some characters have no Unicode, or two units: only asking one by one keeps the count.
        return "".join(chr(c.FPDFText_GetUnicode(self._layer, index)) for index in range(count))

    def _upright(self, raw: str) -> turn.Turn:
        """The turn that brings most of the text upright, from a sample of lines."""
        starts = [m.start() for m in _WORD.finditer(raw)]
        sample = starts[:: max(1, len(starts) // _SAMPLE)]
        if not sample:
            return 0
        angles = Counter(
            round(math.degrees(c.FPDFText_GetCharAngle(self._layer, start)) / 90) * 90
            for start in sample
        )
        angle, times = angles.most_common(1)[0]
        if times <= 0.6 * len(sample):
            return 0
        degrees: dict[int, turn.Turn] = {0: 0, 90: 90, 180: 180, 270: 270}
        return degrees[-(angle + self._frame.rotation) % 360]  # pdfium counts clockwise

    def _pieces(self, start: int, text: str, upright: turn.Turn) -> Iterator[Piece]:
        """A line as one piece if it was drawn in one go, else its words."""
        whole = self._box(start, len(text))
        if whole is None:
            return
        box, rectangles = whole
        first = len(text) - len(text.lstrip())
        if rectangles == 1:
            if text.strip():
                yield self._piece(start + first, _shown(text), box, upright)
            return
        for match in _WORD.finditer(text):
            if word := self._box(start + match.start(), len(match[0])):
                yield self._piece(start + match.start(), _shown(match[0]), word[0], upright)

    def _box(self, start: int, length: int) -> tuple[Rectangle, int] | None:
        """Left, bottom, right, top of a run of characters, and of how many parts it was drawn."""
        layer, (left, top, right, bottom) = self._layer, self._sides
        count = c.FPDFText_CountRects(layer, start, length)
        if count <= 0:
            return None
        c.FPDFText_GetRect(layer, 0, left, top, right, bottom)
        box = left.value, bottom.value, right.value, top.value
        for index in range(1, count):
            c.FPDFText_GetRect(layer, index, left, top, right, bottom)
            box = _union(box, (left.value, bottom.value, right.value, top.value))
        return box, count

    def _piece(self, start: int, text: str, tight: Rectangle, upright: turn.Turn) -> Piece:
        """With the height of the font and not of the letters, so that baselines can be compared."""
        box, loose = tight, self._loose
        if c.FPDFText_GetLooseCharBox(self._layer, start, loose):
            box = _union(tight, (loose.left, loose.bottom, loose.right, loose.top))
        displayed = self._frame.displayed(*box)
        hidden = self._hidden(start, displayed)
        turned = turn.turned(displayed, self._frame.width, self._frame.height, upright)
        return Piece(text, turned, hidden)

    def _hidden(self, start: int, box: Rectangle) -> bool:
        """Off the page, microscopic, or drawn so that the page looks the same without it."""
        if not self._frame.shows(box) or min(box[2] - box[0], box[3] - box[1]) < _SMALLEST:
            return True
        drawn = c.FPDFText_GetTextObject(self._layer, start)
        if not drawn:
            return False
        return self._looks_hidden(drawn) and not self._contrast.within(box)

    def _looks_hidden(self, drawn: object) -> bool:
        """Not drawn at all, or in a colour that is only seen on a background."""
        if c.FPDFTextObj_GetTextRenderMode(drawn) in _UNDRAWN:
            return True
        red, green, blue, alpha = self._colour
        if not c.FPDFPageObj_GetFillColor(drawn, red, green, blue, alpha):
            return False
        return alpha.value < _FAINT or min(red.value, green.value, blue.value) > _PALE


def _merged(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Words that follow one another closely as one piece, in either direction of writing."""
    current: Piece | None = None
    for piece in pieces:
        if current is None:
            current = piece
        elif current.hidden == piece.hidden and _follows(current.box, piece.box):
            box = _union(current.box, piece.box)
            current = Piece(f"{current.text} {piece.text}", box, piece.hidden)
        else:
            yield current
            current = piece

    if current is not None:
        yield current


def _union(one: Rectangle, other: Rectangle) -> Rectangle:
    """The smallest box around both; for two, faster than ``order.around``."""
    return (
        min(one[0], other[0]),
        min(one[1], other[1]),
        max(one[2], other[2]),
        max(one[3], other[3]),
    )


def _follows(one: Rectangle, other: Rectangle) -> bool:
    height = min(one[3] - one[1], other[3] - other[1])
    if abs(one[1] + one[3] - other[1] - other[3]) > height:
        return False
    gap = max(other[0] - one[2], one[0] - other[2])
    return gap < _GAP * height


def _shown(text: str) -> str:
    """With the hyphen that pdfium took out, and pairs of surrogates made characters."""
    text = text.replace(_HYPHEN, "-")
    if text.isascii() or not any(ord(character) in _SURROGATES for character in text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
