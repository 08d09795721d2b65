import re
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings, strategies as st

from stackdocs_mcp.core.evidence import Claim, at, elsewhere, located
from stackdocs_mcp.core.model import Box, Citation, JsonValue, Verdict
from stackdocs_mcp.core.values import Expected
from tests.core.evidence.papers import INVOICE, cited, codes, page

PAGE = page(INVOICE)
FIELDS: list[tuple[JsonValue, list[int], str]] = [
    ("Lieferant GmbH", [1], "Lieferant GmbH"),
    ("lieferant  GMBH", [1], "Lieferant GmbH"),
    ("Musterstrasse 12", [2], "Musterstraße 12"),
    ("RE-2018/77", [4], "RE-2018/77"),
    ("2018-03-05", [4], "05.03.2018"),
    (20, [6], "20"),
    (Decimal("9.9"), [6], "9,90"),
    (198, [6], "198,00"),
    (Decimal("56.87"), [9], "56,87"),
    (19, [9], "19"),
    (Decimal("0.19"), [9], "19"),
    (Decimal("1529.87"), [10], "1.529,87"),
    ("EUR", [10], "EUR"),
    ("EUR", [8], "€"),
    ("DE88200800000970375700", [11], "DE88 2008 0000 0970 3757 00"),
]
CONVENTIONS = [(",", "."), (".", ","), (" ", ","), ("'", "."), ("", ".")]


@pytest.mark.requirement("EVID-01")
@pytest.mark.parametrize(("value", "lines", "quote"), FIELDS)
def test_a_value_that_follows_from_the_cited_line_is_verified(
    value: JsonValue, lines: list[int], quote: str
) -> None:
    evidence = cited(value, lines, PAGE).evidence
    assert evidence.verdict is Verdict.VERIFIED
    assert evidence.place is not None
    assert (evidence.place.lines, evidence.place.quote) == (tuple(lines), quote)
    assert len(evidence.place.boxes) == 1


@pytest.mark.requirement("EVID-01")
@pytest.mark.parametrize(("value", "lines", "quote"), FIELDS)
def test_a_value_that_follows_from_a_quote_of_the_line_is_verified(
    value: JsonValue, lines: list[int], quote: str
) -> None:
    evidence = cited(value, INVOICE[lines[0] - 1], PAGE).evidence
    assert evidence.verdict is Verdict.VERIFIED
    assert evidence.place is not None
    assert evidence.place.quote == quote


@pytest.mark.requirement("EVID-15")
def test_the_box_is_the_values_share_of_the_lines_box() -> None:
    place = cited(20, 6, PAGE).evidence.place
    start = INVOICE[5].index("20")
    assert place is not None
    assert place.boxes == (Box(50 + 10 * start, 72, 50 + 10 * (start + 2), 82),)


def printed(cents: int, convention: tuple[str, str]) -> str:
    grouping, decimal = convention
    text = f"{Decimal(cents).scaleb(-2):,.2f}"
    return text.replace(",", "\0").replace(".", decimal).replace("\0", grouping)


amounts = st.integers(1, 10**9)


@pytest.mark.requirement("EVID-01")
@settings(max_examples=200, deadline=None)
@given(
    cents=amounts,
    convention=st.sampled_from(CONVENTIONS),
    around=st.sampled_from(["{}", "Total {} EUR", "Total: €{}", "a {} b", "({} paid)", "{}€"]),
    where=st.integers(0, len(INVOICE) - 1),
)
def test_an_amount_planted_anywhere_is_verified_in_its_line(
    cents: int, convention: tuple[str, str], around: str, where: int
) -> None:
    base = [line for line in INVOICE if "1.529" not in line]  # it groups by points, not spaces
    lines = [*base[:where], around.format(printed(cents, convention)), *base[where:]]
    evidence = cited(Decimal(cents).scaleb(-2), where + 1, page(lines)).evidence
    assert evidence.verdict is Verdict.VERIFIED
    assert evidence.place is not None
    assert evidence.place.lines == (where + 1,)


