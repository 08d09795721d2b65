# ruff: noqa: RUF001  letters and digits of other scripts are meant
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from stackdocs_mcp.core.errors import BadValue
from stackdocs_mcp.core.model import JsonValue
from stackdocs_mcp.core.values import Expected, Signs, signs_of, typed, wire

NUMBER = Expected(frozenset({"number"}))
INTEGER = Expected(frozenset({"integer"}))
COMMA = signs_of(["Betrag 1.234,56 EUR"])
POINT = signs_of(["amount 1,234.56 USD"])

# How a convention groups thousands and marks decimals.
CONVENTIONS = [
    (",", "."),
    (".", ","),
    (" ", ","),
    ("\u00a0", ","),
    ("\u202f", ","),
    ("'", "."),
    ("\u2019", "."),
    ("\u2009", ","),
    ("\u2007", ","),
    ("\u066c", "\u066b"),
    ("", "."),
    ("", ","),
    ("", "\u066b"),
]
AROUND = ["{}", "{} €", "€ {}", "EUR {}", "{} EUR", "RM{}", "${}", "{} %", "CHF {}", " {} zł "]
AROUND += [
    "Rs.{}",
    "Fr. {}",
    "kr {}",
    "{}\u00a0$US",
    "US${}",
    "{} ש״ח",
    "{} ر.س.\u200f",
    "{}元",
    "***{}",
]
NEGATIVE = [
    "-{}",
    "\u2212{}",
    "\u2013{}",
    "({})",
    "{}-",
    "- {}",
    "\u200e-{}",
    "\uff0d{}",
    "minus {}",
]
SCRIPTS = ["0123456789", "０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹"]


def printed(number: Decimal, grouping: str, decimal: str) -> str:
    text = f"{number:,}"
    return text.replace(",", "\0").replace(".", decimal).replace("\0", grouping)


@pytest.mark.requirement("VALUE-01")
@settings(max_examples=300, deadline=None)
@given(
    cents=st.integers(0, 10**12),
    convention=st.sampled_from(CONVENTIONS),
    around=st.sampled_from(AROUND),
    sign=st.sampled_from(["{}", *NEGATIVE]),
    script=st.sampled_from(SCRIPTS),
)
def test_an_amount_printed_in_any_convention_is_read_exactly(
    cents: int, convention: tuple[str, str], around: str, sign: str, script: str
) -> None:
    number = Decimal(cents).scaleb(-2)
    text = printed(number.quantize(Decimal("0.01")), *convention)
    text = sign.format(around.format(text.translate(str.maketrans("0123456789", script))))
    assert typed(text, NUMBER, Signs()).value == (number if sign == "{}" else -number)


@pytest.mark.requirement("VALUE-20")
@settings(max_examples=300, deadline=None)
@given(
    cents=st.integers(1, 10**12),
    convention=st.sampled_from(CONVENTIONS),
    sign=st.sampled_from(["{}", *NEGATIVE]),
    digit=st.integers(0, 9),
    at=st.integers(0, 20),
)
def test_an_amount_with_another_digit_is_never_the_same(
    cents: int, convention: tuple[str, str], sign: str, digit: int, at: int
) -> None:
    number = Decimal(cents).scaleb(-2)
    text = printed(number.quantize(Decimal("0.01")), *convention)
    places = [index for index, char in enumerate(text) if char.isdigit()]
    place = places[at % len(places)]
    changed = text[:place] + str(digit) + text[place + 1 :]
    try:
        found = typed(sign.format(changed), NUMBER, Signs()).value
    except BadValue:
        return
    assert not isinstance(found, float)
    assert (found == (number if sign == "{}" else -number)) == (changed == text)


@pytest.mark.requirement("VALUE-01")
@settings(max_examples=200, deadline=None)
@given(
    number=st.decimals(
        allow_nan=False, allow_infinity=False, min_value=0, max_value=10**60, places=12
    ),
    sign=st.sampled_from(["{}", *NEGATIVE]),
)
def test_as_many_digits_as_are_printed_are_kept(number: Decimal, sign: str) -> None:
    stored = typed(sign.format(format(number, "f")), NUMBER, POINT).value
    assert stored == (number if sign == "{}" else number.copy_negate())


@pytest.mark.requirement("VALUE-01")
@settings(max_examples=200, deadline=None)
@given(number=st.integers(0, 10**10), cents=st.booleans())
def test_indian_groups_are_read(number: int, cents: bool) -> None:
    digits = str(number)
    head, tail = digits[:-3], digits[-3:]
    groups = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)][::-1]
    text = ",".join([*groups, tail]) + ".25" * cents
    assert typed(text, NUMBER, POINT).value == Decimal(digits + ".25" * cents)


