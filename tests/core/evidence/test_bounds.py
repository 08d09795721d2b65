"""How much work a page can make, counted in calls of functions: no clock is asked."""

import sys
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from types import FrameType

import pytest

from stackdocs_mcp.core.evidence import PageText, Seen, located
from stackdocs_mcp.core.evidence.claim import Claim
from stackdocs_mcp.core.evidence.matching import MAX_MATCHES, matches
from stackdocs_mcp.core.model import JsonValue, Line
from tests.core.evidence.papers import cited, laid_out, page, uncited

FEW, MANY = 1_250, 5_000
PAGES: dict[str, Callable[[int], PageText]] = {
    "equal numbers": lambda n: page(["7 " * 20] * (n // 20)),
    "equal amounts": lambda n: page(["7,00 " * 20] * (n // 20)),
    "one line": lambda n: page(["7 " * n]),
    "letters": lambda n: page(["a"] * n),
    "dates": lambda n: page(["7.7.2017 " * 10] * (n // 10)),
    "boxes": lambda n: page(["[ ] 7 [x] a " * 10] * (n // 20)),
    "lone boxes": lambda n: page(["[x]"] * n),
    "headers": lambda n: laid_out([[(10, "ab"), (90, "cd"), (190, "ef")]] * (n // 3)),
    "tables": lambda n: laid_out(
        [[(10, "ab"), (90, "cd"), (190, "ef")], [(10, "7"), (90, "7"), (190, "7")]] * (n // 6)
    ),
    "a wide row": lambda n: laid_out([[(10 + 20 * at, "7") for at in range(n // 2)]] * 2),
    "cells without layout": lambda n: PageText(1, [Line(1, "a  " * 50)] * (n // 50)),
    "wrapping cells": lambda n: page(["a b  a b  a b"] * (n // 6)),
}
VALUES: list[JsonValue] = [
    7,
    8,
    Decimal("7.5"),
    "a b",
    "a b a b a c",
    "a a a a a a c",
    "a",
    "2017-07-07",
    True,
]


def calls(run: Callable[[], object]) -> int:
    """How many functions were called, those of the interpreter among them."""
    count = 0

    def noted(_: FrameType, event: str, __: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(noted)
    try:
        run()
    finally:
        sys.setprofile(before)
    return count


def checked(kind: str, size: int) -> None:
    """Everything that may be asked of a page, from the beginning."""
    on = PAGES[kind](size)
    for value in VALUES:
        uncited(value, on, label="quantity")
        cited(value, 1, on, label="quantity")
        cited(value, "a b", on, label="quantity")


@pytest.mark.requirement("EVID-BOUNDED")
@pytest.mark.parametrize("kind", PAGES)
def test_four_times_the_page_is_hardly_more_than_four_times_the_work(kind: str) -> None:
    few, many = (calls(partial(checked, kind, size)) for size in (FEW, MANY))
    assert many < 6 * few


@pytest.mark.requirement("EVID-BOUNDED")
@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("equal numbers", 7),
        ("equal amounts", 7),
        ("one line", 7),
        ("dates", "2017-07-07"),
        ("tables", 7),
        ("letters", "a"),
    ],
)
def test_a_page_that_is_ready_costs_no_more_for_repeating_a_value(
    kind: str, value: JsonValue
) -> None:
    def checks(on: PageText) -> int:
        uncited(value, on, label="quantity")  # everything is worked out on first use
        return calls(lambda: uncited(value, on, label="quantity"))

    few, many = (checks(PAGES[kind](size)) for size in (FEW, 2 * MANY))
    assert many < 1.5 * few


@pytest.mark.requirement("EVID-BOUNDED")
def test_no_more_places_are_looked_at_than_tell_something() -> None:
    on = PAGES["equal numbers"](MANY)
    assert len(matches(Claim(7), on)) == MAX_MATCHES


ROWS = 10


def _column(seen: Callable[[], Seen], on: PageText) -> list[object]:
    """A column of a table whose rows all say the same, each row claimed by itself."""
    return [
        located(
            Claim(
                7,
                signs=on.signs,
                labels=("quantity",),
                near=(on.place([(40 * row, 40 * row + 1)]),),
                seen=seen(),
            ),
            [on],
        )
        for row in range(ROWS)
    ]


@pytest.mark.requirement("EVID-BOUNDED")
def test_a_value_of_many_rows_is_looked_for_once() -> None:
    on = PAGES["equal numbers"](MANY)
    shared = Seen()
    _column(Seen, on)  # everything is worked out on first use
    apart = calls(lambda: _column(Seen, on))
    together = calls(lambda: _column(lambda: shared, on))
    assert 2 * together < apart


@pytest.mark.requirement("EVID-BOUNDED")
@pytest.mark.parametrize("kind", ["equal numbers", "one line", "tables"])
def test_what_others_found_before_changes_nothing(kind: str) -> None:
    on = PAGES[kind](FEW)
    shared = Seen()
    assert _column(lambda: shared, on) == _column(Seen, on)


@pytest.mark.requirement("EVID-BOUNDED")
def test_pieces_that_stand_everywhere_are_not_tried_in_every_pairing() -> None:
    on = page(["(1 (1 (1 (1"] * 200)
    few, many = "\n".join("11"), "\n".join("1" * 12)
    matches(Claim(few), on)
    assert calls(lambda: matches(Claim(many), on)) < 12 * calls(lambda: matches(Claim(few), on))
