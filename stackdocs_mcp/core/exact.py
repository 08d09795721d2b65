"""JSON as text without loss: decimals keep every digit, and what is no JSON is refused."""

import json
import math
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from json.encoder import encode_basestring
from typing import NoReturn, cast

from stackdocs_mcp.core.errors import BadValue
from stackdocs_mcp.core.model import JsonValue


def dumps(value: object) -> str:
    """Compact JSON, members in their order, decimals digit by digit, floats in shortest form.

    Raises BadValue for NaN and Infinity, for text that not every store can keep (NUL, lone
    surrogates), and for whatever JSON does not have.
    """
    parts: list[str] = []
    try:
        _write(value, parts)
    except RecursionError:
        raise BadValue("too_deep", "the value is nested too deep", "Send it flatter.") from None
    return "".join(parts)


def loads(text: str) -> JsonValue:
    """The value of a JSON text; numbers with a fraction or an exponent are Decimal.

    Raises ValueError for anything else, also for NaN and Infinity.
    """
    try:
        return cast(JsonValue, json.loads(text, parse_float=Decimal, parse_constant=_refuse))
    except InvalidOperation as error:  # an exponent beyond what Decimal has
        raise ValueError("a number is out of range") from error


def _write(value: object, parts: list[str]) -> None:
    if value is None or isinstance(value, bool):
        parts.append({None: "null", True: "true", False: "false"}[value])
    elif isinstance(value, str):
        parts.append(_text(value))
    elif isinstance(value, (int, float, Decimal)):
        parts.append(_number(value))
    elif isinstance(value, Mapping):
        _members(value, parts)
    elif isinstance(value, (list, tuple)):
        _items(value, parts)
    else:
        raise BadValue("wrong_type", "the value is no JSON", "Send text, numbers, lists, objects.")


def _members(value: Mapping[object, object], parts: list[str]) -> None:
    parts.append("{")
    for count, (name, member) in enumerate(value.items()):
        if not isinstance(name, str):
            raise BadValue("wrong_type", "a member's name is not text", "Send names as strings.")
        parts.append(f"{',' if count else ''}{_text(name)}:")
        _write(member, parts)

    parts.append("}")


def _items(value: list[object] | tuple[object, ...], parts: list[str]) -> None:
    parts.append("[")
    for count, item in enumerate(value):
        if count:
            parts.append(",")
        _write(item, parts)

    parts.append("]")


def _number(value: float | Decimal) -> str:
    if (isinstance(value, float) and not math.isfinite(value)) or (
        isinstance(value, Decimal) and not value.is_finite()
    ):
        raise BadValue("not_a_number", "NaN and Infinity are no values", "Leave the field out.")
    try:
        return str(value)
    except ValueError:  # Python writes integers of at most 4,300 digits
        raise BadValue(
            "number_too_long", "the number has too many digits", "Send an identifier as a string."
        ) from None


def _text(value: str) -> str:
    if "\0" in value or not _is_unicode(value):
        raise BadValue(
            "unstorable_text",
            "the text has a character that cannot be stored",
            "Send it without NUL and lone surrogates.",
        )
    return encode_basestring(value)


def _is_unicode(value: str) -> bool:
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are no JSON")
