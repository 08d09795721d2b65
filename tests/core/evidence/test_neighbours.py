"""Numbers that stand in the cited line, but as another field's; and slips of a digit."""

from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from stackdocs_mcp.core.evidence import Claim, PageText, at, elsewhere
from stackdocs_mcp.core.evidence.slips import is_slip
from stackdocs_mcp.core.model import Citation, JsonValue, Verdict
from tests.core.evidence.papers import cited, codes, laid_out, page, uncited

HEADER = [
    (10, "Pos"),
    (60, "Beschreibung"),
    (200, "Menge"),
    (300, "Preis"),
    (400, "USt."),
    (500, "Betrag"),
]
ROWS = [
    [(10, "3"), (60, "Tee, 500 g"), (205, "20"), (300, "9,90"), (400, "7 %"), (500, "198,00")],
    [(10, "5"), (60, "Salz"), (210, "2"), (300, "15,00"), (400, "19 %"), (500, "30,00")],
]
INVOICE = laid_out([HEADER, *ROWS, [(60, "zum 05.03.2018")], [(400, "Summe"), (500, "228,00")]])


@pytest.mark.requirement("EVID-NEIGHBOUR")
@pytest.mark.parametrize(
    ("value", "line", "label"),
    [
        (3, 2, "quantity"),  # the position
        (5, 3, "quantity"),
        (3, 2, "amount"),
        (7, 2, "quantity"),  # a rate
        (19, 3, "unit_price"),
        (Decimal("9.9"), 2, "quantity"),  # the price
        (20, 2, "unit_price"),  # the quantity
        (2, 3, "amount"),
        (500, 2, "quantity"),  # the size of a package
        (500, 2, "amount"),
        (198, 2, "unit_price"),  # the amount
        (5, 4, "quantity"),  # a day
    ],
)
def test_a_number_of_a_neighbouring_cell_does_not_verify(
    value: JsonValue, line: int, label: str
) -> None:
    quote = INVOICE.lines[line - 1].text
    for where in (line, quote):
        assert cited(value, where, INVOICE, label).evidence.verdict is Verdict.VALUE_DIFFERS


@pytest.mark.requirement("EVID-NEIGHBOUR")
@pytest.mark.parametrize("heading", ["Riga", "Lín.", "Lp.", "Regel", "Ligne", "N°", "Nr."])
def test_the_number_of_a_row_is_no_quantity_in_any_language(heading: str) -> None:
    invoice = laid_out([[(10, heading), *HEADER[1:]], *ROWS])

    assert cited(3, 2, invoice, "quantity").evidence.verdict is Verdict.VALUE_DIFFERS
    assert cited(20, 2, invoice, "quantity").evidence.verdict is Verdict.VERIFIED


@pytest.mark.requirement("EVID-NEIGHBOUR")
@pytest.mark.parametrize(
    ("value", "line", "label"),
    [
        (20, 2, "quantity"),
        (Decimal("9.9"), 2, "unit_price"),
        (198, 2, "amount"),
        (198, 2, "net_total"),
        (19, 3, "tax_rate"),
        (3, 2, "position"),
        (500, 2, "package"),  # nothing says that it is another's
        (30, 3, "price_of_all"),
        (228, 5, "total"),
    ],
)
def test_the_number_of_the_fields_own_column_verifies(
    value: JsonValue, line: int, label: str
) -> None:
    finding = cited(value, line, INVOICE, label)
    assert finding.evidence.verdict is Verdict.VERIFIED


@pytest.mark.requirement("EVID-NEIGHBOUR")
def test_without_a_number_in_the_own_column_another_ones_may_be_meant() -> None:
    on = laid_out([HEADER, *ROWS, [(60, "Porto"), (300, "4,90"), (400, "19 %")]])
    assert cited(Decimal("4.9"), 4, on, "amount").evidence.verdict is Verdict.VERIFIED


@pytest.mark.requirement("EVID-NEIGHBOUR")
def test_a_total_that_does_not_stand_in_the_table_is_judged_by_its_own_line() -> None:
    on = laid_out([HEADER, *ROWS, [(300, "Steuer"), (500, "43,32")]])
    assert cited(Decimal("43.32"), 4, on, "tax_total").evidence.verdict is Verdict.VERIFIED


@pytest.mark.requirement("EVID-NEIGHBOUR")
def test_the_message_says_what_the_number_is_not() -> None:
    finding = cited(3, 2, INVOICE, "quantity")
    (warning,) = finding.warnings
    assert warning.code == "value_differs"
    assert warning.message.startswith("Line 2 of page 1 has 3 only in another column")


