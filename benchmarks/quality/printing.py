"""Where values are printed and how, by this program's own lights: gold in, printed strings out.

It goes from the value to what could be printed, so it shares nothing with what it judges.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

GROUPERS = ".,'\u2019 \u00a0\u202f"
MONEY = r"(?:EUR|USD|GBP|CHF|RM|NIS|€|\$|£|₪|¥)"
MONTHS = [
    set(names.split())
    for names in (
        "january jan januar janvier janv gennaio gen januari ינואר|"
        "february feb februar février févr febbraio februari פברואר|"
        "march mar märz mrz mars marzo maart מרץ|april apr avril avr aprile אפריל|"
        "may mai maggio mag mei מאי|june jun juni juin giugno giu יוני|"
        "july jul juli juillet juil luglio lug יולי|august aug août agosto ago augustus אוגוסט|"
        "september sep sept septembre settembre set ספטמבר|"
        "october oct oktober okt octobre ottobre ott אוקטובר|"
        "november nov novembre נובמבר|december dec dezember dez décembre déc dicembre dic דצמבר"
    ).split("|")
]


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed string and what it says, where a reader knows how the document writes numbers."""

    text: str
    value: str
    """The number in plain decimals, or the ISO date."""


def numbers(gold: str, text: str) -> Iterator[Printed]:
    """Every string that prints the gold number under the text's own decimal sign."""
    value = Decimal(gold)
    whole, _, fraction = format(abs(value).normalize(), "f").partition(".")
    groups = f"[{GROUPERS}]?".join(_threes(whole))
    decimals = rf"(?:(?P<sign>[.,]){fraction}0*)" if fraction else r"(?:(?P<sign>[.,])0+)?"
    signed = value < 0
    pattern = (
        rf"(?P<lead>(?<![\w.,'-])(?:{MONEY} ?)?(?P<open>\()?-?(?:{MONEY} ?)?)?"
        rf"(?<![\d.,'])(?P<digits>{groups}{decimals})(?![\d'])(?![.,]\d)"
        rf"(?P<tail>(?: ?(?:{MONEY}|%))?-?\)?(?:[A-Z]{{2,4}}\d?)?(?![\w-]))"
    )
    sign = decimal_sign(text)
    for match in re.finditer(pattern, text):
        printed, digits = match[0].strip(), match["digits"]
        if (printed.startswith("(") or match["open"]) != printed.endswith(")"):
            printed = printed.strip("()")
        used = {digits[-1 - len(digits.partition(match["sign"])[2])]} if match["sign"] else set()
        grouped = {char for char in digits if not char.isdigit()} - used
        if sign and ((used and used != {sign}) or sign in grouped):
            continue
        if printed.startswith("(") and not signed:
            printed = printed[1:-1]  # a remark, as the amount is not below zero
        below = "-" in printed or printed.startswith("(")
        if below != signed and below:
            continue
        yield Printed(printed, format(value if below else abs(value), "f"))


def dates(day: date, text: str) -> Iterator[Printed]:
    """Every string that prints the day: year first, month first, day first, in words."""
    d, m = f"0?{day.day}", f"0?{day.month}"
    y = f"(?:{day.year}|{day.year % 100:02})"
    name = "|".join(sorted(MONTHS[day.month - 1], key=len, reverse=True))
    forms = [
        rf"{d}(?P<s>[./-]) ?{m}(?P=s) ?{y}",
        rf"{m}(?P<s>[/-]){d}(?P=s){y}",
        rf"{day.year}(?P<s>[./-]){m}(?P=s){d}",
        rf"{day.year} ?年 ?{m} ?月 ?{d} ?日",
        rf"{day.year}{day.month:02}{day.day:02}",
        rf"{d}(?:st|nd|rd|th|er)?[. -]{{1,2}}(?:{name})[., -]{{1,2}}{y}",
        rf"(?:{name})\.? {d}(?:st|nd|rd|th)?[,.]? {day.year}",
    ]
    for form in forms:
        for match in re.finditer(rf"(?<![\w./-]){form}(?![^\WT]|[./-]\d)", text, re.IGNORECASE):
            yield Printed(match[0], day.isoformat())


def decimal_sign(text: str) -> str | None:
    """The sign before two decimals that is by far more frequent in the text."""
    points = len(re.findall(r"\d\.\d\d(?![\d.,])", text))
    commas = len(re.findall(r"\d,\d\d(?![\d.,])", text))
    if max(points, commas) <= 2 * min(points, commas):
        return None
    return "." if points > commas else ","


def _threes(digits: str) -> list[str]:
    first = len(digits) % 3
    return [part for part in (digits[:first], *re.findall("...", digits[first:])) if part]
