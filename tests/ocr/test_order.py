"""Reading order, from boxes alone."""

import pytest
from hypothesis import given, strategies as st

from stackdocs_mcp.ocr.order import Piece, joined, rows
from stackdocs_mcp.ocr.turn import Turn, back, size, turned

COORDINATES = st.floats(0, 500, allow_nan=False)
BOXES = st.tuples(COORDINATES, COORDINATES, st.floats(1, 200), st.floats(1, 30)).map(
    lambda box: (box[0], box[1], box[0] + box[2], box[1] + box[3])
)
TURNS: list[Turn] = [0, 90, 180, 270]


def piece(text: str, x: float, y: float, width: float = 40) -> Piece:
    return Piece(text, (x, y, x + width, y + 10))


@pytest.mark.requirement("OCR-ORDER-01")
@given(st.lists(BOXES, max_size=40))
def test_every_piece_is_read_once(boxes: list[tuple[float, float, float, float]]) -> None:
    pieces = [Piece(str(number), box) for number, box in enumerate(boxes)]

    read = [each.text for row in rows(pieces) for each in row]

    assert sorted(read, key=int) == [each.text for each in pieces]


@pytest.mark.requirement("OCR-ORDER-02")
def test_labels_stay_with_their_values() -> None:
    labels = [piece(f"label {n}", 300, 20 * n, 60) for n in range(8)]
    values = [piece(f"value {n}", 420, 20 * n + 1, 50) for n in range(8)]

    read = [joined(row) for row in rows([*values, *labels])]

    assert read == [f"label {n}  value {n}" for n in range(8)]


@pytest.mark.requirement("OCR-ORDER-02")
def test_a_table_of_two_wordy_columns_is_read_row_by_row() -> None:
    widths = (90, 200, 95, 100, 190, 90, 95, 92)
    left = [piece(f"what {n}", 0, 20 * n, width) for n, width in enumerate(widths)]
    right = [piece(f"why {n}", 260, 20 * n, width) for n, width in enumerate(widths)]

    read = [joined(row) for row in rows([*left, *right])]

    assert read == [f"what {n}  why {n}" for n in range(8)]


@pytest.mark.requirement("OCR-ORDER-03")
def test_a_gap_between_columns_is_two_spaces_and_one_between_words_is_one() -> None:
    row = [piece("Total", 0, 0), piece("due", 43, 0), piece("74.50", 200, 0)]

    assert joined(row) == "Total due  74.50"


@pytest.mark.requirement("OCR-ORDER-04")
@given(BOXES, st.sampled_from(TURNS))
def test_a_box_that_is_turned_back_is_where_it_was(
    box: tuple[float, float, float, float], degrees: Turn
) -> None:
    there = turned(box, 700, 540, degrees)

    assert turned(there, *size(700, 540, degrees), back(degrees)) == pytest.approx(box)
