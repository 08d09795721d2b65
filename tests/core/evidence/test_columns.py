"""In which column something stands, and what heads it."""

import pytest
from hypothesis import given, settings, strategies as st

from stackdocs_mcp.core.evidence import PageText
from stackdocs_mcp.core.evidence.columns import Column
from stackdocs_mcp.core.model import Box, Cell, Line, Page, PageSource, Table
from tests.core.evidence.papers import laid_out

HEADER = [(10, "Pos"), (60, "Item"), (200, "Quantity"), (300, "Unit price"), (400, "Amount")]
INVOICE = [
    [(10, "Invoice 77")],
    HEADER,
    [(10, "1"), (60, "Green tea"), (225, "20"), (330, "9.90"), (405, "198.00")],
    [(60, "loose, in a tin of 500 g")],
    [(10, "2"), (60, "Salt"), (230, "5"), (330, "1.10"), (410, "5.50")],
    [(300, "Total net"), (405, "203.50")],
]


def column(on: PageText, line: int, text: str) -> Column | None:
    """The column of a text in a line."""
    start = on.start_of(line - 1) + on.lines[line - 1].text.index(text)
    return on.column(start, start + len(text))


def heading(on: PageText, line: int, text: str) -> str:
    found = column(on, line, text)
    return found.heading if found else ""


@pytest.mark.requirement("EVID-COLUMNS")
@pytest.mark.parametrize(
    ("line", "text", "expected"),
    [
        (3, "1", "Pos"),
        (3, "Green tea", "Item"),
        (3, "20", "Quantity"),
        (3, "9.90", "Unit price"),
        (5, "5", "Quantity"),
        (5, "5.50", "Amount"),
        (6, "203.50", "Amount"),
    ],
)
def test_words_above_numbers_head_their_column(line: int, text: str, expected: str) -> None:
    assert heading(laid_out(INVOICE), line, text) == expected


@pytest.mark.requirement("EVID-COLUMNS")
def test_a_column_tells_what_stands_beside_it_in_the_row() -> None:
    found = column(laid_out(INVOICE), 3, "20")
    assert found == Column(
        "Quantity",
        (2,),
        ("Pos", "Item", "Unit price", "Amount"),
        ("1", "Green tea", "9.90", "198.00"),
        is_row=True,
    )


@pytest.mark.requirement("EVID-COLUMNS")
def test_a_total_below_a_table_is_no_row_of_it() -> None:
    found = column(laid_out(INVOICE), 6, "203.50")
    assert found is not None
    assert not found.is_row


@pytest.mark.requirement("EVID-COLUMNS")
def test_a_heading_may_stand_on_several_lines() -> None:
    rows = [[(200, "Net"), (300, "Price")], [(195, "amount"), (290, "per piece"), (400, "Tax")]]
    on = laid_out([[(10, "Item"), *rows[0]], [(10, "no."), *rows[1]], *INVOICE[2:3]])
    assert heading(on, 3, "20") == "Net amount"
    assert heading(on, 3, "9.90") == "Price per piece"


@pytest.mark.requirement("EVID-COLUMNS")
def test_headings_that_stand_close_are_parted_where_their_numbers_are() -> None:
    header = [(10, "Item"), (100, "Pieces"), (200, "Tax Net")]
    on = laid_out([header, [(10, "Tea"), (110, "2"), (203, "7"), (226, "5.00")]])
    assert heading(on, 2, "7") == "Tax"
    assert heading(on, 2, "5.00") == "Net"


@pytest.mark.requirement("EVID-COLUMNS")
def test_a_word_close_above_heads_what_is_alone_below_it() -> None:
    on = laid_out(
        [[(10, "Invoice date:"), (200, "Due")], [(15, "05.03.2018"), (200, "09.03.2018")]]
    )
    assert column(on, 2, "05.03.2018") == Column("Invoice date", (1,))
    assert column(on, 2, "09.03.2018") == Column("Due", (1,))


@pytest.mark.requirement("EVID-COLUMNS")
def test_nothing_heads_what_stands_below_numbers_or_far_below_words() -> None:
    on = laid_out([[(10, "Due")], [(200, "x")], [(200, "y")], [(200, "z")], [(10, "5.00")]])
    assert column(on, 5, "5.00") is None
    assert column(laid_out([[(10, "4.00")], [(10, "5.00")]]), 2, "5.00") is None


def tabled(header: list[Cell], *rows: list[Cell], boxes: bool = True) -> PageText:
    lines = [
        Line(
            at,
            " | ".join(cell.text for cell in row if cell.text),
            Box(0, 12 * at, 500, 12 * at + 10),
        )
        for at, row in enumerate([header, *rows], 1)
    ]
    if not boxes:
        lines = [Line(line.number, line.text) for line in lines]
    table = Table((tuple(header), *map(tuple, rows)), header_rows=1)
    return PageText.of(Page(1, 595, 842, PageSource.TEXT, tuple(lines), tables=(table,)))


