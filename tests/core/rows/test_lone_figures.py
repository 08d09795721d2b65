"""Lists whose rows are a text and one figure: little to know a row by, and totals look the same."""

from pathlib import Path

import pytest

from stackdocs_mcp.core.evidence import PageText
from stackdocs_mcp.core.model import Leaf
from tests.core.rows.tables import lines, missed, read, spot, spots, written
from tests.ocr.documents import both

EDGES = (60.0, 300.0)
FIELDS = ("description", "amount")
GOODS = [["Milk 1l", "1.20"], ["Rye bread", "2.50"], ["Butter", "3.10"], ["Apples 1.2 kg", "2.50"]]
ENDS = {
    "a total in words": [["TOTAL", "9.30"], ["Cash", "10.00"], ["Change", "0.70"]],
    "a total by its amount": [["Sixpack", "9.30"], ["Voucher", "9.30"], ["Points", "3.00"]],
    "a subtotal": [["Subtotal", "9.30"], ["VAT 7 %", "0.61"], ["Visa", "9.91"]],
    "nothing": [],
}


def receipt(folder: Path, rows: list[list[str]]) -> list[PageText]:
    return read(folder, lines(rows, edges=EDGES))


def goods(pages: list[PageText], rows: list[list[str]]) -> list[Leaf]:
    return written(pages, rows, name="goods", fields=FIELDS)


@pytest.mark.requirement("ROWS-01")
@pytest.mark.parametrize("end", ENDS)
def test_what_follows_the_rows_of_a_receipt_is_none_of_them(end: str, tmp_path: Path) -> None:
    pages = receipt(tmp_path, [*GOODS, *ENDS[end]])

    assert missed(pages, goods(pages, GOODS), None) == []


@pytest.mark.requirement("ROWS-02")
@pytest.mark.parametrize("left_out", range(4))
@pytest.mark.parametrize("end", ENDS)
def test_the_row_of_a_receipt_that_was_left_out_is_named(
    end: str, left_out: int, tmp_path: Path
) -> None:
    pages = receipt(tmp_path, [*GOODS, *ENDS[end]])
    left = [row for at, row in enumerate(GOODS) if at != left_out]

    found = missed(pages, goods(pages, left), None)

    assert spots(found) == [spot(pages, GOODS[left_out][0])]


@pytest.mark.requirement("ROWS-01")
def test_the_amount_of_a_single_row_is_its_total_again(tmp_path: Path) -> None:
    pages = receipt(tmp_path, [GOODS[0], ["Hand over", "1.20"], ["Card", "1.20"]])

    assert missed(pages, goods(pages, GOODS[:1]), None) == []


@pytest.mark.requirement("ROWS-01")
def test_a_figure_far_below_is_no_row(tmp_path: Path) -> None:
    far_below = lines([["Page", "1.00"]], top=60, edges=EDGES)
    pages = read(tmp_path, both(lines(GOODS, edges=EDGES), far_below))

    assert missed(pages, goods(pages, GOODS), None) == []


@pytest.mark.requirement("ROWS-01")
def test_rows_that_all_begin_with_one_word_are_told_from_others_by_it(tmp_path: Path) -> None:
    covers = [[f"Coverage {letter}", f"{100 + at}.00"] for at, letter in enumerate("ABCDE")]
    pages = receipt(tmp_path, [*covers, ["Hurricane deductible", "320.00"]])

    assert missed(pages, goods(pages, covers), None) == []
    assert spots(missed(pages, goods(pages, covers[:4]), None)) == [spot(pages, "Coverage E")]
