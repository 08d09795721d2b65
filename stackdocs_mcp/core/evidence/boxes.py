"""Where characters of a line stand across the page."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from operator import itemgetter

from stackdocs_mcp.core.model import Box, Line

_WORD = re.compile(r"\S+")
_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
GAP = re.compile(r"\s{2,}|\s\|\s|\t")
"""What the reading engines put between columns."""
_WIDE = 0.8
"""In line heights: a wider gap between two words is one between columns."""


Word = tuple[int, int, float, float]
"""Where a word begins and ends in its line's text, and on the page."""


def part_of(line: Line, low: int, high: int, words: Sequence[Word] | None = None) -> Box | None:
    """The box of characters ``low:high`` of a line, by the words that they are of.

    Within a word each character is taken as equally wide, and within a line whose words are not
    known: the error is that of a proportional font. Of what runs from right to left without its
    words being known it is the line's whole box; None without layout. ``words`` are those of the
    line, for who has them.
    """
    box = line.box
    if box is None or not line.text or (low <= 0 and high >= len(line.text)):
        return box
    words = words_of(line) if words is None else words
    first = bisect_right(words, low, key=itemgetter(1))
    last = bisect_left(words, high, key=itemgetter(0))
    if first >= last:
        if _RIGHT_TO_LEFT.search(line.text):
            return box
        x0, x1 = _within(line.text, (box.x0, box.x1), low, high)
        return Box(x0, box.y0, x1, box.y1)
    edges: list[float] = []
    for start, end, left, right in words[first:last]:
        edges += _within(line.text[start:end], (left, right), low - start, high - start)
    return Box(min(edges), box.y0, max(edges), box.y1)


def words_of(line: Line) -> list[Word]:
    """The words of a line in the order of its text; nothing where their places are not known."""
    if not line.words:
        return []
    spans = [match.span() for match in _WORD.finditer(line.text)]
    if len(spans) != len(line.words):
        return []
    return [(*span, *across) for span, across in zip(spans, line.words, strict=True)]


def cells_of(line: Line) -> Iterator[tuple[int, int]]:
    """Spans of the parts of a line between the gaps of columns, as text and boxes show them."""
    breaks = list(_breaks(line))
    start = 0
    for gap in [*GAP.finditer(line.text), None]:
        end = len(line.text) if gap is None else gap.start()
        inside = breaks[bisect_right(breaks, start) : bisect_left(breaks, end)]
        for low, high in pairwise([start, *inside, end]):
            text = line.text[low:high]
            if kept := text.strip():
                first = low + len(text) - len(text.lstrip())
                yield first, first + len(kept)
        start = end if gap is None else gap.end()


def _breaks(line: Line) -> Iterator[int]:
    """Where words begin that stand far from the one before."""
    if line.box is None:
        return
    wide = _WIDE * (line.box.y1 - line.box.y0)
    for (_, _, x0, x1), (start, _, left, right) in pairwise(words_of(line)):
        if max(x0, left) - min(x1, right) > wide:
            yield start


def _within(text: str, span: tuple[float, float], low: int, high: int) -> tuple[float, float]:
    """From where to where characters of a text reach that fills a span."""
    low, high = max(low, 0), min(high, len(text))
    if low == 0 and high == len(text):
        return span
    width = (span[1] - span[0]) / len(text)
    if _RIGHT_TO_LEFT.search(text):
        return span[1] - high * width, span[1] - low * width
    return span[0] + low * width, span[0] + high * width
