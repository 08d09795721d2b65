"""The rules of tables that are drawn on a PDF page.

Lines, thin filled boxes and the edges of framed ones, as far as they run straight across or down.
Runs in the throw-away child only.
"""

import ctypes
from array import array
from collections.abc import Iterator, Sequence

import pypdfium2 as pdfium
import pypdfium2.raw as c

from stackdocs_mcp.ocr import calls
from stackdocs_mcp.ocr.drawing import Path
from stackdocs_mcp.ocr.frame import Frame
from stackdocs_mcp.ocr.order import Rectangle

_THICKEST = 3.0
"""Points: what is thicker is a bar or a background."""
_SHORTEST = 6.0
_SLANT = 1.0
_MOST_PATHS = 3_000
_MOST_SEGMENTS = 100
"""Of one path. A longer one is a drawing, as is what has more paths."""


def of_paths(paths: Sequence[Path], frame: Frame) -> list[Rectangle]:
    """The rules on the displayed page; none where there are so many paths that it is a drawing."""
    if len(paths) > _MOST_PATHS:
        return []
    found: list[Rectangle] = []
    for path in paths:
        left, bottom, right, top = box = path[2]
        width, height = right - left, top - bottom
        if width < _SHORTEST and height < _SHORTEST:
            continue
        if width <= _THICKEST or height <= _THICKEST:
            found.append(box)
        else:
            found += _edges(path)

    return [frame.displayed(*box) for box in found]


def _edges(path: Path) -> Iterator[Rectangle]:
    """The segments of a stroked path that run across or down."""
    item, outer, _ = path
    mode = array("i", [0, 0])
    calls.get_draw_mode(item, *calls.places(mode))
    count = calls.count_segments(item) if mode[1] else 0
    if not 0 < count <= _MOST_SEGMENTS:
        return
    matrix = _placed(item, outer)
    point = array("f", [0.0, 0.0])
    places = calls.places(point)
    start = here = 0.0, 0.0
    for index in range(count):
        segment = calls.get_segment(item, index)
        calls.get_point(segment, *places)
        there = matrix.on_point(*point)
        kind = calls.get_segment_type(segment)
        if kind == c.FPDF_SEGMENT_MOVETO:
            start = there
        elif kind == c.FPDF_SEGMENT_LINETO:
            yield from _rule(here, there)
        here = there
        if calls.closes(segment):
            yield from _rule(here, start)
            here = start


def _placed(item: calls.Address, outer: pdfium.PdfMatrix | None) -> pdfium.PdfMatrix:
    own = c.FS_MATRIX()
    calls.get_matrix(item, ctypes.addressof(own))
    inner = pdfium.PdfMatrix.from_raw(own)
    return inner.multiply(outer) if outer else inner


def _rule(one: tuple[float, float], other: tuple[float, float]) -> Iterator[Rectangle]:
    left, right = sorted((one[0], other[0]))
    bottom, top = sorted((one[1], other[1]))
    if min(right - left, top - bottom) <= _SLANT and max(right - left, top - bottom) >= _SHORTEST:
        yield left, bottom, right, top
