"""Tables that only their layout shows: lines whose pieces stand in the same columns.

A table begins at a line with several pieces and takes in the lines below it for as long as no piece
reaches from one column into another. Lines with little in them go on with the text of a row.
Where the columns do not keep to an edge, or nothing tells the table from a list or from running
text, there is none: a header above amounts tells it, or many rows with several amounts each, or
rules between the rows.
"""

from collections.abc import Sequence
from statistics import median

from stackdocs_mcp.ocr import cells, order
from stackdocs_mcp.ocr.cells import Part, Row, Strip
from stackdocs_mcp.ocr.grids import Rule
from stackdocs_mcp.ocr.wire import SentTable

Line = Sequence[Part]
"""The parts of one line of the page, from the left."""
Span = tuple[float, float]
_FAR = 4.0
"""In line heights: a wider gap ends a table."""
_NEAR = 0.8
"""In line heights: lines of one paragraph are nearer."""
_APART = 1.6
"""In line heights: what stands further below the last row is no part of it."""
_SLACK = 0.4
"""In line heights: edges that are no further apart are one."""
_KEPT = 0.75
_MANY = 4
"""Rows that need no header."""
_HEADER_LINES = 4
_WIDE = 0.7


def tables(lines: Sequence[Line], rules: Sequence[Rule] = ()) -> list[SentTable]:
    """The tables in lines that follow one another, from the top."""
    found: list[SentTable] = []
    start = free = 0
    while start < len(lines):
        table = None
        if len(lines[start]) > 1:
            table, end = _table(lines, free, start, rules)
        if table is None:
            start += 1
            continue
        found.append(table)
        start = free = end

    return found


def _table(
    lines: Sequence[Line], free: int, start: int, rules: Sequence[Rule]
) -> tuple[SentTable | None, int]:
    """The table that begins at a line, and where what is below it begins."""
    spans, strips = _run(lines, start)
    heads = _heads(strips, len(spans))
    while len(heads) > 1 and (end := _end(strips, heads)) < len(strips):
        strips = strips[:end]
        heads = _heads(strips, len(spans))
    if len(heads) < 2:
        return None, start

    gathered = cells.gathered(strips, heads)
    gathered[0] = [*_above(lines, free, start, spans), *gathered[0]]
    rows = [cells.merged(row) for row in gathered]
    header = cells.header_rows(rows)
    if not _is_table(rows, heads, header, rules):
        return None, start
    sent = [[cells.cell(row.get(column, []), None) for column in range(len(spans))] for row in rows]
    return cells.table(sent, header), start + len(strips)


def _run(lines: Sequence[Line], start: int) -> tuple[list[Span], list[Strip]]:
    """The columns from a line on, and the lines that keep to them."""
    spans = [(part.piece.box[0], part.piece.box[2]) for part in lines[start]]
    strips: list[Strip] = []
    for line in lines[start:]:
        places = _places(line, spans)
        if places is None:
            break
        strip = cells.strip({at: [part] for part, at in zip(line, places, strict=True)})
        if strips and not 0 <= _below(strips[-1], strip) + strip.height < _FAR * strip.height:
            break
        strips.append(strip)
        for part, at in zip(line, places, strict=True):
            x0, _, x1, _ = part.piece.box
            spans[at] = min(spans[at][0], x0), max(spans[at][1], x1)

    return spans, strips


def _places(line: Line, spans: Sequence[Span]) -> list[int] | None:
    """The column of each part; None where one is in several or several are in one.

    In a line that fills all columns a part need not be below what names its column.
    """
    over = [
        [at for at, (left, right) in enumerate(spans) if box[0] < right and left < box[2]]
        for box in (part.piece.box for part in line)
    ]
    if len(line) == len(spans) and all(at in (each or [at]) for at, each in enumerate(over)):
        over = [each or [at] for at, each in enumerate(over)]
    places = [each[0] for each in over if len(each) == 1]
    return places if len(set(places)) == len(line) else None


def _below(upper: Strip, lower: Strip) -> float:
    return lower.top - upper.bottom


