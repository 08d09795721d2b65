"""Which text of a slide nobody sees: beside the slide, too small, or in the colour of its ground.

Looked at are the formats of shapes and runs themselves. A ground is known where the shape is filled
with one colour, or where nothing else is drawn at its place and the slide is of one colour.
"""

from collections.abc import Iterator
from typing import Any, TypeAlias

from pptx.oxml.ns import qn

from stackdocs_mcp.ocr.colours import BLACK, WHITE, Colour, colour, unseen

Shape: TypeAlias = Any
Slide: TypeAlias = Any
Element: TypeAlias = Any
"""Of python-pptx and lxml, which have no types."""
Box = tuple[int, int, int, int]
_TINY = 200
"""Hundredths of a point."""
_OPAQUE = 5_000
"""Thousandths of a percent: what is fainter is not seen."""
_THEME = {"bg1": WHITE, "lt1": WHITE, "tx1": BLACK, "dk1": BLACK}
_SOLID, _NONE = qn("a:solidFill"), qn("a:noFill")
_INKED = f".//{qn('a:rPr')}/{_SOLID}"
_FILLS = {qn(f"a:{kind}Fill") for kind in ("solid", "no", "grad", "blip", "patt", "grp")}

Ground = Colour | None
"""None where it is not known."""


class SlideStyle:
    """What can be seen on one slide."""

    def __init__(self, slide: Slide, width: int, height: int) -> None:
        self._size = width, height
        self._paper = _paper(slide)
        around = [slide, slide.slide_layout, slide.slide_layout.slide_master]
        self._drawn = [
            (shape.element, box)
            for place, owner in enumerate(around)
            for shape in owner.shapes
            if not (place and shape.is_placeholder) and _draws(shape)
            if (box := _box(shape)) is not None
        ]

    def is_beside(self, shape: Shape) -> bool:
        """The whole shape is off the slide. For shapes that are not in a group."""
        box = _box(shape)
        if box is None:
            return False
        left, top, right, bottom = box
        return right <= 0 or bottom <= 0 or left >= self._size[0] or top >= self._size[1]

    def ground(self, shape: Shape) -> Ground:
        """What is behind the text of a shape. For shapes that are not in a group."""
        if shape.element.find(_INKED) is None:
            return None  # nobody will ask
        fill = _fill(shape)
        if fill is not None:
            return _solid(fill)
        own = _box(shape)
        if own is None or any(
            _meet(own, box) for element, box in self._drawn if element is not shape.element
        ):
            return None
        return self._paper


def hides(run: Element, ground: Ground) -> bool:
    """The run's own format keeps it from being seen."""
    properties = run.find(qn("a:rPr"))
    if properties is None:
        return False
    size = properties.get("sz", "")
    if size.isdecimal() and int(size) <= _TINY:
        return True
    fill = properties.find(_SOLID)
    if fill is None:
        return properties.find(_NONE) is not None
    alpha = next(fill.iter(qn("a:alpha")), None)
    if alpha is not None and alpha.get("val", "").isdecimal():
        return int(alpha.get("val")) < _OPAQUE
    ink = _solid(fill)
    return ink is not None and ground is not None and unseen(ink, ground)


def _paper(slide: Slide) -> Ground:
    """The colour of the slide, its own or that of what it is based on."""
    for owner in (slide, slide.slide_layout, slide.slide_layout.slide_master):
        background = owner.element.find(f"{qn('p:cSld')}/{qn('p:bg')}")
        if background is None:
            continue
        fill = next((one for one in background.iter() if one.tag in _FILLS), None)
        if fill is not None:
            return _solid(fill)
        named = background.find(qn("p:bgRef"))
        return None if named is None else _colour(named)
    return WHITE


def _fill(shape: Shape) -> Element | None:
    """How the shape is filled, or None where it is not."""
    bases = 0
    while shape is not None and bases < 3:
        properties = shape.element.find(qn("p:spPr"))
        for one in () if properties is None else properties:
            if one.tag in _FILLS:
                return None if one.tag == _NONE else one
        style = shape.element.find(f"{qn('p:style')}/{qn('a:fillRef')}")
        if style is not None and style.get("idx") != "0":
            return style
        shape = getattr(shape, "_base_placeholder", None)
        bases += 1
    return None


def _draws(shape: Shape) -> bool:
    """It may lie behind the text of another one."""
    if shape.element.tag == qn("p:sp"):
        return _fill(shape) is not None
    return bool(shape.element.tag != qn("p:cxnSp"))


def _box(shape: Shape) -> Box | None:
    left, top, width, height = shape.left, shape.top, shape.width, shape.height
    if left is None or top is None or width is None or height is None:
        return None
    return left, top, left + width, top + height


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _solid(fill: Element) -> Ground:
    return _colour(fill) if fill.tag == _SOLID else None


def _colour(owner: Element) -> Ground:
    """One that is said outright, or the theme's for text or paper, if nothing changes it."""
    for one in _children(owner):
        if len(one):
            return None
        if one.tag == qn("a:srgbClr"):
            found = colour(f"#{one.get('val', '')}")
            return found[0] if found else None
        if one.tag == qn("a:schemeClr"):
            return _THEME.get(one.get("val", ""))
    return None


def _children(owner: Element) -> Iterator[Element]:
    yield from (one for one in owner if isinstance(one.tag, str))
