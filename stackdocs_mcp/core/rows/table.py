"""Which strips are rows of the table that the written rows stand in, and where it ends."""

from collections.abc import Collection, Sequence
from enum import Enum, auto
from itertools import pairwise
from math import inf

from stackdocs_mcp.core.rows.columns import Columns, Fit
from stackdocs_mcp.core.rows.strips import Strip, Token
from stackdocs_mcp.core.rows.sums import Running, names_a_sum
from stackdocs_mcp.core.rows.written import Claim, Claims

_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_FAR = 3.0
"""Times the space between written rows: a lone figure further away is of something else."""
_NEAR = 10.0
"""In line heights: what is as near is not far."""
_SAME = 0.6
"""So many words of a heading stand in the other if it is repeated."""


class Role(Enum):
    """What a strip is to a listing."""

    WRITTEN = auto()
    LIKE = auto()  # it has the columns of the written rows
    SUM = auto()
    HEADING = auto()
    OTHER = auto()  # it was written as something else
    TEXT = auto()


def roles_of(
    strips: Sequence[Strip],
    columns: Columns,
    fits: Sequence[Fit],
    written: Collection[int],
    others: Claims,
) -> list[Role]:
    """The role of each strip, from the top; ``written`` are positions."""
    roles: list[Role] = []
    running = Running(len(columns.figures))
    last = max(written)
    for at, (strip, fit) in enumerate(zip(strips, fits, strict=True)):
        role = Role.WRITTEN
        if at not in written:
            role = _role(strip, fit, columns, others)
            if role is not Role.HEADING and running.adds_up(fit.filled, is_below=at > last):
                role = Role.SUM
        roles.append(role)
        if role in (Role.WRITTEN, Role.LIKE):
            running.add(fit.filled)
        elif role is Role.SUM:
            running.part_ends()
        elif role is Role.HEADING:
            running.table_ends()
    return roles


def reached(strips: Sequence[Strip], roles: Sequence[Role], fits: Sequence[Fit]) -> list[int]:
    """Positions of rows like the written ones with nothing in between that ends the table."""
    found = {*below(strips, roles, fits), *_above(strips, roles, fits)}
    return sorted(found)


def below(strips: Sequence[Strip], roles: Sequence[Role], fits: Sequence[Fit]) -> list[int]:
    """Rows under a written one, also on the next pages as long as there are rows on each.

    A heading ends the table unless it repeats the one above on a new page. A sum ends it where
    nothing but a text and a figure makes a row.
    """
    found: list[int] = []
    is_inside, is_new = False, True
    heading: frozenset[str] | None = None
    reach = _reach(strips, roles, fits)
    page, last = 0, 0.0
    for at, (strip, role) in enumerate(zip(strips, roles, strict=True)):
        if strip.page != page:
            is_inside = is_inside and not is_new and strip.page == page + 1
            page, is_new = strip.page, True
        if role is Role.HEADING:
            repeats = is_new and heading is not None and _repeats(strip, heading)
            is_inside = is_inside and repeats
            heading = _words(strip)
        elif _ends(role, fits[at]):
            is_inside = False
        elif role is Role.WRITTEN and fits[at].is_row:
            is_inside, is_new, last = True, False, strip.top
        elif role is Role.LIKE:
            is_inside = is_inside and (is_new or abs(strip.top - last) <= reach)
            is_new, last = False, strip.top
            if is_inside:
                found.append(at)
    return found


def _above(strips: Sequence[Strip], roles: Sequence[Role], fits: Sequence[Fit]) -> list[int]:
    """Rows over a written one, also on the pages before if they have the same heading."""
    found: list[int] = []
    headings = {
        (strip.page, _words(strip))
        for strip, role in zip(strips, roles, strict=True)
        if role is Role.HEADING
    }
    is_inside = is_over = False
    is_new = True
    reach = _reach(strips, roles, fits)
    page, last = 0, 0.0
    for at in range(len(strips) - 1, -1, -1):
        strip, role = strips[at], roles[at]
        if strip.page != page:
            is_inside = is_inside and not is_new and strip.page == page - 1
            page, is_new, is_over = strip.page, True, False
        if is_over:  # what stands over a repeated heading is the head of the page
            continue
        if role is Role.HEADING:
            words = _words(strip)
            is_over = is_inside and any(
                other == page - 1 and _alike(words, said) for other, said in headings
            )
            is_inside = is_over
        elif _ends(role, fits[at]):
            is_inside = False
        elif role is Role.WRITTEN and fits[at].is_row:
            is_inside, is_new, last = True, False, strip.top
        elif role is Role.LIKE:
            is_inside = is_inside and (is_new or abs(strip.top - last) <= reach)
            is_new, last = False, strip.top
            if is_inside:
                found.append(at)
    return found


def _reach(strips: Sequence[Strip], roles: Sequence[Role], fits: Sequence[Fit]) -> float:
    """How far apart two rows may stand, in points; rows of several figures as far as they like."""
    written = [strip for strip, role in zip(strips, roles, strict=True) if role is Role.WRITTEN]
    if len(fits[0].filled) > 1 or not written:
        return inf
    apart = [
        lower.top - upper.top for upper, lower in pairwise(written) if upper.page == lower.page
    ]
    return max(_FAR * max(apart, default=0), _NEAR * max(strip.height for strip in written))


def _ends(role: Role, fit: Fit) -> bool:
    return role is Role.OTHER or (role is Role.SUM and len(fit.filled) == 1)


def is_claimed(strip: Strip, filled: Sequence[Token | None], others: Claims) -> bool:
    """It was written as something else: as several fields, or half of its figures and more.

    A row of a table may stand beside one of another table.
    """
    claims = [claim for line in strip.lines for claim in others.get((strip.page, line), ())]
    if len({claim.place.boxes or claim.place.quote for claim in claims if not claim.in_row}) > 1:
        return True
    figures = [token for token in filled if token is not None]
    taken = sum(any(_stands_at(token, claim) for claim in claims) for token in figures)
    return 2 * taken >= len(figures)


def _role(strip: Strip, fit: Fit, columns: Columns, others: Claims) -> Role:
    if strip.header or _is_heading(strip, columns):
        return Role.HEADING
    if any(fit.filled) and names_a_sum(strip):
        return Role.SUM
    if fit.is_row:
        return Role.OTHER if is_claimed(strip, fit.filled, others) else Role.LIKE
    return Role.TEXT


def _is_heading(strip: Strip, columns: Columns) -> bool:
    """Names stand where the figures of several columns do, apart from one another."""
    if not strip.tokens or not all(map(_may_name, strip.tokens)):
        return False
    if strip.table is not None:
        return strip.top == 0
    names = 0
    for cell in strip.cells:
        names += sum(columns.is_over(cell, column) for column in columns.figures) == 1
    return len(strip.cells) > 1 and names > len(columns.figures) / 2


def _may_name(token: Token) -> bool:
    """A word, or the year that a column is of."""
    if token.kind == "integer" and token.value is not None:
        return _FIRST_YEAR <= token.value <= _LAST_YEAR
    return token.kind == "word"


def _stands_at(token: Token, claim: Claim) -> bool:
    place = claim.place
    if not place.boxes:
        return token.text in place.quote or place.quote in token.text
    return any(token.x0 < box.x1 and box.x0 < token.x1 for box in place.boxes)


def _words(strip: Strip) -> frozenset[str]:
    return frozenset(token.text for token in strip.tokens)


def _repeats(strip: Strip, heading: frozenset[str]) -> bool:
    return _alike(_words(strip), heading)


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= _SAME * max(len(one), len(other))