@pytest.mark.requirement("EVID-02")
@settings(max_examples=500, deadline=None)
@given(cents=amounts, convention=st.sampled_from(CONVENTIONS), data=st.data())
def test_an_amount_with_one_digit_changed_is_never_verified(
    cents: int, convention: tuple[str, str], data: st.DataObject
) -> None:
    digits = f"{cents:03}"
    at_digit = data.draw(st.integers(0, len(digits) - 1))
    other = data.draw(st.sampled_from([one for one in "0123456789" if one != digits[at_digit]]))
    slip = Decimal(int(digits[:at_digit] + other + digits[at_digit + 1 :])).scaleb(-2)
    on = page(["Total", f"{printed(cents, convention)} EUR", "Invoice of 05.03.2018, 20 pieces"])
    verdict = cited(slip, 2, on).evidence.verdict
    assert verdict is not Verdict.VERIFIED
    assert verdict is not Verdict.FUZZY or convention[0] == " "  # "1 234" may be a 1 and a 234


@pytest.mark.requirement("EVID-02")
@settings(max_examples=200, deadline=None)
@given(text=st.from_regex(r"[A-Z]{2}-?[0-9]{4,8}/[0-9]{2}", fullmatch=True), data=st.data())
def test_an_order_number_with_one_digit_changed_is_never_verified(
    text: str, data: st.DataObject
) -> None:
    at_digit = data.draw(st.sampled_from([m.start() for m in re.finditer("[0-9]", text)]))
    other = data.draw(st.sampled_from("0123456789"))
    assume(other != text[at_digit])
    slip = text[:at_digit] + other + text[at_digit + 1 :]
    finding = cited(slip, 1, page([f"Order {text} of today"]))
    assert finding.evidence.verdict is Verdict.VALUE_DIFFERS


@pytest.mark.requirement("EVID-03")
@pytest.mark.parametrize(
    ("value", "line"),
    [
        (1, "2018"),
        (1, "10"),
        (10, "1"),
        (Decimal("1234.56"), "11.234,56"),
        (Decimal("234.56"), "1.234,56"),
        (Decimal("0.5"), "10.5"),
        (56, "1.234,56"),
        (4, "A4"),
        ("EUR", "EUROPE"),
        ("A", "AB A4"),
        ("250.00", "1,250.00"),
        ("12", "12.50"),
        ("Muster", "Musterstadt"),
        ("2018-03-05", "105.03.20181"),
    ],
)
def test_nothing_is_found_inside_something_longer(value: JsonValue, line: str) -> None:
    assert cited(value, 1, page([line])).evidence.verdict is Verdict.VALUE_DIFFERS


@pytest.mark.requirement("EVID-03")
@pytest.mark.parametrize(
    ("value", "line"),
    [
        (Decimal("-141.58"), "2025-01-04,SHOP,-141.58,7075.50"),
        (Decimal("7075.5"), "2025-01-04,SHOP,-141.58,7075.50"),
        ("EUR", "EUR5,00"),
        ("EUR", "5,00EUR"),
        (5, "EUR5,00"),
        (20, "20.00%"),
        (5, "5kg"),
        (2018, "(2018)"),
        (3, "No.3"),
        (-45, "(45.00)"),
        (-45, "45,00-"),
        (-45, "\u221245"),
        (1200000, "1,2 Mio. €"),
        (Decimal("117.6471"), "Regio R4 117,6471"),
        ("A", "(A)"),
        (1234, "1 234"),
    ],
)
def test_money_units_and_brackets_end_a_word(value: JsonValue, line: str) -> None:
    assert cited(value, 1, page([line])).evidence.verdict is Verdict.VERIFIED


@pytest.mark.requirement("EVID-03")
@pytest.mark.parametrize(
    ("value", "elsewhere_on_page", "verdict"),
    [
        (234, "", Verdict.FUZZY),
        (1234, "", Verdict.VERIFIED),
        (234, "1.500,00", Verdict.VERIFIED),
        (1234, "1.500,00", Verdict.FUZZY),
        (234, "1\u00a0500,00", Verdict.FUZZY),
        (1234, "1\u00a0500,00", Verdict.VERIFIED),
    ],
)
def test_whether_a_space_groups_thousands_is_decided_by_the_document(
    value: int, elsewhere_on_page: str, verdict: Verdict
) -> None:
    on = page(["Tee 1 234,00", elsewhere_on_page])
    assert cited(value, 1, on).evidence.verdict is verdict


