"""Arguments for tools, made from their own input schemas: valid ones, and spoilt ones.

Only the keywords that the listed schemas use are known; another one fails the test that meets it.
(hypothesis-jsonschema does the same for all of them, but has had no release since early 2024.)
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

CHARACTERS = st.characters(exclude_categories=["Cs"])
TEXT = st.text(CHARACTERS, max_size=30)
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=10,
)
_SAID = {"title", "description", "default", "$defs"}
_KNOWN = {
    "string": {"minLength", "maxLength", "pattern", "format"},
    "integer": {"minimum", "maximum"},
    "number": {"minimum", "maximum"},
    "array": {"items", "minItems", "maxItems"},
    "object": {"properties", "required", "additionalProperties"},
}
_MOST = 5
"""Items of a list: more of them find nothing new."""
_LONG = 40
_FAR = 2**70

Hints = Mapping[str, st.SearchStrategy[Any]]
"""By a property's name: values that lead further than random ones, such as the id of a document."""


def valid(schema: Mapping[str, Any], hints: Hints) -> st.SearchStrategy[Any]:
    """Whatever the schema allows."""
    return _of(schema, schema.get("$defs", {}), hints)


def spoilt(schema: Mapping[str, Any], hints: Hints) -> st.SearchStrategy[Any]:
    """What it allows, with one place of it left out, added to, or replaced by something else."""
    return st.builds(_spoil, valid(schema, hints), st.integers(0, 1_000), st.integers(0, 2), JSON)


def _of(schema: Any, known: Mapping[str, Any], hints: Hints) -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        return _of(known[schema["$ref"].removeprefix("#/$defs/")], known, hints)
    if "anyOf" in schema:
        return st.one_of([_of(one, known, hints) for one in schema["anyOf"]])
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum", [schema.get("const")]))
    types = schema.get("type", "any")
    if isinstance(types, list):
        return st.one_of([_of({**schema, "type": one}, known, hints) for one in types])
    left = schema.keys() - _SAID - {"type"} - _KNOWN.get(types, set())
    assert not left or types in ("null", "any"), f"teach this module the keywords {left}"
    return _of_type(types, schema, known, hints)


def _of_type(
    type_: str, schema: Mapping[str, Any], known: Mapping[str, Any], hints: Hints
) -> st.SearchStrategy[Any]:
    most = min(schema.get("maxItems", _MOST), _MOST)
    items = schema.get("items", {})
    made: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
        "null": st.none,
        "boolean": st.booleans,
        "integer": lambda: st.integers(schema.get("minimum", -_FAR), schema.get("maximum", _FAR)),
        "number": lambda: st.floats(schema.get("minimum", -1e300), schema.get("maximum", 1e300)),
        "string": lambda: st.text(
            CHARACTERS,
            min_size=schema.get("minLength", 0),
            max_size=min(schema.get("maxLength", _LONG), _LONG),
        ),
        "array": lambda: st.lists(
            _of(items, known, hints), min_size=schema.get("minItems", 0), max_size=most
        ),
        "object": lambda: _object(schema, known, hints),
        "any": lambda: JSON,
    }
    return made[type_]()


def _object(
    schema: Mapping[str, Any], known: Mapping[str, Any], hints: Hints
) -> st.SearchStrategy[Any]:
    members = {
        name: st.one_of(hints[name], _of(child, known, hints)) if name in hints
        else _of(child, known, hints)
        for name, child in schema.get("properties", {}).items()
    }  # fmt: skip
    required = set(schema.get("required", ()))
    found: st.SearchStrategy[Any] = st.fixed_dictionaries(
        {name: one for name, one in members.items() if name in required},
        optional={name: one for name, one in members.items() if name not in required},
    )
    if schema.get("additionalProperties", True) is False:
        return found
    return st.builds(lambda more, own: {**more, **own}, st.dictionaries(TEXT, JSON), found)


def _spoil(valid: Any, place: int, how: int, other: Any) -> Any:
    valid = deepcopy(valid)  # parts of it may be hints, which are given again
    places = list(_places(valid))
    if not places:
        return other
    parent, key = places[place % len(places)]
    if how == 0 and isinstance(parent, dict):
        del parent[key]
    elif how == 1 and isinstance(parent, dict):
        parent[f"{key}_"] = other
    else:
        parent[key] = other
    return valid


def _places(node: Any) -> Any:
    """Every member and item in it, with what holds it."""
    entries = list(node.items()) if isinstance(node, dict) else []
    entries += enumerate(node) if isinstance(node, list) else []
    for key, child in entries:
        yield node, key
        yield from _places(child)
