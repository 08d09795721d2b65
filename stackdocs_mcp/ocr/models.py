"""The PP-OCR models from rapidocr's wheel: where text stands, and what each strip of it may say.

They run on onnxruntime, or on OpenVINO: it takes less time, and more memory.
"""

import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import rapidocr
from numpy.typing import NDArray
from rapidocr import EngineType

from stackdocs_mcp.ocr.backend import Backend

Image = NDArray[np.uint8]
Quads = NDArray[np.float32]
"""One row per text: the corners from the top left clockwise, as x and y."""
Chances = NDArray[np.float32]
"""Steps from left to right by signs: how likely each sign is at each step."""

DETECTION_SIDE = 1_280
STRIP_HEIGHT = 48
"""Pixels that the recognition sees a line in."""
LEAST_WIDTH = 320
"""Of a strip: with less around it, a full stop becomes a comma."""


class Models:
    """Both models, loaded. One thread at a time."""

    def __init__(self, backend: Backend = "onnxruntime") -> None:
        folder = Path(rapidocr.__file__).parent / "models"
        engine = EngineType.OPENVINO if backend == "openvino" else EngineType.ONNXRUNTIME
        untyped: Any = rapidocr.RapidOCR
        loaded = untyped(
            params={
                "Global.log_level": "critical",
                "Global.use_cls": False,
                "Det.engine_type": engine,
                "Det.limit_type": "max",
                "Det.limit_side_len": DETECTION_SIDE,
                # Named, because a model that is not found would be downloaded.
                "Det.model_path": str(folder / "PP-OCRv6_det_small.onnx"),
                "Rec.engine_type": engine,
                "Rec.model_path": str(folder / "PP-OCRv6_rec_small.onnx"),
                "EngineConfig.onnxruntime.intra_op_num_threads": 1,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
                "EngineConfig.openvino.inference_num_threads": 1,
            }
        )
        self._detector = loaded._load_det_model()  # noqa: SLF001 - no public way
        recogniser = loaded._load_rec_model()  # noqa: SLF001
        self._recognise = recogniser.session
        self._crop = loaded.crop_text_regions
        self.signs: list[str] = recogniser.postprocess_op.character
        """What each column of the chances stands for; the first is no sign at all."""

    def detect(self, image: Image) -> Quads:
        """Where texts stand, each a line or a part of one."""
        boxes = self._detector(image).boxes
        return np.zeros((0, 4, 2), np.float32) if boxes is None else np.asarray(boxes, np.float32)

    def chances(self, strip: Image) -> Chances:
        """What a strip of text may say."""
        columns = strip.shape[1]
        padded = np.zeros((1, 3, STRIP_HEIGHT, max(LEAST_WIDTH, columns)), np.float32)
        padded[0, :, :, :columns] = strip.transpose(2, 0, 1) * np.float32(2 / 255) - 1
        found: Chances = self._recognise(padded)[0]
        return found

    def strips(self, image: Image, quads: Quads) -> list[Image]:
        """The texts cut out of an image, straightened, as tall as the recognition sees them."""
        return [_resized(crop) for crop in self._crop(image, quads)]


def _resized(crop: Image) -> Image:
    rows, columns = crop.shape[:2]
    size = max(1, math.ceil(STRIP_HEIGHT * columns / rows)), STRIP_HEIGHT
    return np.asarray(cv2.resize(crop, size), np.uint8)
