"""Pages of the domain from what children and workers answer: where all text is cleaned."""

from collections.abc import Iterable, Iterator

from stackdocs_mcp.core.model import Box, Line, Page, PageSource
from stackdocs_mcp.ocr import clean, turn, wire
from stackdocs_mcp.ocr.order import Rectangle

_SAME = 0.5
"""Of a recognised line's area that the page's own text covers: then it was read already."""

Unnumbered = tuple[str, Rectangle | None, float | None, bool]
"""Text, box, score, hidden."""


def read(frame: wire.Read) -> Page:
    """A page as the child read it."""
    lines = _numbered(_unscored(frame.lines))
    source = frame.source
    if source is PageSource.TEXT and not any(not line.hidden for line in lines):
        source = PageSource.NONE
    return Page(frame.number, frame.width, frame.height, source, lines, frame.rotation)


def recognised(picture: wire.Picture, answer: wire.Recognised) -> Page:
    """A page with what was recognised in its picture."""
    if picture.whole:
        return _scan(picture, answer)
    return _hybrid(picture, answer)


def _scan(picture: wire.Picture, answer: wire.Recognised) -> Page:
    width, height = turn.size(picture.width, picture.height, answer.rotation)
    columns, rows_ = turn.size(picture.columns, picture.rows, answer.rotation)
    found: list[Unnumbered] = [
        (text, _scaled(box, width / columns, height / rows_), score, False)
        for text, box, score in answer.lines
    ]
    lines = _numbered([*found, *_unscored(picture.lines)])
    source = PageSource.OCR if any(not line.hidden for line in lines) else PageSource.NONE
    return Page(picture.number, width, height, source, lines, answer.rotation)


def _hybrid(picture: wire.Picture, answer: wire.Recognised) -> Page:
    """The page's own text, and between it what is only in the picture."""
    x0, y0, x1, y1 = picture.region
    across, down = (x1 - x0) / picture.columns, (y1 - y0) / picture.rows
    own = [box for _, box, hidden in picture.lines if box and not hidden]
    found: list[Unnumbered] = []
    for text, pixels, score in answer.lines:
        a, b, c, d = _scaled(pixels, across, down)
        box = a + x0, b + y0, c + x0, d + y0
        if not _covered(box, own):
            found.append((text, box, score, False))

    lines = _numbered(_interleaved(_unscored(picture.lines), found))
    source = PageSource.HYBRID if found else PageSource.TEXT
    return Page(picture.number, picture.width, picture.height, source, lines, picture.rotation)


def _interleaved(own: list[Unnumbered], found: list[Unnumbered]) -> Iterator[Unnumbered]:
    """Each recognised line before the first of the page's own that stands below it."""
    waiting = list(found)
    for line in own:
        box, hidden = line[1], line[3]
        while waiting and (hidden or (box and _middle(waiting[0][1]) < _middle(box))):
            yield waiting.pop(0)
        yield line

    yield from waiting


def _middle(box: Rectangle | None) -> float:
    return (box[1] + box[3]) / 2 if box else 0.0


def _covered(box: Rectangle, others: Iterable[Rectangle]) -> bool:
    x0, y0, x1, y1 = box
    shared = sum(
        max(0.0, min(x1, b[2]) - max(x0, b[0])) * max(0.0, min(y1, b[3]) - max(y0, b[1]))
        for b in others
    )
    return shared > _SAME * (x1 - x0) * (y1 - y0)


def _unscored(lines: Iterable[wire.Piece]) -> list[Unnumbered]:
    return [(text, box, None, hidden) for text, box, hidden in lines]


def _scaled(box: Rectangle, across: float, down: float) -> Rectangle:
    return box[0] * across, box[1] * down, box[2] * across, box[3] * down


def _numbered(lines: Iterable[Unnumbered]) -> tuple[Line, ...]:
    """Clean lines, counted from 1; what has nothing to show is left out."""
    cleaned = [
        (text, box, score, hidden) for raw, box, score, hidden in lines for text in clean.lines(raw)
    ]
    return tuple(
        Line(number, text, Box(*box) if box else None, score, hidden)
        for number, (text, box, score, hidden) in enumerate(cleaned, 1)
    )
