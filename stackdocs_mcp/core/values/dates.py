"""Dates and times as documents print them, and what days they can be."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from stackdocs_mcp.core.values.words import MONTH_LANGUAGES, MONTHS, letters

Order = Literal["day", "month"]
_PIVOT = 69
"""Two-digit years from 69 are of the last century (POSIX strptime)."""
_YEARS = range(1000, 3000)

_NUMERIC = re.compile(
    r"(?<![\d.,/-])(\d{1,4}) ?([./-]) ?(\d{1,2}) ?\2 ?(\d{4}|\d{1,2})(?!\d|[./-]\d)"
)
_SPACED = re.compile(r"(?<![\d.,/-] )(?<![\d.,/-])(\d\d) (\d\d) (\d{4})(?! ?\d)")
_COMPACT = re.compile(r"(?<![\w.,/-])((?:19|20)\d\d)(\d\d)(\d\d)(?![\w.,/-]\d|\w)")
_CJK = re.compile(r"(\d{4}) ?[年년] ?(\d{1,2}) ?[月월] ?(\d{1,2}) ?[日일]")
_WORD = r"([^\W\d_]{3,12})"
_DAY_WORD_YEAR = re.compile(
    r"(?<![\w.,/-])(\d{1,2})(?:st|nd|rd|th|er|[.ºª°])?[ .\-/]*(?:of |de |d')? ?"
    + _WORD
    + r"[ .,\-/]*(?:de |del |of )?'?(\d{4}|\d\d)(?![\w])",
    re.IGNORECASE,
)
_WORD_DAY_YEAR = re.compile(
    r"(?<![^\W_])" + _WORD + r"[ .\-]*(\d{1,2})(?:st|nd|rd|th)?(?: ?[,.\-] ?| )'?(\d{4})(?![\w])",
    re.IGNORECASE,
)
_YEAR_WORD_DAY = re.compile(r"(?<![\w])(\d{4})[ \-/.]" + _WORD + r"[ \-/.](\d{1,2})(?![\w])")
_TIME = re.compile(
    r"(?<![\d:.,])(\d{1,2}) ?[:.h] ?([0-5]\d)(?: ?: ?([0-5]\d)(?:[.,]\d+)?)?"
    r"(?: ?([ap])\.?m\b\.?)?(?![\d:])",
    re.IGNORECASE,
)
_ANY_WORD = re.compile(r"[^\W\d_]{2,}")
_LANGUAGE_WORDS = {
    "de": "und der die das für von vom bis zum rechnung betrag datum summe mwst ust steuer",
    "en": "the and of for to invoice amount date total tax with from",
    "fr": "le les des et du pour facture montant tva une avec votre sur",
    "es": "el los las y del para factura importe fecha iva con por",
    "it": "il gli di e della per fattura importo data iva con totale",
    "nl": "het een en van voor factuur bedrag datum btw met",
    "pt": "os das e do para fatura valor data iva com por",
    "pl": "i w z na do faktura kwota data vat razem suma",
}


@dataclass(frozen=True, slots=True)
class PrintedDate:
    """A date at ``start:end`` of a plain text; two readings when day and month can swap."""

    start: int
    end: int
    readings: tuple[tuple[date, Order | None], ...]
    dotted: bool = False
    proves: Order | None = None
    """The order that it can only have, for dates with slashes or hyphens."""

    def under(self, order: Order | None) -> tuple[date, ...]:
        """The readings that a document's order leaves."""
        return tuple(day for day, taken in self.readings if order is None or taken in (None, order))


@dataclass(frozen=True, slots=True)
class PrintedTime:
    """A time of day at ``start:end`` of a plain text; seconds are None where none are printed."""

    start: int
    end: int
    hour: int
    minute: int
    second: int | None


def dates_in(text: str) -> Iterator[PrintedDate]:
    """Every date of a plain text, in no order; days that no month has are left out."""
    for match in _NUMERIC.finditer(text):
        if found := _numeric(match):
            yield found
    for pattern, (year, month, day) in (
        (_SPACED, (3, 2, 1)),
        (_COMPACT, (1, 2, 3)),
        (_CJK, (1, 2, 3)),
    ):
        for match in pattern.finditer(text):
            if known := _day(match[year], int(match[month]), match[day]):
                yield PrintedDate(match.start(), match.end(), ((known, None),))
    for pattern, (year, month, day) in (
        (_DAY_WORD_YEAR, (3, 2, 1)),
        (_WORD_DAY_YEAR, (3, 1, 2)),
        (_YEAR_WORD_DAY, (1, 2, 3)),
    ):
        for match in pattern.finditer(text):
            if (number := MONTHS.get(letters(match[month]))) and (
                known := _day(match[year], number, match[day])
            ):
                yield PrintedDate(match.start(), match.end(), ((known, None),))


def times_in(text: str) -> Iterator[PrintedTime]:
    """Every time of day of a plain text, on 24 hours."""
    for match in _TIME.finditer(text):
        hour, half = int(match[1]), (match[4] or "").lower()
        if half and not 1 <= hour <= 12:
            continue
        if half:
            hour = hour % 12 + (12 if half == "p" else 0)
        if hour < 24:
            second = int(match[3]) if match[3] else None
            yield PrintedTime(match.start(), match.end(), hour, int(match[2]), second)


def languages_in(text: str) -> Counter[str]:
    """How many words of each language are found: months, and a few that every document has."""
    found: Counter[str] = Counter()
    for word in _ANY_WORD.findall(text):
        for language in _LANGUAGES_OF.get(word.casefold(), ()):
            found[language] += 1

    return found


def _numeric(match: re.Match[str]) -> PrintedDate | None:
    first, separator, second, third = match[1], match[2], int(match[3]), match[4]
    start, end = match.span()
    if len(first) == 4:
        known = _day(first, second, third) if len(third) <= 2 else None
        return PrintedDate(start, end, ((known, None),)) if known else None
    if len(first) > 2 or len(third) not in (2, 4):
        return None

    day_first = _day(third, second, first)
    if separator == ".":
        return PrintedDate(start, end, ((day_first, None),), dotted=True) if day_first else None
    month_first = _day(third, int(first), str(second))
    if day_first and month_first and day_first != month_first:
        return PrintedDate(start, end, ((day_first, "day"), (month_first, "month")))
    known = day_first or month_first
    if known is None:
        year_first = _day(first, second, third) if len(third) == 2 else None
        return PrintedDate(start, end, ((year_first, None),)) if year_first else None
    proves: Order | None = None
    if day_first != month_first:
        proves = "day" if day_first else "month"
    return PrintedDate(start, end, ((known, None),), proves=proves)


def _day(year: str, month: int, day: str) -> date | None:
    number = int(year)
    if len(year) <= 2:
        number += 1900 if number >= _PIVOT else 2000
    if number not in _YEARS:
        return None
    try:
        return date(number, month, int(day))
    except ValueError:
        return None


def _language_words() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for language, words in _LANGUAGE_WORDS.items():
        for word in words.split():
            found.setdefault(word, set()).add(language)
    for word, languages in MONTH_LANGUAGES.items():
        if len(languages) == 1:
            found.setdefault(word, set()).update(languages)

    return {word: frozenset(languages) for word, languages in found.items() if len(languages) == 1}


_LANGUAGES_OF = _language_words()