@pytest.mark.requirement("VALUE-01")
@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,23,456.00", "123456"),
        ("$(45.00)", "-45"),
        ("(45,00 €)", "-45"),
        ("(45,00) EUR", "-45"),
        ("€ (45,00)", "-45"),
        ("45,00- €", "-45"),
        ("45,00 €-", "-45"),
        ("45.00\u00ad", "-45"),
        ("\u00ad45.00", "-45"),
        ("Rs.100", "100"),
        ("45.–", "45"),
        ("***45.00***", "45"),
        ("=1.234,00=", "1234"),
        ("%12,5", "12.5"),
        ("12,5 Prozent", "12.5"),
        ("12,5 por ciento", "12.5"),
        ("٪١٢٫٥", "12.5"),
        ("１２．５％", "12.5"),
        ("٣٫١٤١", "3.141"),
        ("١٬٢٣٤", "1234"),
        ("1,234円", "1234"),
        ("金1,234円也", "1234"),
        ("1.234 JPY", "1234"),
        ("₩1,234", "1234"),
        ("1.234,-", "1234"),
        ("1'234.-", "1234"),
        ("1,234.-", "1234"),
        ("Rs. 1,234/-", "1234"),
        ('1,234 ש"ח', "1234"),
        ("½", "0.5"),
        ("1½", "1.5"),
        ("2 ¾", "2.75"),
        ("1.2万", "12000"),
        ("1万2千", "12000"),
        ("1億2,000万円", "120000000"),
        ("1,234百万円", "1234000000"),
        ("3千円", "3000"),
        ("3万5000円", "35000"),
        ("1'234.50", "1234.5"),
        ("12.5 %", "12.5"),
        ("12,34,567.00", "1234567"),
        ("45,-", "45"),
        ("$-3.50", "-3.5"),
        ("0,0520", "0.052"),
        (".50", "0.5"),
        ("00.10", "0.1"),
        ("1.163,4000 EUR", "1163.4"),
        ("1.234.567", "1234567"),
        ("1,2 Mio. €", "1200000"),
        ("10000 kWh", "10000"),
        ("+7", "7"),
    ],
)
def test_what_real_documents_print_is_read_exactly(text: str, number: str) -> None:
    assert typed(text, NUMBER, Signs()).value == Decimal(number)


@pytest.mark.requirement("VALUE-02")
@pytest.mark.parametrize(("text", "comma", "point"), [("1.000", 1000, 1), ("1,234", "1.234", 1234)])
def test_thousands_or_decimals_is_decided_by_the_document(
    text: str, comma: int | str, point: int | str
) -> None:
    assert typed(text, NUMBER, COMMA).value == Decimal(comma)
    assert typed(text, NUMBER, POINT).value == Decimal(point)


@pytest.mark.requirement("VALUE-02")
def test_the_document_decides_before_the_script_of_the_unit_does() -> None:
    assert typed("1.234 個", NUMBER, COMMA).value == 1234
    assert typed("1,234 個", NUMBER, Signs()).value == 1234


@pytest.mark.requirement("VALUE-02")
@pytest.mark.parametrize("text", ["1,234 ₪", "¥1.234", "1.234 €", "Rp 2.500"])
def test_money_with_smaller_units_decides_nothing(text: str) -> None:
    with pytest.raises(BadValue) as refused:
        typed(text, NUMBER, Signs())
    assert refused.value.code == "ambiguous_number"


@pytest.mark.requirement("VALUE-02")
def test_an_undecided_number_is_refused_with_both_readings() -> None:
    with pytest.raises(BadValue) as refused:
        typed("1.234", NUMBER, Signs())
    assert refused.value.code == "ambiguous_number"
    assert "1.234 or 1234" in refused.value.message


@pytest.mark.requirement("VALUE-02")
@pytest.mark.parametrize(
    ("lines", "text", "number"),
    [
        (["Saldo 1.234.567 EUR"], "1.234", 1234),
        (["Total 1,234,567"], "1,234", 1234),
        (["Konto der Kunden 1,234,567"], "1,234", None),
        (["Der Umsatz und die Kosten", "55.725", "101.685"], "1.234", 1234),
        (["Ventas y costos de las tiendas", "55,725", "101,685"], "1,234", None),
        (["The sales and the costs of the year", "55,725", "101,685"], "1,234", 1234),
        (["売上高 55,725"], "1,234", 1234),
        (["הכנסות של החברה על 55,725"], "1,234", 1234),
        (["The sales and the costs", "1.234 and 55,725"], "1,234", None),
        (["Der Umsatz und die Kosten", "1.234 und 55,725"], "1.234", None),
        (["Der Umsatz und die Kosten", "12.50", "55.725"], "1.234", "1.234"),
    ],
)
def test_the_usual_groups_of_the_language_decide_where_nothing_else_stands(
    lines: list[str], text: str, number: int | str | None
) -> None:
    try:
        found = typed(text, NUMBER, signs_of(lines)).value
    except BadValue:
        found = None
    assert found == (None if number is None else Decimal(number))


