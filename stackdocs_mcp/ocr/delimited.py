"""CSV to pages of 200 rows: one line per row, cells parted by bars and never by commas.

A comma between numbers cannot be told from one inside of them, so the file's own delimiter goes.
"""

import csv
from collections.abc import Collection, Iterator
from io import StringIO
from pathlib import Path

from stackdocs_mcp.ocr import charset, clean, delimiter, plain
from stackdocs_mcp.ocr.failures import Unreadable
from stackdocs_mcp.ocr.formats import CSV, SAMPLE, sketch
from stackdocs_mcp.ocr.limits import Limits
from stackdocs_mcp.ocr.wire import Outline, Piece, Read

_CELLS = " | "


def pages(file: Path, skip: Collection[int], limits: Limits) -> Iterator[Outline | Read]:
    """The outline, then each page that is not in ``skip``. Raises Unreadable."""
    data = file.read_bytes()
    csv.field_size_limit(limits.file_bytes)
    try:
        lines = list(_lines(data))
    except csv.Error as error:
        raise Unreadable("damaged") from error
    yield from plain.sheets(CSV, lines, skip, limits)


def _lines(data: bytes) -> Iterator[Piece]:
    sign = delimiter.found(sketch(data[:SAMPLE]), is_cut=len(data) > SAMPLE) or ","
    body = delimiter.NAMED.sub("", charset.decoded(data))
    for row in csv.reader(StringIO(body, newline=""), delimiter=sign):
        cells = (clean.line(cell) for cell in row)
        for line in clean.lines(_CELLS.join(cells).rstrip(" |")):
            yield line, None, False
