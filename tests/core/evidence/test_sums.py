"""Sums beside sums: a total, what is net and the tax in the columns of one row."""

from decimal import Decimal

import pytest

from stackdocs_mcp.core.model import Verdict
from tests.core.evidence.papers import cited, codes, laid_out


def verdict(headings: str, row: str, value: str, label: str) -> Verdict:
    """The verdict on a number of the row below the headings, which are parted by bars."""
    lefts = [10.0 + 100 * at for at in range(headings.count("|") + 1)]
    header, texts = (
        list(zip(lefts, map(str.strip, line.split("|")), strict=True)) for line in (headings, row)
    )
    return cited(Decimal(value), 2, laid_out([header, texts]), label).evidence.verdict


SUMS = "Warenwert | Nettobetrag | MwSt-Betrag | MwSt-% | {}"
ROW = "1062,60 | 1056,05 | 200,65 | 19,0 | 1256,70"


@pytest.mark.requirement("EVID-SUMS")
@pytest.mark.parametrize("last", ["Endbetrag", "Endsumme", "Total", "Betrag inkl. MwSt", "Xyz"])
def test_the_total_of_a_row_of_sums_is_the_total_whatever_it_is_called(last: str) -> None:
    found = verdict(SUMS.format(last), ROW, "1256.70", "grand_total")
    assert found is Verdict.VERIFIED


@pytest.mark.requirement("EVID-SUMS")
@pytest.mark.parametrize(
    ("value", "label", "expected"),
    [
        ("200.65", "grand_total", Verdict.VALUE_DIFFERS),
        ("1056.05", "grand_total", Verdict.VALUE_DIFFERS),
        ("1056.05", "tax_total", Verdict.VALUE_DIFFERS),
        ("1062.60", "tax_total", Verdict.VALUE_DIFFERS),
        ("1256.70", "tax_total", Verdict.VALUE_DIFFERS),
        ("200.65", "net_total", Verdict.VALUE_DIFFERS),
        ("1256.70", "net_total", Verdict.VALUE_DIFFERS),
        ("200.65", "tax_total", Verdict.VERIFIED),
        ("1056.05", "net_total", Verdict.VERIFIED),
        ("1056.05", "amount", Verdict.VERIFIED),
    ],
)
def test_one_sum_is_not_another_one_of_the_same_row(
    value: str, label: str, expected: Verdict
) -> None:
    assert verdict(SUMS.format("Endbetrag"), ROW, value, label) is expected


@pytest.mark.requirement("EVID-SUMS")
def test_a_heading_that_we_do_not_know_is_doubted_and_not_refused() -> None:
    header = [(10.0, "Artikel"), (150.0, "Kaltmiete"), (300.0, "Betrag")]
    on = laid_out([header, [(10, "Laden"), (150, "412,50"), (300, "900,00")]])
    finding = cited(Decimal("412.50"), 2, on, "amount")
    assert finding.evidence.verdict is Verdict.FUZZY
    assert codes(finding) == ["unknown_heading"]
