"""Every place of a page from which a value follows."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import islice

from stackdocs_mcp.core.evidence.answers import booleans, unticked
from stackdocs_mcp.core.evidence.claim import Claim
from stackdocs_mcp.core.evidence.figures import dates, day_of, number_of, numbers
from stackdocs_mcp.core.evidence.match import Match
from stackdocs_mcp.core.evidence.page import PageText
from stackdocs_mcp.core.evidence.standing import Standing
from stackdocs_mcp.core.evidence.texts import texts

MAX_MATCHES = 200
"""More places than this on one page tell nothing, and would let a page cost without bound."""


def matches(claim: Claim, page: PageText) -> list[Match]:
    """Every place of a page from which the value follows, surest first, then from the top."""
    found = list(islice(_matches(claim, page), MAX_MATCHES))
    return sorted(_without_overlaps(found), key=lambda one: (one.grade, one.start))


def standings(claim: Claim, page: PageText) -> Sequence[Standing]:
    """The matches with their surroundings; fields of one call that claim the same share them."""
    value = claim.value
    if not isinstance(value, str | int | Decimal):
        return [Standing(page, match) for match in matches(claim, page)]
    expected = claim.expected.format, repr(claim.expected.types), repr(claim.expected.enum)
    what = type(value), str(value), expected, claim.labels, claim.signs
    held = claim.seen.standings(what, page)
    return claim.seen.found(what, page, matches(claim, page)) if held is None else held


def _matches(claim: Claim, page: PageText) -> Iterator[Match]:
    if isinstance(claim.value, bool):
        yield from booleans(claim.value, claim, page)
        return
    if isinstance(claim.value, str):
        for match in texts(claim.value, page):
            yield unticked(match, claim, page)
    if (number := number_of(claim)) is not None:
        yield from numbers(number, claim, page)
    if (day := day_of(claim)) is not None:
        yield from dates(day, claim, page)


def _without_overlaps(found: list[Match]) -> Iterator[Match]:
    """Of matches on the same text the surest, then the longest."""
    starts: list[int] = []
    ends: list[int] = []
    for match in sorted(found, key=lambda one: (one.grade, one.start - one.end)):
        at = bisect_right(starts, match.start)
        if (at and ends[at - 1] > match.start) or (at < len(starts) and starts[at] < match.end):
            continue
        starts.insert(at, match.start)
        ends.insert(at, match.end)
        yield match
