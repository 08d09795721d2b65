"""Tables that only their layout shows: lines whose pieces stand in the same columns.

A table begins at a line with several pieces and takes in the lines below it for as long as no piece
reaches from one column into another. Lines with little in them go on with the text of a row.
Where the columns do not keep to an edge, or nothing tells the table from a list or from running
text, there is none: a header above amounts tells it, or many rows with several amounts each, or
rules between the rows.
"""

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import pairwise
from operator import itemgetter
from statistics import median

from stackdocs_mcp.ocr import cells
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
_INDENT = 6.0
"""Points: what belongs to a cell may begin a little to the left of it."""
_MANY = 4
"""Rows that need no header."""
_LEDGER = 4
"""Rows of two columns, with their names."""
_HEADER_LINES = 4
_LARGER = 1.3
_PARTED = 0.75
"""In line heights: the least gap between words of two columns; fixed-width text has half of it."""
_WIDE = 0.7
_MOST = 0.6


def tables(lines: Sequence[Line], rules: Sequence[Rule] = ()) -> list[SentTable]:
    """The tables in lines that follow one another, from the top."""
    barriers = _Barriers(rules)
    found: list[SentTable] = []
    start = free = 0
    while start < len(lines):
        table, end = None, start + 1
        if _may_begin(lines[start]):
            table, end = _table(lines, free, start, barriers)
        start = end
        if table:
            found.append(table)
            free = end

    return found


def _may_begin(line: Line) -> bool:
    """Not what names a value with a colon; and two columns begin with their names."""
    if len(line) < 2 or any(part.piece.text.endswith(":") for part in line):
        return False
    return len(line) > 2 or not any(cells.is_amount(part.piece.text) for part in line)


def _table(
    lines: Sequence[Line], free: int, start: int, rules: "_Barriers"
) -> tuple[SentTable | None, int]:
    """The table that begins at a line, and where to go on looking."""
    spans, strips = _run(lines, start)
    is_narrow = len(spans) == 2
    after = start + (max(1, len(strips)) if is_narrow else 1)
    if len(strips) < (_LEDGER if is_narrow else 2):
        return None, after
    barriers = rules.across(spans, strips)
    if len(barriers) < 2 and not any(map(_has_amount, strips)):
        return None, after
    heads = _heads(strips, len(spans))
    while len(heads) > 1 and (end := _end(strips, heads)) < len(strips):
        strips = strips[:end]
        heads = _heads(strips, len(spans))
    if len(heads) < 2:
        return None, after

    gathered = cells.gathered(strips, heads, barriers)
    gathered[0] = [*_above(lines, free, start, spans), *gathered[0]]
    rows = [cells.merged(row) for row in gathered]
    header = cells.header_rows(rows)
    if not _is_table(rows, heads, header, barriers):
        return None, after
    sent = [[cells.cell(row.get(column, []), None) for column in range(len(spans))] for row in rows]
    return cells.table(sent, header), start + len(strips)


def _has_amount(strip: Strip) -> bool:
    return any(cells.is_amount(cells.text(parts)) for parts in strip.cells.values())


def _run(lines: Sequence[Line], start: int) -> tuple[list[Span], list[Strip]]:
    """The columns from a line on, and the lines that keep to them.

    Until there is a line with amounts, more columns may show: headings stand on several lines.
    """
    spans: list[Span] = []
    strips: list[Strip] = []
    is_open = True
    for at in range(start, len(lines)):
        line = lines[at]
        has_amount = any(cells.is_amount(part.piece.text) for part in line)
        far = _APART if is_open and not has_amount else _FAR
        if at > start and not _is_next(lines[at - 1], line, far):
            break
        places = _places(line, spans)
        if places is None and is_open:
            spans = _with_more(spans, line)
            again = [_places(other, spans) for other in lines[start:at]]
            if None in again:
                break
            strips = [_strip(lines[start + nth], found or ()) for nth, found in enumerate(again)]
            places = _places(line, spans)
        if places is None and (has_amount or not is_open):
            line = _cut(line, spans)
            places = _places(line, spans)
        strip = _strip(line, places) if places is not None else _fitted(line, spans)
        if strip is None or (is_open and strip.is_loose):
            break
        strips.append(strip)
        for part, column in zip(line, places or (), strict=False):
            x0, _, x1, _ = part.piece.box
            left, right = spans[column]
            spans[column] = min(left, x0), max(right, x1)
        is_open = is_open and not has_amount

    return spans, strips


def _cut(line: Line, spans: Sequence[Span]) -> Line:
    """With the parts cut that go from one column into the next with a gap between."""
    edges = [(left[1] + right[0]) / 2 for left, right in pairwise(spans)]
    return [piece for part in line for piece in cells.cut(part, edges, _PARTED * part.piece.height)]


