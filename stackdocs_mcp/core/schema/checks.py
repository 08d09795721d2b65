"""What a schema must be before a stack may have it: valid, local, bounded, safe to run."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from stackdocs_mcp.core import exact
from stackdocs_mcp.core.errors import BadValue, InvalidPath, InvalidSchema
from stackdocs_mcp.core.model import JsonObject
from stackdocs_mcp.core.paths import parse, pointer

MAX_BYTES = 64 * 1024
MAX_DEPTH = 48
MAX_NODES = 10_000
DIALECT = "https://json-schema.org/draft/2020-12/schema"

_DIGITS = re.compile(r"[0-9]+")
_EVIDENCE = frozenset({"require", "warn", "off", "derived"})


def check(document: JsonObject) -> None:
    """Raise InvalidSchema with the first reason why this cannot be a stack's schema."""
    if len(_text(document).encode()) > MAX_BYTES:
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
        if isinstance(target, str) and not _leads_somewhere(document, target):
            raise InvalidSchema(f"the '$ref' at {where!r} leads nowhere")

    _check_dialect(document)


def _text(document: JsonObject) -> str:
    try:
        return exact.dumps(document)
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
    evidence = node.get("x-evidence")
    if evidence is not None and evidence not in _EVIDENCE:
        raise InvalidSchema(f"'x-evidence' at {where!r} must be one of {sorted(_EVIDENCE)}")
    synonyms = node.get("x-synonyms", [])
    if not isinstance(synonyms, list) or not all(isinstance(one, str) for one in synonyms):
        raise InvalidSchema(f"'x-synonyms' at {where!r} must be a list of strings")
    properties = node.get("properties")
    if isinstance(properties, Mapping):
        _check_names(where, properties)
    required = node.get("required")
    if isinstance(required, list):
        _check_names(where, [name for name in required if isinstance(name, str)])


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


def _leads_somewhere(document: JsonObject, target: str) -> bool:
    found: Any = document
    for segment in target.split("/")[1:]:
        name = segment.replace("~1", "/").replace("~0", "~")
        if isinstance(found, Mapping) and name in found:
            found = found[name]
        elif isinstance(found, list) and _DIGITS.fullmatch(name) and int(name) < len(found):
            found = found[int(name)]
        else:
            return False
    return isinstance(found, Mapping | bool)


def _check_dialect(document: JsonObject) -> None:
    import jsonschema_rs  # noqa: PLC0415  30 ms, only where there is a schema

    try:
        jsonschema_rs.Draft202012Validator(
            dict(document), offline=True, pattern_options=jsonschema_rs.RegexOptions()
        )
    except jsonschema_rs.ValidationError as error:
        where = "/".join(["#", *map(str, error.instance_path)])
        if error.instance_path and error.instance_path[-1] == "pattern":
            raise InvalidSchema(
                f"the pattern at {where!r} is not a regular expression that runs in linear time; "
                "look-around and back-references are not supported"
            ) from error
        raise InvalidSchema(f"not valid JSON Schema 2020-12 at {where!r}") from error
