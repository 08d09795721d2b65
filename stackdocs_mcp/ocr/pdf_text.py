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
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as c

from stackdocs_mcp.ocr import calls, turn
from stackdocs_mcp.ocr.drawing import Drawing
from stackdocs_mcp.ocr.frame import Frame
from stackdocs_mcp.ocr.order import Piece, Rectangle, around
from stackdocs_mcp.ocr.visibility import Word, unseen

_WORD = re.compile(r"\S+")
_HYPHEN = "\x02"
"""Where pdfium saw a word broken at the end of a line, and runs the lines together."""
_ALSO_HYPHEN = "\ufffe"
"""What it calls that when asked for the whole text."""
_LINE = re.compile(r"[^\r\n\x02]+\x02?|\x02")
_OTHER_SCRIPTS = "\u0590"
"""Where those begin that may be written from right to left; Hebrew is the first."""
_GAP = 1.0
"""In line heights: pieces are parted at wider gaps."""
_SMALLEST = 1.0
"""Points: nobody reads smaller text."""
_NARROWEST = 0.3
"""Points for each character, along the line: nobody reads text that was squeezed more."""
_SHORT = 2
"""Characters: such a piece may be narrower than high, however large it is."""
_SAMPLE = 12
_SURROGATE = re.compile("[\ud800-\udfff]")
_word = partial(tuple.__new__, Word)
"""Makes a word of its three parts; the constructor takes three times as long."""


@dataclass(frozen=True, slots=True)
class TextLayer:
    """``raw`` is the text as the file has it; pieces are in points of the page turned upright."""

    raw: str
    visible: list[Piece]
    hidden: list[Piece]
    turn: turn.Turn
    """Degrees clockwise from the page as it is displayed to upright."""


def read_text(page: pdfium.PdfPage, frame: Frame, drawing: Drawing) -> TextLayer:
    """The text of a page, reading order not yet found."""
    layer = page.get_textpage()
    try:
        return _Reader(page, layer, frame, drawing).read()
    finally:
        layer.close()


class _Line(NamedTuple):
    """One of pdfium's lines, and which words are in it."""

    text: str
    first: int
    end: int
    is_one: bool
    """It was drawn in one go."""