def _heads(strips: Sequence[Strip], columns: int) -> list[Strip]:
    """The lines that begin a row: those that fill most columns, and do not go on with text."""
    full = [strip for strip in strips if len(strip.cells) > columns // 2]
    amounts = cells.amount_columns([cells.merged([strip]) for strip in full])
    heads: list[Strip] = []
    begun = False
    for strip in full:
        has_amount = not amounts.isdisjoint(
            at for at, parts in strip.cells.items() if cells.is_amount(cells.text(parts))
        )
        begun = begun or has_amount
        before = strips[strips.index(strip) - 1] if heads else None
        if (
            begun
            and before
            and not has_amount
            and len(strip.cells) < columns
            and _below(before, strip) < _NEAR * strip.height
        ):
            continue
        heads.append(strip)

    return heads


def _end(strips: Sequence[Strip], heads: Sequence[Strip]) -> int:
    """How many of the lines are of the table: not a total below it, nor what stands far below."""
    amounts = cells.amount_columns([cells.merged([strip]) for strip in heads])
    last = strips.index(heads[-1])
    first = min(heads[0].cells)
    for at, strip in enumerate(strips):
        if strip in heads:
            continue
        nearest = heads[cells.nearest(strip, heads)]
        shared = amounts & set(strip.cells) & set(nearest.cells)
        if any(cells.is_amount(cells.text(strip.cells[column])) for column in shared):
            return at
        if at > last and _below(strips[at - 1], strip) > _APART * strip.height:
            return at

    tail = len(heads)
    while tail > 2 and first not in heads[tail - 1].cells:
        tail -= 1
    if tail < len(heads) and all(first in head.cells for head in heads[:tail]):
        return strips.index(heads[tail])
    return len(strips)


def _above(lines: Sequence[Line], free: int, start: int, spans: Sequence[Span]) -> list[Strip]:
    """The lines of a heading above its fullest one."""
    found: list[Strip] = []
    lower = cells.strip(dict(enumerate([part] for part in lines[start])))
    for line in reversed(lines[max(free, start - _HEADER_LINES) : start]):
        places = _places(line, spans)
        if places is None or any(cells.is_amount(part.piece.text) for part in line):
            break
        strip = cells.strip({at: [part] for part, at in zip(line, places, strict=True)})
        if not -strip.height < _below(strip, lower) < _NEAR * strip.height:
            break
        found.insert(0, strip)
        lower = strip

    return found


def _is_table(
    rows: Sequence[Row], heads: Sequence[Strip], header: int, rules: Sequence[Rule]
) -> bool:
    """It keeps to its columns, and something tells that it is no list and no running text."""
    columns = max(column for row in rows for column in row) + 1
    body = rows[header:]
    bad = sum(not _is_aligned(column, heads, header) for column in range(columns))
    if bad > columns // 5 or _is_list(body):
        return False
    amounts = cells.amount_columns(body)
    if columns == 2:
        return header > 0 and amounts == {1} and len(body) > 2 and len(rows[0]) == 2
    if header and amounts:
        return len(body) > 1 or (columns > 3 and len(amounts) > 1)
    if len(body) >= _MANY and len(amounts) > 1:
        return amounts != set(range(1, columns, 2))  # names and values, twice
    return len(body) > 2 and _ruled(rows, rules) > 2


def _is_aligned(column: int, heads: Sequence[Strip], header: int) -> bool:
    """Left, right or middle of what stands in a column is mostly in one place."""
    boxes = [head.cells[column][0].piece.box for head in heads[header:] if column in head.cells]
    if len(boxes) < 3:
        boxes += [h.cells[column][0].piece.box for h in heads[:header] if column in h.cells]
    if len(boxes) < 2:
        return True
    slack = _SLACK * median(head.height for head in heads)
    for edges in (
        [box[0] for box in boxes],
        [box[2] for box in boxes],
        [(box[0] + box[2]) / 2 for box in boxes],
    ):
        middle = median(edges)
        if sum(abs(edge - middle) <= slack for edge in edges) >= _KEPT * len(edges):
            return True
    return False


def _is_list(rows: Sequence[Row]) -> bool:
    """Colons stand between names and values."""
    said = [cells.text(parts) for row in rows for parts in row.values()]
    colons = sum(each.endswith(":") or each.startswith(":") for each in said)
    return 2 * colons >= len(rows)


def _ruled(rows: Sequence[Row], rules: Sequence[Rule]) -> int:
    """How many rules run along the rows for most of their width."""
    boxes = [part.piece.box for row in rows for parts in row.values() for part in parts]
    x0, y0, x1, y1 = order.around(boxes)
    height = median(box[3] - box[1] for box in boxes)
    drawn: dict[int, float] = {}
    for at, start, end in rules:
        if y0 - height < at < y1 + height:
            place = round(at / 2)
            drawn[place] = drawn.get(place, 0.0) + max(0.0, min(end, x1) - max(start, x0))
    return sum(length >= _WIDE * (x1 - x0) for length in drawn.values())
