"""What stands beside each other on a page, and what its words are."""

import pytest

from stackdocs_mcp.core.evidence import PageText
from stackdocs_mcp.core.model import Box, Line, Page, PageSource
from stackdocs_mcp.core.rows import strips_of
from stackdocs_mcp.core.rows.strips import kind_of
from tests.core.evidence.papers import laid_out


def texts(*lines: tuple[str, float, float, float, float]) -> list[list[str]]:
    """The words of each strip of a page with these lines: text, x0, y0, x1, y1."""
    made = [Line(nth, text, Box(*box)) for nth, (text, *box) in enumerate(lines, 1)]
    page = PageText.of(Page(1, 595, 842, PageSource.OCR, tuple(made)))
    return [[token.text for token in strip.tokens] for strip in strips_of(page)]


@pytest.mark.requirement("ROWS-11")
def test_lines_at_one_height_are_one_strip_though_not_to_the_point() -> None:
    found = texts(("198,00", 400, 103, 440, 113), ("Paper", 50, 100, 90, 110))

    assert found == [["Paper", "198,00"]]


@pytest.mark.requirement("ROWS-11")
def test_lines_below_each_other_are_two_strips_whatever_stands_between() -> None:
    found = texts(
        ("Paper", 50, 100, 90, 110),
        ("Note", 300, 104, 340, 114),
        ("Ink", 50, 108, 90, 118),
    )

    assert found == [["Paper", "Note"], ["Ink"]]


@pytest.mark.requirement("ROWS-11")
def test_a_tall_line_along_the_margin_joins_no_strips() -> None:
    found = texts(
        ("Sample", 20, 90, 26, 130),
        ("Paper", 50, 100, 90, 110),
        ("Ink", 50, 112, 90, 122),
    )

    assert not any({"Paper", "Ink"} <= set(words) for words in found)


@pytest.mark.requirement("ROWS-11")
@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1.234,50", "decimal"),
        ("-5,0000", "decimal"),
        ("(45.00)", "decimal"),
        ("12,50€", "decimal"),
        ("EUR12.50", "decimal"),
        ("1,234", "integer"),
        ("19%", "integer"),
        ("#4711", "integer"),
        ("03.04.2026", "date"),
        ("2026-03-04", "date"),
        ("A4", "word"),
        ("100ml", "word"),
        ("12x3", "word"),
        ("Paper", "word"),
        ("-", "word"),
    ],
)
def test_words_are_told_from_figures(text: str, kind: str) -> None:
    assert kind_of(text) == kind


@pytest.mark.requirement("ROWS-11")
def test_a_number_with_a_space_in_it_is_one_figure() -> None:
    on = laid_out([[(10.0, "Vis"), (100.0, "25"), (200.0, "1 541,25"), (300.0, "38 531,25")]])
    (strip,) = strips_of(on)

    assert [(token.text, token.kind) for token in strip.tokens] == [
        ("Vis", "word"),
        ("25", "integer"),
        ("1541,25", "decimal"),
        ("38531,25", "decimal"),
    ]


@pytest.mark.requirement("ROWS-11")
def test_numbers_in_columns_that_stand_close_are_two_figures() -> None:
    line = Line(1, "Vis 3 174,77", Box(0, 0, 90, 10), words=((0, 15), (30, 35), (45, 75)))
    (strip,) = strips_of(PageText(1, [line]))

    assert [token.text for token in strip.tokens] == ["Vis", "3", "174,77"]
