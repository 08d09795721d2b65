"""Tables that only their layout shows: lines whose pieces stand in the same columns.

A table begins at a line with several pieces and takes in the lines below it for as long as no piece
reaches from one column into another. Lines with little in them go on with the text of a row.
Where the columns do not keep to an edge, or nothing tells the table from a list or from running
text, there is none: a header above amounts tells it, or many rows with several amounts each, or
rules between the rows.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
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
_HEADER_LINES = 4
_LARGER = 1.3
_WIDE = 0.7
_MOST = 0.6


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

    barriers = _barriers(spans, rules)
    gathered = cells.gathered(strips, heads, barriers)
    gathered[0] = [*_above(lines, free, start, spans), *gathered[0]]
    rows = [cells.merged(row) for row in gathered]
    header = cells.header_rows(rows)
    if not _is_table(rows, heads, header, barriers):
        return None, start
    sent = [[cells.cell(row.get(column, []), None) for column in range(len(spans))] for row in rows]
    return cells.table(sent, header), start + len(strips)


def _run(lines: Sequence[Line], start: int) -> tuple[list[Span], list[Strip]]:
    """The columns from a line on, and the lines that keep to them.

    Until there is a line with amounts, more columns may show: headings stand on several lines.
    """
    spans: list[Span] = []
    taken: list[Line] = []
    is_open = True
    for line in lines[start:]:
        has_amount = any(cells.is_amount(part.piece.text) for part in line)
        if taken and not _is_next(taken[-1], line, _APART if is_open and not has_amount else _FAR):
            break
        wider = _widened(spans, line, is_open=is_open)
        if wider is None and (is_open or _fitted(line, spans) is None):
            break
        spans = wider or spans
        is_open = is_open and not has_amount
        taken.append(line)

    strips = []
    for line in taken:
        strip = _fitted(line, spans)
        if strip is None:  # a column that was found later parts it from where it was
            break
        strips.append(strip)
    return spans, strips


def _fitted(line: Line, spans: Sequence[Span]) -> Strip | None:
    """A line in its columns. A lone text may run over those to the right of its own."""
    places = _places(line, spans)
    if places is not None:
        return _strip(line, places)
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


def _widened(spans: Sequence[Span], line: Line, *, is_open: bool) -> list[Span] | None:
    """The columns with what a line adds to them; None where it does not keep to them."""
    spread = list(spans)
    if is_open:
        spread += [
            (x0, x1)
            for x0, _, x1, _ in (part.piece.box for part in line)
            if not any(x0 < right and left < x1 for left, right in spans)
        ]
        spread.sort()
    places = _places(line, spans) if len(line) == len(spans) else None
    if places is None:
        places = _places(line, spread)
    else:
        spread = list(spans)
    if places is None:
        return None
    for part, at in zip(line, places, strict=True):
        x0, _, x1, _ = part.piece.box
        spread[at] = min(spread[at][0], x0), max(spread[at][1], x1)
    return spread


def _strip(line: Line, places: Sequence[int]) -> Strip:
    return cells.strip({at: [part] for part, at in zip(line, places, strict=True)})


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
        return is_headed and amounts == {1} and len(body) > 2 and _is_ledger(heads)
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


def _barriers(spans: Sequence[Span], rules: Sequence[Rule]) -> list[float]:
    """Where rules run along the rows for most of their width."""
    x0, x1 = spans[0][0], spans[-1][1]
    drawn: dict[float, float] = {}
    for at, start, end in rules:
        place = round(at * 2) / 2
        drawn[place] = drawn.get(place, 0.0) + max(0.0, min(end, x1) - max(start, x0))
    return sorted(at for at, length in drawn.items() if length >= _WIDE * (x1 - x0))