@pytest.mark.requirement("EVID-NEIGHBOUR")
def test_without_a_citation_such_a_number_is_a_last_resort_and_said() -> None:
    assert codes(uncited(3, INVOICE, label="quantity")) == ["other_column"]
    on = laid_out([HEADER, *ROWS, [(10, "Menge gesamt: 3")]])
    finding = uncited(3, on, label="quantity")
    assert finding.evidence.place is not None
    assert (finding.evidence.place.lines, codes(finding)) == ((4,), [])


@pytest.mark.requirement("EVID-NEIGHBOUR")
@pytest.mark.parametrize(
    ("value", "label", "verdict"),
    [
        (2, "amount", Verdict.VALUE_DIFFERS),  # a quantity, though no column is an amount by name
        (3, "amount", Verdict.VALUE_DIFFERS),  # a position
        (7, "amount", Verdict.VALUE_DIFFERS),  # a rate, though it is printed without %
        (5, "quantity", Verdict.VALUE_DIFFERS),  # a price
        (10, "amount", Verdict.VERIFIED),
        (2, "quantity", Verdict.VERIFIED),
        (7, "tax_rate", Verdict.VERIFIED),
    ],
)
def test_what_a_heading_names_is_no_value_of_another_kind(
    value: int, label: str, verdict: Verdict
) -> None:
    header = [(10, "Pos"), (60, "Menge"), (200, "Preis"), (300, "MwSt-%"), (400, "Warenwert")]
    row = [(10, "3,0"), (60, "2,0000"), (200, "5,00"), (300, "7,0"), (400, "10,00")]
    assert cited(value, 2, laid_out([header, row]), label).evidence.verdict is verdict
    if label == "quantity" and verdict is Verdict.VALUE_DIFFERS:
        on = laid_out([[header[0], *header[2:]], [row[0], *row[2:]]])
        assert cited(value, 2, on, label).evidence.verdict is verdict


@pytest.mark.requirement("EVID-NEIGHBOUR")
@pytest.mark.parametrize(
    ("headings", "label"),
    [
        (("Amount", "Product", "Total"), "amount"),  # each is called as the other elsewhere
        (("Unit price", "Stock", "Net price"), "unit_price"),
    ],
)
def test_of_columns_that_are_headed_alike_each_may_be_the_fields(
    headings: tuple[str, str, str], label: str
) -> None:
    header = [(10.0, headings[0]), (150.0, headings[1]), (300.0, headings[2])]
    on = laid_out([header, [(10, "4,00"), (150, "x 1"), (300, "9,00")]])
    assert cited(9, 2, on, label).evidence.verdict is Verdict.VERIFIED


@pytest.mark.requirement("EVID-NEIGHBOUR")
def test_a_sum_below_a_table_is_not_judged_by_the_headings() -> None:
    on = laid_out([HEADER, *ROWS, [(60, "Stück gesamt"), (300, "22")]])
    assert cited(22, 4, on, "quantity").evidence.verdict is Verdict.VERIFIED


@pytest.mark.requirement("EVID-NEIGHBOUR")
@pytest.mark.parametrize(
    ("text", "label", "verdict"),
    [
        ("Ballon, etwa 500 ml", "quantity", Verdict.VALUE_DIFFERS),
        ("Ballon, Menge 500", "quantity", Verdict.VERIFIED),  # it is named there
        ("500 Ballons", "quantity", Verdict.VERIFIED),
        ("Wert EUR 500", "amount", Verdict.VERIFIED),
        ("Ballon, etwa 500 ml", "size", Verdict.VERIFIED),
    ],
)
def test_a_number_within_a_text_is_no_quantity_beside_numbers_of_their_own(
    text: str, label: str, verdict: Verdict
) -> None:
    header = [(10, "Los"), (60, "Produkt"), (250, "Ziel"), (400, "Wert")]
    on = laid_out([header, [(10, "400,00"), (60, text), (250, "0,79"), (400, "316,00")]])
    assert cited(500, 2, on, label).evidence.verdict is verdict


QUANTITIES = st.integers(1, 9999)


