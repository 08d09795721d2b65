"""JSON that all parsers read alike, and the rest, which is refused in our words."""

import json
import math
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from stackdocs_mcp.core.strict import MAX_DEPTH, NotStrict, read

SENDABLE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner)
    ),
    max_leaves=12,
)


@pytest.mark.requirement("INPUT-11")
@given(SENDABLE, st.booleans())
def test_what_a_library_writes_is_read(value: object, ascii_alone: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_alone)

    assert read(text) == value


@pytest.mark.requirement("INPUT-11")
@given(st.decimals(allow_nan=False, allow_infinity=False).filter(lambda one: one.adjusted() < 300))
def test_a_number_is_read_as_it_stands_or_refused(number: Decimal) -> None:
    text = f"{number:e}"
    try:
        found = read(text)
    except NotStrict:
        assert Decimal(repr(float(text))) != Decimal(text)
        return

    assert Decimal(repr(found)) == Decimal(text)


@pytest.mark.requirement("INPUT-11")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("", "not JSON"),
        ("\ufeff{}", "not JSON"),
        ("NaN", "NaN"),
        ("[-Infinity]", "NaN"),
        ('{"a":1,"b":2,"a":1}', "twice"),
        ('[{"b":{"a":1,"\\u0061":1}}]', "twice"),
        ('"\\ud800"', "surrogate"),
        ('{"\\udc00":1}', "surrogate"),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "64 levels"),
        ("[" * 100_000, "64 levels"),
        ("9" * 5_000, "digits"),
        ("2.00000000000000000001", "digits"),
        ("1e-400", "digits"),
        ("1e-99999999999999999999", "digits"),
    ],
)
def test_what_parsers_disagree_on_is_refused(text: str, said: str) -> None:
    with pytest.raises(NotStrict, match=said):
        read(text)


@pytest.mark.requirement("INPUT-11")
def test_a_number_beyond_a_double_is_left_to_whoever_takes_values() -> None:
    assert read("[1e999, -1e999]") == [math.inf, -math.inf]
    assert read("[" * MAX_DEPTH + "]" * MAX_DEPTH)
