"""Numbers with the units of East Asia: ``1億2,000万`` is 120 million, ``3千円`` is 3,000 yen."""

import re
from collections.abc import Iterator
from decimal import Decimal

_SMALL = {"十": 1, "百": 2, "千": 3, "천": 3, "백": 2}
_LARGE = {
    **dict.fromkeys("万萬만", 4),
    **dict.fromkeys("億亿억", 8),
    **dict.fromkeys("兆조", 12),
}
_UNITS = "".join((*_SMALL, *_LARGE))
_NUMBER = r"\d{1,12}(?:,\d{3}){0,3}(?:\.\d{1,8})?"
_WHOLE = re.compile(rf"(?<![\d.,])(?:{_NUMBER} ?[{_UNITS}]{{1,2}}){{1,8}}(?:\d{{4}}(?![\d.,]))?")
_PARTS = re.compile(rf"{_NUMBER}|[{_UNITS}]")
_ANY = re.compile(f"[{_UNITS}]")
_MAX_DIGITS = 12
"""So that every sum fits into the 28 digits that Decimal works with."""


def myriads_in(text: str) -> Iterator[tuple[int, int, Decimal]]:
    """Start, end and value of each; the comma groups and the point is decimal in all of them."""
    if text.isascii() or not _ANY.search(text):
        return
    for match in _WHOLE.finditer(text):
        value = _value(_PARTS.findall(match[0]))
        if value is not None:
            yield *match.span(), value


def _value(parts: list[str]) -> Decimal | None:
    """The sum, each unit less than the one before; None when they stand in another order."""
    numbers = [Decimal(part.replace(",", "")) for part in parts if part[0].isdigit()]
    if len(numbers) > 1 and any(number != int(number) for number in numbers):
        return None
    if sum(len(part) for part in parts if part[0].isdigit()) > _MAX_DIGITS:
        return None
    total = section = pending = Decimal(0)
    large, small = 99, 99
    for part in parts:
        if part in _LARGE:
            if _LARGE[part] >= large:
                return None
            large, small = _LARGE[part], 99
            total += (section + pending).scaleb(large)
            section = pending = Decimal(0)
        elif part in _SMALL:
            if _SMALL[part] >= small:
                return None
            small = _SMALL[part]
            section += pending.scaleb(small)
            pending = Decimal(0)
        elif pending:
            return None
        else:
            pending = Decimal(part.replace(",", ""))

    last = min(large, small)
    return total + section + pending if pending < Decimal(1).scaleb(last) else None
