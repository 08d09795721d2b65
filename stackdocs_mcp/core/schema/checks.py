"""What a schema must be before a stack may have it: valid, local, bounded, safe to run."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from stackdocs_mcp.core import exact
from stackdocs_mcp.core.errors import BadValue, InvalidPath, InvalidSchema
from stackdocs_mcp.core.model import JsonObject
from stackdocs_mcp.core.paths import parse, pointer
from stackdocs_mcp.core.schema.references import at, check_references
from stackdocs_mcp.core.stack import REASON_CODES

MAX_BYTES = 64 * 1024
MAX_DEPTH = 48
MAX_NODES = 10_000
MAX_LARGE_PATTERNS = 10
_SMALL_BYTES = 100_000
"""A pattern that is compiled to more takes up to a tenth of a second, a smaller one nothing."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"

_DIGITS = re.compile(r"[0-9]+")
_EVIDENCE = ("require", "warn", "off", "derived")
_ROWS = ("all", "off")
_MAX_SYNONYMS = 60


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


_OURS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "x-evidence": (
        lambda value: isinstance(value, str) and value in _EVIDENCE,
        f"one of {', '.join(_EVIDENCE)}",
    ),
    "x-min-confidence": (
        lambda value: _is_number(value) and 0 <= value <= 1,
        "a number from 0 to 1",
    ),
    "x-acknowledgeable": (
        lambda value: _are_texts(value) and REASON_CODES.issuperset(value),
        f"a list of the codes {', '.join(sorted(REASON_CODES))}",
    ),
    "x-rows": (
        lambda value: isinstance(value, str) and value in _ROWS,
        f"one of {', '.join(_ROWS)}",
    ),
    "x-synonyms": (
        lambda value: _are_texts(value) and len(value) <= _MAX_SYNONYMS,
        f"a list of at most {_MAX_SYNONYMS} texts",
    ),
}
"""Our own keywords: what holds for their values, and that in words."""
_RANGES = (
    ("minimum", "maximum"),
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
)


def check(document: JsonObject) -> None:
    """Raise InvalidSchema with the first reason why this cannot be a stack's schema."""
    if len(_as_stored(document)) > MAX_BYTES:
        raise InvalidSchema(f"the schema is larger than {MAX_BYTES // 1024} KiB")
    if document.get("$schema", DIALECT) != DIALECT:
        raise InvalidSchema(f"'$schema' must be {DIALECT!r} or left out")
    if document.get("type", "object") != "object" or not isinstance(
        document.get("properties"), Mapping
    ):
        raise InvalidSchema("the schema must be an object with 'properties'")

    for count, (where, node) in enumerate(_nodes(document)):
        if count > MAX_NODES:
            raise InvalidSchema(f"the schema has more than {MAX_NODES} parts")
        _check_node(where, node)
        target = node.get("$ref")
        if isinstance(target, str) and not isinstance(at(document, target), Mapping | bool):
            raise InvalidSchema(f"the '$ref' at {where!r} leads nowhere")

    _check_patterns(document)
    _check_dialect(document)
    check_references(document)


def _as_stored(document: JsonObject) -> bytes:
    try:
        return exact.dumps(document).encode()
    except BadValue as error:
        raise InvalidSchema(f"the schema is no JSON that can be kept: {error.message}") from error


def _check_node(where: str, node: Mapping[str, Any]) -> None:
    for keyword in ("$ref", "$dynamicRef"):
        target = node.get(keyword)
        if isinstance(target, str) and not re.fullmatch(r"#(/.*)?", target):
            raise InvalidSchema(
                f"{keyword!r} at {where!r} points outside the schema; only '#/...' is followed"
            )
    for keyword in ("$id", "$anchor", "$dynamicAnchor"):
        if where != "#" and isinstance(node.get(keyword), str):
            raise InvalidSchema(f"{keyword!r} at {where!r} is not supported; use '#/$defs/...'")
    if "x-rules" in node and where != "#" and not where.endswith("/properties"):
        raise InvalidSchema(f"'x-rules' at {where!r} has no effect; rules stand at the root")
    _check_values(where, node)
    properties = node.get("properties")
    if isinstance(properties, Mapping):
        _check_names(where, properties)
    required = node.get("required")
    if isinstance(required, list):
        _check_names(where, [name for name in required if isinstance(name, str)])


