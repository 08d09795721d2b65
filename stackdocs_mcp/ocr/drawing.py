"""What a page is drawn of, in the order of drawing: its texts, and what lies under or over them.

Nothing is decided here but what is worth a closer look: that takes drawing the page, which most
pages can do without.
"""

import ctypes
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as c

from stackdocs_mcp.ocr import calls
from stackdocs_mcp.ocr.calls import Address
from stackdocs_mcp.ocr.frame import Frame
from stackdocs_mcp.ocr.order import Rectangle

Colour = tuple[int, ...]
"""Red, green, blue."""

Path = tuple[Address, pdfium.PdfMatrix | None, Rectangle]
"""With the way from its form XObject to the page, and its bounds in PDF coordinates."""

_MAX_DEPTH = 3
_PALE = 225
_OPAQUE = 255
_BROAD = 2.0
"""Points: a stroke as broad as that can cover text."""
_ONE_PART = 6
"""Segments, as many as a rectangle takes."""
_MOST_SEGMENTS = 400
_STRAIGHT = {c.FPDF_SEGMENT_MOVETO, c.FPDF_SEGMENT_LINETO}
_TEXT, _PATH = c.FPDF_PAGEOBJ_TEXT, c.FPDF_PAGEOBJ_PATH
_FILL, _FILL_STROKE = c.FPDF_TEXTRENDERMODE_FILL, c.FPDF_TEXTRENDERMODE_FILL_STROKE
_OPTIONAL = "OC".encode("utf-16-le")
"""The mark of content that a layer switches on and off (ISO 32000, 8.11)."""


class Ground(NamedTuple):
    """An area that is painted: whether text before or after it can be seen is a question."""

    order: int
    box: Rectangle
    colour: Colour | None
    """None for pictures, and whatever else has more than one."""
    path: Address = 0
    """A path may be of several parts, far from each other."""
    matrix: pdfium.PdfMatrix | None = None
    """From the form XObject that the path is in to the page."""


@dataclass(slots=True)
class Drawing:
    """The objects of a page, those inside of form XObjects included."""

    pictures: list[Rectangle] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    grounds: list[Ground] = field(default_factory=list)
    order: dict[Address, int] = field(default_factory=dict)
    """Of the text objects: when each is drawn."""
    colours: dict[Address, Colour] = field(default_factory=dict)
    invisible: set[Address] = field(default_factory=set)
    """Text that is told not to be drawn (render mode 3)."""
    clipping: set[Address] = field(default_factory=set)
    """Text that is not drawn, and what is drawn after it is seen through it (render mode 7)."""
    doubtful: set[Address] = field(default_factory=set)
    """Text that may not be seen by the way it is drawn itself."""
    forms: dict[Address, Address] = field(default_factory=dict)
    """Of text inside of form XObjects: which."""
    values: dict[Address, Address] = field(default_factory=dict)
    """Of text that a form field or a note shows: which."""


def drawing_of(page: pdfium.PdfPage, frame: Frame, own: int | None) -> Drawing:
    """All that is drawn on a page whose first ``own`` objects are its content, or all of them.

    The others are the form values and notes that were made part of it.
    """
    walk = _Walk(frame)
    at = calls.address(page)
    objects = _objects(at, calls.count_objects, calls.get_object)
    walk.content(objects if own is None else objects[:own], None, 0)
    for form in objects[own:] if own is not None else ():
        walk.values(form)
    return walk.found


def parts(ground: Ground, frame: Frame) -> list[Rectangle]:
    """The boxes of a ground's parts on the displayed page: those of the cells of a table, say."""
    count = calls.count_segments(ground.path) if ground.path else 0
    if not _ONE_PART < count < _MOST_SEGMENTS:
        return [ground.box]
    matrix = _placed(ground.path, ground.matrix)
    point = array("f", [0.0] * 2)
    places = calls.places(point)
    corners: list[list[tuple[float, float]]] = []
    for index in range(count):
        segment = calls.get_segment(ground.path, index)
        kind = calls.get_segment_type(segment)
        if kind not in _STRAIGHT or (kind == c.FPDF_SEGMENT_LINETO and not corners):
            return [ground.box]
        if kind == c.FPDF_SEGMENT_MOVETO:
            corners.append([])
        calls.get_point(segment, *places)
        corners[-1].append((point[0], point[1]))

    return [
        frame.displayed(*matrix.on_rect(min(x), min(y), max(x), max(y)))
        for x, y in (zip(*part, strict=True) for part in corners)
    ]


