"""Where on a page a value stands, and how well what stands there supports it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import IntEnum

from stackdocs_mcp.core.evidence.claim import Claim
from stackdocs_mcp.core.evidence.concepts import asks_for_money, asks_for_quantity
from stackdocs_mcp.core.evidence.folding import Folded, bare_text, fold, skeleton_text
from stackdocs_mcp.core.evidence.page import PageText
from stackdocs_mcp.core.values.numerals import readings
from stackdocs_mcp.core.values.printed import PrintedNumber
from stackdocs_mcp.core.values.words import (
    FALSE_WORDS,
    TRUE_WORDS,
    currency_forms,
    is_currency,
)

_ISO_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ].*)?")
_DECIMAL = re.compile(r"-?(?:0|[1-9]\d*)[.,]\d+")
_DIGITS = re.compile(r"\d+")
_PIECES = re.compile(r"[\n;,]+")
_MARK = re.compile(r"\[\s?[xX]\s?\]|[☑☒✓✔]")
_NO_MARK = re.compile(r"\[\s*\]|[☐□]")
_CENTS = re.compile(r"\d[.,]\d\d(?!\d)")
_MONEY_WORDS = re.compile(r"[^\W\d_]+\.?|[^\w\s]")
_WINDOW = 8
"""Lines within which the parts of an address stand."""
_SPACE_FREE_DIGITS = 8
_PUNCTUATION_FREE = 8
_MISREAD_TEXT = 5
_SPACE_FREE = 5
"""From this length on, white space may differ: an IBAN in groups, words that OCR ran together."""


class Grade(IntEnum):
    """How well the text supports the value; lower is better."""

    SURE = 0
    WEAK = 1  # the sign differs, it is part of something longer, or a letter was taken for a digit


@dataclass(frozen=True, slots=True)
class Match:
    """A value found at spans of a page's text; ``why`` says what is weak or worth knowing."""

    spans: tuple[tuple[int, int], ...]
    grade: Grade = Grade.SURE
    why: str = ""

    @property
    def start(self) -> int:
        return self.spans[0][0]

    @property
    def end(self) -> int:
        return self.spans[-1][1]


def matches(claim: Claim, page: PageText) -> list[Match]:
    """Every place of a page from which the value follows, surest first, then from the top."""
    found = list(_matches(claim, page))
    return sorted(_without_overlaps(found), key=lambda one: (one.grade, one.start))


def quote_spans(quote: str, page: PageText) -> list[tuple[int, int]]:
    """Where a quote stands on a page, as whole words."""
    needle = fold(quote)
    return list(_folded_spans(needle, quote, page)) if needle else []


def day_of(claim: Claim) -> date | None:
    """The day that the value names, where the field takes dates or does not say what it takes."""
    if not isinstance(claim.value, str) or claim.expected.format not in (None, "date", "date-time"):
        return None
    iso = _ISO_DATE.fullmatch(claim.value)
    if not iso:
        return None
    try:
        return date(int(iso[1]), int(iso[2]), int(iso[3]))
    except ValueError:
        return None


def number_of(claim: Claim) -> Decimal | None:
    """The value as a number, also a string that can be nothing else: ``"1234.50"``, not ``"0042"``."""
    value = claim.value
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Decimal):
        return Decimal(value)
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        found = readings(value.removeprefix("-"))
        if len(found) == 1:
            return -found[0].value if value.startswith("-") else found[0].value
    return None


def _matches(claim: Claim, page: PageText) -> Iterator[Match]:
    if isinstance(claim.value, bool):
        yield from _booleans(claim.value, page)
        return
    if isinstance(claim.value, str):
        yield from _texts(claim.value, page)
    if (number := number_of(claim)) is not None:
        yield from _numbers(number, claim, page)
    if (day := day_of(claim)) is not None:
        yield from _dates(day, claim, page)


