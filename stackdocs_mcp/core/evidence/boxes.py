"""Where characters of a line stand across the page."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from stackdocs_mcp.core.model import Box, Line

_WORD = re.compile(r"\S+")
_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
GAP = re.compile(r"\s{2,}|\s\|\s|\t")
"""What the reading engines put between columns."""
_WIDE = 0.8
"""In line heights: a wider gap between two words is one between columns."""


def part_of(line: Line, low: int, high: int) -> Box | None:
    """The box of characters ``low:high`` of a line, by the words that they are of.

    Within a word each character is taken as equally wide, and within a line whose words are not
    known: the error is that of a proportional font. Of what runs from right to left without its
    words being known it is the line's whole box; None without layout.
    """
    box = line.box
    if box is None or not line.text or (low <= 0 and high >= len(line.text)):
        return box
    parts = [
        _within(line.text[start:end], span, low - start, high - start)
        for (start, end), span in words_of(line)
        if start < high and low < end
    ]
    if parts:
        return replace(box, x0=min(x0 for x0, _ in parts), x1=max(x1 for _, x1 in parts))
    if _RIGHT_TO_LEFT.search(line.text):
        return box
    x0, x1 = _within(line.text, (box.x0, box.x1), low, high)
    return replace(box, x0=x0, x1=x1)


def words_of(line: Line) -> list[tuple[tuple[int, int], tuple[float, float]]]:
    """Where each word stands in the text and on the page; nothing where they are not known."""
    if not line.words:
        return []
    spans = [match.span() for match in _WORD.finditer(line.text)]
    return list(zip(spans, line.words, strict=True)) if len(spans) == len(line.words) else []


def cells_of(line: Line) -> Iterator[tuple[int, int]]:
    """Spans of the parts of a line between the gaps of columns, as text and boxes show them."""
    start = 0
    for gap in [*GAP.finditer(line.text), None]:
        end = len(line.text) if gap is None else gap.start()
        yield from _parted(line, start, end)
        start = end if gap is None else gap.end()


def _parted(line: Line, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A part once more where its words stand far apart."""
    text = line.text[start:end]
    start += len(text) - len(text.lstrip())
    end -= len(text) - len(text.rstrip())
    if start >= end:
        return
    if line.box is not None:
        wide = _WIDE * (line.box.y1 - line.box.y0)
        inside = [one for one in words_of(line) if start <= one[0][0] < end]
        for ((_, low), left), ((high, _), right) in pairwise(inside):
            if max(left[0], right[0]) - min(left[1], right[1]) > wide:
                yield start, low
                start = high
    yield start, end


def _within(text: str, span: tuple[float, float], low: int, high: int) -> tuple[float, float]:
    """From where to where characters of a text reach that fills a span."""
    low, high = max(low, 0), min(high, len(text))
    if low == 0 and high == len(text):
        return span
    width = (span[1] - span[0]) / len(text)
    if _RIGHT_TO_LEFT.search(text):
        return span[1] - high * width, span[1] - low * width
    return span[0] + low * width, span[0] + high * width
