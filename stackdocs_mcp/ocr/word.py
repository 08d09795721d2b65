"""DOCX to pages, in the order of the body: paragraphs, and tables with one line per row.

A page ends where the author ended it: at a page break, or before a paragraph or section that starts
on a new page. Headers come before the first page's text, footers after the last one's. Nothing that
the file points to is opened: entities stay unresolved and relationships unfollowed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docx
from docx.document import Document
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml import parse_xml
from docx.oxml.ns import qn

from stackdocs_mcp.ocr import package, pictures, plain, word_numbers, word_text
from stackdocs_mcp.ocr.failures import Unreadable
from stackdocs_mcp.ocr.formats import DOCX
from stackdocs_mcp.ocr.task import Task
from stackdocs_mcp.ocr.wire import Outline, Picture, Read, SentLine, unplaced
from stackdocs_mcp.ocr.word_style import Styles
from stackdocs_mcp.ocr.word_text import Printed

_LETTER = 612.0, 792.0
"""Points; what Word itself takes when a document says nothing."""
_BROKEN = (PackageNotFoundError, *package.BROKEN)
"""What python-docx raises for a file that is not what it claims to be."""


@dataclass(slots=True)
class _Sheet:
    """A page: its lines, and the relationships of its pictures."""

    lines: list[SentLine] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)

    @property
    def is_picture(self) -> bool:
        return bool(self.pictures) and all(hidden for _, _, hidden, _ in self.lines)


def pages(file: Path, task: Task) -> Iterator[Outline | Read | tuple[Picture, bytes]]:
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

    for number, sheet in enumerate(sheets, 1):
        if number in task.skip:
            continue
        if sheet.is_picture:
            found = _pictures(document, sheet.pictures)
            yield pictures.alone(number, found, (width, height), sheet.lines, task)
            continue
        yield plain.page(number, sheet.lines, (width, height))


def _sheets(document: Document) -> Iterator[_Sheet]:
    """The pages, as the author ended them."""
    body = document.element.body
    printed = _printed(document)
    notes = _Notes(document, printed)
    section_ends = word_text.section_ends(body)
    sheet = _Sheet(_stories(document, "header", printed))
    is_begun = False
    for block in word_text.blocks(body):
        if is_begun and word_text.starts_page(block):
            yield _ended(sheet, notes.taken())
            sheet = _Sheet()
        is_begun = True
        for text, hidden in word_text.lines(block, printed):
            if text == word_text.PAGE_END:
                yield _ended(sheet, notes.taken())
                sheet = _Sheet()
            else:
                sheet.lines.append(unplaced(text, hidden))
        notes.meet(block)
        sheet.pictures += word_text.pictures(block)
        if block in section_ends:
            yield _ended(sheet, notes.taken())
            sheet = _Sheet()

    last = notes.taken(at_end=True) + _stories(document, "footer", printed)
    yield _ended(sheet, last)


def _ended(sheet: _Sheet, below: list[SentLine]) -> _Sheet:
    return _Sheet(sheet.lines + below, sheet.pictures)


def _pictures(document: Document, names: list[str]) -> list[bytes]:
    """Of the document's own; those that are elsewhere stay there."""
    relations = document.part.rels
    return [
        relations[name].target_part.blob
        for name in names
        if name in relations and not relations[name].is_external
    ]


def _printed(document: Document) -> Printed:
    body, styles = document.element.body, document.styles.element
    numbering = _part(document, "numbering")
    return Printed(
        Styles(styles, document.element.find(qn("w:background"))),
        word_numbers.labels(body, numbering, styles),
        word_text.references(body),
    )


class _Notes:
    """Footnotes below the page that they belong to, and endnotes below the last one."""

    def __init__(self, document: Document, printed: Printed) -> None:
        self._printed = printed
        self._foot = self._texts(_part(document, "footnotes"))
        self._end = self._texts(_part(document, "endnotes"))
        self._waiting: list[SentLine] = []
        self._at_end: list[SentLine] = []

    def meet(self, block: Any) -> None:
        """Take up what the block refers to."""
        if not self._printed.notes:
            return
        for reference in block.iter(*word_text.NOTES):
            is_foot = reference.tag == word_text.NOTES[0]
            texts = self._foot if is_foot else self._end
            number = self._printed.notes.get(reference, "")
            lines = texts.pop(reference.get(qn("w:id"), ""), [])
            (self._waiting if is_foot else self._at_end).extend(
                unplaced(f"[{number}] {text}" if place == 0 else text, hidden)
                for place, (text, hidden) in enumerate(lines)
            )

    def taken(self, *, at_end: bool = False) -> list[SentLine]:
        """What has to stand below the page that ends here."""
        taken, self._waiting = self._waiting, []
        return taken + self._at_end if at_end else taken

    def _texts(self, story: Any) -> dict[str, list[word_text.Line]]:
        return {
            note.get(qn("w:id"), ""): [
                line
                for block in word_text.blocks(note)
                for line in word_text.lines(block, self._printed)
                if line[0] != word_text.PAGE_END
            ]
            for note in (() if story is None else story)
            if note.get(qn("w:type"), "normal") == "normal"
        }


def _part(document: Document, kind: str) -> Any:
    """The root of the part that the document has of this kind, or None."""
    for relation in document.part.rels.values():
        if not relation.is_external and relation.reltype.endswith(f"/{kind}"):
            return parse_xml(relation.target_part.blob)
    return None


def _stories(document: Document, kind: str, printed: Printed) -> list[SentLine]:
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
        for text, hidden in word_text.lines(block, printed)
        if text != word_text.PAGE_END
    ]
    return list(dict.fromkeys(lines))


def _size(document: Document) -> tuple[float, float]:
    """Of the first section, in points."""
    for section in document.sections:
        if section.page_width and section.page_height:
            return section.page_width.pt, section.page_height.pt
    return _LETTER
