"""Which words of a page a reader cannot see.

A word that is certain to be seen costs nothing here; the doubtful ones cost drawing their part of
the page twice, with what draws them and without.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

import pypdfium2 as pdfium

from stackdocs_mcp.ocr import order
from stackdocs_mcp.ocr.calls import Address
from stackdocs_mcp.ocr.drawing import Drawing, Ground, parts
from stackdocs_mcp.ocr.frame import Frame
from stackdocs_mcp.ocr.order import Rectangle
from stackdocs_mcp.ocr.pixels import Ink

_ALIKE = 48
"""Levels of each colour: text and ground that differ less may be one to a reader."""
_SMALL = 6.0
"""Points: lower text is drawn larger, or its thin strokes make no difference."""


class Word(NamedTuple):
    """A run of text without white space, or the part of it that is drawn in one way.

    ``start`` is the number of its first character.
    """

    start: int
    text: str
    box: Rectangle


def unseen(
    page: pdfium.PdfPage,
    frame: Frame,
    drawing: Drawing,
    words: Sequence[Word],
    drawn_by: Callable[[int], Address],
) -> set[int]:
    """The indices of the words, with boxes on the page as displayed, that cannot be seen.

    ``drawn_by`` has the text object of the character of a number.
    """
    objects: list[Address] = []
    if drawing.invisible or drawing.doubtful or drawing.forms:
        objects = [drawn_by(word.start) for word in words]
    hidden = {i for i, item in enumerate(objects) if item in drawing.invisible}
    doubtful = {i for i, item in enumerate(objects) if item in drawing.doubtful}
    doubtful |= _on_or_under_grounds(frame, drawing, words, drawn_by)
    doubtful |= _across_the_edge(frame, words)
    doubtful |= _in_unseen_forms(page, drawing, words, objects, doubtful | hidden)
    doubtful -= hidden
    if not doubtful:
        return hidden

    ink = _ink(page, words, {i: drawn_by(words[i].start) for i in doubtful})
    marks: set[int] = set()
    for index in doubtful:
        clips = drawing.clipping and drawn_by(words[index].start) in drawing.clipping
        if (ink.has_contrast if clips else ink.shows)(_core(words[index].box)):
            continue
        (hidden if _has_letters(words[index]) else marks).add(index)

    # A dash or a dot is too little ink to judge by: it is as hidden as what stands beside it.
    return hidden | {index for index in marks if {index - 1, index + 1} & hidden}


def _ink(page: pdfium.PdfPage, words: Sequence[Word], by: dict[int, Address]) -> Ink:
    boxes = [words[index].box for index in by]
    is_small = any(min(x1 - x0, y1 - y0) < _SMALL for x0, y0, x1, y1 in boxes)
    return Ink(page, set(by.values()), order.around(boxes), 2.0 if is_small else 1.0)


def _on_or_under_grounds(
    frame: Frame,
    drawing: Drawing,
    words: Sequence[Word],
    drawn_by: Callable[[int], Address],
) -> set[int]:
    """Words that something was painted over, or that stand on a ground of their own colour."""
    if not drawing.order:
        return set()
    first = min(drawing.order.values())
    colours = set(drawing.colours.values())
    grounds = [
        ground
        for ground in drawing.grounds
        if ground.order > first or any(_alike(ground, colour) for colour in colours)
    ]
    if not grounds:
        return set()

    cores = sorted(
        [(_core(word.box), index) for index, word in enumerate(words)], key=lambda core: core[0][1]
    )
    tops = [core[1] for core, _ in cores]
    tallest = max([core[3] - core[1] for core, _ in cores], default=0.0)
    found: set[int] = set()
    for ground in grounds:
        x0, y0, x1, y1 = ground.box
        beside = cores[bisect_left(tops, y0 - tallest) : bisect_right(tops, y1)]
        near = [
            (core, index)
            for core, index in beside
            if core[0] < x1 and x0 < core[2] and y0 < core[3] and index not in found
        ]
        boxes = parts(ground, frame) if near else []
        for core, index in near:
            if not any(_meet(core, box) for box in boxes):
                continue
            text = drawn_by(words[index].start)
            colour = drawing.colours.get(text)
            is_over = ground.order > drawing.order.get(text, 0)
            if is_over or (colour is not None and _alike(ground, colour)):
                found.add(index)
    return found


def _meet(one: Rectangle, other: Rectangle) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _across_the_edge(frame: Frame, words: Sequence[Word]) -> set[int]:
    width, height = frame.width, frame.height
    return {
        index
        for index, (_, _, (x0, y0, x1, y1)) in enumerate(words)
        if x0 < 0 or y0 < 0 or x1 > width or y1 > height
    }


def _in_unseen_forms(
    page: pdfium.PdfPage,
    drawing: Drawing,
    words: Sequence[Word],
    objects: Sequence[Address],
    known: set[int],
) -> set[int]:
    """The words of form XObjects that are not drawn as a whole, by the first word of each.

    A layer that switches them off is not among what pdfium tells of an object.
    """
    if not drawing.forms:
        return set()
    samples: dict[Address, int] = {}
    for index, item in enumerate(objects):
        form = drawing.forms.get(item)
        if form is not None and index not in known and _has_letters(words[index]):
            samples.setdefault(form, index)

    if not samples:
        return set()
    ink = _ink(page, words, {index: objects[index] for index in samples.values()})
    off = {form for form, index in samples.items() if not ink.shows(_core(words[index].box))}
    return {index for index, item in enumerate(objects) if drawing.forms.get(item) in off}


def _has_letters(word: Word) -> bool:
    return any(map(str.isalnum, word.text))


def _alike(ground: Ground, colour: tuple[int, ...]) -> bool:
    if ground.colour is None:
        return True
    red, green, blue = ground.colour
    return (
        abs(red - colour[0]) < _ALIKE
        and abs(green - colour[1]) < _ALIKE
        and abs(blue - colour[2]) < _ALIKE
    )


def _core(box: Rectangle) -> Rectangle:
    """Where the small letters are: without what reaches into the lines above and below."""
    x0, y0, x1, y1 = box
    wide, tall = x1 - x0, y1 - y0
    if tall > wide:
        return x0 + 0.25 * wide, y0, x1 - 0.25 * wide, y1
    return x0, y0 + 0.3 * tall, x1, y1 - 0.2 * tall
