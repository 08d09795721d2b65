"""Leaves and lines as JSON text. Equal leaves have equal text, so a write is compared as text.

A leaf is ``{"v": value, "e": [verdict, place, [place...]], "c": confidence, "w": [[code,
message]...]}``, the last two left out when there is nothing to say; a place is ``[page, [line...],
quote, [[x0, y0, x1, y1]...], [start, end]]``, the span left out where it is not known. A line is
``[number, text, box, score, hidden, words, raw]``, the last two left out when there is nothing to
say, and words are ``[x0, x1, x0, x1...]``. A table is ``[box, header rows, [[[text, [line...], box,
columns]...]...]]``.
"""

import json
from collections.abc import Iterable
from typing import Any, cast

from stackdocs_mcp.core import exact
from stackdocs_mcp.core.errors import InvalidArgument
from stackdocs_mcp.core.model import (
    Box,
    Cell,
    Completion,
    Evidence,
    FieldWrite,
    Leaf,
    Line,
    Place,
    Table,
    Verdict,
    Warn,
)
from stackdocs_mcp.core.paths import PathKey, from_key


def leaf_text(leaf: Leaf) -> str:
    """All of a leaf but its path. Raises BadValue for a value that is no JSON."""
    kept: dict[str, object] = {"v": leaf.value, "e": _evidence(leaf.evidence)}
    if leaf.confidence is not None:
        kept["c"] = leaf.confidence
    if leaf.warnings:
        kept["w"] = [[warning.code, warning.message] for warning in leaf.warnings]
    return exact.dumps(kept)


def leaf_from(key: str, text: str) -> Leaf:
    """The leaf at a path's key that ``leaf_text`` made this of."""
    kept = cast(dict[str, Any], exact.loads(text))
    verdict, place, others = kept["e"]
    confidence = kept.get("c")
    return Leaf(
        path=from_key(PathKey(key)),
        value=kept["v"],
        evidence=Evidence(
            Verdict(verdict),
            None if place is None else _place_from(place),
            tuple(_place_from(other) for other in others),
        ),
        confidence=None if confidence is None else float(confidence),
        warnings=tuple(Warn(code, message) for code, message in kept.get("w", ())),
    )


def flagged(text: str | None) -> bool:
    """A leaf's text says that its last write carries a warning."""
    return text is not None and '"w":' in text and "w" in cast(dict[str, Any], exact.loads(text))


def is_scalar(write: FieldWrite) -> bool:
    """The path itself is to hold a value that nothing can be below."""
    return (
        len(write.leaves) == 1
        and write.leaves[0].path == write.path
        and not isinstance(write.leaves[0].value, (list, dict))
    )


def acknowledged_text(completion: Completion | None) -> str:
    """What was acknowledged when a document was completed, as it is kept with the change."""
    return json.dumps(list(completion.acknowledged) if completion else [])


def lines_text(lines: Iterable[Line]) -> str:
    """The lines of a page. Raises InvalidArgument for a number that is none."""
    return _json([_line(line) for line in lines])


def lines_from(text: str) -> tuple[Line, ...]:
    """The lines that ``lines_text`` made this of, also before words and raw texts were kept."""
    return tuple(_line_from(kept) for kept in json.loads(text))


def tables_text(tables: Iterable[Table]) -> str:
    """The tables of a page; raises as ``lines_text`` does."""
    return _json(
        [
            [
                _box(table.box),
                table.header_rows,
                [
                    [[cell.text, cell.lines, _box(cell.box), cell.columns] for cell in row]
                    for row in table.rows
                ],
            ]
            for table in tables
        ]
    )


def tables_from(text: str) -> tuple[Table, ...]:
    """The tables that ``tables_text`` made this of."""
    return tuple(
        Table(
            tuple(
                tuple(
                    Cell(words, tuple(lines), _box_from(box), columns)
                    for words, lines, box, columns in row
                )
                for row in rows
            ),
            _box_from(box),
            header_rows,
        )
        for box, header_rows, rows in json.loads(text)
    )


def _json(kept: object) -> str:
    try:
        return json.dumps(kept, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError as error:  # not a number, or infinite
        raise InvalidArgument("a page has a number that cannot be stored") from error


def _line(line: Line) -> list[object]:
    kept = [line.number, line.text, _box(line.box), line.score, int(line.hidden)]
    if line.words or line.raw is not None:
        kept.append([edge for word in line.words for edge in word])
    if line.raw is not None:
        kept.append(line.raw)
    return kept


def _line_from(kept: list[Any]) -> Line:
    number, text, box, score, hidden = kept[:5]
    edges = kept[5] if len(kept) > 5 else ()
    raw = kept[6] if len(kept) > 6 else None
    words = tuple(zip(edges[::2], edges[1::2], strict=True))
    return Line(number, text, _box_from(box), score, bool(hidden), words, raw)


def _evidence(evidence: Evidence) -> list[object]:
    place = None if evidence.place is None else _place(evidence.place)
    return [evidence.verdict.value, place, [_place(other) for other in evidence.others]]


def _place(place: Place) -> list[object]:
    kept = [place.page, place.lines, place.quote, [_box(box) for box in place.boxes]]
    return kept if place.span is None else [*kept, place.span]


def _place_from(kept: list[Any]) -> Place:
    page, lines, quote, boxes, *span = kept
    return Place(
        page,
        tuple(lines),
        quote,
        tuple(Box(*(float(side) for side in box)) for box in boxes),
        (span[0][0], span[0][1]) if span else None,
    )


def _box(box: Box | None) -> list[float] | None:
    return None if box is None else [box.x0, box.y0, box.x1, box.y1]


def _box_from(kept: list[float] | None) -> Box | None:
    return None if kept is None else Box(*kept)
