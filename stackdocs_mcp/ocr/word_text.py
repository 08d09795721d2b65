"""Text from the XML of a word processor's document (ECMA-376 part 1, WordprocessingML).

All walks are loops: the depth of a document is its author's choice, and not always well meant.
"""

import re
from collections.abc import Collection, Iterator
from itertools import groupby, pairwise
from typing import Any, TypeAlias

from docx.oxml.ns import qn

Element: TypeAlias = Any
"""Of lxml, which has no types."""

PAGE_END = "\f"
PARAGRAPH, TABLE = qn("w:p"), qn("w:tbl")
_ROW, _CELL, _RUN, _TEXT = qn("w:tr"), qn("w:tc"), qn("w:r"), qn("w:t")
_BREAK, _TYPE, _VALUE, _STYLE_ID = qn("w:br"), qn("w:type"), qn("w:val"), qn("w:styleId")
_PROPERTIES, _VANISH = qn("w:rPr"), qn("w:vanish")
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
_CELLS = " | "
NO = {"0", "false", "off"}
_TINY = 4
_NEARLY_WHITE = re.compile(r"(?:[Ff][0-9A-Fa-f]){3}")

Line = tuple[str, bool]
"""Text, and whether it is hidden. ``PAGE_END`` as text ends a page."""


def blocks(story: Element) -> Iterator[Element]:
    """Paragraphs and tables in order, those inside of content controls and insertions included."""
    for element in _walk(story, {PARAGRAPH, TABLE}):
        if element.tag in (PARAGRAPH, TABLE):
            yield element


def lines(block: Element, vanishing: Collection[str]) -> list[Line]:
    """The lines of a paragraph, or of a table row by row, and the page ends between them."""
    if block.tag == PARAGRAPH:
        return list(_paragraph(block, vanishing))
    return [line for row in rows(block) for line in row_lines(row, vanishing)]


def rows(table: Element) -> list[Element]:
    """The rows of a table, those of tables in it left out."""
    return [element for element in _walk(table, {_ROW}) if element.tag == _ROW]


def cells(row: Element) -> list[Element]:
    """The cells of a row."""
    return [element for element in _walk(row, {_CELL}) if element.tag == _CELL]


def starts_page(block: Element) -> bool:
    """The paragraph is set to begin a new page."""
    before = block.find(f"{qn('w:pPr')}/{qn('w:pageBreakBefore')}")
    return before is not None and before.get(_VALUE) not in NO


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


def vanishing_styles(styles: Element) -> set[str]:
    """The ids of the styles that hide text by themselves."""
    return {
        style.get(_STYLE_ID, "")
        for style in styles.iter(qn("w:style"))
        if _is_on(style.find(f"{_PROPERTIES}/{_VANISH}"))
    }


def row_lines(row: Element, vanishing: Collection[str]) -> Iterator[Line]:
    """One line, cells parted by bars, and one with what is hidden in any of the cells."""
    for hidden in (False, True):
        texts = [cell_text(cell, vanishing, hidden=hidden) for cell in cells(row)]
        if any(texts):
            yield _CELLS.join(texts).rstrip(" |"), hidden


def cell_text(cell: Element, vanishing: Collection[str], *, hidden: bool = False) -> str:
    """What a cell shows, or what is hidden in it."""
    return " ".join(
        text.strip()
        for paragraph in cell.iter(PARAGRAPH)
        for text, vanished in _paragraph(paragraph, vanishing)
        if vanished is hidden and text != PAGE_END
    )


def _paragraph(paragraph: Element, vanishing: Collection[str]) -> Iterator[Line]:
    """Lines in order; what is hidden in a line follows it as a line of its own."""
    style = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
    vanished = style is not None and style.get(_VALUE) in vanishing
    line: list[Line] = []
    for text, hidden in _stretches(paragraph, vanishing):
        if text in ("\n", PAGE_END):
            yield from _parted(line)
            line = []
            if text == PAGE_END:
                yield PAGE_END, False
        else:
            line.append((text, hidden or vanished))

    yield from _parted(line)


def _parted(line: list[Line]) -> Iterator[Line]:
    for hidden, stretches in groupby(sorted(line, key=_is_hidden), key=_is_hidden):
        if text := "".join(text for text, _ in stretches).strip():
            yield text, hidden


def _is_hidden(line: Line) -> bool:
    return line[1]


def _stretches(paragraph: Element, vanishing: Collection[str]) -> Iterator[Line]:
    """Text as its runs have it, and breaks."""
    for element in _walk(paragraph, {_TEXT}):
        if element.tag == _TEXT:
            yield element.text or "", _vanishes(element.getparent(), vanishing)
        elif element.tag == _BREAK:
            yield (PAGE_END if element.get(_TYPE) == "page" else "\n"), False
        elif element.tag == PARAGRAPH:  # of a text box
            yield "\n", False
        elif element.tag in _SIGNS and _is_of_run(element):
            yield _SIGNS[element.tag], False


def _is_of_run(element: Element) -> bool:
    """Drawn, and not the definition of a tab stop."""
    parent = element.getparent()
    return parent is not None and parent.tag == _RUN


def _vanishes(run: Element | None, vanishing: Collection[str]) -> bool:
    if run is None:
        return False
    style = run.find(f"{_PROPERTIES}/{qn('w:rStyle')}")
    if style is not None and style.get(_VALUE) in vanishing:
        return True
    properties = run.find(_PROPERTIES)
    if properties is None:
        return False
    return _is_on(properties.find(_VANISH)) or _is_tiny(properties) or _is_white(run, properties)


def _is_tiny(properties: Element) -> bool:
    """At most two points high, which nobody reads; sizes are in half points."""
    size = properties.find(qn("w:sz"))
    value = "" if size is None else size.get(_VALUE, "")
    return value.isdecimal() and int(value) <= _TINY


def _is_white(run: Element, properties: Element) -> bool:
    """White text on the white of the page. In a table its style may give it another ground."""
    color = properties.find(qn("w:color"))
    value = "" if color is None else color.get(_VALUE, "")
    if not _NEARLY_WHITE.fullmatch(value):
        return False
    if properties.find(qn("w:shd")) is not None or properties.find(qn("w:highlight")) is not None:
        return False
    around = list(run.iterancestors(PARAGRAPH, _CELL, qn("w:txbxContent")))
    shaded = any(one.find(f"{qn('w:pPr')}/{qn('w:shd')}") is not None for one in around)
    return not shaded and all(one.tag == PARAGRAPH for one in around)


def _is_on(switch: Element | None) -> bool:
    return switch is not None and switch.get(_VALUE) not in NO


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
