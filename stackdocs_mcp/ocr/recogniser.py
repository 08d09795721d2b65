"""Text from a bitmap, by PP-OCR models in onnxruntime. Runs in the OCR worker only.

The parameters are the ones that read best and fastest on a mixed set of scans: detection at no
more than 1,280 pixels, crops recognised one by one without the direction classifier, which errs
more often than it helps. Which way up a page is, is found from the page as a whole.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import rapidocr
from numpy.typing import NDArray
from rapidocr.main import RapidOCRError

from stackdocs_mcp.ocr import order, tables, turn, wire
from stackdocs_mcp.ocr.order import Piece, Rectangle

Image = NDArray[np.uint8]
Quads = NDArray[np.float32]
"""One row per text: the corners from the top left clockwise, as x and y."""

Texts = dict[int, tuple[str, float]]
"""What a text says and how sure that is, by its row in the quads."""

_DETECTION_SIDE = 1_280
_LEAST_SCORE = 0.5
_LEAST_SIDE = 32
_SURE = 0.9
"""A mean score above this, and the page is the right way up."""
_CLEARLY_BETTER = 1.15
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

    def __init__(self) -> None:
        models = Path(rapidocr.__file__).parent / "models"
        untyped: Any = rapidocr.RapidOCR
        self._models = untyped(
            params={
                "Global.log_level": "critical",
                "Global.use_cls": False,
                "Det.limit_type": "max",
                "Det.limit_side_len": _DETECTION_SIDE,
                # Named, because a model that is not found would be downloaded.
                "Det.model_path": str(models / "PP-OCRv6_det_small.onnx"),
                "Rec.model_path": str(models / "PP-OCRv6_rec_small.onnx"),
                "Rec.rec_batch_num": 1,
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )
        self._detector = self._models._load_det_model()  # noqa: SLF001 - no public way
        self._models._load_rec_model()  # noqa: SLF001

    def read(self, asked: wire.Bitmap, pixels: bytes) -> wire.Recognised:
        """The lines of a bitmap in reading order; a whole page is turned upright first."""
        image = _padded(np.frombuffer(pixels, np.uint8).reshape(asked.rows, asked.columns, 3))
        found = _Found(image, self._detect(image), 0)
        known: Texts = {}
        if asked.whole:
            found, known = self._upright(found)
        if not len(found.quads):
            return wire.Recognised()

        texts = self._recognise(found, known)
        angle = _skew(found.quads)
        pieces = [
            Piece(text, _level(quad, angle), score=score)
            for quad, (text, score) in zip(found.quads, texts, strict=True)
            if text.strip() and score >= _LEAST_SCORE
        ]
        places = {id(p): _around(q) for p, q in zip(pieces, _kept(found.quads, texts), strict=True)}
        rows = order.rows(pieces)
        lines = [
            (
                order.joined(row),
                order.around(places[id(piece)] for piece in row),
                min(1.0, *(piece.score for piece in row)),
                (),
            )
            for row in rows
        ]
        found_tables = [tables.tilted(table, angle) for table in tables.found(rows)]
        return wire.Recognised(rotation=found.turn, lines=lines, tables=found_tables)

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
        crops = self._models.crop_text_regions(found.image, found.quads[sample])
        texts = self._texts(crops)
        known = dict(zip(sample, texts, strict=True))
        upright, sure = _confidence(texts)
        if found.turn == 0 and sure >= _SURE:
            return found, known
        upside_down, _ = _confidence(
            self._texts([np.ascontiguousarray(crop[::-1, ::-1]) for crop in crops])
        )
        if upside_down > _CLEARLY_BETTER * upright:
            return self._turned(found, 180), {}
        return found, known

    def _turned(self, found: _Found, degrees: turn.Turn) -> _Found:
        image = np.ascontiguousarray(np.rot90(found.image, -degrees // 90))
        total: dict[int, turn.Turn] = {0: 0, 90: 90, 180: 180, 270: 270}
        return _Found(image, self._detect(image), total[(found.turn + degrees) % 360])

    def _detect(self, image: Image) -> Quads:
        boxes = self._detector(image).boxes
        return np.zeros((0, 4, 2), np.float32) if boxes is None else np.asarray(boxes, np.float32)

    def _recognise(self, found: _Found, known: Texts) -> list[tuple[str, float]]:
        rest = [i for i in range(len(found.quads)) if i not in known]
        crops = self._models.crop_text_regions(found.image, found.quads[rest]) if rest else []
        texts = {**known, **dict(zip(rest, self._texts(crops), strict=True))}
        return [texts[i] for i in range(len(found.quads))]

    def _texts(self, crops: list[Any]) -> list[tuple[str, float]]:
        if not crops:
            return []
        try:
            read = self._models.recognize_txt(crops)
        except RapidOCRError:
            return [("", 0.0)] * len(crops)
        return [(t, float(s)) for t, s in zip(read.txts, read.scores, strict=True)]


def _confidence(texts: list[tuple[str, float]]) -> tuple[float, float]:
    """The mean score weighed by how much was read, and the plain one."""
    weighed = [score * min(len(text.strip()), 12) for text, score in texts]
    return float(np.mean(weighed)), float(np.mean([score for _, score in texts]))


def _kept(quads: Quads, texts: list[tuple[str, float]]) -> Quads:
    return quads[[bool(text.strip()) and score >= _LEAST_SCORE for text, score in texts]]


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
