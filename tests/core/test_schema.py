"""The field schema: what is refused, and how a path finds its place."""

from decimal import Decimal
from typing import Any

import pytest

from stackdocs_mcp.core.errors import InvalidPath, InvalidSchema
from stackdocs_mcp.core.paths import parse
from stackdocs_mcp.core.schema import Schema


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


def one(**field: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": field}}


def fields(count: int, **field: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {f"field{n}": field for n in range(count)}}


CIRCLE = {"b": {"allOf": [{"$ref": "#/$defs/c"}]}, "c": {"anyOf": [{"$ref": "#/$defs/b"}]}}


def doubling(levels: int) -> dict[str, Any]:
    """Each definition is the next one or the next one: 2 to the levels ways."""
    following = {
        f"d{level}": {"anyOf": [{"$ref": f"#/$defs/d{level + 1}"}] * 2} for level in range(levels)
    }
    return {**one(**{"$ref": "#/$defs/d0"}), "$defs": {**following, f"d{levels}": {}}}


def branching(ways: int) -> dict[str, Any]:
    """A node of several kinds, each of which has a node: ways to the levels ways."""
    kinds = [
        {"properties": {"next": {"$ref": "#/$defs/node"}}, "title": f"{n}"} for n in range(ways)
    ]
    return {**one(**{"$ref": "#/$defs/node"}), "$defs": {"node": {"anyOf": kinds}}}


def remembering(levels: int) -> dict[str, Any]:
    """At every place another subset of the definitions applies: 2 to the levels subsets."""
    refs = [{"$ref": f"#/$defs/d{level}"} for level in range(levels + 1)]
    later = {
        f"d{level}": {"properties": {"a": refs[level + 1], "b": refs[level + 1]}}
        for level in range(1, levels)
    }
    first = {"properties": {"a": {"allOf": [refs[0], refs[1]]}, "b": refs[0]}}
    return {**first, "$defs": {"d0": first, **later, f"d{levels}": {"title": "the end"}}}


def endless(kind: str | list[str]) -> dict[str, Any]:
    """A node that requires a node."""
    node = {"type": kind, "required": ["next"], "properties": {"next": {"$ref": "#/$defs/node"}}}
    return {**one(**{"$ref": "#/$defs/node"}), "$defs": {"node": node}}


@pytest.mark.requirement("SCHEMA-02")
@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({}, "object with 'properties'"),
        ({"type": "array", "properties": {}}, "object with 'properties'"),
        ({"type": "object", "properties": []}, "object with 'properties'"),
        (one(type="strin"), "#/properties/a/type"),
        (one(type="string", minLength=-1), "#/properties/a/minLength"),
        (one(**{"$ref": "https://example.org/s.json"}), "points outside"),
        (one(**{"$ref": "other.json#/a"}), "points outside"),
        (one(**{"$ref": "#/$defs/none"}), "leads nowhere"),
        (one(**{"$id": "urn:x"}), "not supported"),
        ({**one(), "$schema": "http://json-schema.org/draft-07/schema#"}, "$schema"),
        (one(type="string", pattern="(?=a)b"), "linear time"),
        (one(type="string", pattern=r"(a)\1"), "linear time"),
        (one(type="string", pattern="("), "linear time"),
        (one(**{"x-evidence": "maybe"}), "x-evidence"),
        (one(**{"x-synonyms": "sum"}), "x-synonyms"),
        (one(**{"x-synonyms": ["sum", 5]}), "x-synonyms"),
        (one(enum=[[[[[[[[[[nested(20)]]]]]]]]]]), "deeper"),
        ({"type": "object", "properties": {"2024": {}}}, "row number"),
        ({"type": "object", "properties": {"e\u0301": {}}}, "no field path"),
        ({"type": "object", "properties": {" padded": {}}}, "no field path"),
        ({"type": "object", "properties": {"__proto__": {}}}, "no field path"),
        ({"type": "object", "properties": {}, "required": ["a\x1f"]}, "no field path"),
        (nested(40), "deeper"),
        (one(description="x" * 300_000), "larger"),
        (one(enum=list(range(2)), anyOf=[{} for _ in range(12_000)]), "parts"),
        (one(patternProperties={"(?=a)b": {}}), "linear time"),
        (one(pattern="(a{1000}){1000}"), "linear time"),
        (fields(11, pattern="^\\p{L}{1,60}$"), "patterns take long to compile"),
        (one(**{"$dynamicRef": "#node"}), "points outside"),
        (one(**{"$ref": "#/properties/a"}), "leads back to itself"),
        ({**one(**{"$ref": "#/$defs/b"}), "$defs": CIRCLE}, "leads back to itself"),
        (doubling(40), "more than 1000 times"),
        (remembering(24), "too many combinations"),
        (branching(3), "ever more times, the deeper"),
        (endless("object"), "requires itself without end"),
        ({**one(), "required": ["a", "b"]}, "requires 'b', which is none of its properties"),
        (one(type="object", required=["x"], additionalProperties=False), "at 'a' requires 'x'"),
        (one(minimum=5, maximum=4), "no value has the 'minimum' and the 'maximum'"),
        (one(minLength=5, maxLength=4), "no value has"),
        (one(enum=[]), "'enum' at '#/properties/a', which is empty"),
        (one(**{"x-evidence": []}), "x-evidence"),
        (one(**{"x-min-confidence": 1.5}), "'x-min-confidence'.*from 0 to 1"),
        (one(**{"x-min-confidence": True}), "'x-min-confidence'.*from 0 to 1"),
        (one(**{"x-acknowledgeable": ["pages"]}), "list of the codes evidence_unverified"),
        (one(**{"x-acknowledgeable": "rule"}), "list of the codes evidence_unverified"),
        (one(**{"x-synonyms": "Seller"}), "list of at most 60 texts"),
        (one(title="half \ud800"), "cannot be stored"),
        (one(title="nul \0"), "cannot be stored"),
        (one(minimum=float("nan")), "NaN"),
        (one(default=float("inf")), "Infinity"),
    ],
)
def test_a_schema_that_cannot_be_trusted_is_refused_with_the_reason(
    schema: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidSchema, match=said.replace("$", r"\$")):
        Schema.load(schema)


