"""Times of day and time zones as documents print them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_HALF = r"(?P<am>a\.? ?m\b\.?|ص|صباح[اً]*|上午|午前)|(?P<pm>p\.? ?m\b\.?|م(?!\w)|مساء[ً]*|下午|午後)"
_FIRST = r"(?:(?P<before>上午|午前|下午|午後) ?)?"
_TIME = re.compile(
    rf"(?<![\d:.,]){_FIRST}(?P<hour>\d{{1,2}}) ?[:.h時时点] ?(?P<minute>[0-5]\d)"
    r"(?: ?[:分] ?(?P<second>[0-5]\d)(?P<fraction>[.,]\d+)?)?"
    rf"(?: ?[分秒])?(?: ?(?:{_HALF}))?(?![\d:])",
    re.IGNORECASE,
)
_FULL_HOUR = re.compile(
    rf"(?<![\d:.,]){_FIRST}(?P<hour>\d{{1,2}})(?: ?(?:{_HALF})| ?(?:uhr|heures?|h|時|时|点)(?!\w))",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"([+-])(0\d|1[0-4]):?([0-5]\d)(?!\d)")
_ZONES = {
    **dict.fromkeys(("Z", "UTC", "GMT"), "Z"),
    **dict.fromkeys(("CET", "MEZ"), "+01:00"),
    **dict.fromkeys(("CEST", "MESZ"), "+02:00"),
    "JST": "+09:00",
}
"""Names that mean one offset everywhere; CST does not."""
_DOUBTFUL_ZONES = "EST EDT CST CDT MST MDT PST PDT BST IST WET WEST EET EEST ET PT CT"
_NAME = re.compile(r"(?<![^\W\d_])[A-Z]{1,4}(?![^\W_])")


@dataclass(frozen=True, slots=True)
class PrintedTime:
    """A time of day at ``start:end`` of a plain text; seconds are None where none are printed."""

    start: int
    end: int
    hour: int
    minute: int
    second: int | None
    fraction: str = ""
    """The digits behind the seconds, as many as are printed."""


@dataclass(frozen=True, slots=True)
class PrintedZone:
    """A zone at ``start:end`` of a plain text; ``offset`` is None for names of several."""

    start: int
    end: int
    offset: str | None


def times_in(text: str) -> Iterator[PrintedTime]:
    """Every time of day of a plain text, on 24 hours, with its minutes."""
    for match in _TIME.finditer(text):
        if found := _printed(match):
            yield found


def full_hours_in(text: str) -> Iterator[PrintedTime]:
    """``2 pm`` and ``14 Uhr``; where no time is asked for, ``3 h`` is how long something took."""
    for match in _FULL_HOUR.finditer(text):
        if found := _printed(match):
            yield found


def zones_in(text: str) -> Iterator[PrintedZone]:
    """Every time zone of a text without its dates and times."""
    for match in _OFFSET.finditer(text):
        yield PrintedZone(*match.span(), f"{match[1]}{match[2]}:{match[3]}")
    for match in _NAME.finditer(text):
        if match[0] in _ZONES or match[0] in _DOUBTFUL_ZONES.split():
            yield PrintedZone(*match.span(), _ZONES.get(match[0]))


def _printed(match: re.Match[str]) -> PrintedTime | None:
    parts = match.groupdict()
    hour = int(parts["hour"])
    before = parts["before"] or ""
    half = (
        "p" if parts["pm"] or before in ("下午", "午後") else "a" if parts["am"] or before else ""
    )
    if half and not hour <= 12:
        return None
    if half and not before and hour == 0:
        return None  # there is no 0 pm
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23:
        return None
    second = parts.get("second")
    fraction = (parts.get("fraction") or "")[1:]
    return PrintedTime(
        *match.span(),
        hour,
        int(parts.get("minute") or 0),
        int(second) if second else None,
        fraction,
    )
