"""HTML to lines as a browser shows them: a line for each block, one for each row of a table.

Scripts, styles, templates and frames are left out; text that nobody sees is flagged as hidden.
Nothing is fetched and nothing is run: links, pictures and outside style sheets stay where they are.
"""

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, TypeAlias

from lxml import etree, html

from stackdocs_mcp.ocr import charset, clean, plain
from stackdocs_mcp.ocr.counting import IN_WEB_PAGES, counted
from stackdocs_mcp.ocr.failures import Unreadable
from stackdocs_mcp.ocr.formats import HTML
from stackdocs_mcp.ocr.task import Task
from stackdocs_mcp.ocr.web_style import Ink, Styles
from stackdocs_mcp.ocr.wire import Outline, Read, SentLine, unplaced

Element: TypeAlias = Any
"""Of lxml, which has no types."""


def _tags(names: str) -> frozenset[str]:
    return frozenset(names.split())


_BLOCKS = _tags(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset"
    " figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav"
    " ol optgroup option p pre search section select summary table tbody td tfoot th thead tr ul"
    " textarea"
)
_NOT_SHOWN = _tags(
    "area audio base canvas datalist embed head iframe link meta noembed noframes object param"
    " script style template title video rp"
)
_UNSEEN = frozenset({"noscript"})
"""Shown by programs that run no scripts only."""
_VERBATIM = frozenset({"pre", "textarea", "listing", "xmp"})
_APART = frozenset({"a", "button"})
"""Next to one of the same name, drawn with a gap between."""
_WITHOUT_VALUE = frozenset({"hidden", "password", "file", "image", "range", "color"})
_TICKED = frozenset({"checkbox", "radio"})
_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_IN_XML = re.compile(rb"\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})")
_WHOLE = re.compile(r"-?[0-9]{1,9}")
_SPACES = re.compile(r"[ \t\r\n\f]+")
_LONG_CELL = 600
"""Characters; a row with a longer cell is a layout rather than a table."""
_CELLS = " | "

Words = tuple[str, bool]
"""Text as it is in the file, and whether it is hidden."""


def pages(file: Path, task: Task) -> Iterator[Outline | Read]:
    """The outline, then each page that is asked for. Raises Unreadable."""
    yield from plain.sheets(HTML, lines(file.read_bytes()), task)


def lines(data: bytes, declared: str | None = None) -> list[SentLine]:
    """The lines of a page, in the encoding that is declared outside or in it. Raises Unreadable."""
    text = charset.decoded(data, declared or _declared(data[:4_096]))
    parser = html.HTMLParser(
        encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=True
    )
    try:
        root = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, AssertionError) as error:
        raise Unreadable("damaged") from error
    if any(entry.level == etree.ErrorLevels.FATAL for entry in parser.error_log):
        raise Unreadable("damaged")  # too deep: the rest of it would be missing in silence
    sheets = [sheet.text or "" for sheet in root.iter("style")]
    return _Reader(Styles(sheets)).read(root)


def _declared(head: bytes) -> str | None:
    found = _DECLARED.search(head) or _IN_XML.search(head)
    return found[1].decode("ascii", "replace") if found else None