@pytest.mark.requirement("SCHEMA-02")
def test_a_pattern_that_backtracking_engines_hang_on_is_run_in_linear_time() -> None:
    schema = Schema.load(one(type="string", pattern="^(a+)+$"))

    assert schema.violations_at(("a",), "a" * 50_000 + "b")
    assert not schema.violations_at(("a",), "a" * 50_000)


@pytest.mark.requirement("SCHEMA-02")
@pytest.mark.parametrize(
    "schema",
    [
        one(**{"$ref": "#"}),
        endless(["object", "null"]),
        doubling(6),
        branching(2),
        one(type="object", properties={"a": {}}, unevaluatedProperties=False),
        one(**{"$dynamicRef": "#/$defs/b"}, pattern="^(a|a)*$") | {"$defs": {"b": {}}},
        {**one(type="object"), "if": {"required": ["a"]}, "then": {"properties": {"b": {}}}},
        one(minimum=4, maximum=4, exclusiveMinimum=3),
        fields(10, pattern="^\\p{L}{1,60}$"),
        fields(500, pattern="^[0-9A-Z]{2,30}$"),
        {"type": "object", "properties": {"minimum": {}, "maximum": {}, "enum": {}, "$defs": {}}},
        {"type": "object", "properties": {"required": {}, "properties": {"type": "array"}}},
    ],
)
def test_what_only_looks_dangerous_is_a_schema(schema: dict[str, Any]) -> None:
    assert Schema.load(schema).names


@pytest.mark.requirement("SCHEMA-02")
def test_a_schema_that_grows_with_every_level_names_some_of_its_fields() -> None:
    rooms = {f"room{n}": {"$ref": "#"} for n in range(20)}

    schema = Schema.load({"type": "object", "properties": {**rooms, "area": {"type": "number"}}})

    assert 0 < len(schema.names) <= 1_000
    assert schema.node(parse("room1.room2.room3.area")).expected.types == {"number"}


@pytest.mark.requirement("SCHEMA-03")
def test_a_place_that_has_itself_inside_it_is_named_once() -> None:
    schema = Schema.load(DEEP)
    noted: dict[str, Any] = {"properties": {"note": {}}}
    inner = {"allOf": [{"$ref": "#/$defs/noted"}], "properties": {"b": {}}}
    outer = {"allOf": [{"$ref": "#/$defs/noted"}], "properties": {"inner": inner}}

    assert [name for name in schema.names if name.startswith("party")] == [
        "party.name",
        "party.parent.name",
        "party.parent.parent",
    ]
    shared = Schema.load({"type": "object", "properties": {"a": outer}, "$defs": {"noted": noted}})
    assert shared.names == ("a.inner.b", "a.inner.note", "a.note")


@pytest.mark.requirement("SCHEMA-02")
def test_a_long_list_of_different_things_is_looked_through_as_a_whole() -> None:
    schema = Schema.load(one(type="array", uniqueItems=True))

    assert not schema.violations({"a": list(range(100_000))})
    assert schema.violations({"a": [*range(100_000), 99_999]})


