"""Which runs of a word processor's document nobody sees, by their own format and their styles'.

A run is hidden where the author hid it, where it is at most two points high, and where it has the
colour of what is behind it. What a program shows in one view only, such as page numbers in a table
of contents, is not. What is behind a text box is not known.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

from docx.oxml.ns import qn

from stackdocs_mcp.ocr.colours import WHITE, Colour, colour, unseen

Element: TypeAlias = Any
"""Of lxml, which has no types."""
_VALUE, _STYLE_ID, _FILL = qn("w:val"), qn("w:styleId"), qn("w:fill")
_RUN_FORMAT, _PARAGRAPH_FORMAT, _SHADING = qn("w:rPr"), qn("w:pPr"), qn("w:shd")
_PARAGRAPH, _CELL, _TABLE, _BOX = qn("w:p"), qn("w:tc"), qn("w:tbl"), qn("w:txbxContent")
_NO = {"0", "false", "off"}
_TINY = 4
"""Half points."""
_ANCESTORS = 20
_AUTO = "auto"
_UNKNOWN = "unknown"
_HIGHLIGHTS = {"darkblue": "navy", "darkred": "maroon", "cyan": "aqua", "magenta": "fuchsia"}


class _Look(NamedTuple):
    """What is said of text in one place; None where nothing is."""

    vanish: bool | None = None
    size: int | None = None
    ink: str | None = None
    ground: str | None = None

    def over(self, other: "_Look") -> "_Look":
        """What is said here, and where nothing is, what the other says."""
        return _Look(
            other.vanish if self.vanish is None else self.vanish,
            other.size if self.size is None else self.size,
            other.ink if self.ink is None else self.ink,
            other.ground if self.ground is None else self.ground,
        )


class _Style(NamedTuple):
    look: _Look
    ground: str | None
    """Of whole paragraphs, or tables."""
    basis: str


class Styles:
    """What the styles of one document make of its runs."""

    def __init__(self, styles: Element, page: Element | None) -> None:
        """``page`` is the document's background, if it has one."""
        self._styles = {
            style.get(_STYLE_ID, ""): _style(style) for style in styles.iter(qn("w:style"))
        }
        self._usual = next(
            (
                style.get(_STYLE_ID, "")
                for style in styles.iter(qn("w:style"))
                if style.get(qn("w:type")) == "paragraph"
                and style.get(qn("w:default"), "0") not in _NO
            ),
            "",
        )
        defaults = styles.find(f"{qn('w:docDefaults')}/{qn('w:rPrDefault')}/{_RUN_FORMAT}")
        self._defaults = _look(defaults)
        self._page = _AUTO if page is None else page.get(qn("w:color"), _UNKNOWN)
        self._resolved: dict[str, tuple[_Look, str | None]] = {}

    def hides(self, run: Element) -> bool:
        """The run is not to be seen."""
        paragraph = next(run.iterancestors(_PARAGRAPH), None)
        look = self._of(run, paragraph)
        if look.vanish or (look.size is not None and look.size <= _TINY):
            return True
        if look.ink is None or look.ink == _AUTO:
            return False
        ink, ground = colour(look.ink), self._behind(run, paragraph, look)
        return ink is not None and ground is not None and unseen(ink[0], ground)

    def _of(self, run: Element, paragraph: Element | None) -> _Look:
        own = run.find(_RUN_FORMAT)
        look = _look(own).over(self._named(_value(own, "w:rStyle"))[0])
        outer = None if paragraph is None else paragraph.find(_PARAGRAPH_FORMAT)
        named = _value(outer, "w:pStyle") or self._usual
        return look.over(self._named(named)[0]).over(self._defaults)

    def _behind(self, run: Element, paragraph: Element | None, look: _Look) -> Colour | None:
        """The colour of the nearest ground that is drawn; None where it is not known."""
        for ground in (look.ground, *self._around(run, paragraph)):
            if ground not in (None, _AUTO):
                found = colour(str(ground))
                return found[0] if found else None
        return WHITE

    def _around(self, run: Element, paragraph: Element | None) -> Iterator[str | None]:
        if paragraph is not None:
            own = paragraph.find(_PARAGRAPH_FORMAT)
            yield _shading(own)
            yield self._named(_value(own, "w:pStyle") or self._usual)[1]
        for around in run.iterancestors(_CELL, _TABLE, _BOX):
            if around.tag == _BOX:
                yield _UNKNOWN
            elif around.tag == _CELL:
                yield _shading(around.find(qn("w:tcPr")))
            else:
                format_ = around.find(qn("w:tblPr"))
                yield _shading(format_)
                yield self._named(_value(format_, "w:tblStyle"))[1]
        yield self._page

    def _named(self, style: str) -> tuple[_Look, str | None]:
        """A style with those that it is based on."""
        if style not in self._resolved:
            look, ground, name = _Look(), None, style
            for _ in range(_ANCESTORS):
                if name not in self._styles:
                    break
                one = self._styles[name]
                look = look.over(one.look)
                ground = one.ground if ground is None else ground
                name = one.basis
            self._resolved[style] = look, ground
        return self._resolved[style]


def _style(style: Element) -> _Style:
    if style.get(qn("w:type")) == "table":
        drawn = any(_shade(one) not in (None, _AUTO) for one in style.iter(_SHADING))
        ground = _UNKNOWN if drawn else None
        return _Style(_Look(), ground, _value(style, "w:basedOn"))
    ground = _shading(style.find(_PARAGRAPH_FORMAT))
    return _Style(_look(style.find(_RUN_FORMAT)), ground, _value(style, "w:basedOn"))


def _look(format_: Element | None) -> _Look:
    if format_ is None:
        return _Look()
    vanish = format_.find(qn("w:vanish"))
    size = _value(format_, "w:sz")
    mark = _value(format_, "w:highlight").lower()
    ground = _shading(format_)
    if mark and mark != "none":
        ground = _HIGHLIGHTS.get(mark, mark)
    return _Look(
        None if vanish is None else vanish.get(_VALUE) not in _NO,
        int(size) if size.isdecimal() and len(size) < 9 else None,
        _value(format_, "w:color").lower() or None,
        ground,
    )


def _shading(format_: Element | None) -> str | None:
    return None if format_ is None else _shade(format_.find(_SHADING))


def _shade(shading: Element | None) -> str | None:
    """The colour of a ground; one with a pattern on it is not known."""
    if shading is None:
        return None
    if shading.get(_VALUE, "clear") not in ("clear", "nil"):
        return _UNKNOWN
    return str(shading.get(_FILL, _AUTO)).lower()


def _value(owner: Element | None, tag: str) -> str:
    child = None if owner is None else owner.find(qn(tag))
    return "" if child is None else str(child.get(_VALUE, ""))
