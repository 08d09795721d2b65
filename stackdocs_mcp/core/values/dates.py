"""Dates as documents print them, and what days they can be."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from stackdocs_mcp.core.values.months import MONTH, MONTH_LANGUAGES, letters, month_number

Order = Literal["day", "month", "year"]
Reading = tuple[date, Order | None]
_THIS_CENTURY, _LAST_CENTURY = range(40), range(70, 100)
"""What two digits of a year mean. 40 to 69 can be a birthday or the end of a loan."""
_YEARS = range(1000, 3000)
_RIGHT_TO_LEFT = "\u0590"

_NUMERIC = re.compile(
    r"(?<![\d.,/-])(\d{1,4}) ?([./-]) ?(\d{1,2}) ?\2 ?"
    r"(\d{4}|\d{1,2}(?!(?![rT])[A-Za-z]))(?!\d|[./-]\d)"
)
"""A letter behind two digits masks the rest of the year (``02/15/20XX``); T and r. do not."""
_SPACED = re.compile(r"(?<![\d.,/-] )(?<![\d.,/-])(\d\d) (\d\d) (\d{4})(?! ?\d)")
_COMPACT = re.compile(r"(?<![\w.,/-])((?:19|20)\d\d)(\d\d)(\d\d)(?![\w.,/-]\d|\w)")
_CJK = re.compile(r"(?<!\d)(\d{4}) ?[年년] ?(\d{1,2}) ?[月월] ?(\d{1,2}) ?[日일号號]")
_ERA = re.compile(
    r"([MTSHR令平昭大明民][和成正治國国]?)(?<![^\W_][MTSHR]) ?(\d{1,3}|元)"
    r" ?(?:年 ?(\d{1,2}) ?月 ?(\d{1,2}) ?日|([./-])(\d{1,2})\5(\d{1,2})(?!\d|[./-]\d))"
)
_ERAS = {
    **dict.fromkeys(("令和", "令", "R"), date(2019, 5, 1)),
    **dict.fromkeys(("平成", "平", "H"), date(1989, 1, 8)),
    **dict.fromkeys(("昭和", "昭", "S"), date(1926, 12, 25)),
    **dict.fromkeys(("大正", "大", "T"), date(1912, 7, 30)),
    **dict.fromkeys(("明治", "明", "M"), date(1868, 1, 25)),
    **dict.fromkeys(("民國", "民国"), date(1912, 1, 1)),
}
"""First days. Documents go on counting after the last day: 平成32年 is 2020."""
_YEAR_END = r"(?:(?!\w)|(?=(?:r|م)(?!\w)))"
"""Polish and Arabic say behind it that it is a year."""
_DAY_WORD_YEAR = re.compile(
    r"(?<![\w.,/])(?<!\d-)(\d{1,2})(?:st|nd|rd|th|er|[.ºª°])?[ .\-/]*(?:of |de |d'|من )? ?"
    + MONTH
    + r"'?[ .,\-/]*(?:de |del |of )?'?(\d{4}|\d\d)"
    + _YEAR_END,
    re.IGNORECASE,
)
_WORD_DAY_YEAR = re.compile(
    r"(?<![^\W_])"
    + MONTH
    + r"'?[ .\-]*(\d{1,2})(?:st|nd|rd|th)?(?: ?[,.\-] ?| )'?(\d{4})"
    + _YEAR_END,
    re.IGNORECASE,
)
_YEAR_WORD_DAY = re.compile(r"(?<![\w])(\d{4})[ \-/.]" + MONTH + r"[ \-/.](\d{1,2})(?![\w])")


@dataclass(frozen=True, slots=True)
class PrintedDate:
    """A date at ``start:end`` of a plain text; several readings when its parts can swap."""

    start: int
    end: int
    readings: tuple[Reading, ...]
    dotted: bool = False
    proves: Order | None = None
    """The order that it can only have, for dates with slashes or hyphens."""
    short: bool = False
    """Its year has two digits."""
    day_first_name: bool = False
    """Its month is named in a language that writes days first."""

    def under(self, order: Order | None) -> tuple[date, ...]:
        """The readings that a document's order leaves; years come first only where all do."""
        if order == "year":
            years = tuple(day for day, taken in self.readings if taken == "year")
            return years or tuple(day for day, _ in self.readings)
        allowed = (None, "day", "month") if order is None else (None, order)
        return tuple(day for day, taken in self.readings if taken in allowed)


