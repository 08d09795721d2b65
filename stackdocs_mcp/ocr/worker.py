"""The process that recognises text: it sees bitmaps of bounded size and nothing else.

Its memory is bounded once its models are loaded, everything else before. Importing this module is
cheap: the server process names ``main`` when it starts the worker.
"""

import contextlib
import os
import sys
from multiprocessing import connection
from typing import TYPE_CHECKING

from stackdocs_mcp.ocr import backend, sandbox, wire
from stackdocs_mcp.ocr.child import withdraw
from stackdocs_mcp.ocr.limits import Limits

if TYPE_CHECKING:
    from stackdocs_mcp.ocr.recogniser import Recogniser


def main(channel: connection.Connection, limits: Limits) -> None:
    """Answer one Bitmap after the other until the server hangs up."""
    recogniser = enclosed(limits)
    most = sandbox.address_space() + limits.worker_growth_bytes
    while True:
        try:
            asked = wire.receive_request(channel)
            pixels = wire.receive_bitmap(channel, asked.columns, asked.rows, limits.bitmap_bytes)
        except EOFError:
            return
        if recogniser is None:
            wire.send(channel, wire.Recognised(unavailable=True))
            continue
        answer = recogniser.read(asked, pixels)
        is_last = sandbox.address_space() > most
        said = {"is_last": is_last, "backend": recogniser.backend}
        wire.send(channel, answer.model_copy(update=said))
        if is_last:
            return


def enclosed(limits: Limits) -> "Recogniser | None":
    """A recogniser in a process that has given up whatever recognising does not need."""
    withdraw()
    recogniser = loaded()
    sandbox.bound(sandbox.address_space() + limits.worker_memory_bytes, threads=True)
    return recogniser


def silence() -> None:
    """Keep OCR runtimes from reporting to their makers, before they are imported."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # as if not installed


def loaded() -> "Recogniser | None":
    """With its models, or None where the OCR libraries are not installed."""
    silence()
    try:
        from stackdocs_mcp.ocr.recogniser import Recogniser  # noqa: PLC0415 - loads the models
    except ImportError:
        return None
    if backend.preferred() == "openvino":
        with contextlib.suppress(Exception):  # whatever keeps it from loading, there is another one
            return Recogniser("openvino")
    return Recogniser("onnxruntime")
