"""Rows that a table of a PDF has and that were not written."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from stackdocs_mcp.core.evidence import PageText
from stackdocs_mcp.core.model import Evidence, JsonValue, Leaf, Verdict
from tests.core.rows.tables import (
    EDGES,
    FIELDS,
    HEADING,
    ITEMS,
    SCHEMA,
    TOTALS,
    Draw,
    Line,
    leaf,
    lines,
    missed,
    read,
    spot,
    spots,
    written,
)
from tests.ocr.documents import both

CARRIED = ["Carried forward", "", "", "473.00"]
HALVES = (ITEMS[:2], ITEMS[2:])
WRAPPED = [
    row
    for item in ITEMS
    for row in (item, [f"  Order 4711-{len(item[0])}, delivered 3 March", "", "", ""])
]
DISCOUNTED = [
    row for item in ITEMS for row in (item, ["  Discount 2 % on the list price", "", "", ""])
]
GAPS = [["Paper, white", "20", "", "198.00"], *ITEMS[1:]]
PAYMENTS = [
    ["Method", "Reference", "Date", "Paid"],
    ["Transfer", "1020", "1.00", "100.00"],
    ["Card", "1021", "2.00", "200.00"],
    ["Cash", "1022", "3.00", "219.45"],
]

KINDS: dict[str, Sequence[Draw]] = {
    "plain": [lines([HEADING, *ITEMS])],
    "with totals below": [lines([HEADING, *ITEMS, *TOTALS])],
    "with two lines in a row": [lines([HEADING, *WRAPPED, *TOTALS], pitch=13)],
    "with a discount below each row": [lines([HEADING, *DISCOUNTED, *TOTALS], pitch=13)],
    "with an empty cell": [lines([HEADING, *GAPS, *TOTALS])],
    "without a heading": [lines([*ITEMS, *TOTALS])],
    "over two pages": [
        lines([HEADING, *HALVES[0]], top=140),
        lines([HEADING, *HALVES[1], *TOTALS], top=780),
    ],
    "with what is carried forward": [
        lines([HEADING, *HALVES[0], CARRIED], top=140),
        lines([HEADING, ["Brought forward", "", "", "473.00"], *HALVES[1], *TOTALS], top=780),
    ],
    "with taxes below": [
        lines([HEADING, *ITEMS, ["VAT full rate", "20", "500.00", "100.00"], *TOTALS])
    ],
    "before another one on the next page": [
        lines([HEADING, *ITEMS], top=140),
        lines([["Earlier order", "Count", "Value", "Sum"], ["Desk", "2", "3.00", "6.00"]], top=780),
    ],
    "above figures without a text": [lines([HEADING, *ITEMS, ["", "7", "8.00", "9.00"]])],
    "above one with more figures": [
        both(
            lines([HEADING, *ITEMS]),
            lines(
                [["Rate A", "3", "6.00", "7.00", "8.00", "9.00"]],
                top=560,
                edges=(*EDGES, 560.0, 590.0),
            ),
        )
    ],
    "above another one": [both(lines([HEADING, *ITEMS, *TOTALS]), lines(PAYMENTS, top=440))],
    "below another one": [both(lines(PAYMENTS), lines([HEADING, *ITEMS, *TOTALS], top=560))],
    "beside letters": [
        both(
            lines(
                [["Northwind Ltd", "", "", ""], ["12 Mill Road, 4020 Linz", "", "", "1.10"]], 800
            ),
            lines([HEADING, *ITEMS, *TOTALS]),
            lines([["Payable within 14 days, 2 % off within 5.", "", "", ""]], 420),
        )
    ],
}


def items_of(kind: str) -> list[Line]:
    return [list(row) for row in (GAPS if kind == "with an empty cell" else ITEMS)]


@pytest.mark.requirement("ROWS-01")
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_missed_of_a_table_that_was_written_whole(kind: str, tmp_path: Path) -> None:
    pages = read(tmp_path, *KINDS[kind])

    assert missed(pages, written(pages, items_of(kind))) == []


@pytest.mark.requirement("ROWS-02")
@pytest.mark.parametrize("left_out", range(5))
@pytest.mark.parametrize("kind", KINDS)
def test_the_line_of_a_row_that_was_left_out_is_named(
    kind: str, left_out: int, tmp_path: Path
) -> None:
    pages = read(tmp_path, *KINDS[kind])
    items = items_of(kind)
    (gone,) = items[left_out : left_out + 1]

    found = missed(pages, written(pages, [item for item in items if item is not gone]))

    assert spots(found) == [spot(pages, gone[0])]
    assert [one.path for one in found] == [("items",)]


@pytest.mark.requirement("ROWS-02")
@pytest.mark.parametrize("kind", KINDS)
def test_all_rows_but_the_one_that_was_written_are_named(kind: str, tmp_path: Path) -> None:
    pages = read(tmp_path, *KINDS[kind])
    first, *others = items_of(kind)

    found = missed(pages, written(pages, [first]))

    assert spots(found) == [spot(pages, item[0]) for item in others]


@pytest.mark.requirement("ROWS-02")
def test_a_whole_page_of_rows_is_missed_between_two_that_were_written(tmp_path: Path) -> None:
    sheets = [lines([HEADING, ITEMS[0]]), lines([HEADING, *ITEMS[1:4]]), lines([HEADING, ITEMS[4]])]
    pages = read(tmp_path, *sheets)

    found = missed(pages, written(pages, [ITEMS[0], ITEMS[4]]))

    assert spots(found) == [spot(pages, item[0]) for item in ITEMS[1:4]]


@pytest.mark.requirement("ROWS-02")
def test_rows_with_the_same_values_are_counted(tmp_path: Path) -> None:
    twins = [["Toner", "1", "80.00", "80.00"]] * 3
    pages = read(tmp_path, lines([HEADING, ITEMS[0], *twins, ITEMS[1]]))
    places = [(1, line.number) for line in pages[0].lines if line.text.startswith("Toner")]
    rows = written(pages, [ITEMS[0], ITEMS[1]])
    for nth, place in enumerate(places[:2], 2):
        rows += [
            leaf(pages, ("items", nth, "description"), "Toner", place),
            leaf(pages, ("items", nth, "amount"), Decimal(80), place),
        ]

    assert spots(missed(pages, rows)) == [places[2]]


@pytest.mark.requirement("ROWS-01")
def test_a_line_that_other_fields_stand_in_is_no_missed_row(tmp_path: Path) -> None:
    pages = read(tmp_path, lines([HEADING, *ITEMS, ["Settlement", "1", "500.00", "623.34"]]))
    place = spot(pages, "Settlement")
    whole = written(pages, ITEMS)
    said = [
        leaf(pages, ("total",), Decimal("623.34"), place),
        leaf(pages, ("net",), Decimal("500.00"), place),
    ]

    assert spots(missed(pages, whole)) == [place]
    assert missed(pages, [*whole, *said], None) == []


@pytest.mark.requirement("ROWS-03")
def test_a_list_of_which_nothing_was_written_is_looked_for_by_the_names_of_its_columns(
    tmp_path: Path,
) -> None:
    pages = read(tmp_path, *KINDS["above another one"])
    total = [leaf(pages, ("total",), "Net total", spot(pages, "Net total"))]

    found = missed(pages, total)

    assert spots(found) == [spot(pages, item[0]) for item in ITEMS]


@pytest.mark.requirement("ROWS-03")
def test_a_table_whose_columns_have_other_names_is_not_the_lists(tmp_path: Path) -> None:
    pages = read(tmp_path, lines(PAYMENTS), lines([["A letter", "", "", "12.00"]]))
    total = [leaf(pages, ("total",), "A letter", spot(pages, "A letter"))]

    assert missed(pages, total) == []


@pytest.mark.requirement("ROWS-03")
def test_a_table_that_was_written_into_another_list_is_not_missed(tmp_path: Path) -> None:
    pages = read(tmp_path, lines([HEADING, *ITEMS]))

    assert missed(pages, written(pages, ITEMS, name="goods"), SCHEMA) == []


@pytest.mark.requirement("ROWS-04")
def test_rows_that_were_picked_by_a_figure_are_a_choice(tmp_path: Path) -> None:
    rows = [
        [f"Payment {nth:02}", str(nth), "1.00", f"{amount}.00"]
        for nth, amount in enumerate([900, 20, 700, 30, 40, 800, 10, 600, 50, 950, 60, 850, 15])
    ]
    pages = read(tmp_path, lines([HEADING, *rows]))

    assert missed(pages, written(pages, [row for row in rows if len(row[3]) > 5])) == []
    assert missed(pages, written(pages, rows[:6])) != []


@pytest.mark.requirement("ROWS-04")
def test_few_rows_of_many_here_and_there_are_a_choice(tmp_path: Path) -> None:
    rows = [[f"Payment {nth:02}", str(nth), "1.00", f"{nth % 7}5.00"] for nth in range(20)]
    pages = read(tmp_path, lines([HEADING, *rows]))

    assert missed(pages, written(pages, [rows[1], rows[6], rows[11], rows[17]])) == []
    assert len(spots(missed(pages, written(pages, rows[:4])))) == 16


@pytest.mark.requirement("ROWS-05")
def test_the_message_has_places_and_no_words_of_the_document(tmp_path: Path) -> None:
    rows = [[f"Secret {nth:02}", str(nth), "1.00", f"{nth}.00"] for nth in range(1, 16)]
    pages = read(tmp_path, lines([HEADING, *rows[:10]]), lines([HEADING, *rows[10:]]))

    (found,) = missed(pages, written(pages, rows[:2]))

    assert found.message == (
        "the table of items has rows that were not written: "
        "page 1 lines 4, 5, 6, 7, 8, 9, 10, 11; page 2 lines 2, 3 and 3 more"
    )
    assert found.page == 1
    (found,) = missed(pages, written(pages, rows[1:]))
    assert found.message == "the table of items has a row that was not written: page 1 line 2"


@pytest.mark.requirement("ROWS-06")
def test_a_list_of_which_only_some_rows_are_wanted_is_left_alone(tmp_path: Path) -> None:
    pages = read(tmp_path, *KINDS["plain"])
    items = {**SCHEMA["properties"]["items"], "x-rows": "off"}
    schema = {**SCHEMA, "properties": {**SCHEMA["properties"], "items": items}}

    assert missed(pages, written(pages, ITEMS[:2]), schema) == []
    assert missed(pages, [leaf(pages, ("total",), "Stapler", spot(pages, "Stapler"))], schema) == []


@pytest.mark.requirement("ROWS-01")
def test_a_page_without_a_table_has_no_missed_rows(tmp_path: Path) -> None:
    pages: list[PageText] = read(
        tmp_path, lines([["A letter of 3 March 2026 about 4 things", "", "", ""]], edges=EDGES)
    )
    leaves = [leaf(pages, ("things", 0, "name"), "things", spot(pages, "A letter"))]

    assert missed(pages, leaves, None) == []


@pytest.mark.requirement("ROWS-02")
def test_what_stands_over_a_repeated_heading_is_the_head_of_the_page(tmp_path: Path) -> None:
    head = ["Order 4711", "2", "3.00", "6.00"]
    sheets = [lines([HEADING, *ITEMS[:2]]), lines([head, HEADING, *ITEMS[2:]])]
    pages = read(tmp_path, *sheets)

    found = missed(pages, written(pages, ITEMS[2:]))

    assert spots(found) == [spot(pages, item[0]) for item in ITEMS[:2]]


@pytest.mark.requirement("ROWS-02")
def test_rows_with_the_same_values_are_told_apart_without_a_citation(tmp_path: Path) -> None:
    twins = [["Toner", "1", "80.00", "80.00"]] * 3
    pages = read(tmp_path, lines([HEADING, ITEMS[0], *twins, ITEMS[1]]))
    rows = written(pages, [ITEMS[0], ITEMS[1]])

    def twin(nth: int) -> list[Leaf]:
        said: list[JsonValue] = ["Toner", 1, Decimal(80), Decimal(80)]
        return [
            leaf(pages, ("items", nth, field), one, None)
            for field, one in zip(FIELDS, said, strict=True)
        ]

    two, three = [*rows, *twin(2), *twin(3)], [*rows, *twin(2), *twin(3), *twin(4)]
    assert len(spots(missed(pages, two))) == 1
    assert missed(pages, three) == []


@pytest.mark.requirement("ROWS-01")
def test_a_row_whose_figures_stand_below_its_texts_is_found_by_them(tmp_path: Path) -> None:
    texts = [[f"Article {letter} in colour {letter}", "", "", ""] for letter in "ABCD"]
    rows = [row for pair in zip(texts, ITEMS, strict=False) for row in pair]
    pages = read(tmp_path, lines([HEADING, *rows]))
    leaves = [
        leaf(pages, ("items", nth, field), said, place)
        for nth, (text, item) in enumerate(zip(texts, ITEMS, strict=False))
        for field, said, place in (
            ("name", text[0][:9], spot(pages, text[0])),
            ("colour", text[0][10:], spot(pages, text[0])),
            ("whole", text[0], spot(pages, text[0])),
            ("price", Decimal(item[2]), spot(pages, item[0])),
            ("amount", Decimal(item[3]), spot(pages, item[0])),
        )
    ]

    assert missed(pages, leaves, None) == []
    assert spots(missed(pages, leaves[5:], None)) == [spot(pages, ITEMS[0][0])]


@pytest.mark.requirement("ROWS-01")
def test_a_row_is_written_although_its_values_stand_nowhere(tmp_path: Path) -> None:
    pages = read(tmp_path, lines([HEADING, *ITEMS]))
    unplaced = [
        replace(one, evidence=Evidence(Verdict.NOT_FOUND)) if one.path[1] == 2 else one
        for one in written(pages, ITEMS)
    ]

    assert missed(pages, unplaced) == []


@pytest.mark.requirement("ROWS-03")
def test_a_table_that_names_few_of_the_lists_fields_is_not_the_lists(tmp_path: Path) -> None:
    pages = read(tmp_path, lines([HEADING, *ITEMS]))
    total = [leaf(pages, ("total",), "Stapler", spot(pages, "Stapler"))]
    more = {name: {"type": "string"} for name in ("colour", "size", "origin", "weight", "kind")}
    items = SCHEMA["properties"]["items"]
    row = {"type": "object", "properties": {**items["items"]["properties"], **more}}
    schema = {"type": "object", "properties": {"items": {**items, "items": row}}}

    assert missed(pages, total, schema) == []


@pytest.mark.requirement("ROWS-02")
def test_text_along_the_margin_joins_no_rows(tmp_path: Path) -> None:
    def margin(canvas: Canvas) -> None:
        canvas.saveState()
        canvas.translate(30, 640)
        canvas.rotate(90)
        canvas.drawString(0, 0, "Sample invoice")
        canvas.restoreState()

    pages = read(tmp_path, both(margin, lines([HEADING, *ITEMS, *TOTALS], pitch=12)))

    assert missed(pages, written(pages, ITEMS)) == []
    assert spots(missed(pages, written(pages, ITEMS[1:]))) == [spot(pages, ITEMS[0][0])]
