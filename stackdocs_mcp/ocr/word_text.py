"""Text from the XML of a word processor's document (ECMA-376 part 1, WordprocessingML).

All walks are loops: the depth of a document is its author's choice, and not always well meant.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Any, TypeAlias

from docx.oxml.ns import qn

from stackdocs_mcp.ocr.counting import Digits, counted
from stackdocs_mcp.ocr.word_style import Styles

Element: TypeAlias = Any
"""Of lxml, which has no types."""

PAGE_END = "\f"
PARAGRAPH, TABLE = qn("w:p"), qn("w:tbl")
_ROW, _CELL, _RUN, _TEXT = qn("w:tr"), qn("w:tc"), qn("w:r"), qn("w:t")
_BREAK, _TYPE, _VALUE, _STYLE_ID = qn("w:br"), qn("w:type"), qn("w:val"), qn("w:styleId")
_FORMULA = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_SYMBOL, _TICK = qn("w:sym"), qn("w:checkBox")
NOTES = (qn("w:footnoteReference"), qn("w:endnoteReference"))
_SKIPPED = {
    qn("w:del"),
    qn("w:moveFrom"),
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
}
"""Text that was struck out, and the second copy of a text box."""
_SIGNS = {
    qn("w:tab"): "\t",
    qn("w:ptab"): "\t",
    qn("w:cr"): "\n",
    qn("w:noBreakHyphen"): "-",
}
_PICTURES = {qn("a:blip"): qn("r:embed"), "{urn:schemas-microsoft-com:vml}imagedata": qn("r:id")}
_CELLS = " | "
_CODE = re.compile("[0-9A-Fa-f]{2,4}")
_DIGITS: tuple[Digits, Digits] = ("decimal", "roman")
"""Of footnotes and endnotes."""
_NO = {"0", "false", "off"}
_SYMBOLS = {
    ("wingdings", 0xA8): "☐",
    ("wingdings", 0xFC): "✓",
    ("wingdings", 0xFD): "☒",
    ("wingdings", 0xFE): "☑",
    ("wingdings 2", 0x51): "☒",
    ("wingdings 2", 0x52): "☑",
    ("wingdings 2", 0xA3): "☐",
    ("symbol", 0xB7): "•",
}
"""What forms are filled in with, by font; other signs of such fonts have no meaning."""

Line = tuple[str, bool]
"""Text, and whether it is hidden. ``PAGE_END`` as text ends a page."""


@dataclass(frozen=True, slots=True)
class Printed:
    """How a document is printed: who sees its runs, and the numbers that stand nowhere in it."""

    styles: Styles
    labels: Mapping[Element, str] = field(default_factory=dict)
    """Of paragraphs in lists."""
    notes: Mapping[Element, str] = field(default_factory=dict)
    """Of references to notes."""


def blocks(story: Element) -> Iterator[Element]:
    """Paragraphs and tables in order, those inside of content controls and insertions included."""
    for element in _walk(story, {PARAGRAPH, TABLE}):
        if element.tag in (PARAGRAPH, TABLE):
            yield element


def lines(block: Element, printed: Printed) -> list[Line]:
    """The lines of a paragraph, or of a table row by row, and the page ends between them."""
    if block.tag == PARAGRAPH:
        return list(_paragraph(block, printed))
    rows = (element for element in _walk(block, {_ROW}) if element.tag == _ROW)
    return [line for row in rows for line in _row(row, printed)]


def starts_page(block: Element) -> bool:
    """The paragraph is set to begin a new page."""
    before = block.find(f"{qn('w:pPr')}/{qn('w:pageBreakBefore')}")
    return before is not None and before.get(_VALUE) not in _NO


def section_ends(body: Element) -> set[Element]:
    """The paragraphs after which a section follows that starts on a new page."""
    sections = list(body.iter(qn("w:sectPr")))
    ends = set[Element]()
    for section, following in pairwise(sections):
        kind = following.find(_TYPE)
        paragraph = section.getparent()
        if kind is not None and kind.get(_VALUE) == "continuous":
            continue
        if paragraph is not None and (owner := paragraph.getparent()) is not None:
            ends.add(owner)

    return ends


def pictures(block: Element) -> list[str]:
    """The names of the relationships that lead to the block's pictures."""
    found = (
        element.get(_PICTURES[element.tag])
        for element in _walk(block, ())
        if element.tag in _PICTURES
    )
    return [name for name in found if name]


