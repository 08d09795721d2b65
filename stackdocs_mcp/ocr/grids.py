"""From the rules that are drawn on a page to grids: columns, bands, and which cells are merged.

Rules are thin boxes. Those that touch belong together; where they stop short of an edge of the
whole, as in tables that are open at their sides, the edge is taken for one. A band is what lies
between two horizontal rules that follow one another.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from stackdocs_mcp.ocr.order import Rectangle

_NEAR = 4.0
"""Points: rules nearer than this touch, or are one, as double rules are."""
_COVERED = 0.6
"""Of a side of a cell: then a rule is drawn along it."""
_MOST_RULES = 300
"""In one direction, after joining. What has more is a drawing."""


class Rule(NamedTuple):
    """``at`` is its place across its own direction, the others are its ends."""

    at: float
    start: float
    end: float


class Span(NamedTuple):
    """The columns from ``first`` up to, and without, ``end`` as one cell of a band."""

    first: int
    end: int
    continues: bool
    """No rule parts it from what is above it."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The edges of columns and bands in ascending order, and the cells of each band."""

    columns: tuple[float, ...]
    bands: tuple[float, ...]
    cells: tuple[tuple[Span, ...], ...]

    @property
    def box(self) -> Rectangle:
        return self.columns[0], self.bands[0], self.columns[-1], self.bands[-1]


def found(rules: Sequence[Rectangle]) -> list[Grid]:
    """The grids of at least two columns, from the top."""
    flat = horizontal(rules)
    tall = [Rule((x0 + x1) / 2, y0, y1) for x0, y0, x1, y1 in rules if x1 - x0 < y1 - y0]
    if len(flat) < 2 or not tall:
        return []
    across, down = _joined(flat), _joined(tall)
    if max(len(across), len(down)) > _MOST_RULES:
        return []
    grids = [grid for one, other in _touching(across, down) for grid in _stacked(one, other)]
    return sorted(grids, key=lambda grid: grid.bands[0])


def horizontal(rules: Iterable[Rectangle]) -> list[Rule]:
    """Those that run from left to right."""
    return [Rule((y0 + y1) / 2, x0, x1) for x0, y0, x1, y1 in rules if x1 - x0 >= y1 - y0]


def _joined(rules: Iterable[Rule]) -> list[Rule]:
    """Rules in one line as one where they overlap or nearly meet."""
    lines: list[list[Rule]] = []
    for rule in sorted(rules):
        if lines and rule.at - lines[-1][0].at < _NEAR / 2:
            lines[-1].append(rule)
        else:
            lines.append([rule])

    return [rule for line in lines for rule in _in_one_line(line)]


def _in_one_line(rules: Sequence[Rule]) -> Iterator[Rule]:
    ordered = sorted(rules, key=lambda rule: rule.start)
    at, start, end = ordered[0]
    for rule in ordered[1:]:
        if rule.start - end > _NEAR:
            yield Rule(at, start, end)
            at, start = rule.at, rule.start
        end = max(end, rule.end)
    yield Rule(at, start, end)


def _touching(
    across: Sequence[Rule], down: Sequence[Rule]
) -> Iterator[tuple[list[Rule], list[Rule]]]:
    """Groups of horizontal and vertical rules that hang together."""
    flat, tall = list(across), list(down)
    while tall:
        fresh, group_down, group_across = [tall.pop(0)], list[Rule](), list[Rule]()
        while fresh:
            group_down += fresh
            met = [rule for rule in flat if any(_meet(rule, other) for other in fresh)]
            flat = [rule for rule in flat if rule not in met]
            group_across += met
            fresh = [rule for rule in tall if any(_meet(other, rule) for other in met)]
            tall = [rule for rule in tall if rule not in fresh]
        yield group_across, group_down


def _meet(across: Rule, down: Rule) -> bool:
    return (
        across.start - _NEAR <= down.at <= across.end + _NEAR
        and down.start - _NEAR <= across.at <= down.end + _NEAR
    )


def _stacked(across: Sequence[Rule], down: Sequence[Rule]) -> Iterator[Grid]:
    """The grids of a group: where bands have other columns than those above, a new one begins."""
    if len(across) < 2:
        return
    bands = _edges([rule.at for rule in across] + [end for rule in down for end in rule[1:]])
    sides = _edges([rule.at for rule in down] + [end for rule in across for end in rule[1:]])
    parted = [_parting(down, sides[1:-1], top, bottom) for top, bottom in pairwise(bands)]
    start = 0
    while start < len(parted):
        widest, end = parted[start], start + 1
        while end < len(parted) and (parted[end] <= widest or parted[end] >= widest):
            widest = max(widest, parted[end], key=len)
            end += 1
        first, last = start, end
        while first < last and not parted[first]:
            first += 1
        while first < last and not parted[last - 1]:
            last -= 1
        if first < last:
            columns = (sides[0], *sorted(widest), sides[-1])
            edges = bands[first : last + 1]
            cells = [
                _spans(columns, across, *band, first=place == 0)
                for place, band in enumerate(zip(edges, parted[first:last], strict=False))
            ]
            yield Grid(columns, tuple(edges), tuple(cells))
        start = end


def _edges(places: Iterable[float]) -> list[float]:
    """In ascending order; those nearer than rules that touch are one."""
    found: list[float] = []
    for place in sorted(places):
        if not found or place - found[-1] > _NEAR:
            found.append(place)
    return found


def _parting(
    down: Sequence[Rule], inner: Sequence[float], top: float, bottom: float
) -> frozenset[float]:
    """Which of the inner edges are drawn from top to bottom."""
    return frozenset(
        at
        for at in inner
        if _reach([rule for rule in down if abs(rule.at - at) <= _NEAR], top, bottom)
    )


def _spans(
    columns: Sequence[float],
    across: Sequence[Rule],
    top: float,
    parted: frozenset[float],
    *,
    first: bool,
) -> tuple[Span, ...]:
    """The cells of the band below ``top``."""
    above = [rule for rule in across if abs(rule.at - top) <= _NEAR]
    ends = [0, *(i for i, at in enumerate(columns) if at in parted), len(columns) - 1]
    return tuple(
        Span(left, right, not first and not _reach(above, columns[left], columns[right]))
        for left, right in pairwise(ends)
    )


def _reach(rules: Sequence[Rule], start: float, end: float) -> bool:
    """They are drawn along most of the way."""
    drawn = sum(max(0.0, min(rule.end, end) - max(rule.start, start)) for rule in rules)
    return drawn >= _COVERED * (end - start)
