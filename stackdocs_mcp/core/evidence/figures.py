"""Where on a page a number or a date stands."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from stackdocs_mcp.core.evidence.claim import Claim
from stackdocs_mcp.core.evidence.concepts import (
    asks_for_money,
    asks_for_quantity,
    concepts,
    label_concepts,
)
from stackdocs_mcp.core.evidence.headings import is_anothers, is_beside_own, is_rate
from stackdocs_mcp.core.evidence.match import Grade, Match
from stackdocs_mcp.core.evidence.opposite import is_unsaid
from stackdocs_mcp.core.evidence.page import PageText
from stackdocs_mcp.core.evidence.spacing import is_one
from stackdocs_mcp.core.values.exactness import shifted
from stackdocs_mcp.core.values.numerals import readings
from stackdocs_mcp.core.values.printed import PrintedNumber
from stackdocs_mcp.core.values.words import is_currency

_ISO_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ].*)?")
_DECIMAL = re.compile(r"-?(?:0|[1-9]\d*)[.,]\d+")
_CENTS = re.compile(r"\d[.,]\d\d(?!\d)")
_TEXT = re.compile(r"[^\W\d_]{3,}")
_FIGURE = re.compile(r"[^\w]{0,3}\d[\d.,' ]*[^\w]{0,3}(?:[^\W\d_]{1,4}\.?)?")
"""A number with a sign, a currency or a unit."""
_FIGURES = 2
_MONEY_WORDS = re.compile(r"[^\W\d_]+\.?|[^\w\s]")


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
    """The value as a number, also a string that can be no identifier: ``"1234.50"``."""
    value = claim.value
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Decimal):
        return Decimal(value)
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        found = readings(value.removeprefix("-"))
        if len(found) == 1:
            return found[0].value.copy_negate() if value.startswith("-") else found[0].value
    return None


def numbers(value: Decimal, claim: Claim, page: PageText) -> Iterator[Match]:
    found = False
    for printed in page.numbers.get(value.copy_abs(), ()):
        why = _why(value, printed, claim, page)
        if why is not None:
            found = True
            yield Match(((printed.start, printed.end),), _grade(why, printed, claim, page), why)
    for printed in () if found else page.misread_numbers.get(value.copy_abs(), ()):
        if value.copy_abs() in printed.magnitudes(claim.signs):
            yield Match(((printed.start, printed.end),), Grade.WEAK, "confusable")


def _why(value: Decimal, printed: PrintedNumber, claim: Claim, page: PageText) -> str | None:
    """What keeps a printed number from being plainly the value; None when it is not at all."""
    direct = value.copy_abs() in printed.magnitudes(claim.signs)
    if not direct and not _scaled(value.copy_abs(), printed, claim):
        return None  # only a reading that the document's signs rule out
    spaces = claim.signs.spaces
    one = is_one(printed, page)
    if (one is False) if printed.joined else (one and spaces is not False):
        return None  # two columns, or a part of a longer number
    reasons = {
        "part_of_longer": not printed.whole
        or (_is_count(claim) and page.is_dated(printed.start, printed.end)),
        "other_column": is_anothers(claim.labels, page.column(printed.start, printed.end)),
        "inside_text": _is_told(printed, claim, page),
        "sign_differs": printed.negative is not None and value and printed.negative != (value < 0),
        "spaced_groups": (printed.joined and spaces is False)
        or (printed.tail and spaces is not False and one is not False),
        "unlikely_kind": direct and not _is_likely(printed, claim, page),
        "unknown_heading": is_beside_own(claim.labels, page.column(printed.start, printed.end)),
        "scaled": not direct,
    }
    return next((why for why, holds in reasons.items() if holds), "")


def _grade(why: str, printed: PrintedNumber, claim: Claim, page: PageText) -> Grade:
    if why in ("", "scaled"):
        return Grade.SURE
    if why in ("other_column", "inside_text"):
        return Grade.AGAINST
    if why == "sign_differs":
        return Grade.WEAK if is_unsaid(printed, claim, page) else Grade.AGAINST
    if why == "unlikely_kind":
        # Zero percent of anything is no money; and a line without an amount may give a rate alone.
        is_zero = asks_for_money(claim.labels[0]) and not any(printed.magnitudes(claim.signs))
        return Grade.WEAK if is_zero or not _has_cents(printed, page) else Grade.AGAINST
    is_part = why == "part_of_longer" and printed.numeral.text.isdigit()
    return Grade.AGAINST if is_part and _is_count(claim) else Grade.WEAK


def _is_told(printed: PrintedNumber, claim: Claim, page: PageText) -> bool:
    """Words go before it in its cell, while other cells of the row are numbers: "Box of 500 ml"."""
    column = page.column(printed.start, printed.end)
    if column is None or not column.is_row or not _is_count(claim):
        return False
    start = max(
        (
            start
            for start, _, _ in page.cells[page.index_at(printed.start)]
            if start <= printed.start
        ),
        default=printed.start,
    )
    words = _TEXT.findall(page.plain[start : printed.start])
    if not words or any(map(is_currency, words)):
        return False
    called = label_concepts(claim.labels[0])
    if called & concepts(" ".join(words)):
        return False
    return sum(_FIGURE.fullmatch(text) is not None for text in column.row) >= _FIGURES


def _is_likely(printed: PrintedNumber, claim: Claim, page: PageText) -> bool:
    """No percentage or bare count for an amount, as far as the field's name tells.

    Half of the one-digit slips that stand in the right line are of this kind: "19 %" for 10.00.
    """
    if not _is_count(claim):
        return True
    if printed.percent or is_rate(page.column(printed.start, printed.end)):
        return False
    if not printed.numeral.text.isdigit() or not asks_for_money(claim.labels[0]):
        return True
    around = page.plain[max(printed.start - 4, 0) : printed.end + 4]
    if any(is_currency(word) for word in _MONEY_WORDS.findall(around)):
        return True
    return not _has_cents(printed, page)


def _has_cents(printed: PrintedNumber, page: PageText) -> bool:
    """The line has an amount of money, such as ``12,50``."""
    line = page.plain[page.start_of(page.index_at(printed.start)) :].split("\n", 1)[0]
    return _CENTS.search(line) is not None


def _is_count(claim: Claim) -> bool:
    """The field's name asks for money or a quantity: for no percentage, day or order number."""
    name = claim.labels[0] if claim.labels else ""
    return asks_for_money(name) or asks_for_quantity(name)


def _scaled(magnitude: Decimal, printed: PrintedNumber, claim: Claim) -> bool:
    shift = -2 if printed.percent else printed.scale
    return shifted(magnitude, -shift) in printed.magnitudes(claim.signs)


def dates(day: date, claim: Claim, page: PageText) -> Iterator[Match]:
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
