"""What was written of a list: its rows, and the strips of the pages that they stand in."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from stackdocs_mcp.core.errors import InvalidPath
from stackdocs_mcp.core.model import Leaf, Place
from stackdocs_mcp.core.paths import FieldPath, without_rows
from stackdocs_mcp.core.rows.columns import Fit
from stackdocs_mcp.core.rows.strips import Strip
from stackdocs_mcp.core.schema import Schema

Spot = tuple[int, int]
"""A page and one of its lines."""
_OTHER = 0.9
"""What one of the other places of a value counts beside the likeliest."""
_SECOND = 0.5
"""A row takes a strip that is not its best one if so much of the best stands there."""


@dataclass(frozen=True)
class Row:
    """The leaves of one row, without those of lists inside of it."""

    path: FieldPath
    leaves: tuple[Leaf, ...]

    @cached_property
    def spots(self) -> Mapping[Spot, float]:
        """The lines that its values stand in, weighed by how many of them do."""
        found: defaultdict[Spot, float] = defaultdict(float)
        for leaf in self.leaves:
            if leaf.evidence.place is None or not leaf.evidence.verdict.holds:
                continue
            weights = dict.fromkeys(_spots(leaf.evidence.others), _OTHER)
            weights |= dict.fromkeys(_spots([leaf.evidence.place]), 1)
            for spot, weight in weights.items():
                found[spot] += weight
        return found


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of objects in the schema with the rows of it that were written.

    Lists inside the rows of another list are one listing: they stand in one table, if in any.
    """

    path: FieldPath
    rows: tuple[Row, ...]

    @property
    def pages(self) -> Sequence[int]:
        """The pages on which most of a row's values stand, in order."""
        found = set[int]()
        for row in self.rows:
            if spots := row.spots:
                found.add(max(spots, key=lambda spot: (spots[spot], -spot[0]))[0])
        return sorted(found)


@dataclass(frozen=True, slots=True)
class Claim:
    """Where a value of something else stands; ``in_row`` if that is a row of another list."""

    place: Place
    in_row: bool


Claims = Mapping[Spot, Sequence[Claim]]


def listings(leaves: Sequence[Leaf], schema: Schema | None) -> list[Listing]:
    """The lists of objects that were written, but those that the schema says ``x-rows: off`` of."""
    rows: defaultdict[FieldPath, defaultdict[FieldPath, list[Leaf]]]
    rows = defaultdict(lambda: defaultdict(list))
    for leaf in leaves:
        index = next((at for at in reversed(range(len(leaf.path))) if _is_row(leaf.path, at)), None)
        if index is not None and index + 1 < len(leaf.path):
            rows[without_rows(leaf.path[:index])][leaf.path[: index + 1]].append(leaf)

    found = []
    for of_list in rows.values():
        path = next(iter(of_list))[:-1]
        if schema is None or not is_off(schema, path):
            found.append(Listing(path, tuple(Row(p, tuple(own)) for p, own in of_list.items())))
    return found


def is_off(schema: Schema, path: FieldPath) -> bool:
    """The schema wants only some rows of this list, or has no such list."""
    try:
        return schema.node(path).rows == "off"
    except InvalidPath:
        return True


class Wish(NamedTuple):
    """So much of a row stands in a strip, both by their positions."""

    weight: float
    row: int
    strip: int


def wishes(rows: Sequence[Row], strips: Sequence[Strip]) -> list[Wish]:
    """The strips in which most of a row's values stand, or nearly as many."""
    where = {
        (strip.page, line): position
        for position, strip in enumerate(strips)
        for line in strip.lines
    }
    found: list[Wish] = []
    for nth, row in enumerate(rows):
        votes: dict[int, float] = {}
        for spot, weight in row.spots.items():
            if (at := where.get(spot)) is not None:
                votes[at] = votes.get(at, 0) + weight
        least = _SECOND * max(votes.values(), default=0)
        found += [Wish(weight, nth, at) for at, weight in votes.items() if weight >= least]
    return found


def heads(wished: Sequence[Wish], fits: Sequence[Fit]) -> dict[int, int]:
    """By the position of a row, in order, that of the strip in which most of its values stand.

    A strip is that of one row: of rows with the same values each has the next place of them.
    Strips that fit the columns come before others: a text may stand further up.
    """
    found: dict[int, int] = {}
    taken = set[int]()
    ranked = sorted((not fits[one.strip].is_row, -one.weight, one) for one in wished)
    for _, _, wish in ranked:
        if wish.row not in found and wish.strip not in taken:
            found[wish.row] = wish.strip
            taken.add(wish.strip)
    return dict(sorted(found.items()))


def claimed(leaves: Sequence[Leaf], listing: Listing) -> Claims:
    """Where values stand that are not of this listing, by line."""
    own = {id(leaf) for row in listing.rows for leaf in row.leaves}
    found: defaultdict[Spot, list[Claim]] = defaultdict(list)
    for leaf in leaves:
        place = leaf.evidence.place
        if place is not None and leaf.evidence.verdict.holds and id(leaf) not in own:
            in_row = without_rows(leaf.path) != leaf.path
            for line in place.lines:
                found[place.page, line].append(Claim(place, in_row))
    return found


def _spots(places: Sequence[Place]) -> list[Spot]:
    return [(place.page, line) for place in places for line in place.lines]


def _is_row(path: FieldPath, at: int) -> bool:
    return isinstance(path[at], int)