DEEP = {
    "type": "object",
    "required": ["party", "rows"],
    "properties": {
        "party": {"$ref": "#/$defs/party"},
        "rows": {
            "type": "array",
            "items": {"allOf": [{"$ref": "#/$defs/row"}, {"properties": {"note": {}}}]},
        },
        "pair": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]},
        "open": {"type": "object", "additionalProperties": {"type": "number"}},
        "free": {"type": "object"},
        "coded": {
            "type": "object",
            "patternProperties": {"^[a-z]{2}$": {"type": "integer"}},
            "additionalProperties": False,
        },
        "either": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "a/b~c": {"type": "string", "maxLength": 2},
    },
    "$defs": {
        "party": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string", "title": "Supplier", "x-synonyms": ["Vendor"]},
                "parent": {"$ref": "#/$defs/party"},
            },
        },
        "row": {
            "type": "object",
            "required": ["amount"],
            "properties": {"amount": {"type": "number", "multipleOf": 0.01}},
        },
    },
}


@pytest.mark.requirement("SCHEMA-03")
@pytest.mark.parametrize(
    ("path", "types"),
    [
        ("party.name", {"string"}),
        ("party.parent.parent.name", {"string"}),
        ("rows[7].amount", {"number"}),
        ("rows[0].note", set()),
        ("pair[1]", {"integer"}),
        ("open.anything", {"number"}),
        ("free.what.ever[3]", set()),
        ("coded.de", {"integer"}),
        ("either", {"string", "null"}),
        ("/a~1b~0c", {"string"}),
    ],
)
def test_a_path_is_found_wherever_the_schema_describes_it(path: str, types: set[str]) -> None:
    assert Schema.load(DEEP).node(parse(path)).expected.types == types


@pytest.mark.requirement("SCHEMA-03")
@pytest.mark.parametrize(
    "path",
    [
        "party.nam",
        "rows.amount",
        "rows[0].amout",
        "pair[2]",
        "party[0]",
        "x",
        "either.x",
        "coded.deu",
    ],
)
def test_a_path_that_the_schema_does_not_have_is_refused(path: str) -> None:
    with pytest.raises(InvalidPath):
        Schema.load(DEEP).node(parse(path))


@pytest.mark.requirement("WRITE-06")
def test_the_nearest_names_are_named() -> None:
    schema = Schema.load(DEEP)

    with pytest.raises(InvalidPath) as refused:
        schema.node(parse("rows.amount"))

    assert "'rows[0].amount'" in refused.value.advice
    assert schema.node(parse("party.name")).labels == ("Supplier", "Vendor")


@pytest.mark.requirement("WRITE-13")
def test_a_value_is_judged_at_its_own_place() -> None:
    schema = Schema.load(DEEP)

    assert not schema.violations_at(parse("rows[3].amount"), Decimal("12.34"))
    (violation,) = schema.violations_at(parse("rows[3].amount"), Decimal("12.345"))
    assert violation.message == "rows[3].amount breaks multipleOf 0.01"
    (violation,) = schema.violations_at(parse("/a~1b~0c"), "long")
    assert violation.message == "/a~1b~0c breaks maxLength 2"
    assert not schema.violations_at(parse("party.parent.name"), "x")
    assert schema.violations_at(parse("party.parent.name"), 5)


@pytest.mark.requirement("WRITE-13")
@pytest.mark.parametrize(
    ("form", "value", "fits"),
    [
        ("date-time", "2026-03-05T14:30:00", True),
        ("date-time", "2026-03-05T14:30:00+01:00", True),
        ("date-time", "2026-03-05T25:30:00", False),
        ("date-time", "yesterday", False),
        ("time", "08:47", True),
        ("time", "8 o'clock", False),
        ("date", "2026-02-30", False),
        ("email", "nobody", False),
    ],
)
def test_a_time_needs_no_zone_and_other_formats_are_checked(
    form: str, value: str, fits: bool
) -> None:
    schema = Schema.load(one(type="string", format=form))

    assert (not schema.violations_at(("a",), value)) == fits


@pytest.mark.requirement("DONE-01")
def test_what_is_missing_is_named_leaf_by_leaf() -> None:
    schema = Schema.load(DEEP)

    found = {(one.code, one.path) for one in schema.violations({"rows": [{"note": "x"}]})}

    assert found == {
        ("missing_required", ("party", "name")),
        ("missing_required", ("rows", 0, "amount")),
    }
    assert {one.path for one in schema.violations({})} == {("party", "name"), ("rows",)}
