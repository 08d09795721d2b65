"""Reading one printed string as a number, a date or a time: exactly one way, or not at all."""

import re
from datetime import datetime, time

from stackdocs_mcp.core.errors import BadValue
from stackdocs_mcp.core.model import Warn
from stackdocs_mcp.core.values.dates import PrintedDate, PrintedTime, dates_in, times_in
from stackdocs_mcp.core.values.exactness import canonical
from stackdocs_mcp.core.values.expected import Typed
from stackdocs_mcp.core.values.numerals import readings, under
from stackdocs_mcp.core.values.plain import plain
from stackdocs_mcp.core.values.signs import Signs
from stackdocs_mcp.core.values.strings import shown
from stackdocs_mcp.core.values.words import SCALES, is_currency

_LONGEST = 200
_NUMBER = re.compile(
    r"(?P<open>\()? ?(?P<lead>[^\d.,()]*)(?P<digits>[.,]?\d(?:[\d.,' ]*\d)?)(?P<round>[.,]-{1,2})?"
    r"(?P<tail>[^\d()]*)(?P<close>\))?(?P<last> ?-)?"
)
_TOKEN = re.compile(r"[-+%]|[^\W\d_]+[.$]?|[^\w\s+%-]+")
_SEVERAL_SPACES = re.compile(r"\s+")
_UNIT = re.compile(r"[^\W\d_]{1,12}\.?")
_ZONE = re.compile(r"(Z|[+-]\d\d:?\d\d)\Z", re.IGNORECASE)
_AS_PRINTED = "Send it as printed, or as a JSON number."
_ISO = "Send the date as YYYY-MM-DD."


def number_of(text: str, signs: Signs) -> Typed:
    """``"1.234,56 €"`` -> 1234.56, ``(45.00)`` and ``45,00-`` -> -45, ``12.5 %`` -> 12.5."""
    printed = _SEVERAL_SPACES.sub(" ", plain(text)).strip()
    match = _NUMBER.fullmatch(printed) if len(printed) <= _LONGEST else None
    if not match or bool(match["open"]) != bool(match["close"]):
        raise _not_a_number(text)

    negative, scale, notes = _around(match, text)
    values = under(readings(match["digits"]), signs.decimal)
    if not values:
        raise _not_a_number(text)
    if len(values) > 1:
        first, second = (canonical(one) for one in sorted(values))
        raise BadValue(
            "ambiguous_number",
            f"{shown(text)} is {first} or {second}, and the document does not decide it",
            "Send a JSON number.",
        )
    number = -values[0] if negative else values[0]
    return Typed(canonical(number.scaleb(scale)), notes)


def date_of(text: str, signs: Signs) -> Typed:
    """``5. März 2018``, ``05/03/18`` -> ``2018-03-05``."""
    found, rest = _one_date(text, signs)
    notes: tuple[Warn, ...] = ()
    if next(times_in(rest), None):
        notes = (Warn("time_dropped", "The field takes a date; the time of day is not kept."),)
    elif any(char.isdigit() for char in rest):
        raise _not_a_date(text)
    return Typed(found, notes)


def date_time_of(text: str, signs: Signs) -> Typed:
    """``05.03.2018 14:30`` -> ``2018-03-05T14:30:00``; a zone stands only where one was given."""
    try:
        exact = datetime.fromisoformat(text.strip())
    except ValueError:
        pass
    else:
        if len(text.strip()) > len("2018-03-05"):
            return Typed(exact.isoformat().replace("+00:00", "Z"))
    day, rest = _one_date(text, signs)
    clock = list(times_in(rest))
    if len(clock) != 1:
        raise BadValue(
            "not_a_time",
            f"{shown(text)} has no time of day, which the field asks for",
            "Send YYYY-MM-DDTHH:MM:SS, or change the field's format to date.",
        )
    return Typed(f"{day}T{_clock(clock[0])}{_zone(rest)}")


def time_of(text: str, _: Signs) -> Typed:
    """``2.30 pm`` -> ``14:30:00``."""
    found = list(times_in(plain(text).strip()))
    if len(found) != 1:
        raise BadValue("not_a_time", f"{shown(text)} is not a time of day", "Send HH:MM:SS.")
    return Typed(f"{_clock(found[0])}{_zone(plain(text).strip())}")


def _around(match: re.Match[str], text: str) -> tuple[bool, int, tuple[Warn, ...]]:
    """Sign, power of ten and notes from what stands before and behind the digits."""
    negative = bool(match["open"] or match["last"])
    for word in _TOKEN.findall(match["lead"]):
        if word == "-":
            negative = True
        elif word != "+" and not is_currency(word):
            raise _not_a_number(text)

    scale, units = 0, 0
    for word in _TOKEN.findall(match["tail"]):
        if word == "-":
            negative = True
        elif word.casefold() in SCALES:
            scale += SCALES[word.casefold()]
        elif word == "%" or is_currency(word):
            continue
        elif _UNIT.fullmatch(word) and not units:
            units += 1
        else:
            raise _not_a_number(text)

    notes = [Warn("scaled", f"The number was multiplied by 10 to the {scale}.")] if scale else []
    if units:
        notes.append(Warn("unit_dropped", "Only the number is kept, not the word behind it."))
    return negative, scale, tuple(notes)


def _one_date(text: str, signs: Signs) -> tuple[str, str]:
    """The only date in a text, in ISO form, and the text without it."""
    printed = _SEVERAL_SPACES.sub(" ", plain(text)).strip()
    found = sorted(dates_in(printed), key=_length) if len(printed) <= _LONGEST else []
    if not found:
        raise _not_a_date(text)
    date = found[-1]
    days = sorted(date.under(signs.order))
    if len(days) > 1:
        first, second = (day.isoformat() for day in days)
        raise BadValue(
            "ambiguous_date",
            f"{shown(text)} is {first} or {second}, and the document does not decide it",
            "Look which comes first elsewhere in the document, and send YYYY-MM-DD.",
        )
    rest = f"{printed[: date.start]} {printed[date.end :].removeprefix('T')}"
    return days[0].isoformat(), rest


def _length(date: PrintedDate) -> int:
    return date.end - date.start


def _clock(found: PrintedTime) -> str:
    return time(found.hour, found.minute, found.second or 0).isoformat()


def _zone(text: str) -> str:
    zone = _ZONE.search(text.strip())
    return zone[1].upper() if zone else ""


def _not_a_number(text: str) -> BadValue:
    return BadValue("not_a_number", f"{shown(text)} is not a number", _AS_PRINTED)


def _not_a_date(text: str) -> BadValue:
    return BadValue("not_a_date", f"{shown(text)} is not a day of the calendar", _ISO)
