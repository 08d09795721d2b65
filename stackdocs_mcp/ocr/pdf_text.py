"""A PDF page's own text, with boxes, and what of it a reader cannot see.

pdfium breaks the text of a page into lines. A line that was drawn in one go is one piece; any other
is taken apart into words and put together again up to the gaps between columns. Calls per
character would cost more than all the rest together.
"""

import ctypes
import math
import re
from array import array
from collections import Counter
from dataclasses import dataclass

import pypdfium2 as pdfium
import pypdfium2.raw as c

from stackdocs_mcp.ocr import calls, turn
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
        if not self._rotation:
            return unturned
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
        self._at = calls.address(layer)
        self._frame = frame
        self._contrast = Contrast(page)
        self._looks: dict[calls.Address, bool] = {}
        """Of text objects: whether they may be hidden."""
        self._sides = array("d", [0.0] * 4)
        self._sides_at = _places(self._sides)
        self._colour = array("I", [0] * 4)
        self._colour_at = _places(self._colour)
        self._loose = array("f", [0.0] * 4)
        """Left, top, right, bottom: FS_RECTF."""
        self._loose_at = _places(self._loose)[0]

    def read(self) -> TextLayer:
        raw = self._characters()
        upright = self._upright(raw)
        visible: list[Piece] = []
        hidden: list[Piece] = []
        for match in _LINE.finditer(raw):
            for piece in self._pieces(match.start(), match[0], upright):
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
        """The turn that brings most of the text upright, from a sample of its characters."""
        places = range(0, len(raw), max(1, len(raw) // _SAMPLE))
        sample = [match.start() for place in places if (match := _WORD.search(raw, place))]
        if not sample:
            return 0
        angles = Counter(
            round(math.degrees(calls.get_angle(self._at, start)) / 90) * 90 for start in sample
        )
        angle, times = angles.most_common(1)[0]
        if times <= 0.6 * len(sample):
            return 0
        degrees: dict[int, turn.Turn] = {0: 0, 90: 90, 180: 180, 270: 270}
        return degrees[-(angle + self._frame.rotation) % 360]  # pdfium counts clockwise

    def _pieces(self, start: int, text: str, upright: turn.Turn) -> list[Piece]:
        """A line as one piece if it was drawn in one go, else its words put together."""
        if calls.count_rectangles(self._at, start, len(text)) == 1:
            first = len(text) - len(text.lstrip())
            if first == len(text):
                return []
            return [self._piece(start + first, _shown(text), self._rectangle(0), upright)]
        return _merged(
            [
                self._piece(start + match.start(), _shown(match[0]), word, upright)
                for match in _WORD.finditer(text)
                if (word := self._box(start + match.start(), len(match[0])))
            ]
        )

    def _box(self, start: int, length: int) -> Rectangle | None:
        """Left, bottom, right, top of a run of characters."""
        count = calls.count_rectangles(self._at, start, length)
        if count <= 0:
            return None
        box = self._rectangle(0)
        for index in range(1, count):
            box = _union(box, self._rectangle(index))
        return box

    def _rectangle(self, index: int) -> Rectangle:
        """One of those that were counted last."""
        calls.get_rectangle(self._at, index, *self._sides_at)
        left, top, right, bottom = self._sides
        return left, bottom, right, top

    def _piece(self, start: int, text: str, tight: Rectangle, upright: turn.Turn) -> Piece:
        """With the height of the font and not of the letters, so that baselines can be compared."""
        box, frame = tight, self._frame
        if calls.get_loose_box(self._at, start, self._loose_at):
            left, top, right, bottom = self._loose
            box = _union(tight, (left, bottom, right, top))
        x0, y0, x1, y1 = box = frame.displayed(*box)
        if x1 - x0 < _SMALLEST or y1 - y0 < _SMALLEST or not frame.shows(box):
            hidden = True  # microscopic, or off the page
        else:
            drawn = calls.get_text_object(self._at, start)
            hidden = (
                drawn is not None and self._may_be_hidden(drawn) and not self._contrast.within(box)
            )
        if upright:
            box = turn.turned(box, frame.width, frame.height, upright)
        return Piece(text, box, hidden)

    def _may_be_hidden(self, drawn: calls.Address) -> bool:
        """It is drawn so that the page may look the same without it."""
        looks = self._looks.get(drawn)
        if looks is None:
            looks = self._looks[drawn] = self._looks_hidden(drawn)
        return looks

    def _looks_hidden(self, drawn: calls.Address) -> bool:
        """Not drawn at all, or in a colour that is only seen on a background."""
        if calls.get_render_mode(drawn) in _UNDRAWN:
            return True
        if not calls.get_fill_colour(drawn, *self._colour_at):
            return False
        red, green, blue, alpha = self._colour
        return alpha < _FAINT or (red > _PALE and green > _PALE and blue > _PALE)


def _places(numbers: "array[float] | array[int]") -> list[calls.Address]:
    """Where pdfium can write each of them."""
    first, count = numbers.buffer_info()
    return [first + index * numbers.itemsize for index in range(count)]


def _merged(pieces: list[Piece]) -> list[Piece]:
    """Words that follow one another closely as one piece, in either direction of writing."""
    if len(pieces) < 2:
        return pieces
    found: list[Piece] = []
    current = pieces[0]
    for piece in pieces[1:]:
        if current.hidden == piece.hidden and _follows(current.box, piece.box):
            box = _union(current.box, piece.box)
            current = Piece(f"{current.text} {piece.text}", box, piece.hidden)
        else:
            found.append(current)
            current = piece

    return [*found, current]


def _union(one: Rectangle, other: Rectangle) -> Rectangle:
    """The smallest box around both; ``min`` and ``max`` would take most of a page's time here."""
    a0, b0, a1, b1 = one
    c0, d0, c1, d1 = other
    return (
        a0 if a0 <= c0 else c0,  # noqa: FURB136
        b0 if b0 <= d0 else d0,  # noqa: FURB136
        a1 if a1 >= c1 else c1,  # noqa: FURB136
        b1 if b1 >= d1 else d1,  # noqa: FURB136
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