@pytest.mark.requirement("VALUE-03")
@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "abc",
        "1.2.3",
        "5 5",
        "1e5",
        "1e999",
        "NaN",
        "12-34",
        "(5",
        "5)",
        "1.23.456,7",
        "--",
        "true",
        "0x10",
        "12/5",
        "1,,2",
        "1.234,567.8",
        "one 5",
        "5 apples and pears",
        "9" * 101,
        "05.03.2018",
        "\u0663\u066b\u066b1",
        "1" * 5000,
        "--5",
        "-5-",
        "(-5)",
        "+-5",
        "5 (net)",
        "12 kg 5",
        "12 kg 3 Stk.",
        "kg kg 12",
        "A4",
        "B123456789",
        "FR19787878784",
        "12 www.example.org",
        "6.4 Cultural references",
        "5\u56db",
        "1\u4e072",
        "3\u53435\u4e075\u4e07",
        "3\u53435000",
        "1\u2153",
        "1,5\u00bd",
        "5'10\"",
        "1/2",
        "\u221e",
        "x" * 200 + "1",
    ],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(BadValue) as refused:
        typed(text, NUMBER, Signs())
    assert refused.value.code == "not_a_number"


@pytest.mark.requirement("VALUE-03")
@pytest.mark.parametrize("value", ["12,50", Decimal("12.5"), 12.5])
def test_a_whole_number_is_not_made_by_rounding(value: object) -> None:
    with pytest.raises(BadValue):
        typed(value, INTEGER, Signs())


@pytest.mark.requirement("VALUE-10")
@pytest.mark.parametrize(
    ("value", "code"),
    [
        (float("nan"), "not_a_number"),
        (float("inf"), "not_a_number"),
        (float("-inf"), "not_a_number"),
        (float("1e999"), "not_a_number"),
        (Decimal("NaN"), "not_a_number"),
        (Decimal("sNaN"), "not_a_number"),
        (Decimal("Infinity"), "not_a_number"),
        (0.1 + 0.2, "inexact_number"),
        (12345678901234567890.123, "inexact_number"),
        (10**4000, "number_too_long"),
        (-(10**100), "number_too_long"),
        (1e300, "number_too_long"),
        (Decimal("1e999999999"), "number_too_long"),
        (Decimal("1e-999999"), "number_too_long"),
    ],
)
def test_numbers_that_cannot_be_exact_are_refused(value: object, code: str) -> None:
    with pytest.raises(BadValue) as refused:
        typed(value, NUMBER, Signs())
    assert refused.value.code == code


@pytest.mark.requirement("VALUE-10")
@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (-0.0, "0"),
        (1234.50, "1234.5"),
        (12.0, "12"),
        (0.1, "0.1"),
        (1e22, str(10**22)),
        (Decimal("12345678901234567890.1230"), "12345678901234567890.123"),
        (2**63, str(2**63)),
    ],
)
def test_other_numbers_are_kept_to_the_last_digit(value: object, stored: str) -> None:
    assert str(typed(value, NUMBER, Signs()).value) == stored


@pytest.mark.requirement("VALUE-14")
@settings(max_examples=200, deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20))
def test_what_a_client_gets_has_every_digit(number: Decimal) -> None:
    stored = typed(number, Expected(), Signs()).value
    sent = wire(stored)
    assert Decimal(repr(sent) if isinstance(sent, float) else str(sent)) == number


@pytest.mark.requirement("VALUE-14")
def test_a_decimal_inside_a_list_goes_out_as_a_number() -> None:
    value: JsonValue = [{"amount": Decimal("12.50"), "id": 2**60}, "00123", None, True]
    assert wire(value) == [{"amount": 12.5, "id": str(2**60)}, "00123", None, True]


@pytest.mark.requirement("VALUE-15")
def test_signs_of_pages_add_up_to_those_of_the_document() -> None:
    pages = (["12,50", "3,10"], ["1.234,50 on 31/12/2025"], ["08.30 Uhr"])
    together = signs_of(pages[0]) | signs_of(pages[1]) | signs_of(pages[2])
    assert together == signs_of([line for page in pages for line in page])
    assert (together.decimal, together.order) == (",", "day")


@pytest.mark.requirement("VALUE-15")
def test_a_document_that_uses_both_decimal_signs_decides_nothing() -> None:
    assert signs_of(["1.234,56 and 1,234.56"]).decimal is None
