"""Pages of the domain from what children and workers answer: where all text is cleaned."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from stackdocs_mcp.core.model import Box, Cell, Line, Page, PageNote, PageSource, Table
from stackdocs_mcp.ocr import clean, layer, turn, wire
from stackdocs_mcp.ocr.order import Rectangle

_SAME = 0.5
"""Of a recognised line's area that the page's own text covers: then it was read already."""
_MOSTLY_UNREAD = 0.3
"""Of the area of all texts in a picture: they are in letters that the models do not know."""
_TENTHS = 10


class Found(NamedTuple):
    """A line before it is cleaned and numbered. ``origin`` is its index in its own frame."""

    text: str
    box: Rectangle | None
    score: float | None = None
    hidden: bool = False
    words: tuple[tuple[float, float], ...] = ()
    origin: int | None = None


def read(frame: wire.Read) -> Page:
    """A page as the child read it."""
    lines, places = numbered(own(frame.lines))
    source = frame.source
    if source is PageSource.TEXT and not any(not line.hidden for line in lines):
        source = PageSource.NONE
    return Page(
        frame.number,
        frame.width,
        frame.height,
        source,
        lines,
        frame.rotation,
        tables(frame.tables, places),
        frame.notes,
    )


def recognised(picture: wire.Picture, answer: wire.Recognised) -> Page:
    """A page with what was recognised in its picture."""
    if picture.whole:
        return _scan(picture, answer)
    return _hybrid(picture, answer)


def _scan(picture: wire.Picture, answer: wire.Recognised) -> Page:
    width, height = turn.size(picture.width, picture.height, answer.rotation)
    columns, rows_ = turn.size(picture.columns, picture.rows, answer.rotation)
    across, down = width / columns, height / rows_
    found = [
        Found(text, box and _scaled(box, across, down), score, False, _spans(words, across), index)
        for index, (text, box, score, words) in enumerate(answer.lines)
    ]
    mine = [_turned(line, picture, answer.rotation) for line in own(picture.lines)]
    notes = _notes(answer)
    if picture.check and "unknown_script" not in notes:
        is_unreadable = layer.is_unreadable(line.text for line in mine if not line.hidden)
        found, contradicted = _checked(picture, mine, found, is_unreadable=is_unreadable)
        notes = (*notes, "unknown_script") if is_unreadable else notes
        notes = (*notes, "contradicted") if contradicted else notes
    elif picture.check:  # nothing was recognised to check it by
        found = [line for line in mine if not line.hidden]

    lines, places = numbered([*found, *(line for line in mine if line.hidden)])
    found_tables = [_scaled_table(table, across, down) for table in answer.tables]
    return Page(
        picture.number,
        width,
        height,
        _source(lines),
        lines,
        turn.whole(picture.rotation + answer.rotation),
        tables(found_tables, places),
        notes,
    )


def _source(lines: Iterable[Line]) -> PageSource:
    """By the visible lines: recognised ones have a score."""
    kinds = {line.score is None for line in lines if not line.hidden}
    if not kinds:
        return PageSource.NONE
    if len(kinds) == 2:
        return PageSource.HYBRID
    return PageSource.TEXT if kinds == {True} else PageSource.OCR


def _checked(
    picture: wire.Picture,
    mine: Sequence[Found],
    seen: Sequence[Found],
    *,
    is_unreadable: bool,
) -> tuple[list[Found], bool]:
    """The lines to show, then the page's own that are contradicted; whether any of those tells.

    Where both agree the page's own line is shown, if only its picture is drawn, else the other.
    """
    candidates = [line for line in mine if not line.hidden]
    shown: dict[int, list[Found]] = {}
    """By the recognised line at whose place they are."""
    hidden: list[Found] = []
    alone: list[Found] = []
    contradicted = False
    groups = layer.compared(
        [layer.Placed(line.text, line.box, line.words) for line in candidates],
        [layer.Placed(line.text, line.box, line.words) for line in seen],
        is_unreadable=is_unreadable,
    )
    for group in groups:
        ours = [candidates[index] for index in group.own]
        if group.agrees and not group.seen:
            alone += ours
        elif group.agrees and (is_unreadable or not picture.drawn):
            first = seen[group.seen[0]]
            shown[group.seen[0]] = [
                line._replace(origin=first.origin if line is ours[0] else None) for line in ours
            ]
        elif picture.drawn and not group.seen:
            alone += ours
        else:
            shown.update({index: [seen[index]] for index in group.seen})
            if ours and not group.agrees:
                hidden += [line._replace(hidden=True) for line in ours]
                contradicted |= group.tells

    visible = [line for index in sorted(shown) for line in shown[index]]
    return [*_interleaved(visible, alone), *hidden], contradicted


def _turned(line: Found, picture: wire.Picture, degrees: turn.Turn) -> Found:
    """A line of the page's own, on the page turned as the recognition found it upright."""
    if not degrees or line.box is None:
        return line._replace(origin=None)
    box = turn.turned(line.box, picture.width, picture.height, degrees)
    return line._replace(box=box, words=(), origin=None)


