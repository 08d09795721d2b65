"""Rows that a table on the pages has and that were not written."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from math import comb

from stackdocs_mcp.core.rows.columns import Columns, Fit, columns_of
from stackdocs_mcp.core.rows.strips import Strip
from stackdocs_mcp.core.rows.table import Role, below, is_claimed, reached, roles_of
from stackdocs_mcp.core.rows.unwritten import Named, first_row
from stackdocs_mcp.core.rows.written import Claims, Listing, Row, heads, wishes

_SCATTERED = 3
"""Stretches of missed rows between written ones; fewer are no choice of rows."""
_MANY = 2
_CHANCES = 1_000
"""Ways to leave out as many rows, of which few leave out those above or below a figure."""


def missed(listing: Listing, strips: Sequence[Strip], others: Claims) -> list[Strip]:
    """The strips that are rows of the listing's table and were not written, from the top.

    ``strips`` are those of the pages that its rows stand on, and of the pages around them.
    """
    wished = wishes(listing.rows, strips)
    found = heads(wished, [Fit((), is_row=True)] * len(strips))
    if not found:
        return []
    columns = _columns(listing, found, strips)
    if not columns.figures:  # texts may stand above the figures of their row
        found = heads(wished, [Fit((), len(strip.figures) > 1) for strip in strips])
        columns = _columns(listing, found, strips)
    fits = [columns.fit(strip) for strip in strips]
    found = heads(wished, fits)
    if (again := _columns(listing, found, strips)) != columns:
        columns = again
        fits = [columns.fit(strip) for strip in strips]
    roles = roles_of(strips, columns, fits, set(found.values()), others)
    rows = reached(strips, roles, fits)
    if _is_choice(roles, rows, fits):
        return []
    unplaced = [
        _values(row)
        for nth, row in enumerate(listing.rows)
        if nth not in found or not fits[found[nth]].is_row
    ]
    return [strips[at] for at in rows if not _is_of(fits[at], unplaced)]


def missed_whole(fields: Sequence[Named], strips: Sequence[Strip], others: Claims) -> list[Strip]:
    """The rows of a table that is a list's by the names of its columns, none of them written."""
    begun = first_row(fields, strips)
    if begun is None:
        return []
    heading, first = begun
    columns = columns_of([strips[first]], [frozenset()])
    under = strips[heading + 1 :]
    row = first - heading - 1
    fits = [columns.fit(strip) for strip in under]
    if not fits[row].is_row:
        return []
    roles = roles_of(under, columns, fits, {row}, others)
    rows = sorted({row, *below(under, roles, fits)})
    if any(is_claimed(under[at], fits[at].filled, others) for at in rows):
        return []  # it is the table of something else
    return [under[at] for at in rows]


def _columns(listing: Listing, found: Mapping[int, int], strips: Sequence[Strip]) -> Columns:
    values = [_values(listing.rows[nth]) for nth in found]
    return columns_of([strips[at] for at in found.values()], values)


def _values(row: Row) -> frozenset[Decimal]:
    numbers = [leaf.value for leaf in row.leaves if not isinstance(leaf.value, bool)]
    return frozenset(abs(Decimal(one)) for one in numbers if isinstance(one, int | Decimal))


def _is_of(fit: Fit, unplaced: list[frozenset[Decimal]]) -> bool:
    """Its figures were written, of a row whose text could not be found; it is used up then."""
    said = {abs(one.value) for one in fit.filled if one and one.value is not None}
    for values in unplaced:
        if said and said <= values:
            unplaced.remove(values)
            return True
    return False


def _is_choice(roles: Sequence[Role], rows: Sequence[int], fits: Sequence[Fit]) -> bool:
    """The written rows were picked here and there: few of many, or all above or below a figure.

    Whoever misses rows misses them by chance, or those at an end.
    """
    written = [at for at, role in enumerate(roles) if role is Role.WRITTEN]
    if sum(any(low < at < high for at in rows) for low, high in pairwise(written)) < _SCATTERED:
        return False
    if len(rows) > _MANY * len(written):
        return True
    if comb(len(rows) + len(written), len(rows)) < _CHANCES:
        return False
    kept = [fits[at].filled for at in written]
    left = [fits[at].filled for at in rows]
    for column in range(len(kept[0])):
        ours = [token.value for row in kept if (token := row[column]) and token.value is not None]
        theirs = [token.value for row in left if (token := row[column]) and token.value is not None]
        if ours and theirs and (max(ours) < min(theirs) or max(theirs) < min(ours)):
            return True
    return False
