"""PPTX to pages: a slide is a page, read from the top left; a row of a table is a line.

The speaker's notes come last, each line marked. Hidden slides and shapes are flagged. Links to
other files are not followed.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pptx
from pptx.exc import PythonPptxError

from stackdocs_mcp.ocr import clean, package, plain, stated
from stackdocs_mcp.ocr.failures import Unreadable
from stackdocs_mcp.ocr.formats import PPTX
from stackdocs_mcp.ocr.task import Task
from stackdocs_mcp.ocr.wire import Outline, Read, SentLine, SentTable, unplaced

Shape: TypeAlias = Any
Slide: TypeAlias = Any
"""Of python-pptx, which has no types."""
NOTES = "Notes: "
_CELLS = " | "
_POINT = 12_700
"""English Metric Units."""
_USUAL = 9_144_000, 6_858_000
_SAME_ROW = 12 * _POINT
"""Shapes whose tops are nearer than this stand side by side."""
_BROKEN = (PythonPptxError, *package.BROKEN)
"""What python-pptx raises for a file that is not what it claims to be."""


def pages(file: Path, task: Task) -> Iterator[Outline | Read]:
    """The outline, then each page that is asked for. Raises Unreadable."""
    try:
        package.refuse_bombs(file, task.limits)
        deck = pptx.Presentation(str(file))
        slides = list(deck.slides)
        if len(slides) > task.limits.pages:
            raise Unreadable("too_many_pages")
        yield Outline(media_type=PPTX.media_type, pages=max(1, len(slides)))
        size = (
            (deck.slide_width or _USUAL[0]) / _POINT,
            (deck.slide_height or _USUAL[1]) / _POINT,
        )
        if not slides and 1 not in task.skip:
            yield plain.page(1, [], size)
        for number, slide in enumerate(slides, 1):
            if number not in task.skip:
                lines, tables = _content(slide)
                yield plain.page(number, lines, size, tables)
    except _BROKEN as error:
        raise Unreadable("damaged") from error


def _content(slide: Slide) -> tuple[list[SentLine], list[SentTable]]:
    """The lines of a slide and of its notes, and its tables."""
    unseen = slide.element.get("show") in ("0", "false")
    lines: list[SentLine] = []
    tables: list[SentTable] = []
    for shape, hidden in _shapes(slide):
        if getattr(shape, "has_table", False) and not (hidden or unseen):
            tables += _tables(shape.table, len(lines))
        lines += [unplaced(text, hidden or unseen) for text in _texts(shape)]
    if slide.has_notes_slide and (notes := slide.notes_slide.notes_text_frame) is not None:
        lines += [unplaced(NOTES + text, unseen) for text in clean.lines(notes.text)]
    return lines, tables


def _tables(table: Any, first: int) -> Iterator[SentTable]:
    """The table of a shape whose first line has this index."""
    rows: list[stated.Row] = []
    for row in table.rows:
        cells = [
            ("" if cell.is_spanned else _cell(cell), cell.span_width if cell.is_merge_origin else 1)
            for at, cell in enumerate(row.cells)
            if not cell.is_spanned or not _is_beside(row.cells, at)
        ]
        is_line = any(text for text, _ in cells)
        rows.append(stated.Row(cells, [first] if is_line else []))
        first += is_line
    if found := stated.table(rows, header=int(table.first_row)):
        yield found


def _is_beside(row: Any, at: int) -> bool:
    """A spanned cell belongs to one on its left in the same row, and has no place of its own."""
    origin = next((left for left in range(at, -1, -1) if row[left].is_merge_origin), None)
    return origin is not None and origin + row[origin].span_width > at


def _cell(cell: Any) -> str:
    return " ".join(clean.lines(cell.text))


def _shapes(slide: Slide) -> Iterator[tuple[Shape, bool]]:
    """Shapes with content in reading order, those of a group where the group stands.

    Second: whether it is hidden, or the group that it is in.
    """
    open_groups = [iter([(shape, False) for shape in _in_order(slide.shapes)])]
    while open_groups:
        shape, hidden = next(open_groups[-1], (None, False))
        if shape is None:
            open_groups.pop()
            continue
        hidden = hidden or _is_hidden(shape)
        if hasattr(shape, "shapes"):
            open_groups.append(iter([(inner, hidden) for inner in _in_order(shape.shapes)]))
        else:
            yield shape, hidden


def _in_order(shapes: Any) -> list[Shape]:
    """From top to bottom, and from left to right where tops are about the same.

    A shape without a place keeps its turn among those before it.
    """
    placed: list[tuple[int, int, Shape]] = []
    for shape in shapes:
        last = placed[-1][:2] if placed else (0, 0)
        top, left = shape.top, shape.left
        placed.append((last[0] if top is None else top, last[1] if left is None else left, shape))
    placed.sort(key=lambda each: each[0])

    ordered: list[Shape] = []
    row: list[tuple[int, int, Shape]] = []
    for each in [*placed, None]:
        if row and (each is None or each[0] - row[0][0] > _SAME_ROW):
            ordered += [shape for _, _, shape in sorted(row, key=lambda one: one[1])]
            row = []
        if each is not None:
            row.append(each)
    return ordered


def _is_hidden(shape: Shape) -> bool:
    named = next(shape.element.iter("{*}cNvPr"), None)
    return named is not None and named.get("hidden") in ("1", "true")


def _texts(shape: Shape) -> Iterator[str]:
    if shape.has_text_frame:
        yield from clean.lines(shape.text_frame.text)
    elif getattr(shape, "has_table", False):
        for row in shape.table.rows:
            cells = [_cell(cell) for cell in row.cells]
            if line := _CELLS.join(cells).rstrip(" |"):
                yield line
    elif getattr(shape, "has_chart", False):
        yield from _chart(shape.chart)


def _chart(chart: Any) -> Iterator[str]:
    """Its title, the names of its series, and a line for each category."""
    if chart.has_title:
        yield from clean.lines(chart.chart_title.text_frame.text)
    for plot in chart.plots:
        series = list(plot.series)
        categories = [clean.line(str(category)) for category in plot.categories]
        yield _CELLS.join(["", *(clean.line(one.name) for one in series)])
        for place, category in enumerate(categories):
            values = [one.values[place] if place < len(one.values) else None for one in series]
            yield _CELLS.join(
                [category, *("" if value is None else f"{value:.15g}" for value in values)]
            )
