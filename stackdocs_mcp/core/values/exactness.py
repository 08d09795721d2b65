"""Numbers without loss: floats from the wire become the decimals they were written as, or nothing.

Canonical numbers are ``int`` where integral, else a ``Decimal`` without trailing zeros.
"""

import math
from decimal import Decimal

from stackdocs_mcp.core.errors import BadValue
from stackdocs_mcp.core.model import JsonValue

MAX_DIGITS = 100
FLOAT_DIGITS = 15
"""What every decimal of survives a float (DBL_DIG of IEEE 754 binary64)."""
_SAFE_INTEGER = 2**53


def exact(number: float | Decimal) -> int | Decimal:
    """The canonical number. Raises BadValue for NaN, Infinity, and what a float cannot hold."""
    if isinstance(number, int):
        if abs(number) >= 10**MAX_DIGITS:
            raise _too_long()
        return number
    if isinstance(number, float):
        if not math.isfinite(number):
            raise BadValue("not_a_number", "NaN and Infinity are no values", _OMIT)
        decimal = Decimal(repr(number))
        if len(decimal.normalize().as_tuple().digits) > FLOAT_DIGITS:
            raise BadValue(
                "inexact_number",
                f"a JSON number with more than {FLOAT_DIGITS} digits is not exact",
                "Send the number as a string, as it is printed.",
            )
        return canonical(decimal)
    if not number.is_finite():
        raise BadValue("not_a_number", "NaN and Infinity are no values", _OMIT)
    return canonical(number)


def canonical(number: Decimal) -> int | Decimal:
    """``1234.50`` as ``1234.5``, ``12.0`` and ``-0.0`` as integers; nothing is rounded."""
    if not number:
        return 0
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)  # only NaN and Infinity have letters there
    if abs(number.adjusted()) > MAX_DIGITS or len(digits) > MAX_DIGITS:
        raise _too_long()
    kept = len(digits)
    while exponent < 0 and digits[kept - 1] == 0:
        kept, exponent = kept - 1, exponent + 1
    if exponent >= 0:
        return int(number)
    return Decimal((sign, digits[:kept], exponent))


def shifted(number: Decimal, power: int) -> Decimal:
    """The number times ten to the power. ``Decimal.scaleb`` rounds to 28 digits."""
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)  # only NaN and Infinity have letters there
    return Decimal((sign, digits, exponent + power))


def wire(value: JsonValue) -> object:
    """What a client gets: JSON numbers where a double holds them exactly, else their digits."""
    if isinstance(value, Decimal):
        near = float(value)
        return near if Decimal(repr(near)) == value else format(value, "f")
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) <= _SAFE_INTEGER else str(value)
    if isinstance(value, list):
        return [wire(one) for one in value]
    if isinstance(value, dict):
        return {name: wire(one) for name, one in value.items()}
    return value


def _too_long() -> BadValue:
    return BadValue(
        "number_too_long",
        f"a number of more than {MAX_DIGITS} digits is no value of a document",
        "If it is an identifier, send it to a field of type string.",
    )


_OMIT = "Leave the field out, or remove it with delete_field."