@pytest.mark.requirement("EVID-NEIGHBOUR")
@settings(max_examples=150, deadline=None)
@given(
    quantity=QUANTITIES, cents=st.integers(1, 10**6), position=st.integers(1, 99), data=st.data()
)
def test_no_value_of_a_row_with_one_digit_changed_holds(
    quantity: int, cents: int, position: int, data: st.DataObject
) -> None:
    price, amount = (
        f"{number / 100:.2f}".replace(".", ",") for number in (cents, cents * quantity)
    )
    row = [
        (10, str(position)),
        (60, "Tee"),
        (205, str(quantity)),
        (300, price),
        (400, "7 %"),
        (500, amount),
    ]
    on = laid_out([HEADER, row, ROWS[0], ROWS[1]])
    for label, text in (("quantity", str(quantity)), ("unit_price", price), ("amount", amount)):
        where = data.draw(st.sampled_from([n for n, char in enumerate(text) if char.isdigit()]))
        other = data.draw(st.sampled_from([one for one in "0123456789" if one != text[where]]))
        slip = Decimal((text[:where] + other + text[where + 1 :]).replace(",", "."))
        right = Decimal(text.replace(",", "."))
        assert cited(right, 2, on, label).evidence.verdict is Verdict.VERIFIED
        assert not cited(slip, 2, on, label).evidence.verdict.holds


PAGE = page(["Total 1.250,00", "Order RE-2018/77 of 05.03.2018", "Other 1.256,00", "RE-2018/78"])


@pytest.mark.requirement("EVID-SLIP")
@pytest.mark.parametrize(
    ("value", "line"),
    [(Decimal(1256), 1), ("RE-2018/78", 2), ("2018-03-06", 2), (Decimal("0.5"), 5)],
)
def test_a_slip_of_a_digit_is_no_other_line(value: JsonValue, line: int) -> None:
    on = page([*(line.text for line in PAGE.lines), "of 06.03.2018 for 9,5", "or 0,5"])
    finding = cited(value, line, on)
    assert finding.evidence.verdict is Verdict.VALUE_DIFFERS
    assert finding.settled
    assert len(finding.evidence.others) == 1
    assert "has that" in finding.warnings[0].message


@pytest.mark.requirement("EVID-SLIP")
def test_a_slip_of_a_digit_is_no_other_page() -> None:
    claim = Claim(Decimal(1256), citation=Citation(1, (1,)))
    first = at(claim, page(["Total 1.250,00"]))
    assert (first.evidence.verdict, first.settled) == (Verdict.VALUE_DIFFERS, True)


@pytest.mark.requirement("EVID-SLIP")
def test_a_slip_in_a_value_that_is_quoted_rightly_is_no_other_line() -> None:
    assert cited(Decimal(1256), "Total 1.250,00", PAGE).evidence.verdict is Verdict.VALUE_DIFFERS
    on = page(["Total 1.250,00 of 1.256,00"])  # beside the quote, in its line
    assert cited(Decimal(1256), "Total 1.250,00", on).evidence.verdict is Verdict.VALUE_DIFFERS


numbers = st.decimals(0, 10**6, places=2)


@pytest.mark.requirement("EVID-SLIP")
@given(one=numbers, data=st.data())
def test_one_digit_is_what_is_written_below_each_other(one: Decimal, data: st.DataObject) -> None:
    text = f"{one:.2f}"
    where = data.draw(st.sampled_from([n for n, char in enumerate(text) if char.isdigit()]))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != text[where]]))
    slip = Decimal(text[:where] + other + text[where + 1 :])
    on = PageText(1, page([f"x {slip:.2f} y"]).lines)
    assert is_slip(Claim(one), on)
    assert not is_slip(Claim(slip), on)


@pytest.mark.requirement("EVID-SLIP")
def test_a_number_with_the_other_sign_does_not_stand_for_a_slip_of_one_with_the_right_sign() -> (
    None
):
    line = "ZS997 2 Stk. 1,00 -5,00"
    assert cited(-1, 1, page([line])).evidence.verdict is Verdict.VALUE_DIFFERS
    finding = cited(-2, 1, page(["Rabatt 2 Stk. 1,00 5,00"]))
    assert finding.evidence.verdict is Verdict.FUZZY


@pytest.mark.requirement("EVID-06")
def test_the_number_that_is_nearest_on_another_page_is_told_with_its_line() -> None:
    claim = Claim(Decimal(1250), citation=Citation(1, (1,)))
    pages = [page(["Total 90,00"]), page(["Sum 3,00", "Total 1.256,00"], number=2)]
    finding = elsewhere(claim, at(claim, pages[0]), pages)
    assert finding.evidence.verdict is Verdict.VALUE_DIFFERS
    assert finding.warnings[0].message.endswith("Line 2 of page 2 has 1.256,00.")
    assert finding.warnings[0].message.startswith("Line 1 of page 1 has 90,00, not 1250;")
