"""Boxes that are ticked or not."""

import pytest
from hypothesis import given, strategies as st

from stackdocs_mcp.core.evidence import Claim, PageText, at, located
from stackdocs_mcp.core.evidence.marks import options_in
from stackdocs_mcp.core.model import Box, Citation, JsonValue, Line, Verdict
from stackdocs_mcp.core.values import Expected
from tests.core.evidence.papers import cited, page, uncited

STATES = ("single", "married", "widowed")


def choice(value: JsonValue, *lines: str, where: tuple[int, ...] = (1,)) -> Verdict:
    """The verdict on one of several states, cited."""
    claim = Claim(value, Expected(enum=STATES), citation=Citation(1, where), labels=("state",))
    return at(claim, page(lines)).evidence.verdict


@pytest.mark.requirement("EVID-TICK")
@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("[x] Yes [ ] No", True),
        ("[ ] Yes [X] No", False),
        ("Insured: [x] yes  [ ] no", True),
        ("\u2610 Ja \u2612 Nein", False),
        ("Ja \u2612 Nein \u2610", True),
        ("Insured?  Yes (x)  No ( )", True),
        ("(x) oui ( ) non", True),
        ("\u25c9 Yes \u25ef No", True),
    ],
)
def test_of_two_boxes_the_one_that_is_ticked_answers(line: str, answer: bool) -> None:
    on = page([line])
    assert cited(answer, 1, on, "insured").evidence.verdict is Verdict.VERIFIED
    assert not cited(not answer, 1, on, "insured").evidence.verdict.holds


@pytest.mark.requirement("EVID-TICK")
@pytest.mark.parametrize("line", ["[ ] Yes [ ] No", "Insured: Yes / No", "ja/nein", "oui  non"])
@pytest.mark.parametrize("value", [True, False])
def test_a_question_that_nobody_answered_answers_nothing(line: str, value: bool) -> None:
    assert cited(value, 1, page([line]), "insured").evidence.verdict is Verdict.VALUE_DIFFERS


@pytest.mark.requirement("EVID-TICK")
@pytest.mark.parametrize(
    ("value", "label", "verdict"),
    [
        (True, "insured", Verdict.VERIFIED),
        (False, "insured", Verdict.VALUE_DIFFERS),
        (False, "paid", Verdict.VERIFIED),
        (True, "paid", Verdict.VALUE_DIFFERS),
        (True, "signed", Verdict.VALUE_DIFFERS),
    ],
)
def test_of_several_boxes_the_one_with_the_fields_name_counts(
    value: bool, label: str, verdict: Verdict
) -> None:
    on = page(["[x] insured [ ] paid"])
    assert cited(value, 1, on, label).evidence.verdict is verdict


@pytest.mark.requirement("EVID-TICK")
@pytest.mark.parametrize(
    "line",
    [
        "\u2610 single \u2612 married \u2610 widowed",
        "single [ ]  married [x]  widowed [ ]",
        "State: [ ] Single [x] Married [ ] Widowed",
        "State:  single [ ]  married [x]  widowed [ ]   Name: widowed",
        "\u2610 single  \u2612 married  children  \u2610 widowed  2",
    ],
)
def test_a_choice_follows_from_the_box_that_is_ticked(line: str) -> None:
    assert choice("married", line) is Verdict.VERIFIED
    assert choice("single", line) is Verdict.VALUE_DIFFERS


@pytest.mark.requirement("EVID-TICK")
@pytest.mark.parametrize(
    ("line", "labels"),
    [
        ("[x] a b [ ] c", ["a b", "c"]),
        ("[x] a b  note  [ ] c  2", ["a b", "c"]),  # what stands apart is not of the box
        ("a [x]  c d [ ]", ["a", "c d"]),
        ("Note:  a [x]  c d [ ]  end", ["a", "c d"]),
        ("Note: [x] a [ ] c", ["a", "c"]),
        ("[x]", []),
        ("[x] [ ]", []),
    ],
)
def test_what_stands_at_a_box_is_its_text(line: str, labels: list[str]) -> None:
    assert [option.label for option in options_in([Line(1, line)])] == labels


@pytest.mark.requirement("EVID-TICK")
def test_no_choice_follows_where_nothing_is_ticked() -> None:
    assert choice("married", "[ ] single [ ] married") is Verdict.VALUE_DIFFERS
    on = page(["[ ] single [ ] married"])
    claim = Claim("married", Expected(enum=STATES), labels=("state",))
    assert located(claim, [on]).evidence.verdict is Verdict.NOT_FOUND


@pytest.mark.requirement("EVID-TICK")
def test_boxes_that_are_all_empty_are_bullets_for_a_text() -> None:
    lines = ["\u25a1 Green tea", "\u25a1 Salt"]
    assert cited("Green tea", 1, page(lines)).evidence.verdict is Verdict.VERIFIED
    assert cited("Green tea", 1, page([*lines, "\u2612 Milk"])).evidence.verdict.holds is False
    assert cited("Green", 1, page([*lines, "\u2612 Milk"])).evidence.verdict is Verdict.VERIFIED


@pytest.mark.requirement("EVID-TICK")
def test_a_box_that_is_read_as_a_line_of_its_own_is_of_the_text_beside_it() -> None:
    lines = [
        Line(1, "\u2612", Box(10, 10, 20, 20)),
        Line(2, "Insured", Box(30, 10, 80, 20)),
        Line(3, "\u2610", Box(110, 10, 120, 20)),
        Line(4, "Paid", Box(130, 10, 180, 20)),
    ]
    on = PageText(1, lines)
    for label, line, value in (("insured", 2, True), ("paid", 4, False)):
        assert cited(value, line, on, label).evidence.verdict is Verdict.VERIFIED
        assert not cited(not value, line, on, label).evidence.verdict.holds


@pytest.mark.requirement("EVID-TICK")
@given(
    labels=st.lists(st.sampled_from("abcdefgh"), min_size=2, max_size=5, unique=True),
    data=st.data(),
    is_before=st.booleans(),
)
def test_a_box_goes_with_one_text(labels: list[str], data: st.DataObject, is_before: bool) -> None:
    names = [f"{letter}alpha" for letter in labels]
    ticked = data.draw(st.sampled_from(names))
    boxes = {name: "[x]" if name == ticked else "[ ]" for name in names}
    line = "  ".join(
        f"{boxes[name]} {name}" if is_before else f"{name} {boxes[name]}" for name in names
    )
    on = page([line])
    for name in names:
        claim = Claim(name, Expected(enum=tuple(names)), citation=Citation(1, (1,)))
        assert (at(claim, on).evidence.verdict is Verdict.VERIFIED) is (name == ticked)


@pytest.mark.requirement("EVID-TICK")
def test_a_box_is_located_only_at_its_name() -> None:
    on = page(["[x] insured", "[ ] paid"])
    assert uncited(True, on, label="insured").evidence.verdict is Verdict.LOCATED
    assert uncited(True, on, label="paid").evidence.verdict is Verdict.NOT_FOUND
