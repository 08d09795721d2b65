"""The tables of a sheet: filled cells that hang together, parted by empty rows and columns."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from stackdocs_mcp.ocr import stated
from stackdocs_mcp.ocr.wire import SentTable


class Filled(NamedTuple):
    """A row of a sheet: its number there, its texts by column, and the index of its line."""

    number: int
    texts: Mapping[int, str]
    line: int


def tables(rows: Sequence[Filled]) -> Iterator[SentTable]:
    """The regions of several rows and columns. A lone text above or below one is its title."""
    for group in _groups(rows):
        columns = sorted({column for row in group for column in row.texts})
        for block in _runs(columns):
            inside = [
                Filled(row.number, {at: row.texts[at] for at in block if at in row.texts}, row.line)
                for row in group
            ]
            if table := stated.table(_row(row, block) for row in _trimmed(inside)):
                yield table


def _groups(rows: Sequence[Filled]) -> Iterator[Sequence[Filled]]:
    """Rows without an empty one between."""
    cuts = [at for at in range(1, len(rows)) if rows[at].number > rows[at - 1].number + 1]
    for start, end in pairwise([0, *cuts, len(rows)]):
        yield rows[start:end]


def _runs(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    cuts = [at for at in range(1, len(numbers)) if numbers[at] > numbers[at - 1] + 1]
    for start, end in pairwise([0, *cuts, len(numbers)]):
        yield numbers[start:end]


def _trimmed(rows: Sequence[Filled]) -> Sequence[Filled]:
    several = [at for at, row in enumerate(rows) if len(row.texts) > 1]
    return rows[several[0] : several[-1] + 1] if several else []


def _row(row: Filled, block: Sequence[int]) -> stated.Row:
    texts = [(row.texts.get(column, ""), 1) for column in block]
    return stated.Row(texts, [row.line] if row.texts else [])
