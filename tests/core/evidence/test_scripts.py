# ruff: noqa: RUF001  letters and digits of other scripts are meant
"""Values stand on pages in the digits, signs and calendars of their own language."""

from decimal import Decimal

import pytest

from stackdocs_mcp.core.model import JsonValue, Verdict
from tests.core.evidence.papers import cited, page, uncited

PAGE = [
    "المجموع ١٬٢٣٤٫٥٠ ر.س.",
    "التاريخ ٤ مارس ٢٠٢٦",
    "合計 １２，３４５円",
    "発行日 令和8年3月5日",
    "売上高 1億2,000万円",
    "営業損失 ▲4,321",
    'סה"כ לתשלום \u200e-2,345.60 ש"ח',
    "תאריך: 6 במרץ 2026",
    "Summe\u00a07\u202f654,30\u00a0€",
    "Montant \u22128\u202f765,43 €",
    "Data 7 III 2026 r.",
    "مبلغ ۹٬۸۷۶",
    "Revenue $1.25M",
    "Umsatz 3,75 M€",
    "Staff 12k",
]


@pytest.mark.requirement("VALUE-24")
@pytest.mark.parametrize(
    ("line", "value", "kind"),
    [
        (1, Decimal("1234.5"), ""),
        (2, "2026-03-04", "date"),
        (3, 12345, ""),
        (4, "2026-03-05", "date"),
        (5, 120_000_000, ""),
        (6, -4321, ""),
        (7, Decimal("-2345.6"), ""),
        (8, "2026-03-06", "date"),
        (9, Decimal("7654.3"), ""),
        (10, Decimal("-8765.43"), ""),
        (11, "2026-03-07", "date"),
        (12, 9876, ""),
        (13, 1_250_000, ""),
        (14, 3_750_000, ""),
        (15, 12_000, ""),
    ],
)
def test_a_value_in_another_script_is_verified_in_its_line(
    line: int, value: JsonValue, kind: str
) -> None:
    assert cited(value, line, page(PAGE), kind=kind).evidence.verdict is Verdict.VERIFIED


@pytest.mark.requirement("VALUE-24")
@pytest.mark.parametrize(
    ("line", "value"),
    [(1, Decimal("1234.6")), (3, 12346), (5, 120_000_001), (7, Decimal("-2345.7")), (12, 9877)],
)
def test_one_digit_more_or_less_is_not_verified(line: int, value: JsonValue) -> None:
    assert cited(value, line, page(PAGE)).evidence.verdict is not Verdict.VERIFIED


@pytest.mark.requirement("VALUE-24")
def test_the_quote_is_what_the_page_prints() -> None:
    place = uncited(Decimal("1234.5"), page(PAGE)).evidence.place
    assert place is not None
    assert (place.lines, place.quote) == ((1,), "١٬٢٣٤٫٥٠")


@pytest.mark.requirement("VALUE-20")
@pytest.mark.parametrize(("digit", "verdict"), [("1", "verified"), ("2", "value_differs")])
def test_the_last_of_forty_digits_counts(digit: str, verdict: str) -> None:
    number = Decimal("1234567890" * 4 + f".{digit}")
    paper = page(["Summe " + "1234567890" * 4 + ",10 EUR"])
    assert cited(number, 1, paper).evidence.verdict.value == verdict
