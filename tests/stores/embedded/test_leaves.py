"""Lines and tables as JSON text: whatever they hold, they come back as they were."""

import json

import pytest
from hypothesis import given, settings, strategies as st

from stackdocs_mcp.core.errors import InvalidArgument
from stackdocs_mcp.core.model import Box, Cell, Line, Table
from stackdocs_mcp.stores.leaves import lines_from, lines_text, tables_from, tables_text

# All that a str can hold, quotes, line separators, controls and lone surrogates as well.
ODD = st.text(
    st.characters() | st.sampled_from('\0"\\\x1f\x7f\x85\u2028\u202e\ufeff\U0010ffff\ud800')
)
LENGTHS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**6), 10**6)
BOXES = st.none() | st.builds(Box, LENGTHS, LENGTHS, LENGTHS, LENGTHS)
LINES = st.builds(
    Line,
    number=st.integers(1, 10**6),
    text=ODD,
    box=BOXES,
    score=st.none() | st.floats(0, 1),
    hidden=st.booleans(),
    words=st.lists(st.tuples(LENGTHS, LENGTHS), max_size=4).map(tuple),
    raw=st.none() | ODD,
)
CELLS = st.builds(
    Cell,
    text=ODD,
    lines=st.lists(st.integers(1, 10**6), max_size=3).map(tuple),
    box=BOXES,
    columns=st.integers(1, 99),
)
TABLES = st.builds(
    Table,
    rows=st.lists(st.lists(CELLS, max_size=3).map(tuple), max_size=3).map(tuple),
    box=BOXES,
    header_rows=st.integers(0, 3),
)


@pytest.mark.requirement("STORE-39")
@settings(deadline=None)
@given(st.lists(LINES, max_size=4).map(tuple))
def test_any_lines_come_back_as_they_were(lines: tuple[Line, ...]) -> None:
    assert lines_from(lines_text(lines)) == lines


@pytest.mark.requirement("STORE-39")
@settings(deadline=None)
@given(st.lists(TABLES, max_size=3).map(tuple))
def test_any_tables_come_back_as_they_were(tables: tuple[Table, ...]) -> None:
    assert tables_from(tables_text(tables)) == tables


@pytest.mark.requirement("STORE-39")
def test_what_a_line_does_not_have_takes_no_room() -> None:
    assert json.loads(lines_text([Line(1, "x")])) == [[1, "x", None, None, 0]]


@pytest.mark.requirement("STORE-38")
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_none_is_refused(bad: float) -> None:
    box = Box(0.0, bad, 1.0, 1.0)
    for line in (Line(1, "x", box), Line(1, "x", score=bad), Line(1, "x", words=((bad, 1.0),))):
        with pytest.raises(InvalidArgument):
            lines_text([line])
    for table in (Table((), box), Table(((Cell("x", box=box),),))):
        with pytest.raises(InvalidArgument):
            tables_text([table])