def dates_in(text: str) -> Iterator[PrintedDate]:
    """Every date of a plain text, in no order; days that no month has are left out."""
    for match in _NUMERIC.finditer(text):
        if found := _numeric(match):
            yield found
    for pattern in (_SPACED, _COMPACT):
        year, day = (3, 1) if pattern is _SPACED else (1, 3)
        for match in pattern.finditer(text):
            yield from _certain(match, _days(match[year], int(match[2]), match[day]))
    yield from _named(text)
    if not text.isascii():
        for match in _CJK.finditer(text):
            yield from _certain(match, _days(match[1], int(match[2]), match[3]))
    for match in _ERA.finditer(text):
        yield from _certain(match, _of_era(match))


def _named(text: str) -> Iterator[PrintedDate]:
    for pattern, (year, month, day) in (
        (_DAY_WORD_YEAR, (3, 2, 1)),
        (_WORD_DAY_YEAR, (3, 1, 2)),
        (_YEAR_WORD_DAY, (1, 2, 3)),
    ):
        match = pattern.search(text)
        while match:
            number = None if _is_across(match, month) else month_number(match[month])
            days = _days(match[year], number, match[day]) if number else ()
            for found in _certain(match, days):
                yield replace(found, day_first_name=_puts_days_first(match[month]))
            # "7 Datum 16" is no date, and the 16 may be the day of the next one.
            match = pattern.search(text, match.end() if days else match.start() + 1)


def _is_across(match: re.Match[str], month: int) -> bool:
    """Its parts stand in different columns. Marks of direction are spaces of a plain text too."""
    return "  " in match[0] and match[month] < _RIGHT_TO_LEFT


def _puts_days_first(month: str) -> bool:
    return "en" not in MONTH_LANGUAGES.get(letters(month), ("en",))


def _certain(match: re.Match[str], days: tuple[date, ...]) -> Iterator[PrintedDate]:
    if days:
        yield PrintedDate(*match.span(), tuple((day, None) for day in days))


def _numeric(match: re.Match[str]) -> PrintedDate | None:
    first, separator, second, third = match[1], match[2], match[3], match[4]
    if len(first) == 4:
        days = _days(first, int(second), third) if len(third) <= 2 else ()
        return next(_certain(match, days), None)
    if len(first) > 2 or len(third) not in (2, 4):
        return None

    short = len(third) == 2
    day_first = _days(third, int(second), first)
    month_first = () if separator == "." else _days(third, int(first), second)
    year_first = _days(first, int(second), third) if short and len(first) == 2 else ()
    readings: list[Reading] = []
    if day_first and month_first and day_first != month_first:
        readings += [(day, "day") for day in day_first]
        readings += [(day, "month") for day in month_first]
    else:
        readings += [(day, None) for day in day_first or month_first or year_first]
    readings += [(day, "year") for day in year_first]
    proves: Order | None = None
    if separator != "." and bool(day_first) != bool(month_first):
        proves = "day" if day_first else "month"
    if not readings:
        return None
    dotted = separator == "." and bool(day_first)
    return PrintedDate(*match.span(), tuple(readings), dotted, proves, short)


def _days(year: str, month: int, day: str) -> tuple[date, ...]:
    """The day in every century that it can be of; none where no month has it."""
    return tuple(found for one in _years(year) if (found := _day(one, month, int(day))))


def _years(printed: str) -> tuple[int, ...]:
    number = int(printed)
    if len(printed) > 2:
        return (number,) if number in _YEARS else ()
    if number in _THIS_CENTURY:
        return (2000 + number,)
    return (1900 + number,) if number in _LAST_CENTURY else (1900 + number, 2000 + number)


def _of_era(match: re.Match[str]) -> tuple[date, ...]:
    first = _ERAS.get(match[1])
    if first is None:
        return ()
    year = 1 if match[2] == "元" else int(match[2])
    month, day = (match[3], match[4]) if match[3] else (match[6], match[7])
    found = _day(first.year + year - 1, int(month), int(day)) if year else None
    return (found,) if found and found >= first else ()


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
