"""CSV to pages of 200 rows: one line per row, cells parted by bars and never by commas.

A comma between numbers cannot be told from one inside of them, so the file's own delimiter goes.
"""

import csv
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from stackdocs_mcp.ocr import charset, clean, delimiter, plain
from stackdocs_mcp.ocr.failures import Unreadable
from stackdocs_mcp.ocr.formats import CSV, SAMPLE, sketch
from stackdocs_mcp.ocr.task import Task
from stackdocs_mcp.ocr.wire import Outline, Read, SentLine, unplaced

_CELLS = " | "


def pages(file: Path, task: Task) -> Iterator[Outline | Read]:
    """The outline, then each page that is asked for. Raises Unreadable."""
    data = file.read_bytes()
    csv.field_size_limit(task.limits.file_bytes)
    try:
        lines = list(_lines(data))
    except csv.Error as error:
        raise Unreadable("damaged") from error
    yield from plain.sheets(CSV, lines, task)


def _lines(data: bytes) -> Iterator[SentLine]:
    sign = delimiter.found(sketch(data[:SAMPLE]), is_cut=len(data) > SAMPLE) or ","
    body = delimiter.NAMED.sub("", charset.decoded(data))
    for row in csv.reader(StringIO(body, newline=""), delimiter=sign):
        cells = (clean.flat(cell) for cell in row)
        for line in clean.pieces(_CELLS.join(cells).rstrip(" |")):
            yield unplaced(line)
