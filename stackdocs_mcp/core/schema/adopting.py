"""Schemas that libraries write, as a stack takes them."""

import re
from collections.abc import Mapping
from typing import Any, cast

from stackdocs_mcp.core.model import JsonObject
from stackdocs_mcp.core.schema.references import at

# Pydantic writes a Decimal as a number, or a text so that no digit is lost; and the text alone for
# what it writes itself. Stacks keep numbers exactly and need no text. Its patterns are of digits,
# signs and points; some look ahead, which no engine in linear time does.
_NUMERAL = re.compile(r"(?=.*\\d)(?:\\[d.]|[\^$()?!:=|\[\]+\-.*0-9eE{},])+")
_LOOKS_AHEAD = "^(?!^[-+.]*$)"
_DATA = frozenset({"const", "default", "enum", "examples"})


def adopted(document: JsonObject) -> JsonObject:
    """The schema without what only the library that wrote it needs.

    A schema that is no more than a reference, as of a Pydantic model that has itself inside it, is
    what it refers to. A number that may come as text, as Pydantic writes a Decimal, is a number;
    ``"type": ["number", "string"]`` asks for a field that can be either.
    """
    found = document
    reference = str(document.get("$ref", ""))
    if "properties" not in document and reference.startswith("#/"):
        target = at(document, reference)
        if isinstance(target, Mapping):
            own = {name: value for name, value in document.items() if name != "$ref"}
            found = {**target, **own}
    return cast("JsonObject", _whole(found, 0))


def _whole(node: Any, depth: int) -> Any:
    if depth > 64:  # whoever checks the schema says so
        return node
    if isinstance(node, list):
        return [_whole(one, depth + 1) for one in node]
    if not isinstance(node, Mapping):
        return node
    return {
        name: value if name in _DATA else _whole(value, depth + 1)
        for name, value in _plain(dict(node)).items()
    }


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """One subschema with a number for a Decimal."""
    if _is_text(schema) and str(schema.get("pattern", "")).startswith(_LOOKS_AHEAD):
        return {**_without(schema, "pattern"), "type": "number"}
    options = schema.get("anyOf")
    if not isinstance(options, list) or not any(_is_number(one) for one in options):
        return schema
    kept = [one for one in options if not _is_bare_text(one)]
    if len(kept) > 1:
        return {**schema, "anyOf": kept}
    return {**_without(schema, "anyOf"), **kept[0]}


def _is_number(option: object) -> bool:
    return isinstance(option, Mapping) and option.get("type") == "number"


def _is_text(option: object) -> bool:
    return isinstance(option, Mapping) and option.get("type") == "string"


def _is_bare_text(option: Any) -> bool:
    """A text with nothing said of it but that it is a numeral."""
    if not _is_text(option) or not option.keys() <= {"type", "pattern"}:
        return False
    return "pattern" not in option or bool(_NUMERAL.fullmatch(str(option["pattern"])))


def _without(schema: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {other: value for other, value in schema.items() if other != name}
