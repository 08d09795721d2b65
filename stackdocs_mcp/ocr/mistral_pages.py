"""Answers of the OCR service to lines and tables, as our own recogniser would have sent them.

The service writes Markdown with HTML tables, in blocks that have a box. The marks that it adds are
taken away again, so that text reads as it is printed; formulas stay the LaTeX that they come as.
The box of a line is its block's: the service gives none that is finer.
"""

import html
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Annotated

from mistralai.client.models import OCRPageObject, OCRResponse
from mistralai.client.models.ocrpageobject import UnknownBlock
from pydantic import BaseModel, Field, ValidationError

from stackdocs_mcp.ocr import mistral_tables, wire
from stackdocs_mcp.ocr.mistral_tables import Grid
from stackdocs_mcp.ocr.order import Rectangle

_MOST_CHARACTERS = 500_000
"""Of one page, which comes as Markdown, as blocks, and with its tables once more."""
_HEADING = re.compile(r"#{1,6}\s+(?=\S)")
_RULE = re.compile(r"-{3,}|\*{3,}|`{3}\w*")
_IMAGE = re.compile(r"!\[[^\[\]]*\]\([^()\s]*\)")
_LINK = re.compile(r"\[([^\[\]]*)\]\([^()\s]+\)")
_TABLE_LINK = re.compile(r"\s*\[([^\[\]]+)\]\(\1\)\s*")
_BOLD = re.compile(r"\*\*([^\s*](?:[^*]*[^\s*])?)\*\*")
_ITALIC = re.compile(r"(?<![\w*])\*([^\s*](?:[^*]*[^\s*])?)\*(?![\w*])")
_ESCAPED = re.compile(r"\\([*_#|+.~$`-])")
_TAG = re.compile(r"</?(?:b|i|u|s|em|strong|mark|sub|sup|span|p|div)(?:\s[^<>]{0,200})?/?>")
_BREAK = re.compile(r"<br\s{0,9}/?>")
_GAP = "  "


class _Scores(BaseModel):
    average_content_confidence_score: Annotated[float, Field(ge=0, le=1)] | None = None


class _Block(BaseModel):
    """A block of any type. Boxes count the pixels of the service's own picture of the page."""

    type: str
    content: str
    top_left_x: wire.Length
    top_left_y: wire.Length
    bottom_right_x: wire.Length
    bottom_right_y: wire.Length
    confidence_scores: _Scores | None = None
    table_id: str | None = None

    @property
    def score(self) -> float | None:
        scores = self.confidence_scores
        return scores.average_content_confidence_score if scores else None


class _Reader:
    """Collects the lines and tables of one page."""

    def __init__(self, tables: Mapping[str, str]) -> None:
        self._tables = dict(tables)
        """Content by id, of those that have not been placed yet."""
        self._lines: list[tuple[str, Rectangle | None, float | None, wire.Words]] = []
        self._found: list[wire.SentTable] = []

    def add(self, content: str, box: Rectangle | None, score: float | None) -> None:
        """Take up a piece of Markdown that may hold tables, or the names of some."""
        for text, is_html_table in _parted(content):
            if is_html_table:
                self._add_table(mistral_tables.of_html(text), box, score)
                continue
            for has_bar, group in groupby(text.split("\n"), lambda line: line.startswith("|")):
                lines = list(group)
                if has_bar and mistral_tables.has_rule(lines):
                    self._add_table(mistral_tables.of_markdown(lines), box, score)
                else:
                    self._add_text(lines, box, score)

    def place(self, table: str | None, box: Rectangle | None, score: float | None) -> bool:
        """Take up the table of this name here, once; False where there is none."""
        content = self._tables.pop(table or "", None)
        if content is None:
            return False
        grid = (
            mistral_tables.of_html(content)
            if "<table" in content
            else mistral_tables.of_markdown(content.split("\n"))
        )
        self._add_table(grid, box, score)
        return True

    def answer(self) -> wire.Recognised:
        return wire.Recognised(lines=self._lines, tables=self._found)

    def _add_text(self, lines: list[str], box: Rectangle | None, score: float | None) -> None:
        for line in lines:
            named = _TABLE_LINK.fullmatch(line)
            if not (named and self.place(named[1], box, score)):
                self._lines += [(text, box, score, ()) for text in _printed(line) if text]

    def _add_table(self, grid: Grid, box: Rectangle | None, score: float | None) -> None:
        """One line for each row, and the table, unless it has one column."""
        rows: list[list[wire.SentCell]] = []
        for row in grid.rows:
            texts = [" ".join(_printed(entry.text)) for entry in row]
            line = _GAP.join(text for text in texts if text)
            at = [len(self._lines)] if line else []
            if line:
                self._lines.append((line, box, score, ()))
            cells = zip(texts, row, strict=True)
            rows.append([(text, at if text else [], None, cell.columns) for text, cell in cells])
        if any(len(row) > 1 for row in rows):
            self._found.append(wire.SentTable(rows=rows, box=box, header_rows=grid.header_rows))


