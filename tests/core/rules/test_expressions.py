import copy
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from stackdocs_mcp.core.rules.evaluation import Run, evaluator
from stackdocs_mcp.core.rules.language import parse
from tests.core.rules.papers import answer

ROWS = [
    {"amount": Decimal("0.1"), "name": "a"},
    {"amount": Decimal("0.2"), "name": "b"},
    {"name": "no amount"},
]

amounts = st.decimals(
    min_value=-(10**30), max_value=10**30, allow_nan=False, allow_infinity=False, places=4
)


def _scaled(amount: Decimal) -> int:
    return int(Fraction(amount) * 10_000)


@pytest.mark.requirement("RULE-01")
@pytest.mark.parametrize(
    "expression",
    [
        "0.1 + 0.2 == 0.3",
        "a + b == c",
        "[a, b].sum() == c",
        "0.07 * 100 == 7",
        "7 / 2 == 3.5",
        "2 * 0.5 == 1u",
        "1e2 == 100",
        "-1.5e-3 == -0.0015",
        "7 % 3 == 1",
        "round(2.345, 2) == 2.35",
        "round(-2.345, 2) == -2.35",
        "round(1 / 3, 4) == 0.3333",
        "round(2.5) == 3",
        "abs(a - b) == 0.1",
        "-c < a && a < b && b < c",
        "12345678901234567890.12345678901234567890 + 1 == 12345678901234567891.1234567890123456789",
    ],
)
def test_decimals_are_counted_as_on_paper(expression: str) -> None:
    assert answer(expression, a=Decimal("0.1"), b=Decimal("0.2"), c=Decimal("0.3")) is True


@pytest.mark.requirement("RULE-01")
@settings(deadline=None)
@given(st.lists(amounts, max_size=40))
def test_a_sum_is_exactly_the_sum(items: list[Decimal]) -> None:
    scaled = sum(_scaled(item) for item in items)
    rows = [{"amount": item} for item in items]

    assert answer("rows.map(i, i.amount).sum() * 10000 == scaled", rows=rows, scaled=scaled) is True
    assert answer(
        "rows.map(i, i.amount).sum() * 10000 == scaled + 1", rows=rows, scaled=scaled
    ) is (False)


@pytest.mark.requirement("RULE-01")
@settings(deadline=None)
@given(amounts, amounts)
def test_products_and_differences_are_exact(left: Decimal, right: Decimal) -> None:
    one, other = _scaled(left), _scaled(right)
    values: dict[str, Any] = {"a": left, "b": right, "product": one * other, "less": one - other}

    assert answer("a * b * 100000000 == product", **values) is True
    assert answer("(a - b) * 10000 == less", **values) is True


@pytest.mark.requirement("RULE-01")
@settings(deadline=None)
@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=20, min_value=0, max_value=10**9),
    st.sampled_from(["", "\n\n", "'\U0001f389' == 'x' || ", "// \u00e9 1.5\n  ", "1.5 == 2.5 || "]),
)
def test_a_literal_is_the_decimal_that_is_written(literal: Decimal, before: str) -> None:
    assert answer(f"{before}a == {literal:f}", a=literal) is True
    assert answer(f"{before}-{literal:f} == -a", a=literal) is True


@pytest.mark.requirement("RULE-01")
def test_a_product_of_too_many_digits_is_not_rounded_but_not_applicable() -> None:
    long = int("9" * 100)

    assert answer("*".join(["a"] * 8) + " > 1", a=long) is True
    assert answer("*".join(["a"] * 20) + " > 1", a=long) is None


