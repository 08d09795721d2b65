"""DOCX to pages, in the order of the body: paragraphs, and tables with one line per row.

A page ends where the author ended it: at a page break, or before a paragraph or section that starts
on a new page. Headers come before the first page's text, footers after the last one's. Nothing that
the file points to is opened: entities stay unresolved and relationships unfollowed.
"""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TypeAlias

import docx
from docx.document import Document
from docx.opc.exceptions import PackageNotFoundError

from stackdocs_mcp.ocr import package, plain, word_tables, word_text
from stackdocs_mcp.ocr.failures import Unreadable
from stackdocs_mcp.ocr.formats import DOCX
from stackdocs_mcp.ocr.task import Task
from stackdocs_mcp.ocr.wire import Outline, Read, SentLine, SentTable, unplaced

Sheet: TypeAlias = tuple[list[SentLine], list[SentTable]]
_LETTER = 612.0, 792.0
"""Points; what Word itself takes when a document says nothing."""
_BROKEN = (PackageNotFoundError, *package.BROKEN)
"""What python-docx raises for a file that is not what it claims to be."""


def pages(file: Path, task: Task) -> Iterator[Outline | Read]:
    """The outline, then each page that is asked for. Raises Unreadable."""
    try:
        package.refuse_bombs(file, task.limits)
        document = docx.Document(str(file))
        sheets = list(_sheets(document))
        width, height = _size(document)
    except _BROKEN as error:
        raise Unreadable("damaged") from error
    if len(sheets) > task.limits.pages:
        raise Unreadable("too_many_pages")
    yield Outline(media_type=DOCX.media_type, pages=len(sheets))

    for number, (lines, tables) in enumerate(sheets, 1):
        if number not in task.skip:
            yield plain.page(number, lines, (width, height), tables)


def _sheets(document: Document) -> Iterator[Sheet]:
    """The lines of each page, and its tables."""
    body = document.element.body
    vanishing = word_text.vanishing_styles(document.styles.element)
    section_ends = word_text.section_ends(body)
    sheet: Sheet = _stories(document, "header", vanishing), []
    is_begun = False
    for block in word_text.blocks(body):
        if is_begun and word_text.starts_page(block):
            yield sheet
            sheet = [], []
        is_begun = True
        if block.tag == word_text.TABLE and (
            table := word_tables.table(block, len(sheet[0]), vanishing)
        ):
            sheet[1].append(table)
        for text, hidden in word_text.lines(block, vanishing):
            if text == word_text.PAGE_END:
                yield sheet
                sheet = [], []
            else:
                sheet[0].append(unplaced(text, hidden))
        if block in section_ends:
            yield sheet
            sheet = [], []

    sheet[0].extend(_stories(document, "footer", vanishing))
    yield sheet


def _stories(document: Document, kind: str, vanishing: Collection[str]) -> list[SentLine]:
    """The lines of all headers or footers, each once, in the order of their parts."""
    stories = [
        relation.target_part.element
        for relation in document.part.rels.values()
        if not relation.is_external and relation.reltype.endswith(f"/{kind}")
    ]
    lines: list[SentLine] = [
        unplaced(text, hidden)
        for story in stories
        for block in word_text.blocks(story)
        for text, hidden in word_text.lines(block, vanishing)
    ]
    return list(dict.fromkeys(lines))


def _size(document: Document) -> tuple[float, float]:
    """Of the first section, in points."""
    for section in document.sections:
        if section.page_width and section.page_height:
            return section.page_width.pt, section.page_height.pt
    return _LETTER
