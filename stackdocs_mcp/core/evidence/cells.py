"""Texts that wrap inside a column: a cell goes on below itself, with other cells between."""

from collections.abc import Iterator

from stackdocs_mcp.core.evidence.match import Match
from stackdocs_mcp.core.evidence.page import Cell, PageText
from stackdocs_mcp.core.values.strings import matching_key

_MOST_LINES = 6
_SKIPPED = 1
"""Lines without a part of the text that may stand between two parts."""
_MOST_STEPS = 5_000
"""Cells that are looked at for one text, however often its words repeat."""
_MOST_CELLS = 60
_MOST_WORDS = 300
_JOINTS = "-\u2010\u2011/"
_ALIGNED = 0.25
"""In line heights: left edges that are no further apart are one."""

Spans = tuple[tuple[int, int], ...]


def in_cells(value: str, _: str, page: PageText) -> Iterator[Match]:
    """Places where cells, one below the other, give the text when they are read down.

    A cell ends at a gap between columns, and begins behind one or, where columns stand close, below
    the beginning of a cell that it goes on with. The text may end within the last cell.
    """
    needle = matching_key(value)
    if " " not in needle and not any(joint in needle for joint in _JOINTS):
        return
    steps = iter(range(_MOST_STEPS))
    for index, cell, rest in _beginnings(needle, page):
        if below := _below(rest, page, index + 1, (cell[:2],), steps):
            yield Match(below)


def _beginnings(needle: str, page: PageText) -> Iterator[tuple[int, Cell, str]]:
    """Cells that are the first words of the needle, with their line, and its other words."""
    for index, row in enumerate(page.cells):
        for cell in row:
            if needle.startswith(cell[2]) and (rest := _rest(needle, cell[2])):
                yield index, cell, rest


def _below(
    needle: str, page: PageText, index: int, above: Spans, steps: Iterator[int]
) -> Spans | None:
    """Spans of the cells with those that give the rest of the needle, or None where none do.

    Each cell that is looked at is one of the ``steps``.
    """
    if len(above) == _MOST_LINES:
        return None
    for at in range(index, min(index + 1 + _SKIPPED, len(page.lines))):
        for _, (start, end, text) in zip(steps, _cells(page, at, above), strict=False):
            if text.startswith(needle) and not _is_cut(text[len(needle) :], needle):
                return (*above, (start, _end(page.text, start, end, needle)))
            rest = _rest(needle, text)
            if rest and (below := _below(rest, page, at + 1, (*above, (start, end)), steps)):
                return below
    return None


def _is_cut(rest: str, needle: str) -> bool:
    """A word or number goes on behind the needle."""
    if rest[:1].isalnum():
        return needle[-1].isalnum()
    return needle[-1].isdigit() and rest[:1] in tuple(".,") and rest[1:2].isdigit()


def _end(text: str, start: int, end: int, needle: str) -> int:
    """Where the first words of a cell end that are the needle."""
    if len(needle) == len(matching_key(text[start:end])):
        return end
    return next(at for at in range(start + 1, end + 1) if matching_key(text[start:at]) == needle)


def _cells(page: PageText, index: int, above: Spans) -> Iterator[Cell]:
    """The cells of a line below those above, also what begins in it at the same edge."""
    line, base, row = page.lines[index], page.start_of(index), page.cells[index]
    if len(row) > _MOST_CELLS:
        return
    boxes = [box for box in map(page.box_of, above) if box is not None]
    if line.box is None or not boxes:
        yield from row
        return
    x0, x1 = min(box.x0 for box in boxes), max(box.x1 for box in boxes)
    for cell in row:
        here = page.box_of(cell[:2])
        if here is not None and here.x0 < x1 and x0 < here.x1:
            yield cell
    slack = _ALIGNED * (line.box.y1 - line.box.y0)
    for low, _, left, _ in page.words(index)[:_MOST_WORDS]:
        if any(abs(left - box.x0) <= slack for box in boxes):
            for start, end, _ in row:
                if start < base + low < end:
                    yield base + low, end, matching_key(page.text[base + low : end])


def _rest(needle: str, cell: str) -> str | None:
    """What is left of the needle behind a cell that is its beginning, as whole words."""
    if not cell or not needle.startswith(cell):
        return None
    rest = needle[len(cell) :]
    return rest.lstrip() if rest.startswith(" ") or cell[-1] in _JOINTS else None
