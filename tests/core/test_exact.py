"""JSON text that loses nothing, and refuses what is no JSON."""

import json
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from stackdocs_mcp.core.errors import BadValue
from stackdocs_mcp.core.exact import dumps, loads
from stackdocs_mcp.core.model import JsonValue

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=30,
)


@pytest.mark.requirement("EXACT-01")
@given(VALUES)
def test_every_value_comes_back_exactly(value: JsonValue) -> None:
    assert loads(dumps(value)) == value


@pytest.mark.requirement("EXACT-01")
@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_decimal_keeps_every_digit_and_its_zeros(value: Decimal) -> None:
    back = loads(dumps(value))

    assert str(back) == str(value) or (isinstance(back, int) and back == value)


@pytest.mark.requirement("EXACT-01")
@given(VALUES)
def test_what_is_written_is_json_to_everybody(value: JsonValue) -> None:
    assert json.loads(dumps(value), parse_float=Decimal) == value


@pytest.mark.requirement("EXACT-01")
def test_the_text_is_compact_and_keeps_the_order_of_members() -> None:
    value = {"b": [1, Decimal("1.50"), 0.1, None], "a": {"ü": True, "x": ()}}

    assert dumps(value) == '{"b":[1,1.50,0.1,null],"a":{"ü":true,"x":[]}}'


@pytest.mark.requirement("EXACT-02")
@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("-inf"),
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("Infinity"),
        [1, {"a": Decimal("-Infinity")}],
        [10**5000],
        "a\0b",
        "\ud800",
        {"\udfff": 1},
        {1: 2},
        object(),
        b"bytes",
        {1, 2},
    ],
)
def test_what_is_no_value_is_refused(value: object) -> None:
    with pytest.raises(BadValue):
        dumps(value)


@pytest.mark.requirement("EXACT-02")
def test_nesting_without_end_is_refused() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]

    with pytest.raises(BadValue):
        dumps(deep)


@pytest.mark.requirement("EXACT-02")
@pytest.mark.parametrize("text", ["NaN", "[-Infinity]", "", "{", "1.0e9999999999999999999999"])
def test_text_that_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        loads(text)