def _check_values(where: str, node: Mapping[str, Any]) -> None:
    for keyword, (fits, wanted) in _OURS.items():
        if keyword in node and not fits(node[keyword]):
            raise InvalidSchema(f"{keyword!r} at {where!r} must be {wanted}")
    for low, high in _RANGES:
        if _is_number(node.get(low)) and _is_number(node.get(high)) and node[low] > node[high]:
            raise InvalidSchema(f"no value has the {low!r} and the {high!r} at {where!r}")
    if node.get("enum") == []:
        raise InvalidSchema(f"no value is one of the 'enum' at {where!r}, which is empty")


def _check_names(where: str, names: Iterable[str]) -> None:
    for name in names:
        if _DIGITS.fullmatch(name):
            raise InvalidSchema(
                f"the property name {name!r} at {where!r} cannot be told from a row number"
            )
        if not _can_be_written(name):
            raise InvalidSchema(f"no field path can have the name {name!r} at {where!r}")


def _nodes(document: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every object in the document with its pointer; not only subschemas, which is stricter.

    Raises InvalidSchema for a document that is nested too deep, in objects or in lists.
    """
    waiting: list[tuple[str, Any]] = [("#", document)]
    while waiting:
        where, node = waiting.pop()
        if where.count("/") > MAX_DEPTH:
            raise InvalidSchema(f"the schema is nested deeper than {MAX_DEPTH} levels")
        if isinstance(node, Mapping):
            yield where, node
            waiting += [(f"{where}/{name}", child) for name, child in node.items()]
        elif isinstance(node, list):
            waiting += [(f"{where}/{index}", child) for index, child in enumerate(node)]


def _can_be_written(name: str) -> bool:
    try:
        return parse(pointer((name,))) == (name,)
    except InvalidPath:
        return False


def _check_patterns(document: JsonObject) -> None:
    """Linear time is the text's length times the pattern's, which ``{1,60}`` makes sixty times."""
    large = 0
    for where, node in _nodes(document):
        named = node.get("patternProperties")
        patterns = [*named] if isinstance(named, Mapping) else []
        patterns += [node["pattern"]] if isinstance(node.get("pattern"), str) else []
        large += sum(not _is_small(pattern) for pattern in patterns)
        if large > MAX_LARGE_PATTERNS:
            raise InvalidSchema(
                f"more than {MAX_LARGE_PATTERNS} patterns take long to compile; the last one is at "
                f"{where!r}; leave out counted repetitions, and use maxLength"
            )


@lru_cache(maxsize=1024)
def _is_small(pattern: str) -> bool:
    import jsonschema_rs  # noqa: PLC0415  30 ms, only where there is a schema

    options = jsonschema_rs.RegexOptions(size_limit=_SMALL_BYTES)
    try:
        jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=options)
    except jsonschema_rs.ValidationError:
        return False
    return True


def _check_dialect(document: JsonObject) -> None:
    import jsonschema_rs  # noqa: PLC0415  30 ms, only where there is a schema

    try:
        jsonschema_rs.Draft202012Validator(
            dict(document), offline=True, pattern_options=jsonschema_rs.RegexOptions()
        )
    except jsonschema_rs.ValidationError as error:
        where = "/".join(["#", *map(str, error.instance_path)])
        if _is_pattern(error.instance_path):
            raise InvalidSchema(
                f"the pattern at {where!r} is not a regular expression that runs in linear time; "
                "look-around and back-references are not supported"
            ) from error
        raise InvalidSchema(f"not valid JSON Schema 2020-12 at {where!r}") from error


def _is_pattern(path: Sequence[str | int]) -> bool:
    """A keyword's pattern, or a name in ``patternProperties``, which is one too."""
    return path[-1:] == ["pattern"] or path[-2:-1] == ["patternProperties"]