class _Reader:
    """Walks a page once, and gathers its lines."""

    def __init__(self, styles: Styles) -> None:
        self._styles = styles
        self._inks = [Ink()]
        """The colours of each element that is open."""
        self._lines: list[SentLine] = []
        self._line: list[Words] = []
        self._row: Element | None = None
        self._cells: list[list[Words]] = []
        self._hidden: list[Element] = []
        """The outermost hidden element, while inside of it."""
        self._numbers: dict[Element, int] = {}
        """The last one of each ordered list."""
        self._mark = ""
        """What is to stand before the text that comes next."""
        self._verbatim = 0

    def read(self, root: Element) -> list[SentLine]:
        closed = _closed_options(root)
        walk = etree.iterwalk(root, events=("start", "end"))
        for event, element in walk:
            if not isinstance(element.tag, str):
                self._say(element.tail if event == "end" else None)
            elif event == "start":
                if element.tag in _NOT_SHOWN or element in closed:
                    walk.skip_subtree()
                else:
                    self._open(element)
            else:
                if element.tag not in _NOT_SHOWN and element not in closed:
                    self._close(element)
                self._say(element.tail)

        self._end_line()
        return self._lines

    def _open(self, element: Element) -> None:
        tag = element.tag
        if tag in _BLOCKS or tag == "br":
            self._break()
        elif _stands_apart(element):
            self._say(" ")
        self._inks.append(self._styles.ink(element, self._inks[-1]))
        unseen = tag in _UNSEEN or self._styles.hides(element)
        if not self._hidden and unseen:
            self._hidden.append(element)
        if self._row is None and tag == "tr" and _is_row(element):
            self._row, self._cells = element, []
        if self._row is not None and tag in ("td", "th"):
            self._cells.append([])
        self._verbatim += tag in _VERBATIM
        if tag == "li":
            self._mark = self._number(element)
        if tag == "input":
            self._say(_value(element))
        self._say(element.text)

    def _close(self, element: Element) -> None:
        if element is self._row:
            self._end_row()
        if element.tag in _BLOCKS:
            self._break()
        if element.tag == "li":
            self._mark = ""
        self._inks.pop()
        self._verbatim -= element.tag in _VERBATIM
        if self._hidden and element is self._hidden[0]:
            self._hidden.clear()

    def _number(self, item: Element) -> str:
        """What stands before an item of an ordered list."""
        owner = item.getparent()
        if owner is None or owner.tag != "ol" or self._styles.marks_no_items(owner):
            return ""
        step = -1 if "reversed" in owner.attrib else 1
        number = _whole(item.get("value"))
        if number is None:
            before = self._numbers.get(owner)
            number = _first(owner) if before is None else before + step
        self._numbers[owner] = number
        digits = IN_WEB_PAGES.get(item.get("type") or owner.get("type", "1"), "decimal")
        return f"{counted(number, digits)}. "

    def _say(self, text: str | None) -> None:
        if not text:
            return
        if self._mark and text.strip():
            text = self._mark + text.lstrip()
            self._mark = ""
        unseen = bool(self._hidden) or self._inks[-1].unseen
        into = self._cells[-1] if self._row is not None and self._cells else self._line
        if not self._verbatim or self._row is not None:
            spaced = _SPACES.sub(" ", text)
            if into and into[-1][0].endswith(" "):
                spaced = spaced.removeprefix(" ")
            into.append((spaced, unseen))
            return
        first, *others = text.splitlines() or [""]
        self._line.append((first, unseen))
        for line in others:
            self._end_line()
            self._line.append((line, unseen))

    def _break(self) -> None:
        """The end of a line, or of a word inside of a row."""
        if self._row is None:
            self._end_line()
        elif self._cells:
            self._cells[-1].append((" ", bool(self._hidden)))

    def _end_line(self) -> None:
        for hidden, words in groupby(sorted(self._line, key=_is_hidden), key=_is_hidden):
            line = "".join(text for text, _ in words)
            self._lines += [unplaced(piece, hidden) for piece in clean.pieces(line)]
        self._line = []

    def _end_row(self) -> None:
        """A line with what can be seen in the cells, and one with what is hidden in them."""
        for hidden in (False, True):
            texts = [
                " ".join("".join(text for text, unseen in cell if unseen is hidden).split())
                for cell in self._cells
            ]
            line = _CELLS.join(text for text in texts if text or not hidden).rstrip(" |")
            self._lines += [unplaced(piece, hidden) for piece in clean.pieces(line)]
        self._row = None
        self._cells = []


def _is_hidden(words: Words) -> bool:
    return words[1]


def _first(ordered: Element) -> int:
    """The number that a list begins with."""
    start = _whole(ordered.get("start"))
    if start is not None:
        return start
    return sum(child.tag == "li" for child in ordered) if "reversed" in ordered.attrib else 1


def _whole(text: str | None) -> int | None:
    """A number as attributes have it."""
    return int(text) if text and _WHOLE.fullmatch(text.strip()) else None


def _is_row(element: Element) -> bool:
    """A row of data: several cells, no table in any, none with as much text as a section has."""
    cells = [child for child in element if child.tag in ("td", "th")]
    if len(cells) < 2 or next(element.iter("table"), None) is not None:
        return False
    return all(len(" ".join(cell.itertext())) <= _LONG_CELL for cell in cells)


def _stands_apart(element: Element) -> bool:
    before = element.getprevious() if element.tag in _APART else None
    return before is not None and before.tag == element.tag and not before.tail


def _closed_options(root: Element) -> set[Element]:
    """What a closed list does not show: all but the chosen one, or the first if none is."""
    closed = set[Element]()
    for owner in root.iter("select"):
        options = list(owner.iter("option"))
        if "multiple" in owner.attrib or owner.get("size", "1") != "1" or not options:
            continue
        chosen = [option for option in options if "selected" in option.attrib] or options
        closed.update(option for option in options if option is not chosen[0])

    return closed


def _value(element: Element) -> str | None:
    """What is filled in, or a cross where something is ticked."""
    kind = element.get("type", "text").lower()
    if kind in _TICKED:
        return " [x] " if "checked" in element.attrib else " [ ] "
    return None if kind in _WITHOUT_VALUE else f" {element.get('value', '')} "
