"""The process that recognises text: it sees bitmaps of bounded size and nothing else.

Importing this module is cheap: the server process names ``main`` when it starts the worker.
"""

import contextlib
from multiprocessing import connection
from typing import TYPE_CHECKING

from stackdocs_mcp.ocr import backend, wire
from stackdocs_mcp.ocr.child import withdraw
from stackdocs_mcp.ocr.limits import Limits

if TYPE_CHECKING:
    from stackdocs_mcp.ocr.recogniser import Recogniser


def main(channel: connection.Connection, limits: Limits) -> None:
    """Answer one Bitmap after the other until the server hangs up."""
    withdraw()
    recogniser = _recogniser()
    while True:
        try:
            asked = wire.receive_request(channel)
            pixels = wire.receive_bitmap(channel, asked.columns, asked.rows, limits.bitmap_bytes)
        except EOFError:
            return
        if recogniser is None:
            wire.send(channel, wire.Recognised(unavailable=True))
        else:
            answer = recogniser.read(asked, pixels)
            wire.send(channel, answer.model_copy(update={"backend": recogniser.backend}))


def _recogniser() -> "Recogniser | None":
    """With its models loaded, or None where the OCR libraries are not installed."""
    try:
        from stackdocs_mcp.ocr.recogniser import Recogniser  # noqa: PLC0415 - loads the models
    except ImportError:
        return None
    if backend.preferred() == "openvino":
        with contextlib.suppress(Exception):  # whatever keeps it from loading, there is another one
            return Recogniser("openvino")
    return Recogniser("onnxruntime")
