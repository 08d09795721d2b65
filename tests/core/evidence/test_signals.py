from decimal import Decimal

import pytest

from stackdocs_mcp.core.evidence import PageText
from stackdocs_mcp.core.model import JsonValue
from tests.core.evidence.calls import seen, table, warned
from tests.core.evidence.papers import page

ROWS = [
    ("Ordner A4", "2", "10,00"),
    ("Papier", "1", "4,50"),
    ("Toner schwarz", "3", "21,00"),
    ("Stempel", "4", "8,00"),
    ("Kleber", "5", "6,00"),
]


def fields(*values: JsonValue, name: str = "artikel") -> dict[str, JsonValue]:
    return {f"items[{number}].{name}": value for number, value in enumerate(values)}


def amounts(*values: str) -> dict[str, JsonValue]:
    return fields(*map(Decimal, values), name="betrag")


@pytest.mark.requirement("SIGN-03")
def test_values_in_their_rows_and_columns_raise_no_doubt() -> None:
    right = fields(*(row[0] for row in ROWS)) | amounts("10", "4.5", "21", "8", "6")
    assert warned(seen(right, table(*ROWS))) == {}


@pytest.mark.requirement("SIGN-03")
def test_a_value_in_another_column_than_in_all_other_rows_is_said() -> None:
    on = table(*ROWS, ("Hinweis: ab 50,00", "", ""))
    found = warned(seen(amounts("10", "4.5", "21", "8", "50"), on))
    assert found == {"items[4].betrag": ["off_column"]}


@pytest.mark.requirement("SIGN-03")
def test_of_few_rows_no_column_is_made_a_rule() -> None:
    on = table(*ROWS[:2], ("Hinweis: ab 50,00", "", ""))
    assert warned(seen(amounts("10", "4.5", "50"), on)) == {}


@pytest.mark.requirement("SIGN-03")
def test_two_tables_side_by_side_are_two_columns_and_no_outliers() -> None:
    on = page([f"{n},00".ljust(20) + f"{n + 50},00" for n in range(10, 14)])
    both = amounts("10", "60", "11", "61", "12", "62", "13", "63")
    assert warned(seen(both, on)) == {}


@pytest.mark.requirement("SIGN-04")
def test_a_text_cut_off_within_its_cell_is_said() -> None:
    cut = fields("Ordner A4", "Papier", "Toner", "Stempel", "Kleber")
    assert warned(seen(cut, table(*ROWS))) == {"items[2].artikel": ["part_of_cell"]}


@pytest.mark.requirement("SIGN-04")
def test_a_number_before_the_text_is_nothing_left_out() -> None:
    on = table(*ROWS[:2], ("3. Toner", "3", "21,00"), *ROWS[3:])
    right = fields("Ordner A4", "Papier", "Toner", "Stempel", "Kleber")
    assert warned(seen(right, on)) == {}


@pytest.mark.requirement("SIGN-04")
def test_two_fields_of_a_row_may_share_a_cell() -> None:
    right = fields("Ordner A4", "Papier", "Toner", "Stempel", "Kleber")
    right["items[2].farbe"] = "schwarz"
    assert warned(seen(right, table(*ROWS))) == {}


@pytest.mark.requirement("SIGN-04")
def test_a_text_that_takes_in_the_next_column_is_said() -> None:
    on = table(("Ordner", "Blau", "10,00"), ("Papier", "", "4,50"), *ROWS[2:])
    over = fields("Ordner Blau", "Papier", "Toner schwarz", "Stempel", "Kleber")
    assert warned(seen(over, on)) == {"items[0].artikel": ["over_cells"]}


@pytest.mark.requirement("SIGN-05")
def test_a_column_with_the_other_sign_is_said_once() -> None:
    debits = [(text, count, f"-{amount}") for text, count, amount in ROWS]
    found = seen(amounts("10", "4.5", "21", "8", "6"), table(*debits))
    assert warned(found) == {"items[0].betrag": ["sign_differs"]}
    assert "in 5 rows" in found["items[0].betrag"].finding.warnings[0].message


@pytest.mark.requirement("SIGN-05")
def test_one_value_with_the_other_sign_is_said_where_it_is() -> None:
    mixed = [*ROWS[:4], ("Kleber", "5", "-6,00")]
    found = warned(seen(amounts("10", "4.5", "21", "8", "6"), table(*mixed)))
    assert found == {"items[4].betrag": ["sign_differs"]}


TOTALS = page(["Nettobetrag: 100,00", "Umsatzsteuer: 19,00", "Gesamtbetrag: 119,00", "IBAN DE12"])
NAMES = ("net_total", "tax_total", "grand_total")


@pytest.mark.requirement("SIGN-06")
@pytest.mark.parametrize("cited", [True, False])
@pytest.mark.parametrize(
    ("name", "value", "line"), [("net_total", 119, 3), ("tax_total", 100, 1), ("net_total", 19, 2)]
)
def test_the_value_of_one_field_written_for_another_is_said(
    name: str, value: int, line: int, *, cited: bool
) -> None:
    found = seen({name: value}, TOTALS, lines={name: line} if cited else {}, beside=NAMES)
    assert warned(found) == {name: ["labelled_elsewhere"]}
    own = {"net_total": 1, "tax_total": 2}[name]
    assert found[name].finding.warnings[0].message.startswith(f"Line {own} of page 1 has the field")