def _hybrid(picture: wire.Picture, answer: wire.Recognised) -> Page:
    """The page's own text, and between it what is only in the picture."""
    x0, y0, x1, y1 = picture.region
    across, down = (x1 - x0) / picture.columns, (y1 - y0) / picture.rows
    covering = [box for _, box, hidden, _ in picture.lines if box and not hidden]
    found: list[Found] = []
    for text, pixels, score, words in answer.lines:
        a, b, c, d = _scaled(pixels or (0, 0, picture.columns, picture.rows), across, down)
        box = a + x0, b + y0, c + x0, d + y0
        if not _covered(box, covering):
            spans = tuple((left + x0, right + x0) for left, right in _spans(words, across))
            found.append(Found(text, box, score, False, spans))

    lines, places = numbered(_interleaved(own(picture.lines), found))
    return Page(
        picture.number,
        picture.width,
        picture.height,
        PageSource.HYBRID if found else PageSource.TEXT,
        lines,
        picture.rotation,
        tables(picture.tables, places),
        _notes(answer),
    )


def _notes(answer: wire.Recognised) -> tuple[PageNote, ...]:
    is_foreign = answer.unread > 1 and answer.unread_share >= _MOSTLY_UNREAD
    return ("unknown_script",) if is_foreign else ()


def _interleaved(lines: list[Found], found: list[Found]) -> Iterator[Found]:
    """Each recognised line before the first of the page's own that stands below it."""
    waiting = list(found)
    for line in lines:
        while waiting and (
            line.hidden or (line.box and _middle(waiting[0].box) < _middle(line.box))
        ):
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


def own(lines: Iterable[wire.SentLine]) -> list[Found]:
    """The page's own lines, as a child sent them."""
    return [
        Found(text, box, None, hidden, _spans(words, 1.0), index)
        for index, (text, box, hidden, words) in enumerate(lines)
    ]


def _spans(words: wire.Words, across: float) -> tuple[tuple[float, float], ...]:
    scaled = [round(edge * across / _TENTHS, 2) for edge in words]
    return tuple(zip(scaled[::2], scaled[1::2], strict=True))


def _scaled(box: Rectangle, across: float, down: float) -> Rectangle:
    return box[0] * across, box[1] * down, box[2] * across, box[3] * down


def _scaled_table(table: wire.SentTable, across: float, down: float) -> wire.SentTable:
    return wire.SentTable(
        rows=[
            [
                (text, lines, box and _scaled(box, across, down), columns)
                for text, lines, box, columns in row
            ]
            for row in table.rows
        ],
        box=table.box and _scaled(table.box, across, down),
        header_rows=table.header_rows,
    )


def numbered(lines: Iterable[Found]) -> tuple[tuple[Line, ...], Mapping[int, tuple[int, ...]]]:
    """Clean lines, counted from 1, and the numbers of each line by its ``origin``.

    What has nothing to show is left out; a line may have become several.
    """
    numbered_: list[Line] = []
    places: dict[int, tuple[int, ...]] = {}
    for found in lines:
        parts = clean.parts(found.text)
        words = _shown_words(found, [text for _, text in parts])
        first = len(numbered_) + 1
        for piece, text in parts:
            numbered_.append(
                Line(
                    len(numbered_) + 1,
                    text,
                    Box(*found.box) if found.box else None,
                    found.score,
                    found.hidden,
                    tuple(islice(words, len(text.split()))),
                    clean.raw(piece, text),
                )
            )
        if found.origin is not None:
            places[found.origin] = tuple(range(first, len(numbered_) + 1))

    return tuple(numbered_), places


def _shown_words(found: Found, texts: Sequence[str]) -> Iterator[tuple[float, float]]:
    """Those that are left once the text is clean; none where they cannot be told apart."""
    expected = sum(len(text.split()) for text in texts)
    raw = found.text.split()
    words = found.words
    if len(words) == len(raw) != expected:
        words = tuple(word for word, text in zip(words, raw, strict=True) if clean.line(text))
    return iter(words if len(words) == expected else ())


def tables(
    sent: Sequence[wire.SentTable], places: Mapping[int, tuple[int, ...]]
) -> tuple[Table, ...]:
    """Tables whose cells name the lines by number."""
    return tuple(
        Table(
            tuple(
                tuple(
                    Cell(
                        clean.line(text),
                        tuple(number for index in lines for number in places.get(index, ())),
                        Box(*box) if box else None,
                        columns,
                    )
                    for text, lines, box, columns in row
                )
                for row in table.rows
            ),
            Box(*table.box) if table.box else None,
            table.header_rows,
        )
        for table in sent
    )
