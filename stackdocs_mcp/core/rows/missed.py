"""Rows that a table on the pages has and that were not written."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from itertools import pairwise
from math import comb

from stackdocs_mcp.core.model import Leaf, Place
from stackdocs_mcp.core.rows.columns import Columns, columns_of
from stackdocs_mcp.core.rows.strips import Strip, Token
from stackdocs_mcp.core.rows.sums import Running, names_a_sum
from stackdocs_mcp.core.rows.unwritten import Named, first_row
from stackdocs_mcp.core.rows.written import Listing, Row, heads, Claims

_SCATTERED = 3
_MANY = 2
_CHANCES = 1_000


class Role(Enum):
    """What a strip is to a listing."""

    WRITTEN = auto()
    LIKE = auto()  # it has the columns of the written rows
    SUM = auto()
    HEADING = auto()
    OTHER = auto()  # it is a row of something else
    TEXT = auto()


@dataclass(frozen=True, slots=True)
class Missed:
    """The lines of rows that were not written; ``before`` and ``after`` the pages may be more."""

    strips: tuple[Strip, ...]
    before: bool = False
    after: bool = False


def missed(listing: Listing, strips: Sequence[Strip], others: Claims) -> Missed:
    """The strips of ``strips``, in order from the top of the first page, that are missed rows."""
    found = heads(listing.rows, strips)
    if not found:
        return Missed(())
    columns, roles, found = trace(listing, strips, others)
    rows = _reached(strips, roles, columns)
    if _is_selection(strips, roles, rows, columns):
        return Missed(())
    kept = {nth for nth, strip in found.items() if columns.has(strip)}
    unplaced = [_values(row) for nth, row in enumerate(listing.rows) if nth not in kept]
    return Missed(tuple(strip for strip in map(strips.__getitem__, rows) if not _is_of(strip, columns, unplaced)))


def _is_of(strip: Strip, columns: Columns, unplaced: list[frozenset[object]]) -> bool:
    """Its figures were written, of a row whose text could not be found; it is used up then."""
    said = {abs(one.value) for one in columns.filled(strip) if one and one.value is not None}
    for values in unplaced:
        if said and said <= values:
            unplaced.remove(values)
            return True
    return False


def missed_whole(fields: Sequence[Named], strips: Sequence[Strip], others: Claims) -> Missed:
    """The rows of a table that is the list's by the names of its columns, none of them written."""
    begun = first_row(fields, strips)
    if begun is None:
        return Missed(())
    heading, at = begun
    columns = columns_of([strips[at]], [frozenset()])
    if not columns.has(strips[at]):
        return Missed(())
    below = strips[heading + 1 :]
    roles = _roles(below, columns, {id(strips[at])}, others)
    rows = {at - heading - 1, *_walk(below, roles, columns, range(len(below)))}
    if any(_is_claimed(below[row], columns.filled(below[row]), others) for row in rows):
        return Missed(())  # it is the table of something else
    return Missed(tuple(below[row] for row in sorted(rows)))


def trace(listing, strips, others):
    found = heads(listing.rows, strips)
    columns = _columns(listing, found)
    found = heads(listing.rows, strips, columns)
    columns = _columns(listing, found)
    written = {id(strip) for strip in found.values()}
    roles = _roles(strips, columns, written, others)
    return columns, roles, found


def _columns(listing: Listing, found: Mapping[int, Strip]) -> Columns:
    order = sorted(found)
    values = [_values(listing.rows[nth]) for nth in order]
    return columns_of([found[nth] for nth in order], values)


def _values(row: Row) -> frozenset[object]:
    return frozenset(abs(leaf.value) for leaf in row.leaves if _is_number(leaf))


def _is_number(leaf: Leaf) -> bool:
    return isinstance(leaf.value, int | Decimal) and not isinstance(leaf.value, bool)


