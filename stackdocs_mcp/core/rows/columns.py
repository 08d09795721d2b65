"""The columns that the rows of a table have, and whether a strip has them too."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from stackdocs_mcp.core.rows.strips import Strip, Token

_SAMPLE = 40
"""Rows of a long table that its columns are taken from."""
_SHARED = 0.75
"""Of the rows so many have something in each column."""
_ENOUGH = 0.66
"""Of the columns so many must be filled: a cell may be empty."""
_SLACK = 0.4
"""In line heights: what stands so near stands below each other."""


@dataclass(frozen=True, slots=True)
class Column:
    """Where the figures of a column stand, and whether all of them have decimals."""

    x0: float
    x1: float
    decimal: bool
    figures: bool = True


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns of figures from the left, and from where to where there is text."""

    figures: tuple[Column, ...]
    text: tuple[float, float] | None
    begins: str | None
    """The word that all rows begin with."""
    beside: int
    """The most decimals that a row has outside of its columns."""
    slack: float

    def has(self, strip: Strip) -> bool:
        """The strip has what all rows have; where that is one column, also a text beside it."""
        if not self.figures:
            return False
        filled = self.filled(strip)
        need = _needed(len(self.figures))
        if sum(token is not None for token in filled) < need:
            return False
        decimals = [token for token, column in zip(filled, self.figures, strict=True) if column.decimal]
        if decimals and not any(token is not None and token.kind == "decimal" for token in decimals):
            return False
        if not self._has_text(strip) or _decimals(strip, filled) > self.beside:
            return False
        return len(self.figures) > 1 or self.begins in (None, _first_word(strip))

    def filled(self, strip: Strip) -> list[Token | None]:
        """For each column what stands in it."""
        found: list[Token | None] = []
        free = [token for token in strip.tokens if token.kind != "word" or strip.table is not None]
        for column in self.figures:
            inside = [token for token in free if self._is_in(token, column)]
            best = max(inside, key=lambda token: _overlap(token, column), default=None)
            if best is not None:
                free.remove(best)
            found.append(best)
        return found

    def is_over(self, cell: Sequence[Token], column: Column) -> bool:
        """A cell stands above or below a column, at least in part."""
        return cell[0].x0 < column.x1 + self.slack and column.x0 - self.slack < cell[-1].x1

    def _is_in(self, token: Token, column: Column) -> bool:
        if column.figures != (token.kind != "word"):
            return False
        return token.x0 < column.x1 + self.slack and column.x0 - self.slack < token.x1

    def _has_text(self, strip: Strip) -> bool:
        if self.text is None:
            return True
        low, high = self.text
        return any(
            token.kind == "word" and token.x0 < high and low < token.x1 for token in strip.tokens
        )


def columns_of(heads: Sequence[Strip], values: Sequence[frozenset[object]]) -> Columns:
    """The columns that these strips share.

    ``values`` are the numbers that were written of each strip's row: with one row alone nothing
    else tells a column from a figure in a text.
    """
    step = max(1, len(heads) // _SAMPLE)
    heads, values = heads[::step], values[::step]
    slack = _SLACK * median(strip.height for strip in heads)
    if heads[0].table is not None:
        slack = -0.5
    found: list[tuple[int, Column]] = []
    tokens = [
        [token for token in strip.tokens if _counts(token, strip, said if len(heads) < 3 else None)]
        for strip, said in zip(heads, values, strict=True)
    ]
    least = _SHARED * len(heads)
    for sample in (tokens[at] for at in sorted({0, len(tokens) // 2, len(tokens) - 1})):
        for token in sample:
            inside = [
                other
                for row in tokens
                for other in row
                if _near(other, token, slack) and (other.kind == "word") == (token.kind == "word")
            ]
            if len(inside) >= least:
                decimal = all(other.kind == "decimal" for other in inside)
                middle = Column(
                    median(other.x0 for other in inside),
                    median(other.x1 for other in inside),
                    decimal,
                    token.kind != "word",
                )
                found.append((len(inside), middle))

    columns: list[Column] = []
    for _, column in sorted(found, key=lambda one: -one[0]):
        if not any(column.x0 < other.x1 and other.x0 < column.x1 for other in columns):
            columns.append(column)
    texts = [token for strip in heads for token in strip.tokens if token.kind == "word"]
    text = (min(t.x0 for t in texts), max(t.x1 for t in texts)) if texts else None
    if not all(any(token.kind == "word" for token in strip.tokens) for strip in heads):
        text = None
    shared = Columns(tuple(sorted(columns, key=lambda one: one.x0)), text, None, 0, slack)
    beside = max(_decimals(strip, shared.filled(strip)) for strip in heads)
    first = {_first_word(strip) for strip in heads}
    begins = first.pop() if len(heads) > 2 and len(first) == 1 else None
    return replace(shared, begins=begins, beside=beside + (len(heads) < 3))


def _decimals(strip: Strip, filled: Sequence[Token | None]) -> int:
    return sum(t.kind == "decimal" and all(t is not one for one in filled) for t in strip.tokens)


def _first_word(strip: Strip) -> str | None:
    token = strip.tokens[0]
    return token.text.split()[0].casefold() if token.kind == "word" else None


def _counts(token: Token, strip: Strip, values: frozenset[object] | None) -> bool:
    if strip.table is not None:
        return True
    if token.kind == "word":
        return False
    if values is None or (token.value is not None and abs(token.value) in values):
        return True
    return token in strip.figures


def _near(one: Token, other: Token, slack: float) -> bool:
    return one.x0 < other.x1 + slack and other.x0 - slack < one.x1


def _overlap(token: Token, column: Column) -> float:
    return min(token.x1, column.x1) - max(token.x0, column.x0)


def _needed(columns: int) -> int:
    return columns if columns < 3 else -int(-_ENOUGH * columns // 1)
