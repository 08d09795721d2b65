"""Whether a page's own text is good enough, or its picture has to be recognised."""

import re
from collections.abc import Sequence
from typing import Literal

from stackdocs_mcp.ocr import clean
from stackdocs_mcp.ocr.order import Piece, Rectangle

Route = Literal["text", "ocr", "hybrid"]

_LEAST_LETTERS = 8
_MOST_GARBAGE = 0.02
_LEAST_LETTER_SHARE = 0.35
_SHORT = 400
_PICTURE_SHARE = 0.03
"""Of the page's area: smaller pictures are logos and ornaments."""
_COVERED = 200
"""Letters and digits over a picture that make it a background, or a scan with its text layer."""
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")


def decide(raw: str, visible: Sequence[Piece]) -> Literal["text", "ocr"]:
    """Judge a page's own text: ``raw`` as the file has it, ``visible`` what a reader can see."""
    seen = " ".join(piece.text for piece in visible)
    letters = alphanumerics(seen[:_SHORT])
    if letters < _LEAST_LETTERS:
        letters = alphanumerics(seen)
    if letters < _LEAST_LETTERS or clean.garbage(raw) > _MOST_GARBAGE:
        return "ocr"
    if len(seen) < _SHORT and letters < _LEAST_LETTER_SHARE * len(seen):
        return "ocr"
    return "text"


def pictures_to_read(
    pictures: Sequence[Rectangle], visible: Sequence[Piece], width: float, height: float
) -> list[Rectangle]:
    """The pictures of a page that are large enough to hold text that the page's own lacks."""
    return [
        box
        for box in pictures
        if _area(box) > _PICTURE_SHARE * width * height
        and sum(alphanumerics(p.text) for p in visible if _inside(p.box, box)) < _COVERED
    ]


def scanned_text(hidden: Sequence[Piece], pictures: Sequence[Rectangle]) -> list[Piece]:
    """What of the hidden text lies over pictures, as a scan's does, if it is good enough."""
    over = [p for p in hidden if any(_inside(p.box, box) for box in pictures)]
    raw = " ".join(piece.text for piece in over)
    return over if decide(raw, over) == "text" else []


def alphanumerics(text: str) -> int:
    """How many letters and digits ``text`` has."""
    return len(_NOT_ALPHANUMERIC.sub("", text))


def _area(box: Rectangle) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _inside(box: Rectangle, outer: Rectangle) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return outer[0] <= x <= outer[2] and outer[1] <= y <= outer[3]
