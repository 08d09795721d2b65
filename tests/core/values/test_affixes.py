# ruff: noqa: RUF001  letters and digits of other scripts are meant
"""What stands around the digits: scales, units, and marks that mean two things."""

from decimal import Decimal

import pytest

from stackdocs_mcp.core.errors import BadValue
from stackdocs_mcp.core.values import Expected, Signs, signs_of, typed

NUMBER = Expected(frozenset({"number"}))


@pytest.mark.requirement("VALUE-21")
@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("45.00 CR", "-45", "45"),
        ("45,00 S", "-45", "45"),
        ("▲1,234.5", "-1234.5", "1234.5"),
        ("¥1,234.5-", "-1234.5", "1234.5"),
        ("(3 pcs)", "-3", "3"),
        ("-,50 €", "-0.5", "0.5"),
        ("CHF -.50", "-0.5", "0.5"),
        ("1.2M", "1.2", "1200000"),
        ("2520 K", "2520", "2520000"),
        ("2 mil", "2", "2000"),
        ("1.5 billion", "1500000000", "1500000000000"),
        ("$1.5T", "1500", "1500000000000"),
    ],
)
def test_what_the_words_and_marks_around_leave_open_is_refused_with_both(
    text: str, first: str, second: str
) -> None:
    with pytest.raises(BadValue) as refused:
        typed(text, NUMBER, Signs())
    assert refused.value.code == "ambiguous_number"
    assert f"is {first}" in refused.value.message
    assert f"or {second}, and" in refused.value.message


@pytest.mark.requirement("VALUE-21")
@pytest.mark.parametrize(
    ("lines", "text", "number"),
    [
        (["損益計算書 あたり"], "▲1,234", -1234),
        (["The budget of the year"], "1.5 billion", 1_500_000_000),
        (["Das Budget für die Stadt"], "1,5 Billionen", 1_500_000_000_000),
    ],
)
def test_the_document_decides_what_they_mean(lines: list[str], text: str, number: int) -> None:
    assert typed(text, NUMBER, signs_of(lines)).value == number


@pytest.mark.requirement("VALUE-22")
@pytest.mark.parametrize(
    ("text", "number", "unit"),
    [
        ("12 kg", "12", "kilograms"),
        ("3,5 h", "3.5", "hours"),
        ("230 V", "230", "volts"),
        ("12 Stk.", "12", "pieces"),
        ("12個", "12", "pieces"),
        ("12 件", "12", "pieces"),
        ("12 יח׳", "12", "pieces"),
        ('2.5 ק"ג', "2.5", "kilograms"),
        ("١٢ قطعة", "12", "pieces"),
        ("١٢٫٥ كجم", "12.5", "kilograms"),
        ("12 szt.", "12", "pieces"),
        ("8 godzin", "8", ""),
        ("20 °C", "20", "degrees Celsius"),
        ("75 m²", "75", "square metres"),
        ("75 m2", "75", "square metres"),
        ("35 ct", "35", "hundredths of the currency"),
        ("50¢", "50", "hundredths of the currency"),
        ("kg 12,5", "12.5", "kilograms"),
        ("12 m", "12", "metres"),
        ("5 ‰", "5", "per mille"),
        ("0,27 €/kWh", "0.27", ""),
        ("12,50 EUR pro Stunde", "12.5", ""),
        ("6,5 l/100 km", "6.5", "litres"),
        ("5 Sack", "5", ""),
    ],
)
def test_the_number_is_kept_and_the_unit_reported(text: str, number: str, unit: str) -> None:
    found = typed(text, NUMBER, Signs())
    assert found.value == Decimal(number)
    assert [note.code for note in found.notes] == ["unit_dropped"]
    assert unit in found.notes[0].message


@pytest.mark.requirement("VALUE-22")
@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,2 Mio. €", "1200000"),
        ("T€ 1.234,5", "1234500"),
        ("TEUR 12,5", "12500"),
        ("12 k€", "12000"),
        ("12k", "12000"),
        ("$12K", "12000"),
        ("$1.2M", "1200000"),
        ("€ 3 bn", "3000000000"),
        ("2 mil millones", "2000000000"),
        ("3,5 tys. zł", "3500"),
        ("3.5 crore", "35000000"),
        ("2.5 מיליון", "2500000"),
        ("٢٫٥ مليون", "2500000"),
        ("12345678901234567890123456789.5 k", "12345678901234567890123456789500"),
    ],
)
def test_a_scale_multiplies_and_is_reported(text: str, number: str) -> None:
    found = typed(text, NUMBER, Signs())
    assert found.value == Decimal(number)
    assert [note.code for note in found.notes] == ["scaled"]
