"""A value, or the string as printed, as exactly the type that a field asks for - or the reason."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from stackdocs_mcp.core.errors import BadValue
from stackdocs_mcp.core.model import JsonValue, Warn
from stackdocs_mcp.core.values.choices import boolean_in, member_in
from stackdocs_mcp.core.values.exactness import canonical, exact
from stackdocs_mcp.core.values.expected import Expected, Typed
from stackdocs_mcp.core.values.json_text import structure_in
from stackdocs_mcp.core.values.moments import date_of, date_time_of, time_of
from stackdocs_mcp.core.values.money import currency_of
from stackdocs_mcp.core.values.numbers import number_of
from stackdocs_mcp.core.values.signs import Signs
from stackdocs_mcp.core.values.strings import clean, shown

MAX_DEPTH = 64
MAX_LEAVES = 10_000

_REMOVE = "To leave the field empty, call delete_field."
_FORMATS: Mapping[str, Callable[[str, Signs], Typed]] = {
    "date": date_of,
    "date-time": date_time_of,
    "iso-4217": currency_of,
    "time": time_of,
}


def typed(value: object, expected: Expected, signs: Signs) -> Typed:
    """The canonical value for a field.

    ``signs`` are the document's own: they decide ``1.000`` and ``03/04/2026``. Raises BadValue
    with one of the codes ``ambiguous_currency``, ``ambiguous_date``, ``ambiguous_number``,
    ``bad_text``, ``confusable_digit``, ``inexact_number``, ``not_a_boolean``, ``not_a_currency``,
    ``not_a_date``, ``not_a_number``, ``not_a_time``, ``not_an_integer``, ``not_in_enum``,
    ``null_not_allowed``, ``number_too_long``, ``text_too_long``, ``too_deep``,
    ``too_many_values``, ``wrong_type``.
    """
    checked = _checked(value)
    if checked is None:
        return _null(expected)
    if expected.enum is not None:
        return _member(checked, expected, signs)
    return _of_type(checked, expected, signs)


def _null(expected: Expected) -> Typed:
    if expected.types and "null" not in expected.types:
        raise BadValue("null_not_allowed", "null is no value for this field", _REMOVE)
    if expected.enum is not None and None not in expected.enum:
        raise BadValue("null_not_allowed", "null is not one of the field's values", _REMOVE)
    return Typed(None)


def _of_type(value: JsonValue, expected: Expected, signs: Signs) -> Typed:
    types = expected.types
    if not types or _json_type(value) in types or _is_integral_number(value, types):
        if isinstance(value, str) and (read := _FORMATS.get(expected.format or "")):
            return read(value, signs)
        return Typed(value)
    if not isinstance(value, str):
        raise _wrong_type(value, expected)
    return _from_string(value, types, signs)


def _from_string(text: str, types: frozenset[str], signs: Signs) -> Typed:
    if types & {"number", "integer"}:
        found = number_of(text, signs)
        if "number" not in types and not isinstance(found.value, int):
            raise BadValue(
                "not_an_integer",
                f"{shown(text)} is not a whole number",
                "Nothing is rounded: send a whole number.",
            )
        return found
    if "boolean" in types:
        return Typed(_boolean(text))
    if types & {"object", "array"}:
        return _structure(text, types)
    raise BadValue("null_not_allowed", "this field has no other value than null", _REMOVE)


def _boolean(text: str) -> bool:
    found = boolean_in(text)
    if found is not None:
        return found
    raise BadValue("not_a_boolean", "the text is neither yes nor no", "Send true or false.")


def _structure(text: str, types: frozenset[str]) -> Typed:
    value = _checked(structure_in(text, types))
    if _json_type(value) not in types:
        raise BadValue(
            "wrong_type", f"the field takes {_listed(types)}", "Send it as JSON, not as a string."
        )
    return Typed(value, (Warn("json_string", "JSON that came as a string was taken as JSON."),))


def _member(value: JsonValue, expected: Expected, signs: Signs) -> Typed:
    """The enumeration's own spelling of the value."""
    assert expected.enum is not None
    for member in expected.enum:
        if _same(member, value):
            return Typed(member)
    if isinstance(value, str):
        spelt = member_in(value, [one for one in expected.enum if isinstance(one, str)])
        if spelt is not None:
            note = Warn("enum_spelling", "The value was written as the schema spells it.")
            return Typed(spelt, (note,))
        types = expected.types or frozenset(_json_type(one) for one in expected.enum)
        if "string" not in types:
            converted = _from_string(value, types, signs)
            for member in expected.enum:
                if _same(member, converted.value):
                    return Typed(member, converted.notes)
    raise BadValue(
        "not_in_enum", "the value is not one of those that the schema lists", _enum_advice(expected)
    )


def _enum_advice(expected: Expected) -> str:
    members = [f"{one!r}" if isinstance(one, str) else str(one) for one in expected.enum or ()]
    more = f" and {len(members) - 20} more" if len(members) > 20 else ""
    return f"Send one of {', '.join(members[:20])}{more}."


def _checked(value: object) -> JsonValue:
    """JSON with exact numbers and clean strings, within bounds."""
    leaves = 0

    def walk(one: object, depth: int) -> JsonValue:
        nonlocal leaves
        if depth > MAX_DEPTH:
            raise BadValue(
                "too_deep",
                f"the value is nested deeper than {MAX_DEPTH} levels",
                "Write its parts one by one.",
            )
        if isinstance(one, Mapping):
            found = {_name(name): walk(child, depth + 1) for name, child in one.items()}
            if len(found) != len(one):
                raise BadValue(
                    "wrong_type",
                    "two names in an object differ in nothing that can be seen",
                    "Send every name once.",
                )
            return found
        if isinstance(one, list | tuple):
            return [walk(child, depth + 1) for child in one]
        leaves += 1
        if leaves > MAX_LEAVES:
            raise BadValue(
                "too_many_values",
                f"the value has more than {MAX_LEAVES} parts",
                "Write them in several calls.",
            )
        return _scalar(one)

    return walk(value, 0)


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise BadValue("wrong_type", "a name in an object is not a string", "Send JSON.")
    return clean(name)


def _scalar(value: object) -> JsonValue:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, int | float | Decimal):
        return exact(value)
    raise BadValue("wrong_type", "the value is no JSON value", "Send JSON.")


_TYPES: Mapping[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "integer",
    Decimal: "number",
    str: "string",
    list: "array",
    dict: "object",
}


def _json_type(value: JsonValue) -> str:
    return _TYPES[type(value)]


def _is_integral_number(value: JsonValue, types: frozenset[str]) -> bool:
    return _json_type(value) == "integer" and "number" in types


def _same(member: object, value: JsonValue) -> bool:
    """Equal as JSON: ``1`` is ``1.0``, and neither is ``true``."""
    if isinstance(member, float):  # a schema that was read with plain json
        member = canonical(Decimal(repr(member)))
    if isinstance(member, bool) != isinstance(value, bool):
        return False
    return member == value


def _wrong_type(value: JsonValue, expected: Expected) -> BadValue:
    given = _json_type(value)
    advice = f"Send {_listed(expected.types)}."
    if expected.types & {"string"} and given in ("integer", "number"):
        advice = "Send the string as it is printed, with its leading zeros and separators."
    return BadValue(
        "wrong_type", f"the field takes {_listed(expected.types)}, not {_named(given)}", advice
    )


def _named(type_: str) -> str:
    return type_ if type_ == "null" else f"{'an' if type_[0] in 'aio' else 'a'} {type_}"


def _listed(types: frozenset[str]) -> str:
    return " or ".join(_named(one) for one in sorted(types))