def _numbers(value: Decimal, claim: Claim, page: PageText) -> Iterator[Match]:
    found = False
    for printed in page.numbers.get(abs(value), ()):
        why = _why(value, printed, claim, page)
        if why is not None:
            found = True
            grade = Grade.SURE if why in ("", "scaled") else Grade.WEAK
            yield Match(((printed.start, printed.end),), grade, why)
    for printed in () if found else page.misread_numbers.get(abs(value), ()):
        if abs(value) in printed.magnitudes(claim.signs):
            yield Match(((printed.start, printed.end),), Grade.WEAK, "confusable")


def _why(value: Decimal, printed: PrintedNumber, claim: Claim, page: PageText) -> str | None:
    """What keeps a printed number from being plainly the value; None when it is not at all."""
    direct = abs(value) in printed.magnitudes(claim.signs)
    if not direct and not _scaled(abs(value), printed, claim):
        return None  # only a reading that the document's signs rule out
    if not printed.whole:
        return "part_of_longer"
    if printed.negative is not None and value and printed.negative != (value < 0):
        return "sign_differs"
    if direct and not _is_likely(printed, claim, page):
        return "unlikely_kind"
    return "" if direct else "scaled"


def _is_likely(printed: PrintedNumber, claim: Claim, page: PageText) -> bool:
    """No percentage or bare count for an amount, as far as the field's name tells.

    Half of the one-digit slips that stand in the right line are of this kind: "19 %" for 10.00.
    """
    name = claim.labels[0] if claim.labels else ""
    if printed.percent:
        return not asks_for_money(name) and not asks_for_quantity(name)
    if not printed.numeral.text.isdigit() or not asks_for_money(name):
        return True
    around = page.plain[max(printed.start - 4, 0) : printed.end + 4]
    if any(is_currency(word) for word in _MONEY_WORDS.findall(around)):
        return True
    line = page.plain[page.start_of(page.index_at(printed.start)) :].split("\n", 1)[0]
    return not _CENTS.search(line)


def _scaled(magnitude: Decimal, printed: PrintedNumber, claim: Claim) -> bool:
    shift = -2 if printed.percent else printed.scale
    return magnitude.scaleb(-shift) in printed.magnitudes(claim.signs)


def _dates(day: date, claim: Claim, page: PageText) -> Iterator[Match]:
    time_of_day = _time(claim)
    for printed in page.dates.get(day, ()):
        days = printed.under(claim.signs.order)
        if day not in days:
            continue
        why = "ambiguous_date" if len(days) > 1 else ""
        grade = Grade.SURE
        if time_of_day and not any((one.hour, one.minute) == time_of_day for one in page.times):
            grade, why = Grade.WEAK, "time_not_found"
        yield Match(((printed.start, printed.end),), grade, why)


def _time(claim: Claim) -> tuple[int, int] | None:
    if claim.expected.format != "date-time" or not isinstance(claim.value, str):
        return None
    try:
        clock = datetime.fromisoformat(claim.value)
    except ValueError:
        return None
    return clock.hour, clock.minute


def _booleans(value: bool, page: PageText) -> Iterator[Match]:
    words = TRUE_WORDS if value else FALSE_WORDS
    for match in re.finditer(r"[^\W\d_]+", page.text):
        if match[0].casefold() in words:
            yield Match((match.span(),))
    for match in (_MARK if value else _NO_MARK).finditer(page.text):
        yield Match((match.span(),))


def _texts(value: str, page: PageText) -> Iterator[Match]:
    needle = fold(value)
    for look in (_literally, _as_currency, _without_punctuation, _in_pieces, _misread):
        if found := list(look(value, needle, page)):
            yield from found
            return


def _literally(value: str, needle: str, page: PageText) -> Iterator[Match]:
    for span in _folded_spans(needle, value, page):
        yield Match((span,))


def _as_currency(value: str, _: str, page: PageText) -> Iterator[Match]:
    for form in currency_forms(value):
        for span in _folded_spans(fold(form), form, page):
            yield Match((span,))


