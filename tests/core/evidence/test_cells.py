"""Texts that wrap inside a column of a table."""

import pytest

from stackdocs_mcp.core.evidence import Claim, PageText, at, located
from stackdocs_mcp.core.model import Citation, Line, Verdict
from tests.core.evidence.papers import cited, laid_out

ROWS = [
    "Pos  Article  Description  Price",
    "1  TB100A4  Divider  9,90",
    "4012345  A4",
    "2  ARNR2  Insurance of persons-  5,50",
    "  accidents",
    "400005  and of things",
    "3 | X-1 | Artificial turf | 7,00",
    "green | 3 m wide",
    "Totals 15,40",
]


def page() -> PageText:
    return PageText(1, [Line(number, text) for number, text in enumerate(ROWS, 1)])


@pytest.mark.requirement("EVID-CELLS")
@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ("Divider A4", (2, 3)),
        ("divider  a4", (2, 3)),
        ("Insurance of persons-accidents and of things", (4, 5, 6)),
        ("Artificial turf green", (7, 8)),
    ],
)
def test_a_text_that_wraps_in_its_column_is_verified_on_its_lines(
    value: str, lines: tuple[int, ...]
) -> None:
    claim = Claim(value, citation=Citation(1, lines))

    finding = at(claim, page())

    assert finding.evidence.verdict is Verdict.VERIFIED
    assert finding.evidence.place is not None
    assert finding.evidence.place.lines == lines
    assert located(Claim(value), [page()]).evidence.verdict is Verdict.LOCATED


@pytest.mark.requirement("EVID-CELLS")
@pytest.mark.parametrize(
    "value",
    [
        "Divider A5",  # not there
        "Divide A4",  # part of a cell
        "Divider and of things",  # too far apart
        "Divider ARNR2 A4",  # another order
    ],
)
def test_cells_that_do_not_continue_each_other_do_not_verify(value: str) -> None:
    finding = at(Claim(value, citation=Citation(1, tuple(range(2, 7)))), page())

    assert finding.evidence.verdict is Verdict.VALUE_DIFFERS


GRASS = laid_out(
    [
        [(60, "Artful work"), (300, "9,90"), (400, "left")],
        [(20, "4012345"), (60, "of grass:"), (145, "x"), (300, "tea 9")],  # stand close
        [(60, "9,50 wide"), (300, "end")],
    ]
)


@pytest.mark.requirement("EVID-CELLS")
@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ("Artful work of grass", (1, 2)),  # it ends within a cell
        ("Artful work of grass: 9,50 wide", (1, 2, 3)),
        ("Artful work of grass: 9,50", (1, 2, 3)),
    ],
)
def test_a_cell_goes_on_below_its_beginning_where_columns_stand_close(
    value: str, lines: tuple[int, ...]
) -> None:
    place = cited(value, lines, GRASS).evidence.place
    assert cited(value, lines, GRASS).evidence.verdict is Verdict.VERIFIED
    assert place is not None
    assert place.lines == lines
    assert place.quote.endswith(value[-4:])


@pytest.mark.requirement("EVID-CELLS")
@pytest.mark.parametrize(
    "value",
    [
        "Artful work tea",  # of another column
        "Artful work of gras",  # within a word
        "Artful work of grass: 9",  # within a number
        "Artful work left",  # beside it
    ],
)
def test_what_stands_in_another_column_does_not_go_on_with_a_cell(value: str) -> None:
    assert cited(value, (1, 2, 3), GRASS).evidence.verdict is Verdict.VALUE_DIFFERS
