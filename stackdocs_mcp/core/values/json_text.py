"""JSON that a client sent as a string."""

import json
from decimal import Decimal

from stackdocs_mcp.core.errors import BadValue

_ADVICE = "Send the object or list itself."


def structure_in(text: str) -> object:
    """The JSON in a string, numbers as Decimal. Raises BadValue for anything else.

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
        raise BadValue("wrong_type", "the string is not valid JSON", _ADVICE) from None


def _refuse(_: str) -> object:
    raise BadValue("not_a_number", "NaN and Infinity are no values", "Leave the field out.")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadValue("wrong_type", "the JSON names a field twice", "Send every field once.")
    return found