class _Walk:
    """Through one page's objects; the buffers that pdfium writes into are made once."""

    def __init__(self, frame: Frame) -> None:
        self.found = Drawing()
        self._frame = frame
        self._order = 0
        self._form: Address = 0
        self._value: Address = 0
        self._marks: dict[Address, bool] = {}
        self._colour = array("I", [0] * 4)
        self._colour_at = calls.places(self._colour)
        self._sides = array("f", [0.0] * 4)
        self._sides_at = calls.places(self._sides)
        self._mode = array("i", [0, 0])
        self._mode_at = calls.places(self._mode)

    def content(self, objects: list[Address], matrix: pdfium.PdfMatrix | None, depth: int) -> None:
        for item in objects:
            self._order += 1
            kind = calls.get_type(item)
            if kind == _TEXT:
                self._text(item)
            elif kind == _PATH:
                self._path(item, matrix)
            elif kind == c.FPDF_PAGEOBJ_IMAGE:
                self.found.pictures.append(self._ground(self._bounds(item, matrix)))
            elif kind == c.FPDF_PAGEOBJ_FORM and depth < _MAX_DEPTH:
                outer, self._form = self._form, item
                self.content(_inside(item), _placed(item, matrix), depth + 1)
                self._form = outer
            else:  # a shading, or what is nested too deep
                self._ground(self._bounds(item, matrix))

    def values(self, form: Address) -> None:
        """What flattening added: a form XObject with one for each form field and note."""
        matrix = _placed(form, None)
        for self._value in _inside(form):
            self.content([self._value], matrix, 1)

        self._value = 0

    def _text(self, item: Address) -> None:
        found = self.found
        found.order[item] = self._order
        if self._form:
            found.forms[item] = self._form
        if self._value:
            found.values[item] = self._value
        mode = calls.get_render_mode(item)
        if mode != _FILL:
            if mode == c.FPDF_TEXTRENDERMODE_INVISIBLE:
                found.invisible.add(item)
                return
            if mode == c.FPDF_TEXTRENDERMODE_CLIP:
                found.clipping.add(item)
        if not calls.get_fill_colour(item, *self._colour_at):
            found.doubtful.add(item)
            return
        red, green, blue, alpha = self._colour
        found.colours[item] = red, green, blue
        if (
            mode not in (_FILL, _FILL_STROKE)
            or alpha < _OPAQUE
            or (red > _PALE and green > _PALE and blue > _PALE)
            or calls.count_clips(calls.get_clip(item)) > 0  # pdfium drops those that cut nothing
            or ((marks := calls.count_marks(item)) and self._is_optional(item, marks))
        ):
            found.doubtful.add(item)

    def _is_optional(self, item: Address, marks: int) -> bool:
        for index in range(marks):
            mark = calls.get_mark(item, index) or 0
            known = self._marks.get(mark)
            if known is None:
                known = self._marks[mark] = _switches(mark)
            if known:
                return True
        return False

    def _path(self, item: Address, matrix: pdfium.PdfMatrix | None) -> None:
        bounds = self._bounds(item, matrix)
        self.found.paths.append((item, matrix, bounds))
        calls.get_draw_mode(item, *self._mode_at)
        filled, stroked = self._mode
        if filled:
            known = calls.get_fill_colour(item, *self._colour_at)
            colour = tuple(self._colour[:3]) if known else None
            box = self._frame.displayed(*bounds)
            self.found.grounds.append(Ground(self._order, box, colour, item, matrix))
        elif stroked:
            calls.get_stroke_width(item, self._sides_at[0])
            if self._sides[0] >= _BROAD:
                self._ground(bounds)

    def _ground(self, bounds: Rectangle) -> Rectangle:
        """Take note of one of several colours; its box on the displayed page."""
        box = self._frame.displayed(*bounds)
        self.found.grounds.append(Ground(self._order, box, None))
        return box

    def _bounds(self, item: Address, matrix: pdfium.PdfMatrix | None) -> Rectangle:
        """On the page, in PDF coordinates."""
        calls.get_bounds(item, *self._sides_at)
        left, bottom, right, top = self._sides
        if matrix is None:
            return left, bottom, right, top
        placed: Rectangle = matrix.on_rect(left, bottom, right, top)
        return placed


def _switches(mark: Address) -> bool:
    """The mark makes what is marked optional."""
    name, size = ctypes.create_string_buffer(8), ctypes.c_ulong()
    calls.get_mark_name(mark, ctypes.addressof(name), 8, ctypes.addressof(size))
    return name.raw.startswith(_OPTIONAL + b"\0\0")


def _placed(form: Address, matrix: pdfium.PdfMatrix | None) -> pdfium.PdfMatrix:
    own = c.FS_MATRIX()
    calls.get_matrix(form, ctypes.addressof(own))
    inner = pdfium.PdfMatrix.from_raw(own)
    return inner.multiply(matrix) if matrix else inner


def _inside(form: Address) -> list[Address]:
    return _objects(form, calls.count_form_objects, calls.get_form_object)


def _objects(
    parent: Address,
    count: Callable[[Address], int],
    get: Callable[[Address, int], Address | None],
) -> list[Address]:
    return [item for index in range(count(parent)) if (item := get(parent, index))]
