import pytest

from stackdocs_mcp.core.errors import BadValue
from stackdocs_mcp.core.values import Expected, signs_of, typed
from stackdocs_mcp.core.values.numerals import numerals_in
from stackdocs_mcp.core.values.printed import numbers_in

NUMBER = Expected(frozenset({"number"}))
COMMA = signs_of(["Betrag 1.234,56 EUR"])


@pytest.mark.requirement("VALUE-01")
@pytest.mark.parametrize(
    ("text", "negative"),
    [
        ("24-", True),
        ("Papier  24-  7,30", True),
        ("Papier\n24-\n7,30", True),
        ("Papier | 24- | 7,30", True),
        ("Papier 24- 7,30", False),
        ("  24-Stunden", False),
        ("10- 15", False),
    ],
)
def test_a_whole_number_with_a_minus_behind_is_negative_where_it_stands_alone(
    text: str, negative: bool
) -> None:
    assert next(numbers_in(text, numerals_in(text))).negative is negative


@pytest.mark.requirement("VAL-CONFUSABLE")
@pytest.mark.parametrize(
    ("text", "one", "other"),
    [
        ("59,5O", "59,5", "59,50"),
        ("59,5l", "59,5", "59,51"),
        ("1O", "1", "10"),
        ("5l", "5", "51"),
        ("12,5B", "12,5", "12,58"),
        ("3I", "3", "31"),
    ],
)
def test_a_letter_that_may_be_a_digit_is_no_unit(text: str, one: str, other: str) -> None:
    with pytest.raises(BadValue) as error:
        typed(text, NUMBER, COMMA)
    assert error.value.code == "confusable_digit"
    assert f"{one} with a unit, or {other}" in str(error.value)


@pytest.mark.requirement("VAL-CONFUSABLE")
@pytest.mark.parametrize("text", ["12,50 l", "12,50kg", "$12,5B"])
def test_a_unit_that_is_no_digit_is_still_dropped(text: str) -> None:
    typed(text, NUMBER, COMMA)