def _roles(
    strips: Sequence[Strip], columns: Columns, written: set[int], others: Claims
) -> list[Role]:
    roles: list[Role] = []
    running = Running(len(columns.figures))
    for strip in strips:
        role = Role.WRITTEN if id(strip) in written else _role(strip, columns, running, others)
        roles.append(role)
        if role in (Role.WRITTEN, Role.LIKE):
            running.add(columns.filled(strip))
        elif role is Role.SUM:
            running.part_ends()
        elif role is Role.HEADING:
            running.table_ends()
    return roles


def _role(strip: Strip, columns: Columns, running: Running, others: Claims) -> Role:
    if strip.header or _is_heading(strip, columns):
        return Role.HEADING
    filled = columns.filled(strip)
    if any(filled) and (names_a_sum(strip) or running.adds_up(filled)):
        return Role.SUM
    if columns.has(strip):
        return Role.OTHER if _is_claimed(strip, filled, others) else Role.LIKE
    return Role.TEXT


def _is_claimed(strip: Strip, filled: Sequence[Token | None], others: Claims) -> bool:
    """It was written as something else: several fields, or half of its figures and more.

    A row of a table may stand beside one of another.
    """
    claims = [claim for line in strip.lines for claim in others.get((strip.page, line), ())]
    if len({claim.place.boxes or claim.place.quote for claim in claims if not claim.in_row}) > 1:
        return True
    figures = [token for token in filled if token is not None]
    taken = sum(any(_stands_at(token, claim.place) for claim in claims) for token in figures)
    return 2 * taken >= len(figures)


def _stands_at(token: Token, place: Place) -> bool:
    if not place.boxes:
        return token.text in place.quote or place.quote in token.text
    return any(token.x0 < box.x1 and box.x0 < token.x1 for box in place.boxes)


def _is_heading(strip: Strip, columns: Columns) -> bool:
    """Names stand where the figures of several columns do, apart from one another."""
    if not strip.tokens or not all(map(_may_name, strip.tokens)):
        return False
    if strip.table is not None:
        return strip.top == 0 and all(column.figures for column in columns.figures[1:])
    names = 0
    for cell in strip.cells:
        over = [column for column in columns.figures if columns.is_over(cell, column)]
        names += len(over) == 1
    return len(strip.cells) > 1 and names > len(columns.figures) / 2


def _may_name(token: Token) -> bool:
    """A word, or the year that a column is of."""
    year = token.value if token.kind == "integer" else None
    return token.kind == "word" or (year is not None and 1900 <= year <= 2100)


def _reached(strips: Sequence[Strip], roles: Sequence[Role], columns: Columns) -> list[int]:
    """Positions of strips like the written rows with nothing in between that ends the table."""
    found = set[int]()
    found.update(_walk(strips, roles, columns, range(len(strips))))
    found.update(_walk(strips, roles, columns, range(len(strips) - 1, -1, -1)))
    return sorted(found)


def _is_selection(
    strips: Sequence[Strip], roles: Sequence[Role], rows: Sequence[int], columns: Columns
) -> bool:
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
    kept = [columns.filled(strips[at]) for at in written]
    left = [columns.filled(strips[at]) for at in rows]
    for column in range(len(columns.figures)):
        ours = [row[column].value for row in kept if row[column] is not None]
        theirs = [row[column].value for row in left if row[column] is not None]
        ours, theirs = [v for v in ours if v is not None], [v for v in theirs if v is not None]
        if ours and theirs and (max(ours) < min(theirs) or max(theirs) < min(ours)):
            return True
    return False


def _walk(
    strips: Sequence[Strip], roles: Sequence[Role], columns: Columns, order: range
) -> list[int]:
    found: list[int] = []
    inside = fresh = False
    page: tuple[int, int | None] | None = None
    for at in order:
        strip, role = strips[at], roles[at]
        if strip.page != page:
            page, fresh = strip.page, True
        if role is Role.WRITTEN and columns.has(strip):
            inside, fresh = True, False
        elif role is Role.LIKE:
            fresh = False
            if inside:
                found.append(at)
        elif role is Role.OTHER:
            inside = False
        elif role is Role.HEADING:
            inside = inside and fresh and order.step > 0
        elif role is Role.SUM and len(columns.figures) == 1:
            inside = False
    return found
