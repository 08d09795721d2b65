"""Rows that a table on the pages has and that were not written."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto

from stackdocs_mcp.core.model import Leaf
from stackdocs_mcp.core.rows.columns import Columns, columns_of
from stackdocs_mcp.core.rows.strips import Strip, Token
from stackdocs_mcp.core.rows.sums import adds_up, names_a_sum
from stackdocs_mcp.core.rows.written import Listing, Row, Spot, heads


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


def missed(listing: Listing, strips: Sequence[Strip], others: Mapping[Spot, int]) -> Missed:
    """The strips of ``strips``, in order from the top of the first page, that are missed rows."""
    found = heads(listing.rows, strips)
    if not found:
        return Missed(())
    order = sorted(found)
    columns = columns_of([found[nth] for nth in order], [_values(listing.rows[nth]) for nth in order])
    written = {id(strip) for strip in found.values()}
    roles = _roles(strips, columns, written, others)
    rows = _reached(strips, roles, columns)
    return Missed(tuple(strips[at] for at in rows))


def _values(row: Row) -> frozenset[object]:
    return frozenset(abs(leaf.value) for leaf in row.leaves if _is_number(leaf))


def _is_number(leaf: Leaf) -> bool:
    return isinstance(leaf.value, int | Decimal) and not isinstance(leaf.value, bool)


def _roles(
    strips: Sequence[Strip], columns: Columns, written: set[int], others: Mapping[Spot, int]
) -> list[Role]:
    roles: list[Role] = []
    running: list[list[Decimal]] = [[] for _ in columns.figures]
    for strip in strips:
        if id(strip) in written:
            role = Role.WRITTEN
        elif strip.header:
            role = Role.HEADING
        else:
            role = _role(strip, columns, running, others)
        roles.append(role)
        if role in (Role.WRITTEN, Role.LIKE):
            for values, token in zip(running, columns.filled(strip), strict=True):
                if token is not None and token.value is not None:
                    values.append(token.value)
        elif role in (Role.SUM, Role.HEADING):
            pass
    return roles


def _role(
    strip: Strip,
    columns: Columns,
    running: Sequence[Sequence[Decimal]],
    others: Mapping[Spot, int],
) -> Role:
    filled = columns.filled(strip)
    if any(filled) and (names_a_sum(strip) or adds_up(filled, running)):
        return Role.SUM
    if columns.has(strip):
        is_claimed = sum(others.get((strip.page, line), 0) for line in strip.lines) > 1
        return Role.OTHER if is_claimed else Role.LIKE
    if _is_heading(strip, columns):
        return Role.HEADING
    return Role.TEXT


def _is_heading(strip: Strip, columns: Columns) -> bool:
    """Names stand where the figures of several columns do, apart from one another."""
    if strip.table is not None or any(token.kind == "decimal" for token in strip.tokens):
        return False
    over = 0
    for column in columns.figures:
        over += any(
            all(token.kind == "word" for token in cell)
            and cell[0].x0 < column.x1 + columns.slack
            and column.x0 - columns.slack < cell[-1].x1
            for cell in strip.cells
        )
    return len(strip.cells) > 1 and over > len(columns.figures) / 2


def _reached(strips: Sequence[Strip], roles: Sequence[Role], columns: Columns) -> list[int]:
    """Positions of strips like the written rows with nothing in between that ends the table."""
    found = set[int]()
    found.update(_walk(strips, roles, columns, range(len(strips))))
    found.update(_walk(strips, roles, columns, range(len(strips) - 1, -1, -1)))
    return sorted(found)


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
        if role is Role.WRITTEN:
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