def _with_more(spans: Sequence[Span], line: Line) -> list[Span]:
    """With a column for each part that stands in none."""
    more = [
        (x0, x1)
        for x0, _, x1, _ in (part.piece.box for part in line)
        if not any(x0 < right and left < x1 for left, right in spans)
    ]
    return sorted([*spans, *more])


def _fitted(line: Line, spans: Sequence[Span]) -> Strip | None:
    """A line whose last text runs over the columns to the right of its own."""
    x0 = line[-1].piece.box[0]
    begun = [at for at, (left, right) in enumerate(spans) if left - _INDENT <= x0 < right]
    if not begun or not begun[0] or cells.is_amount(line[-1].piece.text):
        return None
    others = _places(line[:-1], spans[: begun[0]])
    if others is None:
        return None
    return replace(_strip(line, [*others, begun[0]]), is_loose=True)


def _is_next(upper: Line, lower: Line, far: float) -> bool:
    """One line stands below another, and not far."""
    above, below = upper[0].piece, lower[0].piece
    return 0 < below.middle - above.middle < (far + 1) * below.height


def _strip(line: Line, places: Sequence[int]) -> Strip:
    tops = [part.piece.box[1] for part in line]
    bottoms = [part.piece.box[3] for part in line]
    return Strip(min(tops), max(bottoms), {at: [p] for p, at in zip(line, places, strict=True)})


def _places(line: Line, spans: Sequence[Span]) -> list[int] | None:
    """The column of each part; None where one is in several or several are in one.

    In a line that fills all columns a part need not be below what names its column.
    """
    is_full = len(line) == len(spans)
    found: list[int] = []
    for nth, part in enumerate(line):
        x0, _, x1, _ = part.piece.box
        over = [at for at, (left, right) in enumerate(spans) if x0 < right and left < x1]
        if not over and is_full:
            over = [nth]
        if len(over) != 1 or (found and over[0] <= found[-1]):
            return None
        found.append(over[0])

    return found


def _below(upper: Strip, lower: Strip) -> float:
    return lower.top - upper.bottom


def _heads(strips: Sequence[Strip], columns: int) -> list[Strip]:
    """The lines that begin a row: those that fill most columns, or name something with an amount.

    Between such lines one without amounts that stands close to the line above goes on with it.
    """
    full = [strip for strip in strips if _is_full(strip, columns)]
    amounts = cells.amount_columns([cells.merged([strip]) for strip in full])
    heads: list[Strip] = []
    is_body = False
    for at, strip in enumerate(strips):
        has_amount = any(
            cells.is_amount(cells.text(strip.cells[c])) for c in _shared(strip, amounts)
        )
        is_close = at > 0 and _below(strips[at - 1], strip) < _NEAR * strip.height
        is_named = has_amount and 0 in strip.cells and not strip.is_loose
        goes_on = is_body and not has_amount and len(strip.cells) < columns and is_close
        if is_named or (_is_full(strip, columns) and not goes_on):
            heads.append(strip)
            is_body = is_body or has_amount

    return heads


def _is_full(strip: Strip, columns: int) -> bool:
    return len(strip.cells) > columns // 2 and not strip.is_loose


def _shared(strip: Strip, columns: Collection[int]) -> list[int]:
    return [column for column in strip.cells if column in columns]


def _end(strips: Sequence[Strip], heads: Sequence[Strip]) -> int:
    """How many of the lines are of the table: not a total below it, nor what stands far below."""
    amounts = cells.amount_columns([cells.merged([strip]) for strip in heads])
    at = 0
    for head, group in zip(heads, cells.gathered(strips, heads), strict=True):
        for strip in group:
            shared = _shared(strip, amounts & head.cells.keys()) if strip is not head else []
            if any(cells.has_digit(strip.cells[column]) for column in shared):
                return at
            if at and head is heads[-1] and _trails(strips, at, head):
                return at
            at += 1

    first = min(heads[0].cells)
    tail = len(heads)
    while tail > 2 and first not in heads[tail - 1].cells:
        tail -= 1
    if tail < len(heads) and all(first in head.cells for head in heads[:tail]):
        return _index(strips, heads[tail])
    return len(strips)


def _trails(strips: Sequence[Strip], at: int, head: Strip) -> bool:
    """A line below the last row that is no part of it."""
    strip = strips[at]
    if strip.top <= head.top:
        return False
    return strip.is_loose or _below(strips[at - 1], strip) > _APART * strip.height


def _index(strips: Sequence[Strip], one: Strip) -> int:
    return next(at for at, strip in enumerate(strips) if strip is one)


