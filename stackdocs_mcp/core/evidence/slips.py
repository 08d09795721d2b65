"""Values that differ from what is printed by one digit: slips, not citations of a wrong line."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import islice

from stackdocs_mcp.core.evidence.claim import Claim
from stackdocs_mcp.core.evidence.figures import day_of, number_of
from stackdocs_mcp.core.evidence.folding import fold
from stackdocs_mcp.core.evidence.page import PageText

_SHORTEST = 4
"""Characters of a text that one digit more or less does not make another one."""
_MOST_PLACES = 50


def is_slip(claim: Claim, cited: PageText) -> bool:
    """The lines have a number, date or text that is the value but for one digit."""
    if (number := number_of(claim)) is not None:
        return any(_is_near(abs(number), printed) for printed in cited.numbers)
    if (day := day_of(claim)) is not None and any(_is_near_day(day, one) for one in cited.dates):
        return True
    return isinstance(claim.value, str) and _is_near_text(fold(claim.value), cited.folded.text)


def is_signed_slip(claim: Claim, cited: PageText) -> bool:
    """The lines have a negative number that is the negative value but for one digit."""
    number = number_of(claim)
    if number is None or number >= 0:
        return False
    return any(
        _is_near(abs(number), value) and any(one.negative for one in printed)
        for value, printed in cited.numbers.items()
    )


def _is_near(one: Decimal, other: Decimal) -> bool:
    """Written below each other, point under point, they differ in one digit."""
    if one == other:
        return False
    difference = abs(one - other).normalize()
    if len(difference.as_tuple().digits) > 1:
        return False  # it takes a carry, or more than one digit
    places = -min(_exponent(one), _exponent(other), 0)
    first, second = (str(int(number.scaleb(places))) for number in (one, other))
    width = max(len(first), len(second))
    pairs = zip(first.zfill(width), second.zfill(width), strict=True)
    return sum(a != b for a, b in pairs) == 1


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _is_near_day(one: date, other: date) -> bool:
    pairs = zip(one.isoformat(), other.isoformat(), strict=True)
    return sum(a != b for a, b in pairs) == 1


def _is_near_text(needle: str, text: str) -> bool:
    """One half of the needle stands there, and the other one but for a digit."""
    if len(needle) < _SHORTEST or not any(map(str.isdigit, needle)):
        return False
    middle = len(needle) // 2
    for low, high in ((0, middle), (middle, len(needle))):
        for at in islice(_places(needle[low:high], text), _MOST_PLACES):
            start = at - low
            there = text[max(start, 0) : start + len(needle)]
            if start >= 0 and len(there) == len(needle) and _is_one_digit(needle, there):
                return True
    return False


def _places(half: str, text: str) -> Iterator[int]:
    at = text.find(half)
    while at >= 0:
        yield at
        at = text.find(half, at + 1)


def _is_one_digit(one: str, other: str) -> bool:
    differing = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    return len(differing) == 1 and all(map(str.isdigit, differing[0]))
