"""A cell of a spreadsheet as text: what its number format shows, in signs of no language.

Dates are ISO 8601 and numbers have a point and no groups: the file does not say in which language
it was looked at, and ``1,234`` means one thing here and another there.
"""

import datetime as dt
import re
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import NamedTuple

GENERAL = "General"
_NOTHING = ";;;"
_DIGITS = 15
"""Significant ones, as many as a double holds for sure and spreadsheets show."""
_TOKENS = re.compile(
    r'"([^"]*)"|\\(.)|_.|\*.|\[\$([^\]-]*)[^\]]*\]|\[([^\]]*)\]|(E[+-]0+|General|[0#?.,%/@])|(.)',
    re.IGNORECASE | re.DOTALL,
)
_COLOURS = re.compile(
    r"(black|blue|cyan|green|magenta|red|white|yellow|colou?r ?\d+)", re.IGNORECASE
)


_LARGEST = 15
"""Digits behind the first one; there is no telling a format from noise beyond."""


class _Section(NamedTuple):
    """One of up to four parts of a number format (ECMA-376 part 1, 18.8.31)."""

    before: str
    after: str
    digits: int
    """Before the point, at least; with none, zero shows nothing."""
    decimals: int
    optional: int
    """Of the decimals, those that are left out where they are zero."""
    percent: bool
    shown: bool
    """It has a place for the number."""


def cell_text(value: object, number_format: str) -> str:
    """The text of a value as openpyxl gives it; empty if its format shows nothing."""
    match value:
        case bool():
            return str(value).upper()
        case int() | float():
            return _number(value, number_format)
        case dt.datetime():
            return _moment(value, number_format)
        case dt.timedelta():
            return _duration(value)
        case dt.date() | dt.time():
            return value.isoformat().removesuffix(":00")
        case _:
            return "" if number_format == _NOTHING else str(value)


def _moment(value: dt.datetime, number_format: str) -> str:
    at_midnight = value.time() == dt.time()
    if at_midnight and "h" not in number_format.lower():
        return value.date().isoformat()
    return value.isoformat(" ", "seconds" if value.second else "minutes")


def _duration(value: dt.timedelta) -> str:
    seconds = round(abs(value).total_seconds())
    sign = "-" if value < dt.timedelta() else ""
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _number(value: float, number_format: str) -> str:
    sections = _sections(number_format)
    exact = Decimal(f"{value:.{_DIGITS}g}")
    if sections is None or not exact.is_finite() or exact.adjusted() > _LARGEST:
        return _general(exact)
    chosen = 0
    if exact < 0 and len(sections) > 1:
        chosen = 1
    if exact == 0 and len(sections) > 2:
        chosen = 2
    section = sections[chosen]
    sign = "-" if exact < 0 and chosen == 0 else ""
    if not section.shown:
        return (section.before + section.after).strip()
    figures = _figures(abs(exact), section)
    sign = sign if figures.strip("0.") else ""
    return f"{sign}{section.before}{figures}{section.after}".strip()


def _figures(exact: Decimal, section: _Section) -> str:
    """Half of the last place is rounded away from zero, as spreadsheets do."""
    scaled = exact * 100 if section.percent else exact
    rounded = scaled.quantize(Decimal(1).scaleb(-section.decimals), ROUND_HALF_UP)
    whole, _, fraction = f"{rounded:f}".partition(".")
    kept = section.decimals - section.optional
    fraction = fraction[:kept] + fraction[kept:].rstrip("0")
    if fraction:
        return f"{whole.zfill(section.digits)}.{fraction}"
    return "" if whole == "0" and not section.digits else whole.zfill(section.digits)


def _general(exact: Decimal) -> str:
    if exact and not -20 <= exact.adjusted() <= 20:
        return f"{exact.normalize():E}"
    text = f"{exact:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@lru_cache(maxsize=500)
def _sections(number_format: str) -> list[_Section] | None:
    """The parts for positive, negative and zero, or None to show the number as it is."""
    if len(number_format) > 500:
        return None
    part: list[tuple[str, bool]] = []
    parts = [part]
    for match in _TOKENS.finditer(number_format):
        quoted, escaped, currency, bracket, sign, other = match.groups()
        if other == ";":
            part = []
            parts.append(part)
        elif sign:
            part.append((sign, True))
        elif bracket is not None and not _COLOURS.fullmatch(bracket):
            return None  # a condition
        elif text := quoted or escaped or currency or other:
            part.append((text, False))

    sections = [_section(part) for part in parts[:3]]
    known = [section for section in sections if section is not None]
    return known if len(known) == len(sections) else None


def _section(part: list[tuple[str, bool]]) -> _Section | None:
    """None for what is not worth telling: fractions, exponents, thousands left out, General."""
    signs = [text for text, is_sign in part if is_sign and text != "%"]
    places = [index for index, (text, is_sign) in enumerate(part) if is_sign and text in "0#?.,"]
    pattern = "".join(signs)
    if not re.fullmatch(r"[#0?,]*(\.[#0?]*)?", pattern) or re.search(r",(\.|\Z)", pattern):
        return None
    whole, _, fraction = pattern.partition(".")
    if len(fraction) > _LARGEST - 5:
        return None
    first, last = (places[0], places[-1]) if places else (len(part), len(part))
    between = [text for text, is_sign in part[first:last] if not is_sign]
    if between:
        return None  # 000-00-0000
    return _Section(
        before="".join(text for text, _ in part[:first]),
        after="".join(text for text, _ in part[last + 1 :]),
        digits=whole.count("0"),
        decimals=len(fraction),
        optional=len(fraction) - fraction.rfind("0") - 1,
        percent=("%", True) in part,
        shown=bool(places),
    )