def cell(text: str, line: int, columns: int = 1) -> Cell:
    return Cell(text, (line,) if text else (), columns=columns)


@pytest.mark.requirement("EVID-COLUMNS")
def test_a_table_without_layout_has_its_columns_by_order() -> None:
    on = tabled(
        [cell("Item", 1), cell("Stock", 1), cell("Price", 1)],
        [cell("Tea", 2), cell("", 2), cell("5.00", 2)],
        [cell("Salt", 3), cell("9", 3), cell("1.00", 3)],
        boxes=False,
    )
    assert heading(on, 2, "5.00") == "Price"
    assert heading(on, 3, "9") == "Stock"


@pytest.mark.requirement("EVID-COLUMNS")
def test_a_line_that_does_not_show_its_cells_has_no_columns() -> None:
    header = (cell("Item", 1), cell("Stock", 1), cell("Price", 1))
    row = (cell("Tea  5", 2), cell("9", 2), cell("1.00", 2))
    lines = (Line(1, "Item | Stock | Price"), Line(2, "Tea  5 | 9 | 1.00"))
    tables = (Table((header, row), header_rows=1),)
    on = PageText.of(Page(1, 595, 842, PageSource.TEXT, lines, tables=tables))
    assert column(on, 2, "9") is None


@pytest.mark.requirement("EVID-COLUMNS")
def test_a_line_of_very_many_words_is_no_header() -> None:
    wide = [(10.0 + 40 * at, "abc") for at in range(80)]
    on = laid_out([wide, [(left, "7") for left, _ in wide[:20]]])
    start = on.start_of(1)
    found = on.column(start, start + 1)
    assert found is None or not found.others


@pytest.mark.requirement("EVID-COLUMNS")
def test_a_cell_over_several_columns_heads_each_of_them() -> None:
    on = tabled(
        [cell("Item", 1), cell("Price", 1, columns=2), cell("Tax", 1)],
        [cell("Tea", 2), cell("4.00", 2), cell("5.00", 2), cell("7", 2)],
        boxes=False,
    )
    assert [heading(on, 2, text) for text in ("4.00", "5.00", "7")] == ["Price", "Price", "Tax"]


@pytest.mark.requirement("EVID-COLUMNS")
def test_of_cells_that_lie_on_each_other_the_narrowest_has_it() -> None:
    row = [
        Cell("Tea\nof the wide kind", (2, 3), Box(0, 24, 400, 46)),
        Cell("5.00", (2,), Box(300, 24, 320, 34)),
    ]
    lines = (
        Line(1, "Item  Price", Box(0, 12, 330, 22)),
        Line(2, "Tea  5.00", Box(0, 24, 320, 34), words=((0, 15), (300, 320))),
    )
    table = Table(((Cell("Item", (1,)), Cell("Price", (1,))), tuple(row)), header_rows=1)
    on = PageText.of(Page(1, 595, 842, PageSource.TEXT, lines, tables=(table,)))
    assert heading(on, 2, "5.00") == "Price"


@pytest.mark.requirement("EVID-COLUMNS")
def test_lines_chosen_from_a_page_keep_their_columns() -> None:
    on = laid_out(INVOICE).only([5])
    start = on.text.index("1.10")
    found = on.column(start, start + 4)
    assert found is not None
    assert found.heading == "Unit price"


WORDS = ["Alpha", "Beta", "Gamma", "Delta", "Epsilon"]


@pytest.mark.requirement("EVID-COLUMNS")
@settings(max_examples=100, deadline=None)
@given(data=st.data(), count=st.integers(3, 5), rows=st.integers(1, 8))
def test_every_number_of_a_grid_is_in_its_column(
    data: st.DataObject, count: int, rows: int
) -> None:
    lefts = [20 + 100 * at for at in range(count)]
    header = [(left, WORDS[at]) for at, left in enumerate(lefts)]
    grid = []
    for _ in range(rows):
        shift = data.draw(st.integers(0, 15))
        texts = data.draw(st.lists(st.integers(0, 9999).map(str), min_size=count, max_size=count))
        grid.append([(left + shift, text) for left, text in zip(lefts, texts, strict=True)])
    on = laid_out([[(20, "A page of numbers")], header, *grid])
    for at, row in enumerate(grid, 2):
        base = on.start_of(at)
        for name, (_, text) in zip(WORDS, row, strict=False):
            start = on.text.index(text, base)
            found = on.column(start, start + len(text))
            assert found is not None
            assert (found.heading, found.is_row) == (name, True)
            base = start + len(text)
