"""From a strip of text and the chances of each sign along it to words, and where each stands.

The recognition is greedy CTC (Graves et al., 2006): the likeliest sign of each step, repetitions
and pauses left out. It often swallows spaces beside punctuation, says nothing of where a word ends,
and passes over letters that it does not know as if they were pauses. The ink of the strip tells all
three: a gap as wide as a space is one, words end where ink ends, and ink without a sign was not
read.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from stackdocs_mcp.ocr import languages
from stackdocs_mcp.ocr.models import LEAST_WIDTH, STRIP_HEIGHT, Chances, Image

Ink = NDArray[np.int64]
"""Dark pixels, or light ones on dark ground, in each column of a strip."""
Span = tuple[float, float]

_SPACE = 11 / 48 * STRIP_HEIGHT
"""A gap that is wider than this, and than the gaps between the letters, is a space."""
_TALL = 1 / 8 * STRIP_HEIGHT
"""Ink of letters; less may be a rule that the text stands on."""
_REACH = 0.65 * STRIP_HEIGHT
"""From the middle of a sign to the end of its ink."""
_FAINT = 1
_WIDTHS = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {0x3002: ".", 0x3001: ","}
"""Full-width signs, and the ideographic stop and comma, as they are between Latin letters."""
_WIDE = re.compile("[\u2e80-\u2fff\u3003-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]")


class Reading(NamedTuple):
    """What a strip says. Words are left and right of each, as shares of the strip's width."""

    text: str = ""
    score: float = 0.0
    words: Sequence[Span] = ()
    blind: float = 1.0
    """The share of the ink that no sign accounts for."""


@cache
def columns(signs: tuple[str, ...], scripts: frozenset[str]) -> NDArray[np.intp] | None:
    """Which signs may stand in documents in these scripts; None when any may."""
    if scripts >= languages.KNOWN:
        return None
    return np.array([i for i, sign in enumerate(signs) if _script(sign) in {*scripts, None}])


def read(
    strip: Image, chances: Chances, signs: Sequence[str], allowed: NDArray[np.intp] | None = None
) -> Reading:
    """The text of a strip, of the signs that are allowed."""
    if allowed is not None:
        chances = chances[:, allowed]
    likeliest = chances.argmax(axis=1)
    scores = chances[np.arange(len(likeliest)), likeliest]
    found = likeliest if allowed is None else allowed[likeliest]
    starts = np.flatnonzero((found != 0) & (np.diff(found, prepend=0) != 0))
    if not len(starts):
        return Reading()

    ink = _ink(strip)
    step = max(LEAST_WIDTH, strip.shape[1]) / len(found)
    middles = ((starts + 0.5) * step).tolist()
    text = _narrow("".join(signs[sign] for sign in found[starts]))
    score = float(scores[starts].mean())
    letters = [(sign, x) for sign, x in zip(text, middles, strict=True) if not sign.isspace()]
    words = _words(text, middles, ink)
    spans = _spans([(word[0][1], word[-1][1]) for word in words], ink)
    joined = " ".join("".join(sign for sign, _ in word) for word in words)
    return Reading(joined, score, spans, _blind(ink, [x for _, x in letters]))


def _script(sign: str) -> str | None:
    """The script of a letter; None for digits, punctuation and other signs."""
    name = unicodedata.name(sign, "") if len(sign) == 1 else ""
    if name.startswith("CJK "):
        return languages.HAN
    if "KATAKANA" in name or name.startswith("HIRAGANA"):
        return languages.KANA
    return languages.GREEK if name.startswith(("GREEK", "COPTIC")) else None


def _narrow(text: str) -> str:
    """Full-width signs are narrow ones unless a Chinese or Japanese letter stands beside them."""
    return text if text.isascii() or _WIDE.search(text) else text.translate(_WIDTHS)


def _ink(strip: Image) -> Ink:
    grey = cv2.cvtColor(strip, cv2.COLOR_BGR2GRAY)
    _, dark = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    if 2 * int(dark.sum()) > dark.size:
        dark = 1 - dark
    found: Ink = dark.sum(axis=0, dtype=np.int64)
    return found


def _gap(ink: Ink, left: float, right: float) -> Span:
    """Where the widest gap between two places begins and ends."""
    start, end = int(left), max(int(left) + 1, int(right))
    inked = np.flatnonzero(ink[start:end] > _FAINT)
    edges = np.concatenate(([-1], inked, [end - start]))
    widths = np.diff(edges)
    widest = int(widths.argmax())
    if widths[widest] <= 1:
        return (left + right) / 2, (left + right) / 2
    return float(start + edges[widest] + 1), float(start + edges[widest + 1])


def _words(text: str, middles: Sequence[float], ink: Ink) -> list[list[tuple[str, float]]]:
    """Signs with the places of their middles, cut where a space was read or can be seen."""
    signs = list(zip(text, middles, strict=True))
    gaps = [
        (b - a if not (one.isspace() or other.isspace()) else -1.0)
        for (one, x), (other, y) in pairwise(signs)
        for a, b in [_gap(ink, x, min(y, len(ink)))]
    ]
    between = [gap for gap in gaps if gap >= 0]
    wide = _SPACE + (float(np.median(between)) if between else 0.0)
    words: list[list[tuple[str, float]]] = [[]]
    for index, (sign, x) in enumerate(signs):
        if sign.isspace():
            words.append([])
            continue
        if index and gaps[index - 1] > wide and _may_part(text[index - 1], sign):
            words.append([])
        words[-1].append((sign, x))

    return [word for word in words if word]


def _may_part(one: str, other: str) -> bool:
    """Not in a number, and not between letters that are written without spaces."""
    if _WIDE.search(one + other):
        return False
    return not all(sign.isdigit() or sign in ".," for sign in (one, other))


def _spans(middles: Sequence[Span], ink: Ink) -> list[Span]:
    """Left and right of words whose first and last signs have these middles."""
    if not middles:
        return []
    inked = np.flatnonzero(ink > _FAINT)
    edges = [float(inked[0]) if len(inked) else 0.0]
    for (_, last), (first, _) in pairwise(middles):
        edges.extend(_gap(ink, last, min(first, len(ink))))
    edges.append(float(inked[-1] + 1) if len(inked) else float(len(ink)))
    shares = [min(1.0, edge / len(ink)) for edge in edges]
    return list(zip(shares[::2], shares[1::2], strict=True))


def _blind(ink: Ink, middles: Iterable[float]) -> float:
    tall = np.flatnonzero(ink >= _TALL)
    places = np.array(list(middles))
    if not len(tall) or not len(places):
        return 1.0 - float(bool(len(places)))
    after = np.searchsorted(places, tall)
    right = np.abs(tall - places[np.minimum(after, len(places) - 1)])
    left = np.abs(tall - places[np.maximum(after - 1, 0)])
    return float((np.minimum(left, right) > _REACH).mean())
