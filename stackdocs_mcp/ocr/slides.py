"""PPTX to pages: a slide is a page, read from the top left; a row of a table is a line.

The speaker's notes come last, each line marked. Hidden slides and shapes are flagged. Links to
other files are not followed.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pptx
from pptx.exc import PythonPptxError
from pptx.oxml import parse_xml
from pptx.shapes.picture import Picture as PptxPicture

from stackdocs_mcp.ocr import clean, package, pictures, plain
from stackdocs_mcp.ocr.failures import Unreadable
from stackdocs_mcp.ocr.formats import PPTX
from stackdocs_mcp.ocr.slide_style import Element, Ground, SlideStyle, hides
from stackdocs_mcp.ocr.task import Task
from stackdocs_mcp.ocr.wire import Outline, Picture, Read, SentLine, unplaced

Shape: TypeAlias = Any
Slide: TypeAlias = Any
"""Of python-pptx, which has no types."""
NOTES = "Notes: "
_DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}relIds"
_POINT_TEXT = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}t"
_DIAGRAM_DATA = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}dm"
_CELLS = " | "
_POINT = 12_700
"""English Metric Units."""
_USUAL = 9_144_000, 6_858_000
_SAME_ROW = 12 * _POINT
"""Shapes whose tops are nearer than this stand side by side."""
_BROKEN = (PythonPptxError, *package.BROKEN)
"""What python-pptx raises for a file that is not what it claims to be."""


def pages(file: Path, task: Task) -> Iterator[Outline | Read | tuple[Picture, bytes]]:
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
                lines = list(_lines(slide, deck))
                scans = [] if any(not hidden for _, _, hidden, _ in lines) else _pictures(slide)
                if scans:
                    yield pictures.alone(number, scans, size, lines, task)
                else:
                    yield plain.page(number, lines, size)
    except _BROKEN as error:
        raise Unreadable("damaged") from error


def _lines(slide: Slide, deck: Any) -> Iterator[SentLine]:
    unseen = slide.element.get("show") in ("0", "false")
    style = SlideStyle(slide, deck.slide_width or _USUAL[0], deck.slide_height or _USUAL[1])
    beside = {shape.element for shape in slide.shapes if style.is_beside(shape)}
    for shape, hidden, outer in _shapes(slide):
        away = hidden or unseen or outer in beside
        ground = style.ground(shape) if shape.element is outer else None
        for text, faint in _texts(shape, ground):
            yield unplaced(text, away or faint)
    if slide.has_notes_slide and (notes := slide.notes_slide.notes_text_frame) is not None:
        for text in clean.pieces(notes.text):
            yield unplaced(NOTES + text, unseen)


def _pictures(slide: Slide) -> list[bytes]:
    """Those of the slide that can be seen; what is elsewhere stays there."""
    return [
        shape.image.blob
        for shape, hidden, _ in _shapes(slide)
        if not hidden and isinstance(shape, PptxPicture) and shape._element.blip_rId  # noqa: SLF001
    ]


def _shapes(slide: Slide) -> Iterator[tuple[Shape, bool, Element]]:
    """Shapes with content in reading order, those of a group where the group stands.

    Second: whether it is hidden, or the group that it is in. Third: the outermost
    group, or itself.
    """
    open_groups = [iter([(one, False, one.element) for one in _in_order(slide.shapes)])]
    while open_groups:
        shape, hidden, outer = next(open_groups[-1], (None, False, None))
        if shape is None:
            open_groups.pop()
            continue
        hidden = hidden or _is_hidden(shape)
        if hasattr(shape, "shapes"):
            open_groups.append(iter([(one, hidden, outer) for one in _in_order(shape.shapes)]))
        else:
            yield shape, hidden, outer


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


def _texts(shape: Shape, ground: Ground) -> Iterator[tuple[str, bool]]:
    """Lines, and whether they are hidden by their own format."""
    if shape.has_text_frame:
        for paragraph in shape.text_frame.paragraphs:
            yield from _paragraph(paragraph, ground)
        return
    yield from ((text, False) for text in _drawn(shape))


def _paragraph(paragraph: Any, ground: Ground) -> Iterator[tuple[str, bool]]:
    """What is hidden in a paragraph follows it."""
    parts: dict[bool, str] = {False: "", True: ""}
    for run in paragraph._p.content_children:  # noqa: SLF001
        hidden = hides(run, ground)
        parts[hidden] += run.text
    for hidden, text in parts.items():
        yield from ((piece, hidden) for piece in clean.pieces(text))


def _drawn(shape: Shape) -> Iterator[str]:
    if getattr(shape, "has_table", False):
        for row in shape.table.rows:
            cells = [clean.flat(cell.text) for cell in row.cells]
            if line := _CELLS.join(cells).rstrip(" |"):
                yield line
    elif getattr(shape, "has_chart", False):
        yield from _chart(shape.chart)
    elif (relations := next(shape.element.iter(_DIAGRAM), None)) is not None:
        data = shape.part.related_part(relations.get(_DIAGRAM_DATA))
        for point in parse_xml(data.blob).iter(_POINT_TEXT):
            yield from clean.pieces(" ".join(text.text or "" for text in point.iter("{*}t")))


def _chart(chart: Any) -> Iterator[str]:
    """Its title, the names of its series, and a line for each category."""
    if chart.has_title:
        yield from clean.pieces(chart.chart_title.text_frame.text)
    for plot in chart.plots:
        series = list(plot.series)
        categories = [clean.line(str(category)) for category in plot.categories]
        yield _CELLS.join(["", *(clean.line(one.name) for one in series)])
        for place, category in enumerate(categories):
            values = [one.values[place] if place < len(one.values) else None for one in series]
            yield _CELLS.join(
                [category, *("" if value is None else f"{value:.15g}" for value in values)]
            )
