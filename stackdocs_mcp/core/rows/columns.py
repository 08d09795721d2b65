"""The columns that the rows of a table have, and whether a strip has them too."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import NamedTuple

from stackdocs_mcp.core.rows.strips import Strip, Token

_SAMPLE = 40
"""Rows of a long table that its columns are taken from."""
_SHARED = 0.75
"""Of the rows so many have something in each column."""
_FEW = 3
"""Fewer rows do not tell how rows begin and what stands beside their columns."""
_EMPTY = 3
"""Of so many columns one may be empty, of twice as many two."""
_SLACK = 0.4
"""In line heights: what stands so near stands below each other."""
_INDENT = 1.0
"""In line heights: texts that begin so near begin at one edge."""
_APART = -0.5
"""The slack of a stated table, whose columns are counted: none."""


@dataclass(frozen=True, slots=True)
class Column:
    """Where a column stands, and whether it is of figures."""

    x0: float
    x1: float
    decimal: bool
    """All of them have decimals."""
    apart: bool
    """None of them is inside of a text."""
    figures: bool


@dataclass(frozen=True, slots=True)
class Look:
    """What rows have beside their columns, as far as all of them agree."""

    text: tuple[float, float] | None
    """From where to where their words stand; None if some have none."""
    edges: tuple[frozenset[float], frozenset[float]]
    """Where their first words begin and their last words end."""
    first: str | None
    """The word that all begin with."""
    decimals: int
    """The most that one has outside of the columns."""


class Fit(NamedTuple):
    """What of a strip stands in each column, and whether it has what rows have."""

    filled: tuple[Token | None, ...]
    is_row: bool


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that written rows share, from the left."""

    figures: tuple[Column, ...]
    look: Look
    slack: float
    height: float

    def fit(self, strip: Strip) -> Fit:
        """How a strip fits: a row has most of the columns, and a text if the written rows have one.

        A single column is little to know a row by: then the text has to look like theirs as well.
        A page prints amounts with decimals throughout; a stated table may have whole ones.
        """
        filled = self._filled(strip)
        return Fit(filled, self._is_row(strip, filled))

    def _is_row(self, strip: Strip, filled: Sequence[Token | None]) -> bool:
        empty = sum(token is None for token in filled)
        if empty == len(filled) or empty > len(filled) // _EMPTY:
            return False
        kinds = [
            token.kind if token else "word"
            for token, column in zip(filled, self.figures, strict=True)
            if column.decimal
        ]
        if kinds and "decimal" not in kinds and strip.table is None:
            return False
        if not self._has_text(strip) or _decimals(strip, filled) > self.look.decimals:
            return False
        return len(filled) > 1 or (self._is_apart(strip, filled[0]) and self._begins_alike(strip))

    def _filled(self, strip: Strip) -> tuple[Token | None, ...]:
        """For each column what stands in it."""
        found: list[Token | None] = []
        for column in self.figures:
            best, most = None, -self.slack
            for token in strip.tokens:
                if (token.kind == "word") == column.figures:
                    continue
                over = min(token.x1, column.x1) - max(token.x0, column.x0)
                if over > most and not any(token is other for other in found):
                    best, most = token, over
            found.append(best)
        return tuple(found)

    def is_over(self, cell: Sequence[Token], column: Column) -> bool:
        """A cell stands above or below a column, at least in part."""
        return cell[0].x0 < column.x1 + self.slack and column.x0 - self.slack < cell[-1].x1

    def _has_text(self, strip: Strip) -> bool:
        if self.look.text is None:
            return True
        low, high = self.look.text
        return any(
            token.kind == "word" and token.x0 < high and low < token.x1 for token in strip.tokens
        )

    def _is_apart(self, strip: Strip, token: Token | None) -> bool:
        return not self.figures[0].apart or token in strip.figures

    def _begins_alike(self, strip: Strip) -> bool:
        if self.look.first not in (None, _first_word(strip)):
            return False
        known = [edges for edges in self.look.edges if edges]
        if not known:
            return True
        slack = _INDENT * self.height
        return any(
            abs(mine - edge) <= slack
            for ours, theirs in zip(_edges(strip), self.look.edges, strict=True)
            for mine in ours
            for edge in theirs
        )


