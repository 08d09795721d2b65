"""Texts that wrap inside a column: a cell goes on below itself, with other cells between."""

from collections.abc import Iterator, Sequence

from stackdocs_mcp.core.evidence.match import Match
from stackdocs_mcp.core.evidence.page import Cell, PageText, words

_MOST_LINES = 6
_SKIPPED = 1
"""Lines without a part of the text that may stand between two parts."""
_JOINTS = "-\u2010\u2011/"


def in_cells(value: str, _: str, page: PageText) -> Iterator[Match]:
    """Places where whole cells, one below the other, give the text when they are read down."""
    needle = words(value)
    if " " not in needle and not any(joint in needle for joint in _JOINTS):
        return
    for index, row in enumerate(page.cells):
        for start, end, text in row:
            rest = _rest(needle, text)
            if rest and (below := _below(rest, page.cells, index + 1, _MOST_LINES - 1)):
                yield Match(((start, end), *below))


def _below(
    needle: str, cells: Sequence[Sequence[Cell]], index: int, lines: int
) -> tuple[tuple[int, int], ...] | None:
    """Spans of the cells that give the needle, from the line on; None where they do not."""
    if lines == 0:
        return None
    for row in cells[index : index + 1 + _SKIPPED]:
        index += 1
        for start, end, text in row:
            if text == needle:
                return ((start, end),)
            rest = _rest(needle, text)
            if rest and (below := _below(rest, cells, index, lines - 1)):
                return ((start, end), *below)
    return None


def _rest(needle: str, cell: str) -> str | None:
    """What is left of the needle behind a cell that is its beginning, as whole words."""
    if not cell or not needle.startswith(cell):
        return None
    rest = needle[len(cell) :]
    return rest.lstrip() if rest.startswith(" ") or cell[-1] in _JOINTS else None