@pytest.mark.requirement("EVID-06")
@pytest.mark.parametrize(
    ("value", "line", "message"),
    [
        (Decimal("1529.88"), 10, "Line 10 of page 1 has 1.529,87, not 1529.88"),
        (199, 6, "Line 6 of page 1 has 198,00, not 199"),
        ("2018-03-06", 4, "Line 4 of page 1 has 2018-03-05, not 2018-03-06"),
        ("Käufer AG", 1, "Line 1 of page 1 does not have the text"),
    ],
)
def test_a_value_that_differs_is_told_from_the_nearest(
    value: JsonValue, line: int, message: str
) -> None:
    finding = cited(value, line, PAGE)
    assert finding.evidence.verdict is Verdict.VALUE_DIFFERS
    assert finding.warnings[0].message.startswith(message)


@pytest.mark.requirement("EVID-07")
@pytest.mark.parametrize("quote", ["", "Total due 99,95"])
def test_a_value_on_another_page_is_relocated(quote: str) -> None:
    other = page(["Total due 99,95 EUR"], number=2)
    citation = Citation(1, () if quote else (10,), quote)
    claim = Claim(Decimal("99.95"), citation=citation)
    finding = elsewhere(claim, at(claim, PAGE), [PAGE, other])
    assert finding.evidence.verdict is Verdict.WRONG_PAGE
    assert finding.evidence.place is not None
    assert (finding.evidence.place.page, finding.evidence.place.lines) == (2, (1,))
    assert "line 1 of page 2" in finding.warnings[0].message


@pytest.mark.requirement("EVID-07")
def test_a_value_that_no_page_has_keeps_the_verdict_of_the_cited_one() -> None:
    claim = Claim(Decimal("99.95"), citation=Citation(1, (10,)))
    first = at(claim, PAGE)
    assert not first.settled
    found = elsewhere(claim, first, [PAGE, page(["88,96"], number=2)])
    assert found == first


@pytest.mark.requirement("EVID-08")
def test_a_citation_of_a_page_alone_is_located_there() -> None:
    assert cited(473, [], PAGE).evidence.verdict is Verdict.LOCATED
    assert cited(474, [], PAGE).settled is False


@pytest.mark.requirement("EVID-08")
@pytest.mark.parametrize(
    ("value", "line", "right", "verdict"),
    [
        (473, 10, 8, Verdict.LOCATED),
        ("2018-03-05", 10, 4, Verdict.LOCATED),
        ("Lieferant GmbH", 2, 1, Verdict.VERIFIED),
    ],
)
def test_another_line_of_the_page_is_given_and_said(
    value: JsonValue, line: int, right: int, verdict: Verdict
) -> None:
    finding = cited(value, line, PAGE)
    assert finding.evidence.verdict is verdict
    assert finding.evidence.place is not None
    assert finding.evidence.place.lines == (right,)
    assert codes(finding) == ["other_line"]


@pytest.mark.requirement("EVID-17")
@pytest.mark.parametrize(("line", "verdict"), [(2, Verdict.VERIFIED), (9, Verdict.LOCATED)])
def test_a_text_far_from_the_cited_line_is_located(line: int, verdict: Verdict) -> None:
    finding = cited("Lieferant GmbH", line, PAGE)
    assert finding.evidence.verdict is verdict
    assert codes(finding) == ["other_line"]


@pytest.mark.requirement("EVID-CONCLUDED")
def test_a_choice_that_is_printed_in_other_words_is_told_as_concluded() -> None:
    on = page(["Rechnung Nr. 12"])
    expected = Expected(enum=("invoice", "credit"))
    for finding in (
        at(Claim("invoice", expected, citation=Citation(1, (1,))), on),
        at(Claim("invoice", expected, citation=Citation(1, quote="Rechnung")), on),
        located(Claim("invoice", expected), [on]),
    ):
        (warning,) = finding.warnings
        assert "x-evidence: derived" in warning.message
        assert "correct" not in warning.message
        assert not finding.evidence.verdict.holds


