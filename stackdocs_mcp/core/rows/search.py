"""One list of an extraction, the pages to look at for it, and the rows of it that were missed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from stackdocs_mcp.core.model import Leaf
from stackdocs_mcp.core.paths import FieldPath, dotted, without_rows
from stackdocs_mcp.core.rows.missed import missed, missed_whole
from stackdocs_mcp.core.rows.strips import Strip
from stackdocs_mcp.core.rows.unwritten import Named, unwritten
from stackdocs_mcp.core.rows.written import Claims, Listing, Spot, claimed, listings
from stackdocs_mcp.core.schema import Schema

_MOST_NAMED = 10
"""Rows that a message names; whoever missed more reads the page again."""


@dataclass(frozen=True, slots=True)
class MissedRows:
    """Where rows of a table begin that were not written into the list at ``path``."""

    path: FieldPath
    spots: tuple[Spot, ...]

    @property
    def page(self) -> int:
        """The first page with such a row."""
        return self.spots[0][0]

    @property
    def message(self) -> str:
        """Pages and line numbers, none of the document's words."""
        lines: dict[int, list[int]] = {}
        for page, line in self.spots[:_MOST_NAMED]:
            lines.setdefault(page, []).append(line)
        places = [
            f"page {page} line{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"
            for page, numbers in lines.items()
        ]
        more = len(self.spots) - _MOST_NAMED
        shown = "; ".join(places) + (f" and {more} more" if more > 0 else "")
        one = len(self.spots) == 1
        return (
            f"the table of {dotted(self.path)} has {'a row that was' if one else 'rows that were'} "
            f"not written: {shown}"
        )


@dataclass(frozen=True, slots=True)
class Search:
    """The search for the missed rows of one list.

    ``pages`` are those on which its rows stand; None where no row was written, and its table is
    looked for by the names of the columns.
    """

    path: FieldPath
    pages: tuple[int, ...] | None
    _claims: Claims
    _listing: Listing | None = None
    _fields: tuple[Named, ...] = ()

    def is_unchecked(self, strips: Sequence[Strip]) -> bool:
        """Its rows stand on these pages, but where neither a layout nor a table is known."""
        if self._listing is None:
            return False
        spots = {spot for row in self._listing.rows for spot in row.spots}
        return bool(spots) and spots.isdisjoint(
            (strip.page, line) for strip in strips for line in strip.lines
        )

    def missed(self, strips: Sequence[Strip]) -> MissedRows | None:
        """What is missed on these pages, whose strips are given in order; None if nothing is."""
        if self._listing is not None:
            found = missed(self._listing, strips, self._claims)
        else:
            found = missed_whole(self._fields, strips, self._claims)
        spots = tuple((strip.page, min(strip.lines)) for strip in found)
        return MissedRows(self.path, spots) if spots else None


def searches(leaves: Sequence[Leaf], schema: Schema | None) -> list[Search]:
    """A search for each list of objects, in the order of the leaves, then of the schema.

    Lists that the schema marks ``x-rows: off``, because not all rows of a table are asked for, are
    left out. Lists of plain values stand in tables too seldom to be looked for.
    """
    found = []
    for listing in listings(leaves, schema):
        claims = claimed(leaves, listing)
        found.append(Search(listing.path, tuple(listing.pages), claims, listing))
    if schema is not None and leaves:
        written: Collection[FieldPath] = {
            without_rows(leaf.path)[:1] for leaf in leaves if leaf.value not in (None, [])
        }
        for path, fields in unwritten(schema, written):
            claims = claimed(leaves, Listing(path, ()))
            found.append(Search(path, None, claims, None, tuple(fields)))
    return found
