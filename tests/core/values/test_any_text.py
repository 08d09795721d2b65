# ruff: noqa: RUF001  letters and digits of other scripts are meant
"""Whatever is sent: a value or a refusal, and an answer in time that grows with the text."""

from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from stackdocs_mcp.core.errors import BadValue
from stackdocs_mcp.core.values import Expected, Signs, signs_of, typed
from stackdocs_mcp.core.values.numerals import numerals_in
from stackdocs_mcp.core.values.plain import plain
from stackdocs_mcp.core.values.printed import numbers_in

FIELDS = {
    "number": Expected(frozenset({"number"})),
    "integer": Expected(frozenset({"integer"})),
    "boolean": Expected(frozenset({"boolean"})),
    "object": Expected(frozenset({"object"})),
    "enum": Expected(enum=("Paid in full", 7, True)),
    "date": Expected(frozenset({"string"}), "date"),
    "date-time": Expected(frozenset({"string"}), "date-time"),
    "time": Expected(frozenset({"string"}), "time"),
}
SIGNS = [Signs(), signs_of(["1.234,56"]), signs_of(["1,234.56"]), signs_of(["金額 ▲1,234 あり"])]
# What the readers look for, so that texts get far into them.
PARTS = st.sampled_from(
    [
        *"0123456789.,'-+()/:% €$¥½²万千百億円年月日時分元▲△*=[]x☑☐٣٫٬م\n",
        *("1.234", "2026", "12", "EUR", "kg", "Mio.", "T€", "CR", "März", "of", "de", "r.", "pm"),
        *("UTC", "令和", "R8", "II", "\u00a0", "\u202f", "\u200f", "\u00ad", "\u2212", "\uff11"),
    ]
)
TEXTS = st.lists(PARTS, max_size=14).map("".join) | st.text(max_size=40)


@pytest.mark.requirement("VALUE-23")
@settings(max_examples=1500, deadline=None)
@given(text=TEXTS, field=st.sampled_from(sorted(FIELDS)), signs=st.sampled_from(SIGNS))
def test_any_text_is_typed_or_refused_and_never_a_float(
    text: str, field: str, signs: Signs
) -> None:
    try:
        found = typed(text, FIELDS[field], signs)
    except BadValue:
        return
    assert not isinstance(found.value, float)
    again = typed(found.value, FIELDS[field], signs)
    assert again.value == found.value


@pytest.mark.requirement("VALUE-23")
@settings(max_examples=500, deadline=None)
@given(text=TEXTS)
def test_a_plain_text_has_the_length_of_its_original(text: str) -> None:
    assert len(plain(text)) == len(text)


@pytest.mark.requirement("VALUE-23")
@settings(max_examples=500, deadline=None)
@given(text=TEXTS)
def test_every_number_of_a_page_stands_where_it_is_said_to(text: str) -> None:
    printed = plain(text)
    for number in numbers_in(printed, numerals_in(printed)):
        numeral = number.numeral
        assert printed[numeral.start : numeral.end] == numeral.text
        assert 0 <= number.start <= numeral.start < numeral.end <= number.end <= len(text)
        assert all(isinstance(one.value, Decimal) for one in numeral.readings)


@pytest.mark.requirement("VALUE-23")
@pytest.mark.parametrize("field", sorted(FIELDS))
@pytest.mark.parametrize(
    "unit",
    [
        *("1", "1,", "1 ", "12 345 6789 ", "(", "1.", "-", "[ ]", "☐ a ", "1万", "1/", "a_", "½"),
        *("per ", "1 January ", "1:", "R1.", "/ ", "1.....", "EUR ", "١٬"),
    ],
)
def test_endless_texts_are_refused_before_they_are_read(unit: str, field: str) -> None:
    text = (unit * 20_000)[:20_000]
    with pytest.raises(BadValue):
        typed(text, FIELDS[field], Signs())


@pytest.mark.requirement("VALUE-23")
def test_a_page_of_groups_is_read_in_one_pass() -> None:
    text = "12 345 6789 " * 5_000
    found = list(numbers_in(text, numerals_in(text)))
    assert sum(one.joined for one in found) == 5_000
