"""JSON text that all parsers read alike (RFC 8259, 4 and 8), and where a text is not that."""

import json
import math
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NoReturn

MAX_DEPTH = 64

_TWICE = "an object has the same key twice"
_HALF = "a text has half of a surrogate pair"
_NOT_A_NUMBER = "NaN and Infinity are not JSON"
_LONG = "a number has more digits than every reader keeps; send it as a text"
_DEEP = f"it is nested deeper than {MAX_DEPTH} levels"
_NODES = (dict, list)
_SURE = 16
"""Characters, with a point or an exponent: at most 15 digits, which every normal double keeps."""
_SMALLEST, _LARGEST = 1e-300, 1e300
_ESCAPED_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:]|-?Infinity|NaN')


class NotStrict(ValueError):
    """Not one JSON text with one meaning; says why, in our words, as part of a sentence."""


def read(text: str, *, exact: bool = False) -> Any:
    """The value of a JSON text, objects as dictionaries.

    ``exact`` numbers with a fraction or an exponent are Decimal, with every digit.

    Raises NotStrict for what is no JSON, and for duplicate keys, NaN and Infinity, lone
    surrogates, numbers with more digits than a double keeps, and nesting deeper than 64. A number
    beyond the range of a double is infinite.
    """
    try:
        found = (_EXACT if exact else _NEAR).decode(text)
    except NotStrict:
        raise
    except RecursionError as error:
        raise NotStrict(_DEEP) from error
    except json.JSONDecodeError as error:
        raise NotStrict("it is not JSON") from error
    except ValueError as error:  # Python reads integers of at most 4,300 digits
        raise NotStrict("a number has too many digits") from error
    _check(found, text)
    return found


def place(text: str) -> str:
    """Where a text that ``read`` refuses is wrong: ``line 3 column 7``; empty where nobody knows.

    Slower than reading, and for the eyes of a person with the file.
    """
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return f"line {error.lineno} column {error.colno}"
    except (RecursionError, ValueError):
        pass
    position = _first_fault(text)
    if position is None:
        return ""
    line = text.count("\n", 0, position) + 1
    return f"line {line} column {position - text.rfind(chr(10), 0, position)}"


def _first_fault(text: str) -> int | None:
    """The first token of a text of well-formed tokens that ``read`` does not take."""
    keys: list[set[str]] = []
    previous = re.match("", text)
    for token in _TOKEN.finditer(text):
        match token[0]:
            case "{" | "[":
                keys.append(set())
                if len(keys) > MAX_DEPTH:
                    return token.start()
            case "}" | "]":
                del keys[-1:]
            case ":" if previous and keys and previous[0].startswith('"'):
                key = json.loads(previous[0])
                if key in keys[-1]:
                    return previous.start()
                keys[-1].add(key)
            case "NaN" | "Infinity" | "-Infinity":
                return token.start()
            case literal if literal.startswith('"') and not _is_whole(literal):
                return token.start()
        previous = token

    return None


def _is_whole(literal: str) -> bool:
    try:
        json.loads(literal).encode()
    except ValueError:
        return False
    return True


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotStrict(_TWICE)
    return found


def _constant(_name: str) -> NoReturn:
    raise NotStrict(_NOT_A_NUMBER)


def _number(literal: str) -> float:
    """The number, which everybody reads as this one: nothing is rounded without a word."""
    near = float(literal)
    if len(literal) <= _SURE and _SMALLEST < abs(near) < _LARGEST:
        return near
    try:
        kept = not math.isfinite(near) or Decimal(literal) == Decimal(repr(near))
    except ArithmeticError:  # an exponent beyond what Decimal has
        kept = False
    if not kept:
        raise NotStrict(_LONG)
    return near


def _decimal(literal: str) -> Decimal:
    try:
        return Decimal(literal)
    except ArithmeticError as error:  # an exponent beyond what Decimal has
        raise NotStrict(_LONG) from error


def _check(found: object, text: str) -> None:
    """Raise NotStrict for what is nested too deep or has lone surrogates, in the value of the text.

    Level by level, and of most texts only what others are nested in is looked at.
    """
    has_halves = _may_have_halves(text)
    level: list[Any] = [found]
    for _ in range(MAX_DEPTH + 1):
        if has_halves:
            _check_texts([one for one in level if isinstance(one, str)])
        nodes = [one for one in level if isinstance(one, _NODES)]
        if not nodes:
            return
        level = [one for node in nodes for one in _members(node)]
        if has_halves:
            _check_texts([name for node in nodes if isinstance(node, dict) for name in node])
    raise NotStrict(_DEEP)


def _members(node: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return node.values() if isinstance(node, dict) else node


def _may_have_halves(text: str) -> bool:
    """Half of a surrogate pair is written as an escape, unless the text has it itself."""
    if _ESCAPED_HALF.search(text):
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _check_texts(texts: list[str]) -> None:
    try:
        "".join(texts).encode()  # halves do not become a pair by standing side by side
    except UnicodeEncodeError as error:
        raise NotStrict(_HALF) from error


# Built once: json.loads would build one for each text, which takes longer than most texts do.
_NEAR = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=_number)
_EXACT = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=_decimal)