@pytest.mark.requirement("RULE-02")
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("gone + 1 == 2", None),
        ("null_ == 1", None),
        ("text + 1 == 2", None),
        ("text == 1", None),
        ("text.amount == 1", None),
        ("one.amount == 1", None),
        ("rows[7].amount == 1", None),
        ("rows[0].gone == 1", None),
        ("one / 0 == 1", None),
        ("one % 0 == 1", None),
        ("!(gone == 1)", None),
        ("gone == 1 && one == 1", None),
        ("gone == 1 && one == 2", False),
        ("one == 2 && gone == 1", False),
        ("gone == 1 || one == 1", True),
        ("one == 1 || gone == 1", True),
        ("gone == 1 || one == 2", None),
        ("gone == 1 ? true : false", None),
        ("one in [gone, 1]", True),
        ("one in [gone, 2]", None),
        ("one in [3, 2]", False),
        ("gone in [1]", None),
        ("gone == null", True),
        ("null_ == null", True),
        ("null != one", True),
        ("has(self.gone)", False),
        ("has(self.null_)", False),
        ("has(self.one)", True),
        ("has(rows[2].amount)", False),
        ("has(gone.amount)", False),
        ("rows.all(i, i.amount > 0)", None),
        ("rows.all(i, i.amount > 0.1)", False),
        ("rows.exists(i, i.amount > 0.1)", True),
        ("rows.exists(i, i.amount > 1)", None),
        ("rows.exists_one(i, i.amount > 0.1)", None),
        ("rows.exists_one(i, i.name == 'a')", True),
        ("rows.exists_one(i, i.name != 'a')", False),
        ("rows.map(i, i.amount).sum() == 0.3", None),
        ("rows.filter(i, has(i.amount)).map(i, i.amount).sum() == 0.3", True),
        ("rows.map(i, has(i.amount), i.amount).sum() == 0.3", True),
        ("sum([]) == 0", True),
        ("max([]) == 0", None),
        ("max([1, 3, 2]) == 3 && min([2, 1, 3]) == 1", True),
        ("max(['2026-01-02', '2025-12-31']) == '2026-01-02'", True),
        ("max([1, text]) == 1", None),
        ("size(rows) == 3 && rows.size() == 3 && size(text) == 2", True),
        ("size(one) == 1", None),
        ("gone.all(i, true)", None),
        ("text.all(i, true)", None),
        ("[gone].all(i, has(i.x))", False),
        ("text.startsWith('a') && text.endsWith('b') && text.contains('ab')", True),
        ("one.startsWith('1')", None),
        ("'one' in self && !('gone' in self)", True),
        ("round(one, 2.5) == 1", None),
        ("round(one, 21) == 1", None),
        ("round(text) == 1", None),
        ("abs(text) == 1 || -text == 1", None),
        ("yes == true && yes != false", True),
        ("yes == 1", None),
        ("rows == rows", None),
    ],
)
def test_what_is_missing_makes_no_rule_hold_or_fail(expression: str, expected: bool | None) -> None:
    values: dict[str, Any] = {"one": 1, "text": "ab", "null_": None, "rows": ROWS, "yes": True}

    assert answer(expression, **values) is expected


@pytest.mark.requirement("RULE-02")
@pytest.mark.parametrize("number", [Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity")])
def test_what_is_no_number_is_missing(number: Decimal) -> None:
    assert answer("a == a || a < 1 || a + 1 > 0", a=number) is None
    assert answer("a + 1 == 1.5", a=0.5) is True
    assert answer("a > 1", a=float("inf")) is None


@pytest.mark.requirement("RULE-03")
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'2026-01-31' < '2026-02-01'", True),
        ("'2026-03-01' - '2026-02-01' == 28", True),
        ("'2026-02-01' - '2026-03-01' == -28", True),
        ("'2026-03-01' <= '2026-03-01T10:00:00Z'", True),
        ("'2026-03-01' - '2026-03-01T10:00:00Z' == 0", True),
        ("'2026-03-01T10:00:00Z' < '2026-03-01T10:00:00-01:00'", True),
        ("'2026-03-01T10:00' < '2026-03-01T10:00Z'", None),
        ("'2026-02-30' < '2026-03-01'", None),
        ("'0000-01-01' < '2026-03-01'", None),
        ("'2026-03-01' - 'soon' == 1", None),
        ("'R-10' < 'R-9'", None),
        ("'10' < 9", None),
        ("'R-9' == 'R-9'", True),
        ("'a' - 'b' == 0", None),
    ],
)
def test_dates_compare_and_subtract(expression: str, expected: bool | None) -> None:
    assert answer(expression) is expected


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.text(max_size=12)
    | st.dates().map(str)
    | st.datetimes().map(lambda one: one.isoformat()),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3)
    ),
    max_leaves=12,
)

EXPRESSIONS = [
    "a + b * c - a / b > a % b",
    "a - b < c && (a > b || !(b == c))",
    "a.all(i, i.b - i.a >= round(c, 2))",
    "a.exists(i, i in b) ? c : a.b",
    "sum(a.map(i, i.a)) <= max(b) && min(a) < size(c)",
    "a.filter(i, i.a > 1).exists_one(i, -i.b == abs(i.c))",
    "has(a.b) && a[0] == b['a'] && c.startsWith(a)",
    "a == null || b.contains(c) || self in a || 'a' in self",
]


@pytest.mark.requirement("RULE-06")
@settings(deadline=None)
@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys("abc", json_values)),
    st.sampled_from(EXPRESSIONS),
)
def test_any_extraction_is_answered_and_left_as_it_was(
    extraction: dict[str, Any], expression: str
) -> None:
    before = repr(copy.deepcopy(extraction))

    evaluator(parse(expression))(Run(extraction, 10_000))

    assert repr(extraction) == before