def _without_punctuation(_: str, needle: str, page: PageText) -> Iterator[Match]:
    """Long texts whose commas and full stops differ; the groups of digits must be the same."""
    short = bare_text(needle)
    if sum(map(str.isalpha, short)) < _PUNCTUATION_FREE:
        return
    digits = _DIGITS.findall(needle)
    for start, end in page.bare.find(short):
        if _is_whole(short, short, page.text, start, end):
            there = page.text[start:end]
            if _DIGITS.findall(fold(there)) == digits or _DIGITS.findall(there) == digits:
                yield Match(((start, end),))


def _misread(_: str, needle: str, page: PageText) -> Iterator[Match]:
    """Texts that OCR got wrong by characters that look the same; every digit must be right."""
    short = bare_text(needle)
    if len(short) < _MISREAD_TEXT:
        return
    wanted = skeleton_text(short)
    for start, end in page.skeleton.find(wanted):
        if _is_whole(short, short, page.text, start, end):
            yield Match(((start, end),), Grade.WEAK, "confusable")


def _folded_spans(needle: str, text: str, page: PageText) -> Iterator[tuple[int, int]]:
    if not needle:
        return
    views: list[Folded] = [page.folded]
    if page.unhyphenated is not None:
        views.append(page.unhyphenated)
    seen: set[tuple[int, int]] = set()
    for view in views:
        for start, end in view.find(needle):
            if (start, end) not in seen and _is_whole(text, needle, page.text, start, end):
                seen.add((start, end))
                yield start, end


def _in_pieces(value: str, _: str, page: PageText) -> Iterator[Match]:
    """A value of several lines whose parts stand near each other with other things between them."""
    pieces = [piece.strip() for piece in _PIECES.split(value) if fold(piece)]
    if len(pieces) < 2:  # noqa: PLR2004  one piece was looked for already
        return
    spans = [list(_folded_spans(fold(piece), piece, page)) for piece in pieces]
    if not all(spans):
        return
    for first in spans[0]:
        line = page.index_at(first[0])
        chosen = [first]
        for options in spans[1:]:
            near = [one for one in options if abs(page.index_at(one[0]) - line) <= _WINDOW]
            if not near:
                break
            chosen.append(min(near, key=lambda one: abs(one[0] - chosen[-1][1])))
        if len(chosen) == len(pieces):
            yield Match(tuple(sorted(set(chosen))))


def _is_whole(value: str, needle: str, text: str, start: int, end: int) -> bool:
    """No part of a longer word or number, and white space where a short value has it."""
    before, after = text[max(start - 2, 0) : start], text[end : end + 2]
    if _cuts(before[-1:], text[start], before[:1] if len(before) > 1 else "") and not (
        before[-1:].isdigit() and text[start].isalpha()
    ):
        return False
    if _cuts(after[:1], text[end - 1], after[1:]) and not (
        text[end - 1].isalpha() and after[:1].isdigit() and is_currency(value.strip())
    ):
        return False
    enough = _SPACE_FREE_DIGITS if needle.isdigit() else _SPACE_FREE
    if len(needle) >= enough:
        return True
    return len(text[start:end].split()) == len(value.split())


def _cuts(neighbour: str, edge: str, beyond: str) -> bool:
    """A border between ``edge`` and ``neighbour`` would run through a word or number."""
    if not neighbour or not edge.isalnum():
        return False
    if neighbour.isalnum() or neighbour == "_":
        return True
    return edge.isdigit() and neighbour in ".,'’" and beyond.isdigit()


def _without_overlaps(found: list[Match]) -> Iterator[Match]:
    """Of matches on the same text the surest, then the longest."""
    taken: list[Match] = []
    for match in sorted(found, key=lambda one: (one.grade, one.start - one.end)):
        if not any(match.start < other.end and other.start < match.end for other in taken):
            taken.append(match)
            yield match
