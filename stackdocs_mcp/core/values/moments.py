"""Reading one printed string as a date, a time of day or both: exactly one way, or not at all."""

import re
from datetime import date, time

from stackdocs_mcp.core.errors import BadValue
from stackdocs_mcp.core.model import Warn
from stackdocs_mcp.core.values.dates import Order, PrintedDate, dates_in
from stackdocs_mcp.core.values.expected import Typed
from stackdocs_mcp.core.values.plain import one_line
from stackdocs_mcp.core.values.signs import Signs
from stackdocs_mcp.core.values.strings import shown
from stackdocs_mcp.core.values.times import PrintedTime, full_hours_in, times_in, zones_in

_LONGEST = 200
_ISO_TIME = re.compile(
    r"(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?P<fraction>\.\d+)?)?"
    r"(?P<zone>[Zz]|[+-](?:0\d|1[0-4]):[0-5]\d)?"
)
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](.+)")
_DAY_FIRST_SCRIPTS = re.compile(r"[\u0590-\u06ff]")
"""Hebrew and Arabic, which put the day before the month in every country."""
_ARABIC = re.compile(r"[\u0600-\u06ff]")
_ISLAMIC_YEARS = range(1300, 1500)
_SEND_DATE = "Send the date as YYYY-MM-DD."
_DROPPED = Warn("time_dropped", "The field takes a date; the time of day is not kept.")
_NO_ZONE = Warn("zone_dropped", "The name of the time zone has several meanings and is not kept.")


def date_of(text: str, signs: Signs) -> Typed:
    """``5. März 2018``, ``05/03/18`` -> ``2018-03-05``."""
    day, rest = _one_date(text, signs)
    if not _has_digits(rest):
        return Typed(day)
    found = _time_in(rest)
    if found is None:
        raise _not_a_date(text)
    return Typed(day, (_DROPPED,))


def date_time_of(text: str, signs: Signs) -> Typed:
    """``05.03.2018 14:30`` -> ``2018-03-05T14:30:00``; a zone stands only where one was given."""
    iso = _ISO.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if iso and (clock := _ISO_TIME.fullmatch(iso[2])):
        return Typed(f"{_one_date(iso[1], signs)[0]}T{_iso_time(clock)}")
    day, rest = _one_date(text, signs)
    found = _time_in(rest)
    if found is None:
        raise BadValue(
            "not_a_time",
            f"{shown(text)} does not show one time of day, which the field asks for",
            "Send YYYY-MM-DDTHH:MM:SS, or change the field's format to date.",
        )
    return Typed(f"{day}T{found[0]}", found[1])


def time_of(text: str, _: Signs) -> Typed:
    """``2.30 pm`` -> ``14:30:00``."""
    printed = text.strip()
    clock = _ISO_TIME.fullmatch(printed)
    if clock and (clock["second"] or not (clock["zone"] or "").startswith("-")):
        return Typed(_iso_time(clock))
    found = _time_in(one_line(printed)) if len(printed) <= _LONGEST else None
    if found is None:
        raise BadValue("not_a_time", f"{shown(text)} is not a time of day", "Send HH:MM:SS.")
    return Typed(*found)


def _one_date(text: str, signs: Signs) -> tuple[str, str]:
    """The only date in a text, in ISO form, and the text without it."""
    printed = one_line(text)
    found = sorted(dates_in(printed), key=_length) if len(printed) <= _LONGEST else []
    if not found:
        raise _not_a_date(text)
    longest = found[-1]
    script_order: Order | None = "day" if _DAY_FIRST_SCRIPTS.search(text) else None
    days = sorted(set(longest.under(signs.order or script_order)))
    if len(days) > 1:
        raise _ambiguous(text, days)
    if days[0].year in _ISLAMIC_YEARS and _ARABIC.search(text):
        raise BadValue(
            "not_a_date",
            f"{shown(text)} is a day of another calendar",
            "Send the day of the Gregorian calendar as YYYY-MM-DD, if the document shows it.",
        )
    rest = f"{printed[: longest.start]} {printed[longest.end :].removeprefix('T')}"
    return days[0].isoformat(), rest


def _time_in(text: str) -> tuple[str, tuple[Warn, ...]] | None:
    """The only time of day in a text that has no other digits, in ISO form."""
    found = list(times_in(text)) or list(full_hours_in(text))
    if len(found) == 2 and _is_offset(text, *found):
        del found[1]
    if len(found) != 1:
        return None
    clock = found[0]
    before, behind = text[: clock.start], text[clock.end :]
    zones = list(zones_in(behind))
    if len(zones) > 1 or _has_digits(before):
        return None
    if not zones:
        return None if _has_digits(behind) else (_clock(clock), ())
    zone = zones[0]
    if _has_digits(behind[: zone.start] + behind[zone.end :]):
        return None
    return _clock(clock) + (zone.offset or ""), () if zone.offset else (_NO_ZONE,)


def _is_offset(text: str, clock: PrintedTime, second: PrintedTime) -> bool:
    """``+02:00``; behind hours and minutes ``-16:00`` is when something ends."""
    between = text[clock.end : second.start].strip()
    return between == "+" or (between == "-" and clock.second is not None)


def _iso_time(clock: re.Match[str]) -> str:
    zone = (clock["zone"] or "").upper()
    fraction = (clock["fraction"] or "").rstrip("0").rstrip(".")
    zone = "Z" if zone == "+00:00" else zone
    return f"{clock['hour']}:{clock['minute']}:{clock['second'] or '00'}{fraction}{zone}"


def _clock(found: PrintedTime) -> str:
    fraction = found.fraction.rstrip("0")
    seconds = time(found.hour, found.minute, found.second or 0).isoformat()
    return f"{seconds}.{fraction}" if fraction else seconds


def _length(printed: PrintedDate) -> int:
    return printed.end - printed.start


def _has_digits(text: str) -> bool:
    return any(char.isdigit() for char in text)


def _ambiguous(text: str, days: list[date]) -> BadValue:
    listed = [day.isoformat() for day in days]
    return BadValue(
        "ambiguous_date",
        f"{shown(text)} is {', '.join(listed[:-1])} or {listed[-1]}, "
        "and the document does not decide it",
        "Look which comes first elsewhere in the document, and send YYYY-MM-DD.",
    )


def _not_a_date(text: str) -> BadValue:
    return BadValue("not_a_date", f"{shown(text)} is not a day of the calendar", _SEND_DATE)
