import pytest
from hypothesis import given, strategies as st

from stackdocs_mcp.core.evidence import Standing
from stackdocs_mcp.core.model import JsonValue
from stackdocs_mcp.core.paths import parse
from tests.core.evidence.calls import line_of, looked, seen, table
from tests.core.evidence.papers import page

STATIONERY = table(
    ("Ordner", "2", "10,00"),
    ("Papier", "1", "10,00"),
    ("Toner", "2", "20,00"),
    ("Stempel", "4", "10,00"),
    ("Ordner", "4", "20,00"),
)


def row(number: int, *values: JsonValue) -> dict[str, JsonValue]:
    return {
        f"items[{number}].{name}": value
        for name, value in zip(("artikel", "menge", "betrag"), values, strict=False)
    }


@pytest.mark.requirement("SIGN-01")
def test_a_value_that_stands_in_several_rows_is_where_the_others_of_its_row_are() -> None:
    found = seen(row(0, "Stempel", 4, 10), STATIONERY)
    assert {name: line_of(one) for name, one in found.items()} == {
        "items[0].artikel": (5,),
        "items[0].menge": (5,),
        "items[0].betrag": (5,),
    }
    others = found["items[0].betrag"].finding.evidence.others
    assert [place.lines for place in others] == [(3,), (2,)]


@pytest.mark.requirement("SIGN-01")
def test_a_value_is_where_its_row_is_also_when_it_comes_before_what_tells_the_row() -> None:
    found = seen({"items[0].betrag": 10, "items[0].artikel": "Papier"}, STATIONERY)
    assert line_of(found["items[0].betrag"]) == (3,)


@pytest.mark.requirement("SIGN-01")
def test_of_two_rows_that_look_the_same_the_first_is_the_first_on_the_page() -> None:
    twice = table(("Ordner", "2", "10,00"), ("Papier", "1", "4,50"), ("Ordner", "2", "10,00"))
    found = seen(row(0, "Ordner", 2, 10) | row(1, "Ordner", 2, 10), twice)
    assert [
        line_of(found[f"items[{n}].{name}"]) for n in (0, 1) for name in ("menge", "betrag")
    ] == [
        (2,),
        (2,),
        (4,),
        (4,),
    ]


@pytest.mark.requirement("SIGN-01")
def test_a_value_twice_in_its_row_is_in_the_column_of_the_other_rows() -> None:
    same = table(("Ordner", "2", "10,00"), ("Papier", "3", "4,50"), ("Toner", "7", "7"))
    fields = row(0, "Ordner", 2, 10) | row(1, "Papier", 3) | row(2, "Toner", 7, 7)
    fields = {
        name.replace("menge", "a").replace("betrag", "b"): one for name, one in fields.items()
    }
    found = seen(fields, same)
    places = [found[f"items[2].{name}"].finding.evidence.place for name in ("a", "b")]
    assert [place.boxes[0].x0 for place in places if place is not None] == [250.0, 350.0]


@pytest.mark.requirement("SIGN-01")
def test_what_earlier_calls_wrote_tells_where_a_row_is() -> None:
    (stood,) = looked({"items[0].artikel": "Stempel"}, STATIONERY)
    earlier = {stood.path: stood.standings[0]}
    assert line_of(seen({"items[0].betrag": 10}, STATIONERY)["items[0].betrag"]) == (2,)
    found = seen({"items[0].betrag": 10}, STATIONERY, earlier=earlier)
    assert line_of(found["items[0].betrag"]) == (5,)


@pytest.mark.requirement("SIGN-01")
def test_a_cited_value_stays_where_it_is_cited() -> None:
    fields = row(0, "Stempel", 4, 10)
    found = seen(fields, STATIONERY, lines={"items[0].betrag": 2})
    assert line_of(found["items[0].betrag"]) == (2,)


@pytest.mark.requirement("SIGN-02")
@given(order=st.permutations(range(5)), known=st.integers(0, 4))
def test_seeing_values_together_twice_is_the_same(order: list[int], known: int) -> None:
    cells = [("Ordner", 2, 10), ("Papier", 1, 10), ("Toner", 2, 20), ("Stempel", 4, 10)]
    fields: dict[str, JsonValue] = {}
    for number, at in enumerate(order):
        if at < len(cells):
            fields |= row(number, *cells[at])
    one, again = seen(fields, STATIONERY), seen(fields, STATIONERY)
    assert one == again
    names = list(fields)[known : known + 1]
    earlier = {parse(name): one[name].standings[0] for name in names}
    assert {name: line_of(each) for name, each in seen(fields, STATIONERY, earlier=earlier).items()}


@pytest.mark.requirement("SIGN-02")
def test_evidence_of_a_line_that_is_gone_stands_nowhere() -> None:
    (stood,) = looked({"items[0].artikel": "Ordner"}, page(["nothing", "more", "Ordner"]))
    place = stood.standings[0].place
    assert Standing.of(page(["nothing"]), place) is None
    assert Standing.of(page(["x", "y", "z"], number=2), place) is None