class _Reader:
    """One page's text layer; the buffer that pdfium writes into is made once."""

    def __init__(
        self, page: pdfium.PdfPage, layer: pdfium.PdfTextPage, frame: Frame, drawing: Drawing
    ) -> None:
        self._page = page
        self._layer = layer
        self._at = calls.address(layer)
        self._frame = frame
        self._drawing = drawing
        self._corner = frame.corner
        self._is_plain = not (drawing.invisible or drawing.doubtful)
        """No word has parts that are drawn differently."""
        self._turn = 0
        """From the page in PDF coordinates to upright."""
        self._ends = array("f", [0.0] * 8)
        """Left, top, right, bottom (FS_RECTF) of a word's first and last character."""
        places = calls.places(self._ends)
        self._first_at, self._last_at = places[0], places[4]
        self._sides = array("d", [0.0] * 4)
        self._sides_at = calls.places(self._sides)

    def read(self) -> TextLayer:
        raw = self._characters()
        upright = self._upright(raw)
        self._turn = (self._frame.rotation + upright) % 360
        words: list[Word] = []
        lines: list[_Line] = []
        for match in _LINE.finditer(raw):
            start, text = match.start(), match[0]
            first = len(words)
            words += self._words(start, text)
            if first < len(words):
                is_one = calls.count_rectangles(self._at, start, len(text)) == 1
                lines.append(_Line(text, first, len(words), is_one))

        placed = self._displayed(words, upright)
        hidden = unseen(self._page, self._frame, self._drawing, placed, self._drawn_by)
        pieces = [piece for line in lines for piece in self._pieces(line, words, hidden)]
        return TextLayer(
            raw,
            [piece for piece in pieces if not piece.hidden],
            [piece for piece in pieces if piece.hidden],
            upright,
        )

    def _drawn_by(self, character: int) -> calls.Address:
        return calls.get_text_object(self._at, character) or 0

    def _displayed(self, words: list[Word], upright: turn.Turn) -> list[Word]:
        if not upright:
            return words
        width, height = turn.size(self._frame.width, self._frame.height, upright)
        back = turn.back(upright)
        return [word._replace(box=turn.turned(word.box, width, height, back)) for word in words]

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
            [round(math.degrees(calls.get_angle(self._at, start)) / 90) * 90 for start in sample]
        )
        angle, times = angles.most_common(1)[0]
        if times <= 0.6 * len(sample):
            return 0
        degrees: dict[int, turn.Turn] = {0: 0, 90: 90, 180: 180, 270: 270}
        return degrees[-(angle + self._frame.rotation) % 360]  # pdfium counts clockwise

    def _words(self, start: int, line: str) -> list[Word]:
        """Those of a line that begins with this character; what has no box is none."""
        if self._is_plain:
            return [
                _word((at, word, box))
                for found in _WORD.finditer(line)
                if (box := self._box(at := start + found.start(), word := found[0]))
            ]
        words: list[Word] = []
        for found in _WORD.finditer(line):
            at, word = start + found.start(), found[0]
            if self._drawn_by(at) != self._drawn_by(at + len(word) - 1):
                words += self._parts(at, word)
            elif box := self._box(at, word):
                words.append(Word(at, word, box))
        return words

    def _parts(self, start: int, text: str) -> list[Word]:
        """A run of text in the parts that are drawn differently, if it is."""
        kinds = [self._kind(start + index) for index in range(len(text))]
        cuts = [i for i in range(1, len(text)) if kinds[i] != kinds[i - 1]]
        return [
            Word(start + first, text[first:end], box)
            for first, end in pairwise([0, *cuts, len(text)])
            if (box := self._box(start + first, text[first:end]))
        ]

    def _kind(self, character: int) -> int:
        drawn = self._drawn_by(character)
        return 2 * (drawn in self._drawing.invisible) + (drawn in self._drawing.doubtful)

    def _box(self, start: int, text: str) -> Rectangle | None:
        """With the height of the font and not of the letters, so that baselines can be compared."""
        at = self._at
        calls.get_loose_box(at, start, self._first_at)
        calls.get_loose_box(at, start + len(text) - 1, self._last_at)
        left, top, right, bottom, left_, top_, right_, bottom_ = self._ends
        if left >= right or left_ >= right_ or bottom >= top or bottom_ >= top_:
            return self._inked(start, len(text))
        # For each word of a page: min() and max() would take most of the time here.
        left = left if left <= left_ else left_  # noqa: FURB136
        right = right if right >= right_ else right_  # noqa: FURB136
        bottom = bottom if bottom <= bottom_ else bottom_  # noqa: FURB136
        top = top if top >= top_ else top_  # noqa: FURB136
        if self._turn:
            box = self._frame.turned(left, bottom, right, top, self._turn)
        else:
            x0, y1 = self._corner
            box = left - x0, y1 - top, right - x0, y1 - bottom
        if text.isascii() or max(text) < _OTHER_SCRIPTS:
            return box
        # With two directions of writing in it, any letter may be at its end.
        inked = self._inked(start, len(text))
        return around([box, inked]) if inked else box

    def _inked(self, start: int, length: int) -> Rectangle | None:
        """The box of the letters, where the font does not tell or a letter is part of another."""
        count = calls.count_rectangles(self._at, start, length)
        if count <= 0:
            return None
        box = self._rectangle(0)
        for index in range(1, count):
            box = around([box, self._rectangle(index)])
        return self._frame.turned(*box, self._turn)

    def _rectangle(self, index: int) -> Rectangle:
        """One of those that were counted last."""
        calls.get_rectangle(self._at, index, *self._sides_at)
        left, top, right, bottom = self._sides
        return left, bottom, right, top

    def _pieces(self, line: _Line, words: list[Word], hidden: set[int]) -> Iterator[Piece]:
        """A line as one piece if it was drawn in one go, else as its words follow one another."""
        inside = range(line.first, line.end)
        if line.is_one and not (hidden and 0 < len(hidden.intersection(inside)) < len(inside)):
            yield self._piece(line.text, words[line.first : line.end], line.first in hidden)
            return
        run = [words[line.first]]
        for index in inside[1:]:
            before, word = run[-1], words[index]
            is_parted = (hidden and (index in hidden) != (index - 1 in hidden)) or (
                self._drawing.values and self._value(word) != self._value(before)
            )
            if is_parted or not _follows(before.box, word.box):
                yield self._piece(_text(run), run, index - 1 in hidden)
                run = []
            run.append(word)

        yield self._piece(_text(run), run, line.end - 1 in hidden)

    def _value(self, word: Word) -> calls.Address:
        """The form field or note that it is the text of, or 0."""
        return self._drawing.values.get(self._drawn_by(word.start), 0)

    def _piece(self, text: str, words: list[Word], is_hidden: bool) -> Piece:
        box = words[0].box if len(words) == 1 else around([word.box for word in words])
        wide, tall = box[2] - box[0], box[3] - box[1]
        size = min(wide, tall) if len(text) > _SHORT else max(wide, tall)
        block = self._value(words[0]) if self._drawing.values else 0
        hidden = is_hidden or size < _SMALLEST or self._is_squeezed(words)
        if not text.isascii() and _SURROGATE.search(text):
            words = [word for word in words if _shown(word.text)]
        if self._is_plain:
            spans = tuple([(word.box[0], word.box[2]) for word in words])
        else:
            spans = _spans(words)
        return Piece(_shown(text), box, hidden, 1.0, spans, block)

    def _is_squeezed(self, words: list[Word]) -> bool:
        least = _NARROWEST * sum([len(word.text) for word in words])
        wide = sum([word.box[2] - word.box[0] for word in words])
        tall = sum([word.box[3] - word.box[1] for word in words])
        if wide >= least and tall >= least:
            return False
        # What is written from top to bottom, or stands on its side, is narrow by nature.
        return (tall if self._runs_down(words) else wide) < least

    def _runs_down(self, words: list[Word]) -> bool:
        """The characters follow one another down or up the page."""
        last = words[-1]
        calls.get_loose_box(self._at, words[0].start, self._first_at)
        calls.get_loose_box(self._at, last.start + len(last.text) - 1, self._last_at)
        left, top, right, bottom, left_, top_, right_, bottom_ = self._ends
        across, down = abs(left + right - left_ - right_), abs(top + bottom - top_ - bottom_)
        return down > across if self._turn in (0, 180) else across > down


def _follows(one: Rectangle, other: Rectangle) -> bool:
    height = min(one[3] - one[1], other[3] - other[1])
    if abs(one[1] + one[3] - other[1] - other[3]) > height:
        return False
    gap = max(other[0] - one[2], one[0] - other[2])
    return gap < _GAP * height


def _text(words: list[Word]) -> str:
    """Joined with spaces, but for the parts of a word."""
    text, end = "", words[0].start
    for word in words:
        text += word.text if word.start == end else f" {word.text}"
        end = word.start + len(word.text)
    return text


def _spans(words: list[Word]) -> tuple[tuple[float, float], ...]:
    """Left and right of each word, its parts together."""
    found: list[tuple[float, float]] = []
    end = -1
    for start, text, (left, _, right, _) in words:
        span = left, right
        if start == end:
            before = found.pop()
            span = min(left, before[0]), max(right, before[1])
        found.append(span)
        end = start + len(text)
    return tuple(found)


def _shown(text: str) -> str:
    """With the hyphen that pdfium took out, and pairs of surrogates made characters."""
    text = text.replace(_HYPHEN, "-")
    if text.isascii() or not _SURROGATE.search(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
