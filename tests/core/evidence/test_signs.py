"""Values with another sign than the printed number."""

from decimal import Decimal

import pytest

from stackdocs_mcp.core.model import Verdict
from tests.core.evidence.papers import cited, codes, laid_out, page


@pytest.mark.requirement("EVID-SIGN")
@pytest.mark.parametrize(
    ("value", "line"), [("-59.50", "Gesamt 59,50 EUR"), ("59.50", "Gesamt -59,50 EUR")]
)
def test_a_sign_that_is_printed_otherwise_differs(value: str, line: str) -> None:
    finding = cited(Decimal(value), 1, page([line]), "total")
    assert finding.evidence.verdict is Verdict.VALUE_DIFFERS
    assert "with the other sign" in finding.warnings[0].message


@pytest.mark.requirement("EVID-SIGN")
def test_a_sign_that_a_row_does_not_print_differs() -> None:
    header = [(10.0, "Artikel"), (150.0, "Menge"), (300.0, "Betrag")]
    on = laid_out([header, [(10, "Tee"), (150, "2"), (300, "9,00")]])
    assert cited(-9, 2, on, "amount").evidence.verdict is Verdict.VALUE_DIFFERS


@pytest.mark.requirement("EVID-SIGN")
@pytest.mark.parametrize(
    ("value", "label", "lines"),
    [
        ("-5", "total", ["Rabatt 5,00 EUR"]),
        ("5", "discount", ["Gesamt -5,00"]),
        ("-59.50", "total", ["Gesamt 59,50 EUR", "Gutschrift Nr. 7"]),
        ("-59.50", "total", ["Gesamt 59,50 EUR", "-"]),
        ("-59.50", "total", ["59,50", "Gesamt in EUR -"]),
        ("-59.50", "total", ["Gesamt - EUR 59,50"]),
        ("59.50", "total", ["Gesamt (59,50 EUR)"]),
    ],
)
def test_a_sign_that_documents_leave_out_or_print_apart_is_said(
    value: str, label: str, lines: list[str]
) -> None:
    finding = cited(Decimal(value), 1, page(lines), label)
    assert finding.evidence.verdict.holds
    assert codes(finding) in ([], ["sign_differs"])
