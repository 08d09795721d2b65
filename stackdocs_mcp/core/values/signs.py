"""How a document writes numbers and dates, as far as its own text proves it."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Literal, Self

from stackdocs_mcp.core.values.dates import Order, PrintedDate, dates_in
from stackdocs_mcp.core.values.languages import east_asian, kana, languages_in
from stackdocs_mcp.core.values.numerals import Numeral, numerals_in
from stackdocs_mcp.core.values.plain import plain

_DOMINANT = 4
"""How many times more often one decimal sign must stand than the other to be taken for it.

Clock times and section numbers look like decimals, so a few of the other kind prove nothing.
"""
_THOUSAND = 1000
_GROUPERS = {",": "comma", ".": "point"}
_COMMA_LANGUAGES = frozenset({"de", "fr", "es", "it", "nl", "pt", "pl"})
_DAY_FIRST_LANGUAGES = _COMMA_LANGUAGES | {"he", "ar"}
_POINT_LANGUAGES = frozenset({"en", "he"})
"""Arabic uses either, by country."""


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
    day_first_names: int = 0
    """Dates like ``26 février 2026``, in a language that writes days first."""
    day_first_words: int = 0
    english_words: int = 0
    comma_words: int = 0
    """Words of languages whose decimal sign is a comma in most countries."""
    point_words: int = 0
    east_asian: int = 0
    """Characters of Chinese, Japanese and Korean, where years come first and points are decimal."""
    kana: int = 0
    """Characters of Japanese, where ``▲1,234`` is below zero."""
    comma_groups: int = 0
    """Numbers like ``1,234``, which have two readings."""
    point_groups: int = 0
    comma_runs: int = 0
    """Numbers like ``1,234,567``, which can be nothing but groups, unless they are identifiers."""
    point_runs: int = 0
    hard_spaces: int = 0
    """Numbers like ``1 234,50`` whose groups a space holds together that does not break."""
    soft_spaces: int = 0
    """Numbers like ``1 234,50`` with a space that breaks; or neighbours in a row."""
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
        return self._grouped_as_usual

    @property
    def _grouped_as_usual(self) -> Literal[",", "."] | None:
        """The decimal sign by the language, where all separators are its thousands separators.

        In Mexico ``1,234`` is a thousand and more, in Switzerland ``1.234`` is not: what a language
        does in most countries decides nothing against what stands there.
        """
        points, commas = self.point_words + self.east_asian, self.comma_words
        if self.east_asian > commas + self.english_words:
            return "."
        by_points = self.point_runs * (commas >= points) + self.point_groups * (commas > points)
        by_commas = self.comma_runs * (points >= commas) + self.comma_groups * (points > commas)
        if by_points and not self.comma_groups + self.comma_runs:
            return ","
        return "." if by_commas and not self.point_groups + self.point_runs else None

    @property
    def spaces(self) -> bool | None:
        """Whether ``1 234,50`` is one number, None when the text does not decide it."""
        if self.hard_spaces or self.decimal == ".":
            return bool(self.hard_spaces)
        if self.unspaced and self.soft_spaces <= self.unspaced * _DOMINANT:
            return False  # among many that have one, a few lost theirs to the recognition
        return None

    @property
    def order(self) -> Order | None:
        """What comes first in ``03/04/2026``, None when the text does not decide it.

        ``year`` says so of ``03/04/05`` only.
        """
        if self.day_first and self.month_first:
            return None
        if self.day_first or self.month_first:
            return "day" if self.day_first else "month"
        if self.east_asian > self.day_first_words + self.english_words:
            return "year"
        if self.dotted or self.day_first_names or self.day_first_words > self.english_words:
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
        _count_numeral(numeral, printed, counts)

    words = languages_in(printed)
    counts["day_first_words"] = sum(words[one] for one in _DAY_FIRST_LANGUAGES)
    counts["english_words"] = words["en"]
    counts["comma_words"] = sum(words[one] for one in _COMMA_LANGUAGES)
    counts["point_words"] = sum(words[one] for one in _POINT_LANGUAGES)
    counts["east_asian"] = east_asian(printed)
    counts["kana"] = kana(printed) if counts["east_asian"] else 0
    year_first = counts["east_asian"] > counts["day_first_words"] + counts["english_words"]
    for date in dates:
        if year_first and date.short:
            continue  # 26/03/04 is the fourth of March there
        if date.dotted:
            counts["dotted"] += 1
        elif date.proves:
            counts[f"{date.proves}_first"] += 1
        elif date.day_first_name:
            counts["day_first_names"] += 1

    return Signs(**counts)


def _count_numeral(numeral: Numeral, printed: str, counts: dict[str, int]) -> None:
    sign = numeral.decimal_sign
    if " " in numeral.text:
        hard = " " not in printed[numeral.start : numeral.end]
        counts["hard_spaces" if hard else "soft_spaces"] += 1
    elif sign and numeral.readings[0].value >= _THOUSAND:
        counts["unspaced"] += 1
    if sign is None:
        if numeral.grouper in _GROUPERS:
            counts[f"{_GROUPERS[numeral.grouper]}_runs"] += 1
        elif len(numeral.readings) == 2:
            counts["comma_groups" if "," in numeral.text else "point_groups"] += 1
    elif sign != "arabic":
        counts[f"{sign}_proofs" if numeral.grouped else f"{sign}s"] += 1
