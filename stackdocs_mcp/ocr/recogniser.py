"""Text from a bitmap, by PP-OCR models. Runs in the OCR worker only.

The parameters are the ones that read best and fastest on a mixed set of scans: detection at no
more than 1,280 pixels, strips recognised one by one without the direction classifier, which errs
more often than it helps. Which way up a page is, is found from the page as a whole.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from stackdocs_mcp.ocr import languages, order, strips, tables, turn, wire
from stackdocs_mcp.ocr.backend import Backend
from stackdocs_mcp.ocr.models import Image, Models, Quads
from stackdocs_mcp.ocr.order import Piece, Rectangle
from stackdocs_mcp.ocr.strips import Reading

Texts = dict[int, Reading]
"""What a text says, by its row in the quads."""

_LEAST_SCORE = 0.5
_LEAST_SIDE = 32
_BLIND = 0.4
"""More ink than this without a sign: letters of a script that the models do not know."""
_MOSTLY_UNREAD = 0.3
"""Of the area of all texts: then the others are such letters too, unless they are clear."""
_CLEAR = 0.9
_GREEK = re.compile("[\u03b1-\u03c9]")
"""Running text in Greek loses the letters with accents, which the models do not know."""
_SURE = 0.9
"""A mean score above this, and the page is the right way up."""
_CLEARLY_BETTER = 1.15
_PLAUSIBLE = 0.8
"""A mean score below this is not text; upside down, other scripts look like Latin letters."""
_SAMPLE = 5
_LONG = 3.0
_SKEW = 0.3
"""Radians: more is not skew but decoration."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A turned image and the texts detected in it."""

    image: Image
    quads: Quads
    turn: turn.Turn


