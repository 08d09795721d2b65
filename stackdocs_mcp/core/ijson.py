"""JSON that all parsers read alike (I-JSON, RFC 7493), whatever it is that a client sends."""

import json
import math
from decimal import Decimal
from typing import Any, NoReturn

MAX_DEPTH = 64


class Ambiguous(ValueError):
    """A text that is no JSON, or that two parsers could read differently. The words are ours."""


def loads(text: bytes | str) -> Any:
    """The value of a JSON text.

    Raises Ambiguous for one that is not UTF-8 or not JSON, that is nested deeper than 64 levels,
    or that has a key twice in an object, NaN or Infinity, half of a surrogate pair, or a number
    with more digits than a double keeps. One beyond the range of a double is infinite.
    """
    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
    except UnicodeDecodeError as error:
        raise Ambiguous("it is not UTF-8 text") from error
    try:
        found = json.loads(
            decoded, object_pairs_hook=_object, parse_constant=_constant, parse_float=_number
        )
    except Ambiguous:
        raise
    except RecursionError as error:
        raise Ambiguous(f"it is nested deeper than {MAX_DEPTH} levels") from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise Ambiguous(f"it is not JSON, at {place}") from error
    except ValueError as error:  # Python reads integers of at most 4,300 digits
        raise Ambiguous("it has a number with too many digits") from error

    _check(found)
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Ambiguous("an object in it has the same key twice")
    return found


def _constant(_name: str) -> NoReturn:
    raise Ambiguous("NaN and Infinity are not JSON")


def _number(text: str) -> float:
    """The number, which everybody reads as this one: nothing is rounded without a word."""
    near = float(text)
    try:
        kept = not math.isfinite(near) or Decimal(text) == Decimal(repr(near))
    except ArithmeticError:  # an exponent beyond what Decimal has
        kept = False
    if not kept:
        raise Ambiguous("a number in it has more digits than JSON keeps; send it as a string")
    return near


def _check(found: object) -> None:
    waiting: list[tuple[object, int]] = [(found, 1)]
    while waiting:
        node, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise Ambiguous(f"it is nested deeper than {MAX_DEPTH} levels")
        if isinstance(node, dict):
            waiting += [(one, depth + 1) for pair in node.items() for one in pair]
        elif isinstance(node, list):
            waiting += [(one, depth + 1) for one in node]
        elif isinstance(node, str) and not node.isascii():
            _paired(node)


def _paired(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Ambiguous("it has half of a surrogate pair") from error