def _above(lines: Sequence[Line], free: int, start: int, spans: Sequence[Span]) -> list[Strip]:
    """The lines of a heading above its fullest one."""
    found: list[Strip] = []
    lower = _strip(lines[start], range(len(lines[start])))
    for line in reversed(lines[max(free, start - _HEADER_LINES) : start]):
        places = _places(line, spans)
        if places is None or any(cells.is_amount(part.piece.text) for part in line):
            break
        strip = _strip(line, places)
        if strip.height > _LARGER * lower.height:
            break  # a title
        if not -strip.height < _below(strip, lower) < _NEAR * strip.height:
            break
        found.insert(0, strip)
        lower = strip

    return found


def _is_table(
    rows: Sequence[Row], heads: Sequence[Strip], header: int, barriers: Sequence[float]
) -> bool:
    """It keeps to its columns, and something tells that it is no list and no running text."""
    columns = max(column for row in rows for column in row) + 1
    body = rows[header:]
    bad = sum(not _is_aligned(column, heads, header) for column in range(columns))
    if bad > columns // (3 if header else 5) or _is_list(body):
        return False
    named, used = _filled(rows[:header]), _filled(body)
    if header and named - used and used - named:
        return False  # names stand beside their columns
    amounts = cells.amount_columns(body)
    amounts = {at for at in amounts if sum(at in row for row in body) > _MOST * len(body)}
    top, bottom = heads[0].top, heads[-1].bottom
    drawn = sum(top < at < bottom for at in barriers)
    if columns == 2:
        is_headed = header > 0 and len(rows[0]) == 2
        return is_headed and amounts == {1} and len(body) >= _LEDGER - 1 and _is_ledger(heads)
    if header and amounts:
        return len(body) > 1 or (columns > 3 and len(amounts) > 1 and used <= named)
    if len(body) >= _MANY and len(amounts) > 1:
        return amounts != set(range(1, columns, 2))  # names and values, twice
    return len(body) > 2 and drawn > 1 and all(0 in row for row in rows)


def _filled(rows: Sequence[Row]) -> set[int]:
    return {column for row in rows for column in row}


def _is_aligned(column: int, heads: Sequence[Strip], header: int) -> bool:
    """Left, right or middle of what stands in a column is mostly in one place."""
    boxes = [head.cells[column][0].piece.box for head in heads[header:] if column in head.cells]
    if len(boxes) < 3:
        boxes += [h.cells[column][0].piece.box for h in heads[:header] if column in h.cells]
    if len(boxes) < 2:
        return True
    slack = _SLACK * median(head.height for head in heads)
    left, right = [box[0] for box in boxes], [box[2] for box in boxes]
    middle = [(box[0] + box[2]) / 2 for box in boxes]
    return any(_is_edge(places, slack) for places in (left, right, middle))


def _is_edge(places: Sequence[float], slack: float) -> bool:
    """Most of them are in one place."""
    middle = median(places)
    return sum(abs(place - middle) <= slack for place in places) >= _KEPT * len(places)


def _is_ledger(heads: Sequence[Strip]) -> bool:
    """Of two columns the second is flush right, as amounts are and the values of a list are not."""
    boxes = [head.cells[1][0].piece.box for head in heads if 1 in head.cells]
    slack = _SLACK * median(head.height for head in heads)
    lefts, rights = [box[0] for box in boxes], [box[2] for box in boxes]
    return _is_edge(rights, slack) and max(lefts) - min(lefts) > slack


def _is_list(rows: Sequence[Row]) -> bool:
    """Colons stand between names and values."""
    said = [cells.text(parts) for row in rows for parts in row.values()]
    colons = sum(each.endswith(":") or each.startswith(":") for each in said)
    return 2 * colons >= len(rows)


class _Barriers:
    """The horizontal rules of a page, those at one height together."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        heights: dict[float, list[Span]] = {}
        for at, start, end in rules:
            heights.setdefault(round(at * 2) / 2, []).append((start, end))
        self._heights = sorted(heights.items())

    def across(self, spans: Sequence[Span], strips: Sequence[Strip]) -> list[float]:
        """Where rules run along these lines for most of the columns' width."""
        x0, x1 = spans[0][0], spans[-1][1]
        first = bisect_left(self._heights, strips[0].top, key=itemgetter(0))
        last = bisect_left(self._heights, strips[-1].bottom, key=itemgetter(0))
        found = []
        for at, drawn in self._heights[first:last]:
            length = sum(max(0.0, min(end, x1) - max(start, x0)) for start, end in drawn)
            if length >= _WIDE * (x1 - x0):
                found.append(at)
        return found
