"""How a document writes numbers and dates, as far as its own text proves it."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Literal, Self

from stackdocs_mcp.core.values.dates import PrintedDate, dates_in, languages_in
from stackdocs_mcp.core.values.numerals import Numeral, numerals_in
from stackdocs_mcp.core.values.plain import plain

_DOMINANT = 4
"""How many times more often one decimal sign must stand than the other to be taken for it.

Clock times and section numbers look like decimals, so a few of the other kind prove nothing.
"""
_THOUSAND = 1000
_DAY_FIRST_LANGUAGES = frozenset({"de", "fr", "es", "it", "nl", "pt", "pl"})


@dataclass(frozen=True, slots=True)
class Signs:
    """Counts of what was seen. Signs of pages add up to signs of a document with ``|``."""

    comma_proofs: int = 0
    """Numbers like ``1.234,56`` that have no other reading."""
    point_proofs: int = 0
    commas: int = 0
    """Numbers like ``12,50``, where the comma can only be a decimal sign."""
    points: int = 0
    day_first: int = 0
    """Dates like ``31/12/2025``."""
    month_first: int = 0
    dotted: int = 0
    """Dates like ``5.3.2018``, which are written where days come first."""
    day_first_words: int = 0
    english_words: int = 0
    hard_spaces: int = 0
    """Numbers like ``1 234,50`` whose groups a space holds together that does not break."""
    unspaced: int = 0
    """Amounts of a thousand and more that are written without a space."""

    def __or__(self, other: Self) -> Self:
        return type(self)(
            *(getattr(self, one.name) + getattr(other, one.name) for one in fields(self))
        )

    @property
    def decimal(self) -> Literal[",", "."] | None:
        """The decimal sign, None when the text does not decide it."""
        for commas, points in (
            (self.comma_proofs, self.point_proofs),
            (self.commas, self.points),
        ):
            if commas > points * _DOMINANT:
                return ","
            if points > commas * _DOMINANT:
                return "."
            if commas or points:
                return None
        return None

    @property
    def spaces(self) -> bool | None:
        """Whether ``1 234,50`` is one number, None when the text does not decide it."""
        if self.hard_spaces or self.unspaced or self.decimal == ".":
            return bool(self.hard_spaces)
        return None

    @property
    def order(self) -> Literal["day", "month"] | None:
        """What comes first in ``03/04/2026``, None when the text does not decide it."""
        if self.day_first and self.month_first:
            return None
        if self.day_first or self.month_first:
            return "day" if self.day_first else "month"
        if self.dotted or self.day_first_words > self.english_words:
            return "day"
        return None


def signs_of(lines: Iterable[str]) -> Signs:
    """What these lines show. Milliseconds for a full page; worth keeping per page."""
    printed = "\n".join(lines)
    text = plain(printed)
    return signs_in(printed, numerals_in(text), dates_in(text))


def signs_in(printed: str, numerals: Iterable[Numeral], dates: Iterable[PrintedDate]) -> Signs:
    """What a text shows whose numerals and dates have been found already."""
    counts = dict.fromkeys((one.name for one in fields(Signs)), 0)
    for numeral in numerals:
        if " " in numeral.text:
            counts["hard_spaces"] += " " not in printed[numeral.start : numeral.end]
        elif numeral.decimal_sign and numeral.readings[0].value >= _THOUSAND:
            counts["unspaced"] += 1
        if (sign := numeral.decimal_sign) is None:
            continue
        counts[f"{sign}_proofs" if numeral.grouped else f"{sign}s"] += 1

    for date in dates:
        if date.dotted:
            counts["dotted"] += 1
        elif date.proves:
            counts[f"{date.proves}_first"] += 1

    words = languages_in(printed)
    counts["day_first_words"] = sum(words.get(one, 0) for one in _DAY_FIRST_LANGUAGES)
    counts["english_words"] = words.get("en", 0)
    return Signs(**counts)
