"""Pages as strips: what stands beside each other, as tokens with a place across the page.

A strip is a row of words on a page with a layout, or a row of a table that the format states; there
a token is a cell, and its place is its column.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Literal

from stackdocs_mcp.core.evidence.boxes import Word, part_of, words_of
from stackdocs_mcp.core.evidence.page import PageText
from stackdocs_mcp.core.evidence.spacing import held_together, words_at
from stackdocs_mcp.core.model import Box, Line, Table
from stackdocs_mcp.core.values.numerals import numerals_in
from stackdocs_mcp.core.values.plain import plain
from stackdocs_mcp.core.values.words import is_currency

Kind = Literal["decimal", "integer", "date", "word"]

_NUMBER = re.compile(r"\d[\d.,']*")
_DECIMAL = re.compile(r"(?:[\d.,']*\d)?[.,]\d{1,2}|\d+[.,]\d{4,}|0[.,]\d+")
_DATE = re.compile(r"\d{1,4}([./-])\d{1,2}\1\d{1,4}")
_EDGE = re.compile(r"^[\W_]+|[\W_]+$")
_GLUED = re.compile(r"([^\W\d_]{1,4})\.?(?=\d)|(?<=\d)([^\W\d_]{1,4})$")
_CELL_GAP = 0.8
"""In line heights: words that are further apart are in different cells."""


@dataclass(frozen=True)
class Token:
    """A word, a number without its spaces, or a cell of a stated table, at ``x0`` to ``x1``."""

    text: str
    x0: float
    x1: float
    kind: Kind

    @cached_property
    def value(self) -> Decimal | None:
        """The number that it most likely is, signed; None for dates and words."""
        if self.kind not in ("decimal", "integer"):
            return None
        numeral = next(numerals_in(plain(self.text)), None)
        if numeral is None:
            return None
        found = [one.value for one in numeral.readings]
        shown = min(found, key=abs) if self.kind == "decimal" else max(found, key=abs)
        text = plain(self.text).strip()
        negative = text[0] in "-(" or text[-1] == "-"
        return -shown if negative else shown


@dataclass(frozen=True)
class Strip:
    """Tokens from left to right. ``top`` and ``bottom`` are points, or rows of a stated table.

    ``header`` rows of a stated table are known; on a page with a layout they have to be told.
    """

    page: int
    lines: tuple[int, ...]
    tokens: tuple[Token, ...]
    top: float
    bottom: float
    header: bool = False
    table: int | None = None
    """Which stated table of its page it is a row of."""

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @cached_property
    def cells(self) -> Sequence[Sequence[Token]]:
        """Tokens that stand close together."""
        if self.table is not None:
            return [[token] for token in self.tokens]
        found = [[self.tokens[0]]] if self.tokens else []
        for left, right in pairwise(self.tokens):
            if right.x0 - left.x1 > _CELL_GAP * self.height:
                found.append([right])
            else:
                found[-1].append(right)
        return found

    @cached_property
    def figures(self) -> Sequence[Token]:
        """Numbers and dates that stand apart, with a unit at most: not those inside of a text."""
        return [
            token
            for cell in self.cells
            if 2 * sum(one.kind == "word" for one in cell) <= len(cell)
            for token in cell
            if token.kind != "word"
        ]


def strips_of(page: PageText) -> list[Strip]:
    """The strips of a page from its top; none where neither layout nor tables are known."""
    if page.lines and all(line.box is not None for line in page.lines):
        return list(_laid_out(page))
    return [strip for nth, table in enumerate(page.tables) for strip in _stated(page, nth, table)]


@lru_cache(maxsize=8192)
def kind_of(text: str) -> Kind:
    """What a word is, without the signs, brackets and money around it."""
    if not any(map(str.isdigit, text)):
        return "word"
    bare = _EDGE.sub("", plain(text))
    if (glued := _GLUED.search(bare)) and is_currency(glued[1] or glued[2]):
        bare = _EDGE.sub("", bare[: glued.start()] + bare[glued.end() :])
    if _NUMBER.fullmatch(bare):
        if _DATE.fullmatch(bare):
            return "date"
        return "decimal" if _DECIMAL.fullmatch(bare) else "integer"
    return "date" if _DATE.fullmatch(bare) else "word"


def _laid_out(page: PageText) -> Iterator[Strip]:
    """Lines whose middles are at one height, by the smaller of them: text may run up the margin."""
    boxed = [(line.box, line) for line in page.lines if line.box is not None]
    rows: list[list[tuple[Box, Line]]] = []
    for box, line in sorted(boxed, key=lambda one: one[0].y0 + one[0].y1):
        if rows and all(_beside(other, box) for other, _ in rows[-1]):
            rows[-1].append((box, line))
        else:
            rows.append([(box, line)])
    for row in rows:
        yield _strip(page.number, [line for _, line in row])


def _beside(one: Box, other: Box) -> bool:
    if min(one.x1, other.x1) - max(one.x0, other.x0) > 1:
        return False
    apart = abs(one.y0 + one.y1 - other.y0 - other.y1) / 2
    return apart < min(one.y1 - one.y0, other.y1 - other.y0) / 2


def _strip(page: int, row: Sequence[Line]) -> Strip:
    boxes = [line.box for line in row if line.box is not None]
    tokens = sorted((token for line in row for token in _tokens(line)), key=lambda one: one.x0)
    return Strip(
        page,
        tuple(line.number for line in row),
        tuple(tokens),
        min(box.y0 for box in boxes),
        max(box.y1 for box in boxes),
    )


def _tokens(line: Line) -> Iterator[Token]:
    if words := words_of(line):
        held = _held_together(line, words)
        at = 0
        while at < len(words):
            end = held.get(at, at + 1)
            text = "".join(line.text[low:high] for low, high, _, _ in words[at:end])
            edges = [edge for _, _, x0, x1 in words[at:end] for edge in (x0, x1)]
            yield Token(text, min(edges), max(edges), kind_of(text))
            at = end
        return
    for match in re.finditer(r"\S+", line.text):
        part = part_of(line, match.start(), match.end())
        if part is not None:
            yield Token(match[0], part.x0, part.x1, kind_of(match[0]))


def _held_together(line: Line, words: Sequence[Word]) -> dict[int, int]:
    """By the first word of each number with spaces: the word behind its last one."""
    found: dict[int, int] = {}
    for numeral in numerals_in(plain(line.text)):
        span = numeral.start, numeral.end
        if " " in numeral.text and held_together(line.text, words, *span):
            at = words_at(words, *span)
            found[at.start] = at.stop
    return found


def _stated(page: PageText, nth: int, table: Table) -> Iterator[Strip]:
    shown = {line.number for line in page.lines}
    for at, row in enumerate(table.rows):
        lines = sorted({number for cell in row for number in cell.lines} & shown)
        column, tokens = 0, list[Token]()
        for cell in row:
            if text := cell.text.strip():
                tokens.append(Token(text, column, column + cell.columns, _cell_kind(text)))
            column += cell.columns
        if lines:
            header = at < table.header_rows
            yield Strip(page.number, tuple(lines), tuple(tokens), at, at + 1, header, nth)


def _cell_kind(text: str) -> Kind:
    """Of a whole cell: a number with its unit or currency is one."""
    kinds = [kind_of(word) for word in text.split()]
    if len(kinds) > 2:
        return "word"
    return next((kind for kind in kinds if kind != "word"), "word")
