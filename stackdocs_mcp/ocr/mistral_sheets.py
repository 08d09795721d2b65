"""One file on its way to the OCR service: pages that need none, and batches of those that do.

What leaves the machine is made here: a JPEG of our own rendering of each page, or picture on a
page, that has to be recognised, as the pages of a bare PDF. Nothing else of the file is in it: no
text layer, no hidden text, no metadata, no name, no page that was read already.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from stackdocs_mcp.core.engine import Attachment, Extracted, FileOutline, Pages
from stackdocs_mcp.core.errors import ExtractionFailed
from stackdocs_mcp.ocr import clean, pages, wire
from stackdocs_mcp.ocr.parsing import Parsing
from stackdocs_mcp.ocr.task import Task

_QUALITY = 90
_POINTS = 72


@dataclass(frozen=True, slots=True)
class BatchSize:
    """How much one call may carry. The service's own limits are 1,000 pages and 50 MB."""

    first: int = 5
    """Pages of a file's first batch: some are there soon."""
    pages: int = 25
    """What a crash in the middle can lose, and pay again."""
    content: int = 12_000_000
    """Bytes: minutes on a slow line, and twice that in memory for each file that is read."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A picture to recognise, and how it leaves the machine."""

    picture: wire.Picture
    jpeg: bytes


Batch = tuple[Sheet, ...]


class Sheets:
    """What a file gives before the service is asked. Blocking; one thread at a time."""

    def __init__(self, file: Path, task: Task, size: BatchSize) -> None:
        self._size = size
        self._most = min(size.first, size.pages)
        self._waiting: list[Sheet] = []
        self._parsing = Parsing(file, task)
        self._is_parsed = False
        self._is_stopped = False
        self._busy = threading.Lock()
        """Held by ``next``, whose caller may have been cancelled, so that ``close`` waits."""

    def next(self) -> Extracted | Batch | None:
        """The outline, what needs no OCR, and batches, full but for the last; then None.

        None also once it has been stopped. Raises ExtractionFailed.
        """
        with self._busy:
            try:
                return self._next()
            except ExtractionFailed:
                if self._is_stopped:  # a killed process looks like a crash
                    return None
                raise

    def stop(self) -> None:
        """End the work at once, from any thread; a ``next`` under way returns None."""
        self._is_stopped = True
        self._parsing.kill()

    def close(self) -> None:
        """Give the process back. Only after ``stop``, or the last ``next``."""
        with self._busy:
            self._parsing.close()

    def _next(self) -> Extracted | Batch | None:
        while not self._is_stopped and not self._is_parsed:
            self._parsing.expect()
            frame, content = self._parsing.frame()
            match frame:
                case wire.Outline():
                    return FileOutline(frame.media_type, frame.pages)
                case wire.Read():
                    return Pages((pages.read(frame),))
                case wire.Attached():
                    return Attachment(clean.file_name(frame.name), content)
                case wire.Picture():
                    if batch := self._batch_with(Sheet(frame, _jpeg(frame, content))):
                        return batch
                case _:
                    self._is_parsed = True
        return self._rest() or None

    def _batch_with(self, sheet: Sheet) -> Batch:
        """The batch that is full with this sheet, or would be too large with it; else nothing."""
        held = sum(len(each.jpeg) for each in self._waiting)
        if self._waiting and held + len(sheet.jpeg) > self._size.content:
            batch = self._rest()
            self._waiting.append(sheet)
            return batch
        self._waiting.append(sheet)
        return self._rest() if len(self._waiting) >= self._most else ()

    def _rest(self) -> Batch:
        if self._is_stopped:
            return ()
        batch, self._waiting = tuple(self._waiting), []
        self._most = self._size.pages
        return batch


def pdf(batch: Sequence[Sheet], dpi: int) -> bytes:
    """A PDF with a page for each sheet that shows its JPEG, byte by byte as it was encoded."""
    kids = b" ".join(b"%d 0 R" % (3 + 3 * index) for index in range(len(batch)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, len(batch)),
    ]
    for index, sheet in enumerate(batch):
        columns, rows = sheet.picture.columns, sheet.picture.rows
        box = b"%.3f %.3f" % (columns * _POINTS / dpi, rows * _POINTS / dpi)
        objects += [
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %s]/Contents %d 0 R"
            b"/Resources<</XObject<</I %d 0 R>>>>>>" % (box, 4 + 3 * index, 5 + 3 * index),
            _stream(b"%b 0 0 %b 0 0 cm /I Do" % tuple(box.split()), b""),
            _stream(
                sheet.jpeg,
                b"/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceRGB"
                b"/BitsPerComponent 8/Filter/DCTDecode" % (columns, rows),
            ),
        ]
    return _assembled(objects)


def _stream(content: bytes, entries: bytes) -> bytes:
    return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (entries, len(content), content)


def _assembled(objects: Sequence[bytes]) -> bytes:
    body, places = BytesIO(), []
    body.write(b"%PDF-1.4\n")
    for number, content in enumerate(objects, 1):
        places.append(body.tell())
        body.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    start = body.tell()
    body.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    body.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    body.write(b"trailer\n<</Size %d/Root 1 0 R>>\n" % (len(objects) + 1))
    body.write(b"startxref\n%d\n%%%%EOF\n" % start)
    return body.getvalue()


def _jpeg(picture: wire.Picture, pixels: bytes) -> bytes:
    from PIL import Image  # noqa: PLC0415 - the server loads it with the first picture

    size = picture.columns, picture.rows
    encoded = BytesIO()
    Image.frombytes("RGB", size, pixels, "raw", "BGR").save(encoded, "JPEG", quality=_QUALITY)
    return encoded.getvalue()
