"""Digits with separators and what number they can be: ``1.234,56`` is one thing, ``1.234`` two."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from stackdocs_mcp.core.values.myriads import myriads_in
from stackdocs_mcp.core.values.plain import DECIMAL_MARK
from stackdocs_mcp.core.values.words import is_currency

Sign = Literal["comma", "point", "arabic"]
_NUMERAL = re.compile(rf"(?<!\d)[.,{DECIMAL_MARK}]?\d+(?:[.,'{DECIMAL_MARK}]\d+)*")
_GLUED = re.compile(r"[^\W\d_]+\Z")
_NAMES: dict[str, Sign] = {",": "comma", ".": "point", DECIMAL_MARK: "arabic"}
_GROUP = 3
MAX_DIGITS = 100
"""Longer runs of digits are no numbers that anybody prints."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One number that a numeral can be; ``decimal`` is the decimal sign that this takes.

    ``decimal`` is None where only one reading exists.
    """

    value: Decimal
    decimal: Literal[",", "."] | None = None
    sign: str = ""
    """What stands before its decimals, nothing where it has none."""


@dataclass(frozen=True, slots=True)
class Numeral:
    """Digits and separators at ``start:end`` of a plain text, without sign, money or unit."""

    start: int
    end: int
    text: str
    readings: tuple[Reading, ...]

    @property
    def decimal_sign(self) -> Sign | None:
        """The decimal sign that it proves, None when it has none or is ambiguous."""
        return _NAMES.get(self.readings[0].sign) if len(self.readings) == 1 else None

    @property
    def grouped(self) -> bool:
        """It has thousands separators beside its decimal sign."""
        return len({char for char in self.text if not char.isdigit()}) > 1

    @property
    def grouper(self) -> str:
        """What can only separate thousands: the points of ``1.234.567``, which has no decimals."""
        separators = [char for char in self.text if not char.isdigit()]
        repeated = len(separators) > 1 and len(set(separators)) == 1
        return separators[0] if repeated and len(self.readings) == 1 else ""


def numerals_in(text: str) -> Iterator[Numeral]:
    """Every numeral of a plain text, in order; those that can be no number are left out.

    Groups that only spaces hold together (``1 234,50``) come as the parts first, then as a whole;
    numbers with Chinese, Japanese and Korean units (``1億2,000万``) come last.
    """
    run: list[Numeral] = []
    for match in _NUMERAL.finditer(text):
        start, found = match.start(), match[0]
        if not found[0].isdigit() and start and text[start - 1].isalnum():
            start, found = start + 1, found[1:]
        numeral = Numeral(start, match.end(), found, readings(found))
        if not numeral.readings and "," in found:
            yield from _listed(numeral)
        if run and not _continues(text, run[-1], numeral):
            yield from _joined(text, run)
            run = []
        if numeral.readings:
            yield numeral
        if run or _opens(text, numeral):
            run.append(numeral)

    yield from _joined(text, run)
    for start, end, value in myriads_in(text):
        yield Numeral(start, end, text[start:end], (Reading(value),))


def readings(numeral: str) -> tuple[Reading, ...]:
    """The numbers that digits with ``.``, ``,``, ``'`` or spaces between them can be.

    None for ``1.2.3`` and the like; two for ``1.234``, the one that takes a decimal comma first.
    """
    return _readings(numeral) if len(numeral) <= 2 * MAX_DIGITS else ()


@lru_cache(maxsize=4096)
def _readings(numeral: str) -> tuple[Reading, ...]:
    separators = [char for char in numeral if not char.isdigit()]
    if len(numeral) - len(separators) > MAX_DIGITS:
        return ()
    if not separators:
        return (Reading(Decimal(numeral)),)

    last = separators[-1]
    as_decimal = _with_decimals(numeral, last)
    as_whole = _without_decimals(numeral, last) if len(set(separators)) == 1 else None
    if as_decimal is None:
        return () if as_whole is None else (Reading(as_whole),)
    if as_whole is None or last == DECIMAL_MARK:
        return (Reading(as_decimal, sign=last),)
    if last == ",":
        return Reading(as_decimal, ",", last), Reading(as_whole, ".")
    return Reading(as_whole, ","), Reading(as_decimal, ".", last)


def under(found: tuple[Reading, ...], decimal: Literal[",", "."] | None) -> tuple[Decimal, ...]:
    """The readings that a document's decimal sign leaves."""
    if decimal is None:
        return tuple(one.value for one in found)
    return tuple(one.value for one in found if one.decimal in (None, decimal))


def _with_decimals(numeral: str, sign: str) -> Decimal | None:
    if sign not in _NAMES:
        return None
    whole, _, fraction = numeral.rpartition(sign)
    groupers = {char for char in whole if not char.isdigit()}
    if sign in groupers or len(groupers) > 1:
        return None
    if groupers:
        (grouper,) = groupers
        if not _is_grouped(whole, grouper):
            return None
        whole = whole.replace(grouper, "")
    return Decimal(f"{whole or '0'}.{fraction}")


def _without_decimals(numeral: str, separator: str) -> Decimal | None:
    return Decimal(numeral.replace(separator, "")) if _is_grouped(numeral, separator) else None


def _is_grouped(digits: str, separator: str) -> bool:
    """Groups of three; with commas also the Indian way, ``12,34,567``."""
    first, *others = digits.split(separator)
    if not 1 <= len(first) <= _GROUP or first.startswith("0"):
        return False
    if all(len(group) == _GROUP for group in others):
        return True
    *middle, last = others
    indian = separator == "," and len(first) < _GROUP and len(last) == _GROUP
    return indian and all(len(group) == _GROUP - 1 for group in middle)


def _listed(numeral: Numeral) -> Iterator[Numeral]:
    """Numbers that only commas separate, as in ``-141.58,7075.50`` of a CSV file."""
    start = numeral.start
    for part in numeral.text.split(","):
        if part and (found := readings(part)):
            yield Numeral(start, start + len(part), part, found)
        start += len(part) + 1


def _opens(text: str, numeral: Numeral) -> bool:
    """One to three digits with nothing but money up to them: not the 4 of ``R4 117,64``."""
    glued = _GLUED.search(text, max(0, numeral.start - 4), numeral.start)
    if glued and not is_currency(glued[0]):
        return False
    return numeral.text.isdigit() and len(numeral.text) <= _GROUP


def _continues(text: str, before: Numeral, numeral: Numeral) -> bool:
    """A group of three behind a single space; nothing follows decimals."""
    whole = re.split("[.,]", numeral.text, maxsplit=1)[0]
    return (
        before.text.isdigit()
        and numeral.start == before.end + 1
        and text[before.end] == " "
        and len(whole) == _GROUP
    )


def _joined(text: str, run: list[Numeral]) -> Iterator[Numeral]:
    if len(run) < 2 or run[0].text.startswith("0"):
        return
    start, end = run[0].start, run[-1].end
    found = readings(text[start:end])
    if found:
        yield Numeral(start, end, text[start:end], found)
