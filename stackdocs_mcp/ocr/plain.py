"""Plain text to pages: by form feed where there is one, else 200 lines to a page."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from stackdocs_mcp.core.model import PageSource
from stackdocs_mcp.ocr import charset, clean
from stackdocs_mcp.ocr.failures import Unreadable
from stackdocs_mcp.ocr.formats import TEXT, Kind
from stackdocs_mcp.ocr.task import Task
from stackdocs_mcp.ocr.wire import Outline, Read, SentLine, unplaced

LINES_PER_PAGE = 200
A4 = 595.0, 842.0
"""Points; text has no page, and a page needs a size."""


def pages(file: Path, task: Task) -> Iterator[Outline | Read]:
    """The outline, then each page that is asked for. Raises Unreadable."""
    parts = list(_parts(charset.decoded(file.read_bytes())))
    if len(parts) > task.limits.pages:
        raise Unreadable("too_many_pages")
    yield Outline(media_type=TEXT.media_type, pages=len(parts))
    for number, lines in enumerate(parts, 1):
        if number not in task.skip:
            yield page(number, [unplaced(line) for line in lines])


def sheets(kind: Kind, lines: Sequence[SentLine], task: Task) -> Iterator[Outline | Read]:
    """The outline and pages of lines that no author parted. Raises Unreadable."""
    count = max(1, -(-len(lines) // LINES_PER_PAGE))
    if count > task.limits.pages:
        raise Unreadable("too_many_pages")
    yield Outline(media_type=kind.media_type, pages=count)
    for number in range(1, count + 1):
        if number not in task.skip:
            yield page(number, lines[(number - 1) * LINES_PER_PAGE : number * LINES_PER_PAGE])


def page(number: int, lines: Sequence[SentLine], size: tuple[float, float] = A4) -> Read:
    """A page of lines without boxes."""
    source = PageSource.TEXT if lines else PageSource.BLANK
    return Read(number=number, width=size[0], height=size[1], source=source, lines=lines)


def _parts(text: str) -> Iterator[list[str]]:
    """The lines of each page, empty ones left out. A text without any line is one page."""
    sheets = text.removesuffix("\f").split("\f")
    for sheet in sheets:
        lines = clean.pieces(sheet)
        for start in range(0, max(1, len(lines)), LINES_PER_PAGE):
            yield lines[start : start + LINES_PER_PAGE]