def by_index(answer: OCRResponse, count: int) -> dict[int, OCRPageObject]:
    """The pages that can be told from one another, of as many as were asked for, from 0."""
    times = Counter(page.index for page in answer.pages)
    return {
        page.index: page
        for page in answer.pages
        if times[page.index] == 1 and 0 <= page.index < count
    }


def billed(answer: OCRResponse, count: int) -> int:
    """What the service says that it charges for, if that can be; else the pages it was sent."""
    said = answer.usage_info.pages_processed
    return said if 0 <= said <= count else count


def recognised(page: OCRPageObject, picture: wire.Picture) -> wire.Recognised | None:
    """What stands on a page, in pixels of the picture; None for an answer no page could give."""
    try:
        return _read(page, picture)
    except (mistral_tables.TooLarge, ValidationError):
        return None


def _read(page: OCRPageObject, picture: wire.Picture) -> wire.Recognised:
    tables = {table.id: table.content for table in page.tables or ()}
    blocks = _blocks(page)
    contents = page.markdown, *(block.content for block in blocks), *tables.values()
    if sum(map(len, contents)) > _MOST_CHARACTERS:
        raise mistral_tables.TooLarge
    reader = _Reader(tables)
    score = _page_score(page)
    for block in blocks:
        box = _box(block, page, picture)
        sure = score if block.score is None else block.score
        if not reader.place(block.table_id, box, sure):
            reader.add(block.content, box, sure)
    if not blocks:
        reader.add(page.markdown, None, score)
    return reader.answer()


def _blocks(page: OCRPageObject) -> list[_Block]:
    """The page's blocks in reading order; none if not all of them can be understood."""
    try:
        return [
            _Block.model_validate(one.raw if isinstance(one, UnknownBlock) else one.model_dump())
            for one in page.blocks or ()
        ]
    except ValidationError:
        return []


def _page_score(page: OCRPageObject) -> float | None:
    scores = page.confidence_scores
    average = scores.average_page_confidence_score if scores else None
    return average if average is not None and 0 <= average <= 1 else None


def _box(block: _Block, page: OCRPageObject, picture: wire.Picture) -> Rectangle | None:
    if page.dimensions is None or page.dimensions.width < 1 or page.dimensions.height < 1:
        return None
    across = picture.columns / page.dimensions.width
    down = picture.rows / page.dimensions.height
    x0, x1 = (
        min(max(0.0, x * across), picture.columns) for x in (block.top_left_x, block.bottom_right_x)
    )
    y0, y1 = (
        min(max(0.0, y * down), picture.rows) for y in (block.top_left_y, block.bottom_right_y)
    )
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def _parted(content: str) -> Iterator[tuple[str, bool]]:
    """Text and HTML tables in turn, with whether it is a table."""
    done = 0
    while (start := content.find("<table", done)) >= 0:
        end = content.find("</table>", start)
        yield content[done:start], False
        done = len(content) if end < 0 else end + len("</table>")
        yield content[start:done], True

    yield content[done:], False


def _printed(line: str) -> list[str]:
    """The lines of a line of Markdown as they are printed."""
    bare = line.strip()
    if _RULE.fullmatch(bare):
        return []
    bare = _HEADING.sub("", bare, count=1) if bare.startswith("#") else bare
    bare = _LINK.sub(r"\1", _IMAGE.sub("", bare))
    bare = _ITALIC.sub(r"\1", _BOLD.sub(r"\1", bare))
    bare = _TAG.sub("", bare)
    return [html.unescape(_ESCAPED.sub(r"\1", part)).strip() for part in _BREAK.split(bare)]