def columns_of(heads: Sequence[Strip], values: Sequence[frozenset[Decimal]]) -> Columns:
    """The columns that these strips share.

    ``values`` are the numbers that were written of each strip's row: they stand in columns even
    where no gap tells them from a figure inside of a text.
    """
    step = max(1, len(heads) // _SAMPLE)
    heads, values = heads[::step], values[::step]
    height = median(strip.height for strip in heads)
    slack = _SLACK * height if heads[0].table is None else _APART
    tokens = [_candidates(*one) for one in zip(heads, values, strict=True)]
    columns = _shared(tokens, [strip.figures for strip in heads], slack)
    bare = Columns(columns, Look(None, (frozenset(), frozenset()), None, 0), slack, height)
    return Columns(columns, _look(heads, bare), slack, height)


def _candidates(strip: Strip, values: frozenset[Decimal]) -> list[Token]:
    """What may stand in a column of its own."""
    if strip.table is not None:
        return list(strip.tokens)
    apart = strip.figures
    return [
        token
        for token in strip.tokens
        if token in apart or (token.value is not None and abs(token.value) in values)
    ]


def _shared(
    rows: Sequence[Sequence[Token]], figures: Sequence[Sequence[Token]], slack: float
) -> tuple[Column, ...]:
    """Columns that most rows have something in, by the first, the middle and the last row."""
    found: list[tuple[int, Column]] = []
    for sample in sorted({0, len(rows) // 2, len(rows) - 1}):
        for token in rows[sample]:
            inside = [
                other
                for row in rows
                for other in row
                if (other.kind == "word") == (token.kind == "word")
                and token.x0 < other.x1 + slack
                and other.x0 - slack < token.x1
            ]
            column = Column(
                median(other.x0 for other in inside),
                median(other.x1 for other in inside),
                decimal=all(other.kind == "decimal" for other in inside),
                apart=all(any(other in apart for apart in figures) for other in inside),
                figures=token.kind != "word",
            )
            found.append((len(inside), column))

    columns: list[Column] = []
    for count, column in sorted(found, key=lambda one: -one[0]):
        apart = all(column.x1 <= other.x0 or other.x1 <= column.x0 for other in columns)
        if count >= _SHARED * len(rows) and apart:
            columns.append(column)
    return tuple(sorted(columns, key=lambda one: one.x0))


def _look(heads: Sequence[Strip], columns: Columns) -> Look:
    words = [[token for token in strip.tokens if token.kind == "word"] for strip in heads]
    text = None
    if all(words):
        text = (min(row[0].x0 for row in words), max(row[-1].x1 for row in words))
    firsts = {_first_word(strip) for strip in heads}
    lefts, rights = zip(*map(_edges, heads), strict=True)
    return Look(
        text,
        (frozenset().union(*lefts), frozenset().union(*rights)),
        firsts.pop() if len(heads) >= _FEW and len(firsts) == 1 else None,
        max(_decimals(strip, columns.fit(strip).filled) for strip in heads) + (len(heads) < _FEW),
    )


def _edges(strip: Strip) -> tuple[frozenset[float], frozenset[float]]:
    """Where it begins and where it ends, as far as words do."""
    first, last = strip.tokens[0], strip.tokens[-1]
    return (
        frozenset({first.x0} if first.kind == "word" else ()),
        frozenset({last.x1} if last.kind == "word" else ()),
    )


def _decimals(strip: Strip, filled: Sequence[Token | None]) -> int:
    apart = [token for token in strip.figures if token.kind == "decimal"]
    return sum(all(token is not one for one in filled) for token in apart)


def _first_word(strip: Strip) -> str | None:
    token = strip.tokens[0]
    return token.text.split()[0].casefold() if token.kind == "word" else None
