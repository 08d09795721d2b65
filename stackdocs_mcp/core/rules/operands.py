"""What a rule computes with: exact numbers, dates, texts, true and false - or nothing.

``MISSING`` stands for every value that is not there, is null, or is of a kind that the operation
does not have; it runs through an expression as an error does in CEL (``false && MISSING`` is false,
``MISSING + 1`` is MISSING), so a rule that cannot be applied neither holds nor fails.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Context, Decimal, DecimalException, Inexact, InvalidOperation
from enum import Enum
from functools import lru_cache
from typing import Any, Final

QUOTIENT_DIGITS = 60


class Missing(Enum):
    """The type of ``MISSING``."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING

Value = Any
"""A JSON value, or MISSING in place of null."""

# Values have at most 100 digits on either side of the point, so what 30 operators can make of them
# fits in here but for products of many; those are refused, never rounded. One context per use:
# nothing else in the process may change how money is counted.
_EXACT = Context(prec=1_000, traps=[Inexact, InvalidOperation])
_QUOTIENT = Context(prec=QUOTIENT_DIGITS, rounding=ROUND_HALF_UP, traps=[InvalidOperation])
_ROUNDING = Context(prec=1_000, rounding=ROUND_HALF_UP, traps=[InvalidOperation])

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?", re.ASCII
)
_LONGEST_MOMENT = 40


def value(found: Any) -> Value:
    """A value of the extraction as an operand."""
    if found is None:
        return MISSING
    if type(found) is float:  # only where an extraction was stored by something else
        found = Decimal(repr(found))
    if type(found) is Decimal and not found.is_finite():
        return MISSING
    return found


def is_number(operand: Value) -> bool:
    kind = type(operand)
    return kind is int or kind is Decimal


def added(left: Value, right: Value) -> Value:
    return _computed(_EXACT.add, left, right)


def subtracted(left: Value, right: Value) -> Value:
    """The difference; of two dates, in days."""
    if type(left) is str and type(right) is str:
        first, second = as_date(left), as_date(right)
        return MISSING if first is None or second is None else (first - second).days
    return _computed(_EXACT.subtract, left, right)


def multiplied(left: Value, right: Value) -> Value:
    return _computed(_EXACT.multiply, left, right)


def divided(left: Value, right: Value) -> Value:
    """The quotient, also of integers; rounded to 60 digits where it does not end before."""
    if is_number(right) and not right:
        return MISSING
    return _computed(_QUOTIENT.divide, left, right)


def remainder(left: Value, right: Value) -> Value:
    if is_number(right) and not right:
        return MISSING
    return _computed(_EXACT.remainder, left, right)


def negated(operand: Value) -> Value:
    return _EXACT.copy_negate(operand) if is_number(operand) else MISSING


def absolute(operand: Value) -> Value:
    return _EXACT.copy_abs(operand) if is_number(operand) else MISSING


def rounded(operand: Value, digits: Value = 0) -> Value:
    """Half away from zero, as on invoices; ``digits`` behind the point, 0 to 20."""
    if not is_number(operand) or not is_number(digits) or not 0 <= digits <= 20 or digits % 1:
        return MISSING
    return _computed(_ROUNDING.quantize, operand, Decimal(1).scaleb(-int(digits)))


def equals(left: Value, right: Value) -> Value:
    """Whether both are the same number, text or truth value; MISSING for anything else."""
    if is_number(left):
        return left == right if is_number(right) else MISSING
    if type(left) is type(right) and type(left) in (str, bool):
        return left == right
    return MISSING


def compared(left: Value, right: Value) -> int | Missing:
    """-1, 0 or 1 for numbers, dates and moments; other texts have no order that means anything."""
    if is_number(left) and is_number(right):
        return 1 if left > right else -1 if left < right else 0
    if type(left) is not str or type(right) is not str:
        return MISSING
    if _DATE.fullmatch(left) or _DATE.fullmatch(right):
        return _order(as_date(left), as_date(right))
    first, second = as_moment(left), as_moment(right)
    if first is None or second is None or (first.tzinfo is None) != (second.tzinfo is None):
        return MISSING
    return _order(first, second)


def _order(left: Any, right: Any) -> int | Missing:
    if left is None or right is None:
        return MISSING
    return 1 if left > right else -1 if left < right else 0


@lru_cache(maxsize=1_024)
def as_date(text: str) -> date | None:
    """The day of an ISO 8601 date, or of a date with a time where the document wrote it."""
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return None
    moment = as_moment(text)
    return None if moment is None else moment.date()


def as_moment(text: str) -> datetime | None:
    """An ISO 8601 date with a time."""
    if len(text) > _LONGEST_MOMENT or not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:  # 30 February, a leap second
        return None


def total(items: Value) -> Value:
    """The exact sum of a list of numbers; 0 of none, MISSING if one is missing."""
    if type(items) is not list:
        return MISSING
    found: Value = 0
    for item in items:
        found = added(found, value(item))
        if found is MISSING:
            return MISSING
    return found


def extreme(wanted: int) -> Callable[[Value], Value]:
    """The least (-1) or greatest (1) of a list of numbers or dates; MISSING of none."""

    def chosen(items: Value) -> Value:
        if type(items) is not list or not items:
            return MISSING
        found = value(items[0])
        for item in map(value, items):
            order = compared(item, found)
            if order is MISSING:
                return MISSING
            if order == wanted:
                found = item
        return found

    return chosen


def size(operand: Value) -> Value:
    return len(operand) if type(operand) in (list, str, dict) else MISSING


def contained(item: Value, container: Value) -> Value:
    """``item in container``: an item of the list, or a name that the object has a value for."""
    if item is MISSING:
        return MISSING
    if type(container) is dict:
        return container.get(item) is not None if type(item) is str else MISSING
    if type(container) is not list:
        return MISSING
    items = [value(one) for one in container]
    if any(equals(item, one) is True for one in items):
        return True
    return MISSING if MISSING in items else False


def at_index(container: Value, index: Value) -> Value:
    if type(container) is dict and type(index) is str:
        return value(container.get(index))
    if type(container) is list and type(index) is int and 0 <= index < len(container):
        return value(container[index])
    return MISSING


def texts(test: Callable[[str, str], bool]) -> Callable[[Value, Value], Value]:
    """A test of two texts."""

    def tested(left: Value, right: Value) -> Value:
        return test(left, right) if type(left) is str and type(right) is str else MISSING

    return tested


def _computed(operation: Callable[[Any, Any], Decimal], left: Value, right: Value) -> Value:
    if not is_number(left) or not is_number(right):
        return MISSING
    try:
        return operation(left, right)
    except DecimalException:  # more digits than anything that is counted has
        return MISSING
