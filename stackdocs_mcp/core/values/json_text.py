"""JSON that a client sent as a string."""

import json
from decimal import Decimal

from stackdocs_mcp.core.errors import BadValue

_ADVICE = "Send the object or list itself."


_TAKES = {
    frozenset({"array"}): (
        "the text is no JSON, and the field takes a list",
        "Send a list, as in [...].",
    ),
    frozenset({"object"}): (
        "the text is no JSON, and the field takes an object",
        "Send an object, as in {...}.",
    ),
}
_OTHERWISE = ("the text is no JSON, and the field takes an object or a list", _ADVICE)


def structure_in(text: str, types: frozenset[str] = frozenset()) -> object:
    """The JSON in a string, numbers as Decimal. Raises BadValue for anything else.

    ``types`` are what the field takes, for the message.

    Duplicate names are refused: which of two values was meant cannot be known.
    """
    try:
        return json.loads(
            text,
            parse_float=Decimal,
            parse_int=Decimal,
            parse_constant=_refuse,
            object_pairs_hook=_unique,
        )
    except RecursionError:
        raise BadValue("too_deep", "the JSON in the string is nested too deep", _ADVICE) from None
    except ValueError:
        structures = frozenset(types & {"array", "object"})
        raise BadValue("wrong_type", *_TAKES.get(structures, _OTHERWISE)) from None


def _refuse(_: str) -> object:
    raise BadValue("not_a_number", "NaN and Infinity are no values", "Leave the field out.")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadValue("wrong_type", "the JSON names a field twice", "Send every field once.")
    return found
