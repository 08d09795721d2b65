"""Boxes of parts of a line, and the places of values that are planted in pages."""

import re

import pytest
from hypothesis import given, settings, strategies as st

from stackdocs_mcp.core.evidence.boxes import cells_of, part_of
from stackdocs_mcp.core.evidence.page import PageText
from stackdocs_mcp.core.model import Box, Line, Verdict
from tests.core.evidence.papers import cited, laid_out, row_of

LINE = Line(1, "Sum  12,50 EUR", Box(10, 5, 200, 15), words=((10, 25), (100, 150), (170, 200)))


@pytest.mark.requirement("EVID-15")
@pytest.mark.parametrize(
    ("low", "high", "left", "right"),
    [
        (5, 10, 100, 150),  # a word
        (5, 14, 100, 200),  # two of them
        (5, 7, 100, 120),  # a part of one
        (8, 12, 130, 180),  # parts of two
        (0, 14, 10, 200),  # all
    ],
)
def test_a_part_of_a_line_is_where_its_words_are(
    low: int, high: int, left: float, right: float
) -> None:
    assert part_of(LINE, low, high) == Box(left, 5, right, 15)


@pytest.mark.requirement("EVID-15")
def test_a_part_of_a_line_from_right_to_left_is_where_its_words_are() -> None:
    text = "סכום 12.50 שח"  # the sum stands on the right, the currency on the left
    line = Line(1, text, Box(10, 5, 100, 15), words=((80, 100), (40, 70), (10, 30)))
    assert part_of(line, 5, 10) == Box(40, 5, 70, 15)
    assert part_of(line, 0, 2) == Box(90, 5, 100, 15)
    unknown = Line(1, text, Box(10, 5, 100, 15))
    assert part_of(unknown, 5, 10) == unknown.box


@pytest.mark.requirement("EVID-15")
def test_words_that_do_not_fit_the_text_are_not_taken() -> None:
    line = Line(1, "a b", Box(0, 0, 30, 10), words=((0, 10),))
    assert part_of(line, 2, 3) == Box(20, 0, 30, 10)


@pytest.mark.requirement("EVID-CELLS")
def test_words_far_apart_are_cells_whatever_the_text_has_between_them() -> None:
    line = Line(1, "Tea 5 7.00", Box(0, 0, 120, 10), words=((0, 15), (20, 25), (90, 120)))
    assert [line.text[low:high] for low, high in cells_of(line)] == ["Tea 5", "7.00"]


values = st.from_regex(r"[A-Z][a-z]{3,8}-[0-9]{5}( [a-z]{4,7}){0,2}", fullmatch=True)
fillers = st.lists(
    st.tuples(st.sampled_from([10.0, 150.0, 300.0]), st.sampled_from(["some text", "x", "9,50"])),
    min_size=1,
    max_size=2,
    unique_by=lambda one: one[0],
).map(sorted)


@pytest.mark.requirement("EVID-SPAN")
@settings(max_examples=150, deadline=None)
@given(
    value=values,
    before=st.lists(fillers, max_size=5),
    after=st.lists(fillers, max_size=5),
    beside=st.sampled_from(["", "Name:", "an other text"]),
)
def test_a_planted_value_has_its_lines_span_quote_and_box(
    value: str,
    before: list[list[tuple[float, str]]],
    after: list[list[tuple[float, str]]],
    beside: str,
) -> None:
    row = [(200.0, value), (450.0, "end")]
    on = laid_out([*before, [(20.0, beside), *row] if beside else row, *after])
    number = len(before) + 1
    place = cited(value, number, on).evidence.place
    assert place is not None
    assert place.span is not None
    text = on.lines[number - 1].text
    assert (place.lines, place.quote) == ((number,), value)
    assert text[slice(*place.span)] == value
    assert place.boxes == (Box(200, number * 12, 200 + 5 * len(value), number * 12 + 10),)


@pytest.mark.requirement("EVID-SPAN")
@settings(max_examples=100, deadline=None)
@given(words=st.lists(values, min_size=2, max_size=4, unique=True), at=st.integers(0, 3))
def test_a_planted_text_of_several_lines_has_a_span_over_them(words: list[str], at: int) -> None:
    filler = [[(20.0, f"line {'abcd'[n]}")] for n in range(at)]
    on = laid_out([*filler, *([(100.0, word)] for word in words), [(20.0, "end")]])
    numbers = tuple(range(at + 1, at + 1 + len(words)))
    finding = cited("\n".join(words), numbers, on)
    place = finding.evidence.place
    assert finding.evidence.verdict is Verdict.VERIFIED
    assert place is not None
    assert place.span is not None
    joined = "\n".join(on.lines[number - 1].text for number in numbers)
    assert re.split(r"\n", joined[slice(*place.span)]) == words
    assert (place.lines, len(place.boxes)) == (numbers, len(words))


@pytest.mark.requirement("EVID-SPAN")
def test_a_span_counts_in_the_lines_that_are_given_even_when_they_are_read_as_rows() -> None:
    left, right = row_of(1, [(10, "Total net")]), row_of(1, [(300, "12,50")])
    lines = [left, Line(2, right.text, right.box, words=right.words)]
    place = cited("Total net 12,50", (1, 2), PageText(1, lines)).evidence.place
    assert place is not None
    assert (place.lines, place.span) == ((1, 2), (0, 15))