@pytest.mark.requirement("EVID-MANY")
@pytest.mark.parametrize(
    ("value", "label", "line"),
    [
        (Decimal(473), "grand_total", 8),
        ("Lieferant GmbH", "buyer", 1),
        (20, "quantity", 6),
        (20, "porto", 13),
    ],
)
def test_a_citation_of_a_whole_page_is_none_of_a_place(
    value: JsonValue, label: str, line: int
) -> None:
    on = page([*INVOICE, "Porto 20", "Ende"])
    finding = cited(value, range(1, 15), on, label)
    assert finding.evidence.verdict is Verdict.LOCATED
    assert codes(finding) == ["many_lines"]
    assert finding.evidence.place is not None
    assert finding.evidence.place.lines == (line,)
    assert "cite only the line" in finding.warnings[0].message


@pytest.mark.requirement("EVID-MANY")
def test_a_text_of_many_lines_may_cite_them_all() -> None:
    lines = [f"Sentence {word} of it" for word in "abcdefghijklmnop"]
    finding = cited(" ".join(lines), range(1, 17), page(lines), "terms")
    assert (finding.evidence.verdict, codes(finding)) == (Verdict.VERIFIED, [])


@pytest.mark.requirement("EVID-17")
def test_lines_that_the_page_does_not_have_are_not_found() -> None:
    finding = cited(99, 77, PAGE)
    assert finding.evidence.verdict is Verdict.NOT_FOUND
    assert "only 12" in finding.warnings[0].message


@pytest.mark.requirement("EVID-17")
def test_a_page_that_the_document_does_not_have_is_not_found() -> None:
    finding = at(Claim(99, citation=Citation(9, (1,))), None)
    assert (finding.evidence.verdict, finding.settled) == (Verdict.NOT_FOUND, False)


@pytest.mark.requirement("EVID-18")
@pytest.mark.parametrize(
    ("value", "line", "label", "code"),
    [
        (-473, 8, "discount", "sign_differs"),
        (77, 4, "", "part_of_longer"),
    ],
)
def test_an_odd_match_is_fuzzy_and_said(value: JsonValue, line: int, label: str, code: str) -> None:
    finding = cited(value, line, PAGE, label)
    assert finding.evidence.verdict is Verdict.FUZZY
    assert codes(finding) == [code]


@pytest.mark.requirement("EVID-18")
@pytest.mark.parametrize(
    ("value", "line", "label", "verdict"),
    [
        (19, "USt. 19 % 56,87", "tax_total", Verdict.VALUE_DIFFERS),
        (19, "USt. 19 %", "tax_total", Verdict.FUZZY),
        (0, "USt. 0 % 56,87", "tax_total", Verdict.FUZZY),
        (0, "Rabatt 0 % 56,87", "quantity", Verdict.VALUE_DIFFERS),
        (20, "Tee 20 9,90 198,00", "amount", Verdict.VALUE_DIFFERS),
        (20, "Tee 20 €, vorher 21,90", "amount", Verdict.VERIFIED),
        (77, "RE-2018/77 198,00", "amount", Verdict.VALUE_DIFFERS),
        (5, "Tee am 5. Mai 2018", "quantity", Verdict.VALUE_DIFFERS),
        (2018, "Tee am 5. Mai 2018", "year", Verdict.VERIFIED),
        (20180305, "Menge 20180305", "quantity", Verdict.VERIFIED),
    ],
)
def test_a_rate_a_count_and_a_part_of_something_are_no_amount_beside_one(
    value: JsonValue, line: str, label: str, verdict: Verdict
) -> None:
    assert cited(value, 1, page([line]), label).evidence.verdict is verdict


@pytest.mark.requirement("EVID-09")
@pytest.mark.parametrize("value", [Decimal("99.95"), "Hidden Ltd"])
def test_hidden_text_never_verifies(value: JsonValue) -> None:
    on = page(INVOICE, hidden=["Hidden Ltd owes 99,95"])
    for where in (13, 10, "Hidden Ltd owes 99,95"):
        evidence = cited(value, where, on).evidence
        assert evidence.verdict is Verdict.HIDDEN
