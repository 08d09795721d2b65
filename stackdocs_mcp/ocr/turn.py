"""Boxes on a page that is turned by a right angle. Degrees count clockwise."""

from typing import Literal

from stackdocs_mcp.ocr.order import Rectangle

Turn = Literal[0, 90, 180, 270]


def turned(box: Rectangle, width: float, height: float, degrees: Turn) -> Rectangle:
    """Where ``box`` of a page of this size stands once the page has been turned clockwise."""
    x0, y0, x1, y1 = box
    if degrees == 90:
        return height - y1, x0, height - y0, x1
    if degrees == 180:
        return width - x1, height - y1, width - x0, height - y0
    if degrees == 270:
        return y0, width - x1, y1, width - x0
    return box


def size(width: float, height: float, degrees: Turn) -> tuple[float, float]:
    """Width and height of a page once it has been turned."""
    return (height, width) if degrees in (90, 270) else (width, height)


def back(degrees: Turn) -> Turn:
    """The turn that undoes this one."""
    opposite: dict[Turn, Turn] = {0: 0, 90: 270, 180: 180, 270: 90}
    return opposite[degrees]


def whole(degrees: int) -> Turn:
    """Any number of quarter turns as one of the four."""
    turns: dict[int, Turn] = {0: 0, 90: 90, 180: 180, 270: 270}
    return turns[degrees % 360]
