from decimal import Decimal

import pytest

from stackdocs_mcp.core.evidence import Claim, PageText, located
from stackdocs_mcp.core.model import Box, JsonValue, Line, Page, PageSource, Place, Verdict
from tests.core.evidence.papers import INVOICE, cited, codes, page, uncited

PAGE = page(INVOICE)


@pytest.mark.requirement("EVID-10")
@pytest.mark.parametrize(
    ("value", "label", "line"),
    [
        ("Lieferant GmbH", "vendor", 1),
        ("2018-03-05", "invoice_date", 4),
        ("2018-04-04", "due_date", 12),
        (Decimal("1529.87"), "total", 10),
        (275, "amount", 7),
    ],
)
def test_a_value_without_a_citation_is_located(value: JsonValue, label: str, line: int) -> None:
    finding = uncited(value, PAGE, label=label)
    assert finding.evidence.verdict is Verdict.LOCATED
    assert finding.evidence.place is not None
    assert finding.evidence.place.lines == (line,)
    assert codes(finding) == []


@pytest.mark.requirement("EVID-10")
@pytest.mark.parametrize(
    ("label", "line"),
    [
        ("subtotal", 1),
        ("net_total", 1),
        ("tax", 2),
        ("grandTotal", 4),
        ("shipping fee", 3),
        ("Gesamtbetrag", 4),
    ],
)
def test_of_several_places_the_label_decides(label: str, line: int) -> None:
    on = page(["Subtotal 50.00", "VAT 50.00", "Shipping 50.00", "Grand total 50.00"])
    finding = uncited(50, on, label=label)
    assert finding.evidence.place is not None
    assert finding.evidence.place.lines == (line,)
    assert len(finding.evidence.others) == 3


@pytest.mark.requirement("EVID-10")
def test_the_label_may_stand_above_in_the_column_or_left_in_the_row() -> None:
    cells = [
        Line(1, "Net", Box(50, 10, 90, 20)),
        Line(2, "Tax", Box(150, 10, 190, 20)),
        Line(3, "7.00", Box(50, 30, 90, 40)),
        Line(4, "7.00", Box(150, 30, 190, 40)),
        Line(5, "Due", Box(50, 60, 90, 70)),
        Line(6, "filler", Box(50, 80, 90, 90)),
        Line(7, "7.00", Box(250, 60, 290, 70)),
    ]
    on = PageText.of(Page(1, 595, 842, PageSource.TEXT, tuple(cells)))
    for label, line in (("net", 3), ("tax", 4), ("due", 7)):
        place = uncited(7, on, label=label).evidence.place
        assert place is not None
        assert place.lines == (line,)


@pytest.mark.requirement("EVID-10")
def test_siblings_in_a_row_decide_between_rows() -> None:
    on = page(["Tea 2 5.00", "Salt 3 5.00", "Milk 4 5.00"])
    near = Place(1, (2,), "Salt")
    place = uncited(5, on, label="amount", near=[near]).evidence.place
    assert place is not None
    assert place.lines == (2,)


@pytest.mark.requirement("EVID-10")
def test_a_value_that_stands_nowhere_is_not_found_and_the_nearest_named() -> None:
    finding = uncited(Decimal("1529.78"), page(["nothing"], number=1), page(INVOICE, number=2))
    assert finding.evidence.verdict is Verdict.NOT_FOUND
    assert "page 2 has 1.529,87" in finding.warnings[0].message


@pytest.mark.requirement("EVID-10")
@pytest.mark.parametrize("value", [5, 3, 2018, 77])
def test_a_part_of_a_date_or_order_number_is_no_place(value: int) -> None:
    on = page(["RE-2018/77 of 05/03/2018"])
    assert uncited(value, on).evidence.verdict is Verdict.NOT_FOUND


@pytest.mark.requirement("EVID-10")
def test_what_is_nearest_to_a_value_is_never_the_value() -> None:
    finding = uncited(77, page(["RE-2018/77", "RE 79"]))
    assert finding.warnings[0].message.startswith("No page has 77; line 2 of page 1 has 79")


@pytest.mark.requirement("EVID-09")
def test_a_value_that_is_only_hidden_is_said_to_be() -> None:
    finding = uncited(Decimal("99.95"), page(INVOICE, hidden=["99,95"]))
    assert finding.evidence.verdict is Verdict.HIDDEN


@pytest.mark.requirement("EVID-16")
@pytest.mark.parametrize(
    ("value", "line", "verdict"),
    [
        (True, "Paid: yes", Verdict.VERIFIED),
        (True, "[x] paid", Verdict.VERIFIED),
        (True, "\u2611 paid", Verdict.VERIFIED),
        (False, "\u2610 paid", Verdict.VERIFIED),
        (False, "bezahlt: nein", Verdict.VERIFIED),
        (False, "Paid: yes", Verdict.VALUE_DIFFERS),
        (True, "[ ] paid", Verdict.VALUE_DIFFERS),
        (False, "Invoice No. 12", Verdict.VALUE_DIFFERS),
    ],
)
def test_a_boolean_follows_from_a_word_or_a_mark(value: bool, line: str, verdict: Verdict) -> None:
    assert cited(value, 1, page([line])).evidence.verdict is verdict


@pytest.mark.requirement("EVID-16")
def test_a_boolean_is_located_only_at_its_label() -> None:
    on = page(["Insured: yes", "Invoice"])
    assert uncited(True, on, label="insured").evidence.verdict is Verdict.LOCATED
    assert uncited(True, on, label="paid").evidence.verdict is Verdict.NOT_FOUND


@pytest.mark.requirement("EVID-10")
@pytest.mark.parametrize("value", [1, "1 1", "1, 1, 1", "2018-01-01", True])
def test_a_page_that_repeats_itself_without_end_still_gets_an_answer(value: JsonValue) -> None:
    on = page(["1 " * 5_000, "1/1/18 " * 1_000, "yes " * 2_000])
    for finding in (uncited(value, on, label="total"), cited(value, "1 1 1", on)):
        assert len(finding.evidence.others) <= 5


@pytest.mark.requirement("EVID-10")
@pytest.mark.parametrize("value", [None, [], {}])
def test_nothing_needs_no_place(value: JsonValue) -> None:
    assert located(Claim(value), [PAGE]).evidence.verdict is Verdict.DERIVED
