"""What holds for every table whose figures are aligned, whichever of its rows are written."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st

from stackdocs_mcp.core.evidence import PageText
from stackdocs_mcp.core.model import Box, Line, Page, PageSource
from tests.core.rows.tables import missed, spots, written

_CHARACTER = 5.0
_EDGES = (330.0, 430.0, 530.0)
_TOP = 60.0
_ON_PAGE = 30
_names = st.text("qwxz", min_size=2, max_size=9)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[list[str]], list[int], float]:
    """Rows with a name and figures, those of them that are written, and the space between rows."""
    count = draw(st.integers(2, 45))
    names = draw(st.lists(_names, min_size=count, max_size=count))
    # Amounts that are powers of two are never the sum of others, and nothing else tells rows apart.
    rows = [[f"n{nth:02d}{name}", "3", "2.50", f"{2**nth}.25"] for nth, name in enumerate(names)]
    kept = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    kept[draw(st.integers(0, count - 1))] = True
    return rows, [at for at in range(count) if kept[at]], draw(st.floats(11, 40))


def pages_of(rows: Sequence[Sequence[str]], pitch: float) -> list[PageText]:
    """The rows as lines on pages, each page with the heading."""
    heading = ["Article", "Quantity", "Price", "Amount"]
    found = []
    for number, low in enumerate(range(0, len(rows), _ON_PAGE), 1):
        shown = [heading, *rows[low : low + _ON_PAGE]]
        lines = [line(at, row, _TOP + at * pitch) for at, row in enumerate(shown, 1)]
        found.append(PageText.of(Page(number, 595, 842, PageSource.TEXT, tuple(lines))))
    return found


def line(number: int, row: Sequence[str], top: float) -> Line:
    name, *figures = row
    words = [(60.0, 60 + _CHARACTER * len(name))]
    for text, edge in zip(figures, _EDGES, strict=True):
        words.append((edge - _CHARACTER * len(text), edge))
    box = Box(words[0][0], top, words[-1][1], top + 10)
    return Line(number, "  ".join(row), box, words=tuple(words))


@pytest.mark.requirement("ROWS-08")
@settings(deadline=None)
@given(tables())
def test_exactly_the_rows_that_are_left_out_are_missed(
    table: tuple[list[list[str]], list[int], float],
) -> None:
    rows, kept, pitch = table
    pages = pages_of(rows, pitch)
    places = [(nth // _ON_PAGE + 1, nth % _ON_PAGE + 2) for nth in range(len(rows))]

    found = spots(missed(pages, written(pages, [rows[at] for at in kept])))

    left_out = [place for nth, place in enumerate(places) if nth not in kept]
    assert found == left_out or is_choice(kept, len(rows))


def is_choice(kept: Sequence[int], count: int) -> bool:
    """Written here and there, so that most rows are left out: nobody misses rows like that."""
    apart = sum(high - low > 1 for low, high in pairwise(kept))
    return apart > 2 and count > 3 * len(kept)