def references(body: Element) -> dict[Element, str]:
    """The number of each reference to a footnote, and in Roman digits to an endnote."""
    found: dict[Element, str] = {}
    for tag, digits in zip(NOTES, _DIGITS, strict=True):
        for number, reference in enumerate(body.iter(tag), 1):
            found[reference] = counted(number, digits)
    return found


def _row(row: Element, printed: Printed) -> Iterator[Line]:
    """One line, cells parted by bars, and one with what is hidden in any of the cells."""
    cells = [element for element in _walk(row, {_CELL}) if element.tag == _CELL]
    for hidden in (False, True):
        texts = [
            " ".join(
                text.strip()
                for paragraph in _walk(cell, {PARAGRAPH})
                if paragraph.tag == PARAGRAPH
                for text, vanished in _paragraph(paragraph, printed)
                if vanished is hidden and text != PAGE_END
            )
            for cell in cells
        ]
        if any(texts):
            yield _CELLS.join(texts).rstrip(" |"), hidden


def _paragraph(paragraph: Element, printed: Printed) -> Iterator[Line]:
    """Lines in order; what is hidden in a line follows it as a line of its own."""
    line: list[Line] = []
    for text, hidden in _stretches(paragraph, printed):
        if text in ("\n", PAGE_END):
            yield from _parted(line)
            line = []
            if text == PAGE_END:
                yield PAGE_END, False
        else:
            line.append((text, hidden))

    yield from _parted(line)


def _parted(line: list[Line]) -> Iterator[Line]:
    for hidden, stretches in groupby(sorted(line, key=_is_hidden), key=_is_hidden):
        if text := "".join(text for text, _ in stretches).strip():
            yield text, hidden


def _is_hidden(line: Line) -> bool:
    return line[1]


def _stretches(paragraph: Element, printed: Printed) -> Iterator[Line]:
    """Text as its runs have it, the paragraph's number before the first, and breaks."""
    label = printed.labels.get(paragraph)
    for element in _walk(paragraph, {_TEXT}):
        if element.tag in (_TEXT, _FORMULA, _SYMBOL):
            text = _sign(element) if element.tag == _SYMBOL else element.text or ""
            hidden = printed.styles.hides(element.getparent())
            if label and text.strip():
                yield f"{label} ", hidden
                label = None
            yield text, hidden
        elif element.tag == _BREAK:
            yield (PAGE_END if element.get(_TYPE) == "page" else "\n"), False
        elif element.tag == PARAGRAPH:  # of a text box
            yield "\n", False
            label = label or printed.labels.get(element)
        elif element.tag == _TICK:
            yield ("☒" if _is_ticked(element) else "☐"), False
        elif element in printed.notes:
            yield f" [{printed.notes[element]}]", False
        elif element.tag in _SIGNS and _is_of_run(element):
            yield _SIGNS[element.tag], False


def _sign(symbol: Element) -> str:
    """A sign of a font that has its own (ECMA-376 part 1, 17.3.3.30)."""
    code = symbol.get(qn("w:char"), "")
    font = symbol.get(qn("w:font"), "").lower()
    return _SYMBOLS.get((font, int(code, 16) & 0xFF), "") if _CODE.fullmatch(code) else ""


def _is_ticked(box: Element) -> bool:
    """A box of an old form: as it was filled in, or as it was at first."""
    state = box.find(qn("w:checked"))
    if state is None:
        state = box.find(qn("w:default"))
    return state is not None and state.get(_VALUE) not in _NO


def _is_of_run(element: Element) -> bool:
    """Drawn, and not the definition of a tab stop."""
    parent = element.getparent()
    return parent is not None and parent.tag == _RUN


def _walk(root: Element, leaves: Collection[str]) -> Iterator[Element]:
    """What stands below ``root``, in order; ``leaves`` are given but not entered."""
    open_elements: list[Iterator[Element]] = [iter(root)]
    while open_elements:
        element = next(open_elements[-1], None)
        if element is None:
            open_elements.pop()
        elif isinstance(element.tag, str) and element.tag not in _SKIPPED:
            yield element
            if element.tag not in leaves:
                open_elements.append(iter(element))
