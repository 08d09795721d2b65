"""Reading order: from pieces of text with boxes to the lines that a reader would read out.

First the page is cut into blocks (the recursive XY-cut of Nagy and Seth, 1984): at a gutter when
running text stands on both sides of it, at a gap between lines otherwise. Then the pieces of a
block that stand on one baseline are one line, so that a row of a table stays a row. Boxes are
x0, y0, x1, y1 from the top left, in any unit.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

Rectangle = tuple[float, float, float, float]

_COLUMN_PIECES = 4
_COLUMN_WIDTH = 8.0
"""In line heights: narrower pieces are labels and amounts, not running text."""
_COLUMN_FILL = 0.55
"""Running text fills its column; the cells of a table rarely do."""
_COLUMN_HEIGHT = 6.0
_GUTTER = 0.8
_CELL_GAP = 1.2
"""In line heights: a wider gap within a line is shown as two spaces."""
_MAX_DEPTH = 8


class Piece(NamedTuple):
    """A run of text on one baseline, without a gap as wide as one between columns."""

    text: str
    box: Rectangle
    hidden: bool = False
    score: float = 1.0
    words: tuple[tuple[float, float], ...] = ()
    """Left and right of each word, where they are known."""
    block: int = 0
    """Pieces of one block that is not 0 stay together: the value of a form field, a note."""

    @property
    def height(self) -> float:
        return self.box[3] - self.box[1]

    @property
    def middle(self) -> float:
        return (self.box[1] + self.box[3]) / 2


def rows(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """The lines of a page in reading order, each with its pieces from left to right."""
    blocks = _of_several_lines(pieces)
    if not blocks:
        return _in_order(list(pieces))
    within = {id(piece) for block in blocks for line in block for piece in line}
    leads = {id(block[0][0]): block for block in blocks}
    placed = _in_order([p for p in pieces if id(p) not in within or id(p) in leads])
    return [line for row in placed for line in _opened(row, leads)]


def joined(row: Sequence[Piece]) -> str:
    """The text of a line; two spaces where the gap is as wide as one between columns."""
    text = row[0].text
    for left, right in pairwise(row):
        gap = right.box[0] - left.box[2]
        height = min(left.height, right.height)
        text += ("  " if gap > _CELL_GAP * height else " ") + right.text

    return text


def around(boxes: Iterable[Rectangle]) -> Rectangle:
    """The smallest box around all of them."""
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def _of_several_lines(pieces: Sequence[Piece]) -> list[list[list[Piece]]]:
    """The lines of each block that has more than one."""
    blocks: dict[int, list[Piece]] = {}
    for piece in pieces:
        if piece.block:
            blocks.setdefault(piece.block, []).append(piece)
    return [lines for block in blocks.values() if len(lines := _rows(block)) > 1]


def _opened(row: list[Piece], leads: dict[int, list[list[Piece]]]) -> Iterator[list[Piece]]:
    """A line in which some pieces stand for the whole of their block."""
    run: list[Piece] = []
    for piece in row:
        block = leads.get(id(piece))
        if block is None:
            run.append(piece)
            continue
        if run:
            yield run
        yield from block
        run = []

    if run:
        yield run


def _in_order(pieces: list[Piece]) -> list[list[Piece]]:
    return [row for block in _blocks(pieces, 0) for row in _rows(block)]


def _blocks(pieces: list[Piece], depth: int) -> list[list[Piece]]:
    if len(pieces) < 2 * _COLUMN_PIECES or depth > _MAX_DEPTH:
        return [pieces] if pieces else []
    boxes = [piece.box for piece in pieces]
    height = median([y1 - y0 for _, y0, _, y1 in boxes])
    # Half of either column's pieces are wide, so half of all are: most tables end here.
    wide = sum([x1 - x0 > _COLUMN_WIDTH * height for x0, _, x1, _ in boxes])
    if 2 * wide >= len(pieces):
        gutter = _widest_gap([(x0, x1) for x0, _, x1, _ in boxes], _GUTTER * height)
        if gutter is not None:
            left = [piece for piece in pieces if piece.box[2] <= gutter]
            right = [piece for piece in pieces if piece.box[0] >= gutter]
            if _is_column(left, height) and _is_column(right, height):
                return _blocks(left, depth + 1) + _blocks(right, depth + 1)

    gap = _widest_gap([(y0, y1) for _, y0, _, y1 in boxes], 0.3 * height)
    if gap is None:
        return [pieces]
    above = [piece for piece in pieces if piece.box[3] <= gap]
    below = [piece for piece in pieces if piece.box[1] >= gap]
    return _blocks(above, depth + 1) + _blocks(below, depth + 1)


def _is_column(pieces: Sequence[Piece], height: float) -> bool:
    if len(pieces) < _COLUMN_PIECES:
        return False
    x0, y0, x1, y1 = around(piece.box for piece in pieces)
    width = median(piece.box[2] - piece.box[0] for piece in pieces)
    return (
        width > _COLUMN_WIDTH * height
        and width > _COLUMN_FILL * (x1 - x0)
        and y1 - y0 > _COLUMN_HEIGHT * height
    )


def _widest_gap(intervals: list[tuple[float, float]], least: float) -> float | None:
    """The middle of the widest gap that no interval covers, or None when none is wide enough."""
    intervals.sort()
    reach, best, middle = intervals[0][1], least, None
    for start, end in intervals:
        if start - reach > best:
            best, middle = start - reach, (start + reach) / 2
        if end > reach:  # noqa: PLR1730 - half the time of max(), for each piece and depth
            reach = end

    return middle


def _rows(block: Sequence[Piece]) -> list[list[Piece]]:
    if len(block) == 1:
        return [list(block)]
    found: list[list[Piece]] = []
    middle, height = -math.inf, 0.0
    for piece in sorted(block, key=_middle):
        _, top, _, bottom = piece.box
        own, tall = (top + bottom) / 2, bottom - top
        if abs(middle - own) < 0.5 * min(height, tall):
            found[-1].append(piece)
        else:
            found.append([piece])
        middle, height = own, tall

    for row in found:
        if len(row) > 1:
            row.sort(key=_left)
    return found


def _middle(piece: Piece) -> float:
    return (piece.box[1] + piece.box[3]) / 2


def _left(piece: Piece) -> float:
    return piece.box[0]
