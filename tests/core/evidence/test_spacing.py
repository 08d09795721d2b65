"""Numbers whose thousands a space parts, and numbers that stand close to each other."""

from decimal import Decimal

import pytest

from stackdocs_mcp.core.evidence import PageText
from stackdocs_mcp.core.model import Box, Line, Verdict
from stackdocs_mcp.core.values import signs_of
from tests.core.evidence.papers import cited, laid_out, spans_of

ROW = [(10.0, "Vis"), (100.0, "25"), (200.0, "2 808,78"), (300.0, "70 219,50")]


@pytest.mark.requirement("EVID-03")
@pytest.mark.parametrize("part", ["219.50", "808.78", "70"])
def test_a_part_of_a_number_is_not_the_number(part: str) -> None:
    assert cited(Decimal(part), 1, laid_out([ROW])).evidence.verdict is Verdict.VALUE_DIFFERS


@pytest.mark.requirement("EVID-03")
def test_the_whole_number_is_verified() -> None:
    on = laid_out([ROW])
    assert cited(Decimal("2808.78"), 1, on).evidence.verdict is Verdict.VERIFIED
    assert cited(Decimal("70219.50"), 1, on).evidence.verdict is Verdict.VERIFIED


def fixed(text: str) -> PageText:
    """A row of fixed-width text, whose gaps are one space in the text."""
    words = tuple(spans_of(10, text))
    line = Line(1, " ".join(text.split()), Box(10, 12, 10 + 5 * len(text), 22), words=words)
    return PageText(1, [line])


@pytest.mark.requirement("EVID-03")
def test_numbers_in_two_columns_are_two() -> None:
    on = fixed("3    Câble           3      174,77      524,31")
    assert cited(Decimal("174.77"), 1, on).evidence.verdict is Verdict.VERIFIED
    assert cited(Decimal("3174.77"), 1, on).evidence.verdict is Verdict.VALUE_DIFFERS
    assert cited(Decimal("524.31"), 1, on).evidence.verdict is Verdict.VERIFIED


@pytest.mark.requirement("VALUE-15")
def test_one_number_without_its_space_does_not_take_the_spaces_of_the_others() -> None:
    spaced = [f"Total 1 {cents},50" for cents in range(200, 210)]
    assert signs_of([*spaced, "9840,74"]).spaces is None
    assert signs_of([spaced[0], "9840,74"]).spaces is False