@pytest.mark.requirement("SIGN-06")
def test_values_beside_their_labels_raise_no_doubt() -> None:
    right = {"net_total": 100, "tax_total": 19, "grand_total": 119}
    assert warned(seen(right, TOTALS, beside=NAMES)) == {}


@pytest.mark.requirement("SIGN-06")
@pytest.mark.parametrize(
    "on",
    [
        page(["Positionen 1-3, netto zahlbar", "19,00 ist der Anteil"]),  # no label by itself
        page(["Nettobetrag", "siehe Anlage", "19,00"]),  # nothing of the kind beside the label
        page(["Nettobetrag: 19,00", "", "Anteil", "19,00"]),  # its own value is beside it
    ],
)
def test_a_label_without_another_value_of_the_kind_raises_no_doubt(on: PageText) -> None:
    last = on.lines[-1].number
    assert warned(seen({"net_total": 19}, on, lines={"net_total": last}, beside=NAMES)) == {}


@pytest.mark.requirement("SIGN-06")
@pytest.mark.parametrize("other", ["Summe netto", "Total tax", "Total due"])
def test_the_label_of_another_amount_is_not_the_label_of_the_total(other: str) -> None:
    on = page([f"{other}: 100,00", "Rechnungswert: 119,00"])
    assert warned(seen({"grand_total": 119}, on, beside=NAMES)) == {}


@pytest.mark.requirement("SIGN-06")
def test_a_date_beside_the_label_of_an_amount_raises_no_doubt() -> None:
    on = page(["Zahlbar bis: 22.04.2026", "Offener Rest: 69,00"])
    assert warned(seen({"due": 69}, on, beside=NAMES)) == {}


@pytest.mark.requirement("SIGN-06")
@pytest.mark.parametrize(
    ("value", "label", "line"),
    [
        ("2026-03-04", "due_date", "Due date: 05.03.2026"),
        ("A-77", "order_number", "Order no: B-12"),
    ],
)
def test_dates_and_identifiers_are_told_by_their_labels_too(
    value: str, label: str, line: str
) -> None:
    on = page([line, "Somewhere else", "04.03.2026 A-77"])
    assert warned(seen({label: value}, on)) == {label: ["labelled_elsewhere"]}


@pytest.mark.requirement("SIGN-07")
def test_a_short_number_in_several_places_without_a_label_is_said() -> None:
    on = page(["5 pieces", "and 5 more", "119,00", "119,00"])
    found = seen({"weight": 5, "price": 119}, on)
    assert warned(found) == {"weight": ["several_places"]}
    assert "line 1 of page 1 and also at line 2" in found["weight"].finding.warnings[0].message
    assert len(found["price"].finding.evidence.others) == 1


@pytest.mark.requirement("SIGN-07")
def test_at_most_five_other_places_are_listed() -> None:
    found = seen({"weight": 5}, page(["5 x"] * 9))
    assert len(found["weight"].finding.evidence.others) == 5


TWICE: dict[str, JsonValue] = {
    "items[0].artikel": "Papier",
    "items[0].betrag": Decimal("4.5"),
    "items[1].artikel": "Papier",
    "items[1].betrag": Decimal("4.5"),
}
CITED = dict.fromkeys(TWICE, 3)


@pytest.mark.requirement("SIGN-10")
@pytest.mark.parametrize("cited", [True, False])
def test_a_row_that_is_written_twice_is_said(*, cited: bool) -> None:
    found = seen(TWICE, table(*ROWS), lines=CITED if cited else {})
    assert warned(found) == {
        "items[1].artikel": ["same_place"],
        "items[1].betrag": ["same_place"],
    }
    message = found["items[1].betrag"].finding.warnings[0].message
    assert message.startswith("Line 3 of page 1 is already what items[0] was written from")


@pytest.mark.requirement("SIGN-10")
def test_a_row_that_an_earlier_call_wrote_is_known() -> None:
    on = table(*ROWS)
    before = {one.path: one.at for one in seen(TWICE, on, lines=CITED).values() if one.at}
    first = {path: at for path, at in before.items() if path[1] == 0}
    again = {name: value for name, value in TWICE.items() if name.startswith("items[1]")}
    found = warned(seen(again, on, lines=CITED, earlier=first))
    assert set(found) == set(again)


@pytest.mark.requirement("SIGN-10")
def test_rows_that_the_page_prints_twice_raise_no_doubt() -> None:
    on = table(*ROWS[:2], ROWS[1])
    assert warned(seen(TWICE, on)) == {}
    assert warned(seen(TWICE, on, lines=CITED)) == {}


@pytest.mark.requirement("SIGN-10")
def test_rows_of_a_group_may_share_what_is_printed_once() -> None:
    shared: dict[str, JsonValue] = {
        "items[0].artikel": "Papier",
        "items[0].betrag": Decimal("4.5"),
        "items[1].artikel": "Papier",
        "items[1].betrag": Decimal(21),
    }
    assert warned(seen(shared, table(*ROWS))) == {}


@pytest.mark.requirement("SIGN-10")
def test_one_value_of_a_row_alone_may_be_said_for_several_rows() -> None:
    assert warned(seen(fields("Papier", "Papier"), table(*ROWS))) == {}
