"""Where on a page a text stands: as it is, or but for what a reader does not mind."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice

from stackdocs_mcp.core.evidence.cells import in_cells
from stackdocs_mcp.core.evidence.folding import Folded, bare_text, fold, skeleton_text
from stackdocs_mcp.core.evidence.match import Grade, Match
from stackdocs_mcp.core.evidence.page import PageText
from stackdocs_mcp.core.values.words import currency_forms, is_currency

Span = tuple[int, int]
_DIGITS = re.compile(r"\d+")
_PIECES = re.compile(r"[\n;,]+")
_MOST = 200
"""Places of a text on a page; more tell nothing."""
_MOST_PIECES = 12
_MOST_PLACES = 50
_MOST_QUOTES = 500
_WINDOW = 8
"""Lines within which the parts of an address stand."""
_PUNCTUATION_FREE = 8
_MISREAD = 5
_SPACE_FREE_DIGITS = 8
_SPACE_FREE = 5
"""From this length on, white space may differ: an IBAN in groups, words that OCR ran together."""


def texts(value: str, page: PageText) -> Iterator[Match]:
    needle = fold(value)
    for look in (
        _literally,
        _as_currency,
        _without_punctuation,
        _in_pieces,
        in_cells,
        _misread,
    ):
        if found := list(islice(look(value, needle, page), _MOST)):
            yield from found
            return


def _literally(value: str, needle: str, page: PageText) -> Iterator[Match]:
    for span in _folded_spans(needle, value, page):
        yield Match((span,))


def _as_currency(value: str, _: str, page: PageText) -> Iterator[Match]:
    for form in currency_forms(value):
        for span in _folded_spans(fold(form), form, page):
            yield Match((span,))


def _without_punctuation(_: str, needle: str, page: PageText) -> Iterator[Match]:
    """Long texts whose commas and full stops differ; the groups of digits must be the same."""
    short = bare_text(needle)
    if sum(map(str.isalpha, short)) < _PUNCTUATION_FREE:
        return
    digits = _DIGITS.findall(needle)
    for start, end in page.bare.find(short):
        if _is_whole(short, short, page.text, start, end):
            there = fold(page.text[start:end])
            if _DIGITS.findall(there) == digits and _marks(there) == _marks(needle):
                yield Match(((start, end),))


def _marks(folded_text: str) -> list[str]:
    """What is no punctuation: the accents, currencies and percents of a folded text, in order."""
    return [
        char
        for char in folded_text
        if char == "%" or unicodedata.combining(char) or unicodedata.category(char) == "Sc"
    ]


def _is_bare(needle: str, text: str) -> bool:
    """It is the text but for punctuation; accents and currencies are the same."""
    there = fold(text)
    return bare_text(there) == bare_text(needle) and _marks(there) == _marks(needle)


def _misread(_: str, needle: str, page: PageText) -> Iterator[Match]:
    """Texts that OCR got wrong by characters that look the same; every digit must be right."""
    short = bare_text(needle)
    if len(short) < _MISREAD:
        return
    wanted = skeleton_text(short)
    for start, end in page.skeleton.find(wanted):
        end += page.text[end - 1 : end + 1].casefold() == "rn"  # noqa: PLW2901  an m in two letters
        if _is_whole(short, short, page.text, start, end):
            is_same = _is_bare(needle, page.text[start:end])
            why = "punctuation_differs" if is_same else "confusable"
            yield Match(((start, end),), Grade.WEAK, why)


def _folded_spans(needle: str, text: str, page: PageText) -> Iterator[tuple[int, int]]:
    if not needle:
        return
    views: list[Folded] = [page.folded]
    if page.unhyphenated is not None:
        views.append(page.unhyphenated)
    seen: set[tuple[int, int]] = set()
    for view in views:
        for start, end in view.find(needle):
            if (start, end) not in seen and _is_whole(text, needle, page.text, start, end):
                seen.add((start, end))
                yield start, end


def _in_pieces(value: str, _: str, page: PageText) -> Iterator[Match]:
    """A value of several lines whose parts stand near each other with other things between them."""
    pieces = [piece.strip() for piece in _PIECES.split(value) if fold(piece)]
    if not 2 <= len(pieces) <= _MOST_PIECES:
        return
    spans = [
        list(islice(_folded_spans(fold(piece), piece, page), _MOST_PLACES)) for piece in pieces
    ]
    if not all(spans):
        return
    for first in spans[0]:
        line = page.index_at(first[0])
        chosen = [first]
        for options in spans[1:]:
            near = [one for one in options if abs(page.index_at(one[0]) - line) <= _WINDOW]
            if not near:
                break
            chosen.append(min(near, key=partial(_apart, page, chosen)))
        if len(chosen) == len(pieces):
            is_sound = all(map(partial(_is_joined, page, chosen), chosen[1:]))
            grade, why = (Grade.SURE, "") if is_sound else (Grade.WEAK, "scattered")
            yield Match(tuple(sorted(set(chosen))), grade, why)


def _apart(page: PageText, before: Sequence[Span], piece: Span) -> tuple[bool, int]:
    return not _is_joined(page, before, piece), abs(piece[0] - before[-1][1])


def _is_joined(page: PageText, others: Sequence[Span], piece: Span) -> bool:
    """It stands in the line of another piece, or above or below one; the layout may be unknown."""
    line = page.index_at(piece[0])
    box = page.box_of(piece)
    for other in others:
        if other is piece:
            continue
        beside = page.box_of(other)
        if page.index_at(other[0]) == line or box is None or beside is None:
            return True
        if box.x0 < beside.x1 and beside.x0 < box.x1:
            return True
    return False


def _is_whole(value: str, needle: str, text: str, start: int, end: int) -> bool:
    """No part of a longer word or number, and white space where a short value has it."""
    before, after = text[max(start - 2, 0) : start], text[end : end + 2]
    if _cuts(before[-1:], text[start], before[:1] if len(before) > 1 else "") and not (
        before[-1:].isdigit() and text[start].isalpha()
    ):
        return False
    if _cuts(after[:1], text[end - 1], after[1:]) and not (
        text[end - 1].isalpha() and after[:1].isdigit() and is_currency(value.strip())
    ):
        return False
    enough = _SPACE_FREE_DIGITS if needle.isdigit() else _SPACE_FREE
    if len(needle) >= enough:
        return True
    return len(text[start:end].split()) == len(value.split())


def _cuts(neighbour: str, edge: str, beyond: str) -> bool:
    """A border between ``edge`` and ``neighbour`` would run through a word or number."""
    if not neighbour or not edge.isalnum():
        return False
    if neighbour.isalnum() or neighbour == "_":
        return True
    return edge.isdigit() and neighbour in ".,'\u2019" and beyond.isdigit()


def quote_spans(quote: str, page: PageText) -> list[tuple[int, int]]:
    """Where a quote stands on a page, as whole words."""
    needle = fold(quote)
    exact = list(islice(_folded_spans(needle, quote, page), _MOST_QUOTES))
    return exact or [match.spans[0] for match in _without_punctuation(quote, needle, page)]
