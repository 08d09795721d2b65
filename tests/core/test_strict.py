"""JSON that all parsers read alike, and where a text is not that."""

import json
import math
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from stackdocs_mcp.core import strict

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


def nested(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


@pytest.mark.requirement("STRICT-01")
@pytest.mark.parametrize(
    ("text", "said", "place"),
    [
        ('{\n "a": 1,\n "a": 2}', "same key twice", "line 3 column 2"),
        ('{"a": {"b": ":", "c": {}, "b": 1}}', "same key twice", "line 1 column 27"),
        ('{"a": 1, "\\u0061": 2}', "same key twice", "line 1 column 10"),
        ('{"a":\n [1, NaN]}', "NaN and Infinity", "line 2 column 6"),
        ('{"a": -Infinity}', "NaN and Infinity", "line 1 column 7"),
        ('{"a": "NaN", "b": "\\ud800"}', "surrogate", "line 1 column 19"),
        ('{"\\udc00": 1}', "surrogate", "line 1 column 2"),
        ('["\\ud83d", "\\ude00"]', "surrogate", "line 1 column 2"),
        (nested(63).replace("1", '["\\uDFFF"]'), "surrogate", "line 1 column 317"),
        ('["\ud800"]', "surrogate", "line 1 column 2"),
        (nested(65), "deeper than 64", "line 1 column 321"),
        ("[" * 100_000, "deeper than 64", "line 1 column 65"),
        ('{"a" 1}', "not JSON", "line 1 column 6"),
        ("\ufeff{}", "not JSON", "line 1 column 1"),
        ("", "not JSON", "line 1 column 1"),
        ("1" * 5_000, "too many digits", ""),
        ("2.00000000000000000001", "more digits", ""),
        ("1e-400", "more digits", ""),
        ("1e-99999999999999999999", "more digits", ""),
    ],
    ids=range(19),
)
def test_what_parsers_disagree_on_is_refused_with_the_reason_and_the_place(
    text: str, said: str, place: str
) -> None:
    with pytest.raises(strict.NotStrict, match=said):
        strict.read(text)

    assert strict.place(text) == place


@pytest.mark.requirement("STRICT-01")
@given(VALUES)
def test_everything_else_is_read_as_it_is(value: object) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=1)):
        assert strict.read(text) == value
        assert strict.place(text) == ""


@pytest.mark.requirement("STRICT-01")
def test_sixty_four_levels_and_paired_surrogates_are_allowed() -> None:
    assert strict.read(nested(64))
    assert strict.read('["\\ud83d\\ude00", 1e3]') == ["\U0001f600", 1000]


@pytest.mark.requirement("INPUT-11")
@given(st.decimals(allow_nan=False, allow_infinity=False).filter(lambda one: one.adjusted() < 300))
def test_a_number_is_read_as_it_stands_or_refused(number: Decimal) -> None:
    text = f"{number:e}"
    try:
        found = strict.read(text)
    except strict.NotStrict:
        assert Decimal(repr(float(text))) != Decimal(text)
        return

    assert Decimal(repr(found)) == Decimal(text)


@pytest.mark.requirement("INPUT-11")
def test_a_number_beyond_a_double_is_left_to_whoever_takes_values() -> None:
    assert strict.read("[1e999, -1e999]") == [math.inf, -math.inf]
    assert strict.read("[" * strict.MAX_DEPTH + "]" * strict.MAX_DEPTH)


@pytest.mark.requirement("INPUT-11")
def test_exact_numbers_keep_every_digit() -> None:
    digits = "0.1234567890123456789012345"
    assert strict.read(f"[{digits}, 1e999]", exact=True) == [Decimal(digits), Decimal("1e999")]
    with pytest.raises(strict.NotStrict, match="digits"):
        strict.read("1e99999999999999999999", exact=True)
