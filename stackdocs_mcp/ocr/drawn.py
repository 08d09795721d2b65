"""What is drawn on a PDF page beside text: pictures, and the rules of tables.

Rules are lines, thin filled boxes and the edges of framed ones, as far as they run straight across
or down. What stands inside of form XObjects counts. Runs in the throw-away child only.
"""

import ctypes
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import pypdfium2 as pdfium
import pypdfium2.raw as c

from stackdocs_mcp.ocr import calls
from stackdocs_mcp.ocr.order import Rectangle

_MAX_FORM_DEPTH = 3
_THICKEST = 3.0
"""Points: what is thicker is a bar or a background."""
_SHORTEST = 6.0
_SLANT = 1.0
_MOST_PATHS = 3_000
_MOST_SEGMENTS = 100
"""Of one path. A longer one is a drawing, as is what has more paths."""

Matrix: TypeAlias = pdfium.PdfMatrix | None
"""None where an object stands on the page itself."""
Path: TypeAlias = tuple[calls.Address, Matrix]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Boxes in PDF coordinates: left, bottom, right, top. Good while its page is open."""

    pictures: list[Rectangle] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)

    def rules(self) -> list[Rectangle]:
        """The rules on the page; none where there are so many that it is a drawing."""
        if len(self.paths) > _MOST_PATHS:
            return []
        return [rule for item, matrix in self.paths for rule in _rules(item, matrix)]


def on_page(page: pdfium.PdfPage) -> Drawn:
    """The pictures and paths of a page."""
    drawn = Drawn()
    objects = _objects(calls.address(page), calls.count_objects, calls.get_object)
    _collect(objects, None, 0, drawn)
    return drawn


def _collect(objects: Iterable[calls.Address], matrix: Matrix, depth: int, drawn: Drawn) -> None:
    for item in objects:
        kind = calls.get_type(item)
        if kind == c.FPDF_PAGEOBJ_IMAGE:
            drawn.pictures.append(_bounds(item, matrix))
        elif kind == c.FPDF_PAGEOBJ_PATH:
            drawn.paths.append((item, matrix))
        elif kind == c.FPDF_PAGEOBJ_FORM and depth < _MAX_FORM_DEPTH:
            inner = _objects(item, calls.count_form_objects, calls.get_form_object)
            _collect(inner, _placed(item, matrix), depth + 1, drawn)


def _objects(
    parent: calls.Address,
    count: Callable[[calls.Address], int],
    get: Callable[[calls.Address, int], calls.Address | None],
) -> list[calls.Address]:
    return [item for index in range(count(parent)) if (item := get(parent, index))]


def _placed(item: calls.Address, matrix: Matrix) -> pdfium.PdfMatrix:
    own = c.FS_MATRIX()
    calls.get_matrix(item, ctypes.addressof(own))
    inner = pdfium.PdfMatrix.from_raw(own)
    return inner.multiply(matrix) if matrix else inner


def _bounds(item: calls.Address, matrix: Matrix) -> Rectangle:
    sides = (ctypes.c_float * 4)()
    first, size = ctypes.addressof(sides), ctypes.sizeof(ctypes.c_float)
    calls.get_bounds(item, first, first + size, first + 2 * size, first + 3 * size)
    left, bottom, right, top = sides
    box: Rectangle = matrix.on_rect(*sides) if matrix else (left, bottom, right, top)
    return box


def _rules(item: calls.Address, matrix: Matrix) -> Iterable[Rectangle]:
    bounds = _bounds(item, matrix)
    width, height = bounds[2] - bounds[0], bounds[3] - bounds[1]
    if max(width, height) < _SHORTEST:
        return []
    if min(width, height) <= _THICKEST:
        return [bounds]
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    calls.get_draw_mode(item, ctypes.addressof(fill), ctypes.addressof(stroke))
    return _straight(item, _placed(item, matrix)) if stroke.value else []


def _straight(item: calls.Address, matrix: pdfium.PdfMatrix) -> Iterator[Rectangle]:
    """The segments of a path that run across or down."""
    count = calls.count_segments(item)
    if count > _MOST_SEGMENTS:
        return
    point = (ctypes.c_float * 2)()
    first, size = ctypes.addressof(point), ctypes.sizeof(ctypes.c_float)
    start = here = 0.0, 0.0
    for index in range(count):
        segment = calls.get_segment(item, index)
        if not segment:
            return
        calls.get_point(segment, first, first + size)
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


def _rule(one: tuple[float, float], other: tuple[float, float]) -> Iterator[Rectangle]:
    left, right = sorted((one[0], other[0]))
    bottom, top = sorted((one[1], other[1]))
    if min(right - left, top - bottom) <= _SLANT and max(right - left, top - bottom) >= _SHORTEST:
        yield left, bottom, right, top