class Recogniser:
    """Holds the loaded models; not for more than one thread."""

    def __init__(self, backend: Backend = "onnxruntime") -> None:
        self.backend = backend
        self._models = Models(backend)
        self._signs = tuple(self._models.signs)
        self._allowed: NDArray[np.intp] | None = None

    def read(self, asked: wire.Bitmap, pixels: bytes) -> wire.Recognised:
        """The lines of a bitmap in reading order; a whole page is turned upright first."""
        self._allowed = strips.columns(self._signs, languages.scripts(asked.languages))
        image = _padded(np.frombuffer(pixels, np.uint8).reshape(asked.rows, asked.columns, 3))
        found = _Found(image, self._models.detect(image), 0)
        known: Texts = {}
        if asked.whole:
            found, known = self._upright(found)
        if not len(found.quads):
            return wire.Recognised()

        readings = self._recognise(found, known)
        legible, unread = _legible(found.quads, readings)
        angle = _skew(found.quads)
        pieces, places, spans = [], {}, {}
        for index in legible:
            quad, reading = found.quads[index], readings[index]
            piece = Piece(reading.text, _level(quad, angle), score=reading.score)
            pieces.append(piece)
            places[id(piece)] = _around(quad)
            spans[id(piece)] = _words(quad, reading)
        rows = order.rows(pieces)
        lines = [
            (
                order.joined(row),
                order.around(places[id(piece)] for piece in row),
                min(1.0, *(piece.score for piece in row)),
                tuple(edge for piece in row for edge in spans[id(piece)]),
            )
            for row in rows
        ]
        return wire.Recognised(
            rotation=found.turn,
            lines=lines,
            tables=[tables.tilted(table, angle) for table in tables.found(rows)],
            unread=len(readings) - len(legible),
            unread_share=unread,
        )

    def _upright(self, found: _Found) -> tuple[_Found, Texts]:
        """The page turned so that its text runs from left to right, and not upside down.

        With the texts that were read for that: the longest, so the dearest to read again.
        """
        if _is_sideways(found.quads):
            found = self._turned(found, 90)
        if not len(found.quads):
            return found, {}
        wide, tall = _sides(found.quads)
        by_width = [int(i) for i in np.argsort(-wide)]
        sample = [i for i in by_width if wide[i] > _LONG * tall[i]][:_SAMPLE] or by_width[:_SAMPLE]
        cut = self._models.strips(found.image, found.quads[sample])
        texts = self._texts(cut)
        known = dict(zip(sample, texts, strict=True))
        upright, sure = _confidence(texts)
        if found.turn == 0 and sure >= _SURE:
            return found, known
        upside_down, plausible = _confidence(
            self._texts([np.ascontiguousarray(strip[::-1, ::-1]) for strip in cut])
        )
        if plausible >= _PLAUSIBLE and upside_down > _CLEARLY_BETTER * upright:
            return self._turned(found, 180), {}
        return found, known

    def _turned(self, found: _Found, degrees: turn.Turn) -> _Found:
        image = np.ascontiguousarray(np.rot90(found.image, -degrees // 90))
        total: dict[int, turn.Turn] = {0: 0, 90: 90, 180: 180, 270: 270}
        return _Found(image, self._models.detect(image), total[(found.turn + degrees) % 360])

    def _recognise(self, found: _Found, known: Texts) -> list[Reading]:
        rest = [i for i in range(len(found.quads)) if i not in known]
        cut = self._models.strips(found.image, found.quads[rest]) if rest else []
        texts = {**known, **dict(zip(rest, self._texts(cut), strict=True))}
        return [texts[i] for i in range(len(found.quads))]

    def _texts(self, cut: Sequence[Image]) -> list[Reading]:
        return [
            strips.read(strip, self._models.chances(strip), self._signs, self._allowed)
            for strip in cut
        ]


def _confidence(texts: Sequence[Reading]) -> tuple[float, float]:
    """The mean score weighed by how much was read, and the plain one."""
    weighed = [reading.score * min(len(reading.text), 12) for reading in texts]
    return float(np.mean(weighed)), float(np.mean([reading.score for reading in texts]))


def _legible(quads: Quads, readings: Sequence[Reading]) -> tuple[list[int], float]:
    """Which texts could be read, and the share of the area of those that could not."""
    wide, tall = _sides(quads)
    areas = wide * tall
    read = [_is_read(reading) for reading in readings]
    unread = 1.0 - float(areas[read].sum() / areas.sum())
    least = _CLEAR if unread >= _MOSTLY_UNREAD else _LEAST_SCORE
    legible = [i for i, reading in enumerate(readings) if read[i] and reading.score >= least]
    return legible, unread


def _is_read(reading: Reading) -> bool:
    if not reading.text or reading.score < _LEAST_SCORE or reading.blind > _BLIND:
        return False
    return 2 * len(_GREEK.findall(reading.text)) <= sum(map(str.isalpha, reading.text))


def _words(quad: NDArray[np.float32], reading: Reading) -> list[int]:
    """Left and right of each word along the middle of a text, in tenths of a pixel."""
    start, end = float(quad[0, 0] + quad[3, 0]) / 2, float(quad[1, 0] + quad[2, 0]) / 2
    return [round(10 * (start + share * (end - start))) for word in reading.words for share in word]


def _padded(image: Image) -> Image:
    """Large enough for the detector."""
    missing = [max(0, _LEAST_SIDE - side) for side in image.shape[:2]]
    if not any(missing):
        return np.ascontiguousarray(image)
    return np.pad(image, ((0, missing[0]), (0, missing[1]), (0, 0)), constant_values=255)


def _sides(quads: Quads) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """How wide and how tall each text is, along its own edges."""
    wide: NDArray[np.float32] = np.linalg.norm(quads[:, 1] - quads[:, 0], axis=1)
    tall: NDArray[np.float32] = np.linalg.norm(quads[:, 3] - quads[:, 0], axis=1)
    return wide, tall


def _is_sideways(quads: Quads) -> bool:
    """Most of the long texts are taller than wide."""
    wide, tall = _sides(quads)
    long = np.maximum(wide, tall) > 2 * np.minimum(wide, tall)
    return bool(long.sum() >= 2 and (tall > 1.5 * wide)[long].mean() > 0.6)


def _skew(quads: Quads) -> float:
    """The angle in radians that the page's long lines run downwards at."""
    wide, tall = _sides(quads)
    edges = (quads[:, 1] - quads[:, 0])[wide > _LONG * tall]
    angles = [math.atan2(y, x) for x, y in edges.tolist()]
    angle = median(angles) if angles else 0.0
    return angle if abs(angle) < _SKEW else 0.0


def _level(quad: NDArray[np.float32], angle: float) -> Rectangle:
    """The box of a text after the page has been turned by its skew, to compare baselines."""
    cos, sin = math.cos(angle), math.sin(angle)
    x, y = quad[:, 0] * cos + quad[:, 1] * sin, quad[:, 1] * cos - quad[:, 0] * sin
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def _around(quad: NDArray[np.float32]) -> Rectangle:
    x, y = quad[:, 0], quad[:, 1]
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())
