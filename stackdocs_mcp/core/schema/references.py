"""Where references of a schema lead: to a place, in no circle, and not to the same place too often.

What applies to one and the same value is followed: references, combinations, conditions. A circle
of these says nothing. Combinations multiply: thirty references, each to the next one twice, are
looked at a billion times for one value. So they do from level to level, where several alternatives
have a property of one name that leads back to all of them.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from stackdocs_mcp.core.errors import InvalidSchema
from stackdocs_mcp.core.model import JsonObject
from stackdocs_mcp.core.paths import MAX_DEPTH

MAX_VISITS = 1_000
"""So many subschemas may have to be looked at for one value."""
MAX_GROWTH = 1_000_000
"""So often subschemas may have to be looked at, at any one place of a value of any depth."""
_REFERENCES = ("$ref", "$dynamicRef")
_LISTS = ("allOf", "anyOf", "oneOf")
_SINGLE = ("if", "then", "else", "not")
_BELOW = (
    *("items", "contains", "additionalProperties", "propertyNames"),
    *("unevaluatedItems", "unevaluatedProperties", "contentSchema"),
)
_MAPS = ("properties", "patternProperties", "dependentSchemas", "$defs", "definitions")


def at(document: JsonObject, pointer: str) -> Any:
    """What the document has at ``#/...``; None where it has nothing."""
    found: Any = document
    for segment in pointer.split("/")[1:]:
        name = segment.replace("~1", "/").replace("~0", "~")
        if isinstance(found, Mapping) and name in found:
            found = found[name]
        elif isinstance(found, list) and name.isascii() and name.isdigit() and len(name) < 6:
            found = found[int(name)] if int(name) < len(found) else None
        else:
            return None
    return found


def step(pointer: str, *names: str | int) -> str:
    """The pointer of a place below."""
    escaped = (str(name).replace("~", "~0").replace("/", "~1") for name in names)
    return "/".join((pointer, *escaped))


def check_references(document: JsonObject) -> None:
    """Raise InvalidSchema for a circle, for too many combinations, and for what has no end.

    Expects a schema that the dialect allows, with references that lead somewhere.
    """
    together: dict[str, Counter[str]] = {}
    for pointer, following in _walked(document, _in_place, "leads back to itself"):
        visits = sum((together[one] for one in following), Counter({pointer: 1}))
        if visits.total() > MAX_VISITS:
            raise InvalidSchema(
                f"the combinations at {pointer!r} have to be looked at more than {MAX_VISITS} times"
            )
        together[pointer] = visits
    for _ in _walked(document, _required, "requires itself without end"):
        pass
    _check_growth(document, together)


def _check_growth(document: JsonObject, together: Mapping[str, Counter[str]]) -> None:
    """Raise InvalidSchema where the visits of one place multiply with every level below."""
    visits = together["#"]
    for _ in range(MAX_DEPTH):
        below: dict[str, Counter[str]] = {}
        for pointer, count in visits.items():
            for name, child in _children(document, pointer):
                inside = below.setdefault(name, Counter())
                for other, times in together[child].items():
                    inside[other] += count * times
        anywhere = below.pop("", Counter())
        visits = anywhere + _most(below.values())
        if visits.total() > MAX_GROWTH:
            most = max(visits, key=lambda one: visits[one])
            raise InvalidSchema(
                f"the combinations at {most!r} have to be looked at ever more times, the deeper a "
                "value is; let no more than two alternatives lead back to all of them"
            )


def _most(counters: Iterable[Counter[str]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for counter in counters:
        found |= counter
    return found


def _children(document: JsonObject, pointer: str) -> Iterator[tuple[str, str]]:
    """What is one step below the schema: the step's name, empty for any step, and its pointer."""
    schema = at(document, pointer)
    if not isinstance(schema, Mapping):
        return
    for name in schema.get("properties", ()):
        yield f"/{name}", step(pointer, "properties", name)
    for name in _BELOW:
        if name in schema:
            yield "", step(pointer, name)
    for name in schema.get("patternProperties", ()):
        yield "", step(pointer, "patternProperties", name)
    for row in range(len(schema.get("prefixItems", ()))):
        yield f"[{row}", step(pointer, "prefixItems", row)


def _walked(
    document: JsonObject, following: Callable[[JsonObject, str], list[str]], circle: str
) -> Iterator[tuple[str, list[str]]]:
    """Every subschema with those that follow it, these first. Raises InvalidSchema on a circle."""
    done: set[str] = set()
    for start in subschemas(document):
        open_: dict[str, list[str]] = {}
        waiting: list[tuple[str, bool]] = [(start, True)]
        while waiting:
            pointer, entering = waiting.pop()
            if not entering:
                done.add(pointer)
                yield pointer, open_.pop(pointer)
                continue
            if pointer in done:
                continue
            if pointer in open_:
                raise InvalidSchema(f"the schema at {pointer!r} {circle}")
            open_[pointer] = following(document, pointer)
            waiting.append((pointer, False))
            waiting += [(one, True) for one in open_[pointer]]


def subschemas(document: JsonObject) -> Iterator[str]:
    """The pointers of all subschemas, also of those that only a reference finds."""
    seen: set[str] = set()
    waiting = ["#"]
    while waiting:
        pointer = waiting.pop()
        if pointer in seen:
            continue
        seen.add(pointer)
        yield pointer
        schema = at(document, pointer)
        if not isinstance(schema, Mapping):
            continue
        waiting += _in_place(document, pointer)
        waiting += [step(pointer, name) for name in _BELOW if name in schema]
        waiting += [step(pointer, name, one) for name in _MAPS for one in schema.get(name, ())]
        waiting += [
            step(pointer, "prefixItems", one) for one in range(len(schema.get("prefixItems", ())))
        ]


def _in_place(document: JsonObject, pointer: str) -> list[str]:
    """What applies to the same value as the schema at the pointer."""
    schema = at(document, pointer)
    if not isinstance(schema, Mapping):
        return []
    return [
        *(schema[name] for name in _REFERENCES if name in schema),
        *(step(pointer, name, one) for name in _LISTS for one in range(len(schema.get(name, ())))),
        *(step(pointer, name) for name in _SINGLE if name in schema),
        *(step(pointer, "dependentSchemas", one) for one in schema.get("dependentSchemas", ())),
    ]


def _required(document: JsonObject, pointer: str) -> list[str]:
    """What every value of the schema at the pointer has inside it."""
    schema = at(document, pointer)
    if not isinstance(schema, Mapping):
        return []
    found = [schema[name] for name in _REFERENCES if name in schema]
    found += [step(pointer, "allOf", one) for one in range(len(schema.get("allOf", ())))]
    if schema.get("type") == "object" or pointer == "#":
        properties = schema.get("properties", {})
        names = [name for name in schema.get("required", ()) if name in properties]
        found += [step(pointer, "properties", name) for name in names]
    if schema.get("type") == "array" and schema.get("minItems", 0) > 0 and "items" in schema:
        found.append(step(pointer, "items"))
    return found
