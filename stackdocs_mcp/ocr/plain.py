"""Plain text to pages: by form feed where there is one, else 200 lines to a page."""

import codecs
from collections.abc import Collection, Iterator
from pathlib import Path

from stackdocs_mcp.core.model import PageSource
from stackdocs_mcp.ocr import clean
from stackdocs_mcp.ocr.failures import Unreadable
from stackdocs_mcp.ocr.limits import Limits
from stackdocs_mcp.ocr.wire import Outline, Read

MEDIA_TYPE = "text/plain"
LINES_PER_PAGE = 200
A4 = 595.0, 842.0
"""Points; text has no page, and a page needs a size."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GUESSED_FROM = 200_000
"""Bytes that are looked at to guess an encoding."""


def pages(file: Path, skip: Collection[int], limits: Limits) -> Iterator[Outline | Read]:
    """The outline, then each page that is not in ``skip``. Raises Unreadable."""
    parts = list(_parts(decoded(file.read_bytes())))
    if len(parts) > limits.pages:
        raise Unreadable("too_many_pages")
    yield Outline(media_type=MEDIA_TYPE, pages=len(parts))
    for number, lines in enumerate(parts, 1):
        if number not in skip:
            yield page(number, lines)


def page(number: int, lines: list[str], size: tuple[float, float] = A4) -> Read:
    """A page of lines without boxes."""
    source = PageSource.TEXT if lines else PageSource.BLANK
    pieces = [(line, None, False) for line in lines]
    return Read(number=number, width=size[0], height=size[1], source=source, lines=pieces)


def decoded(data: bytes) -> str:
    """The text of a file: by its byte order mark, as UTF-8, or by the likeliest encoding."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode(_guess(data[:_GUESSED_FROM]), "replace")


def _guess(data: bytes) -> str:
    from charset_normalizer import from_bytes  # noqa: PLC0415 - only for text that is not UTF-8

    best = from_bytes(data).best()
    return best.encoding if best else "cp1252"


def _parts(text: str) -> Iterator[list[str]]:
    """The lines of each page, empty ones left out. A text without any line is one page."""
    sheets = text.removesuffix("\f").split("\f")
    for sheet in sheets:
        lines = clean.lines(sheet)
        for start in range(0, max(1, len(lines)), LINES_PER_PAGE):
            yield lines[start : start + LINES_PER_PAGE]
