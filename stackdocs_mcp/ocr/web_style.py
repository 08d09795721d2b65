"""Which elements of a web page nobody sees, as far as its style says so without a browser.

Looked at are the attribute ``style``, the colours that old pages have in attributes of their own,
and the rules of style sheets in the page whose selector is a name, a class or an id, or a name with
one of those. Rules for print and for narrow screens are not. A selector of several steps may select
what it ends in: the colours that it gives are not known then.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from stackdocs_mcp.ocr.colours import BLACK, WHITE, Colour, colour, unseen

Declared = Mapping[str, str]
"""Value by property, both in small letters."""
_COMMENT = re.compile(r"/\*.*?(\*/|\Z)", re.DOTALL)
_AT_RULE = re.compile(r"@[^{};]*")
_SELECTOR = re.compile(r"[a-z][a-z0-9]*|(?:[a-z][a-z0-9]*|\*)?[.#][\w-]+", re.IGNORECASE)
_LAST_STEP = re.compile(r"(?:[.#][\w-]+|(?:\A|(?<=[\s>+~]))[a-z][a-z0-9]*)\Z", re.IGNORECASE)
_IMPORTANT = re.compile(r"\s*!\s*important\Z")
_SOMETIMES = re.compile(r":(?!root\b|first-child|last-child|nth)")
"""While a pointer is over it, or what is drawn before it."""
_LENGTH = r"(?:px|pt|em|rem|%|vw|vh|cm|mm|in)?"
_ZERO = rf"[+-]?0*\.?0*{_LENGTH}"
_AWAY = r"-(?:\d{4,}(?:\.\d+)?(?:px|pt|%)|\d{3,}(?:\.\d+)?(?:em|rem|vw|vh))"
_HIDING = {
    "display": re.compile("none"),
    "visibility": re.compile("hidden|collapse"),
    "content-visibility": re.compile("hidden"),
    "opacity": re.compile(rf"{_ZERO}|0?\.0[0-4]\d*|[0-4]%"),
    "font-size": re.compile(rf"{_ZERO}|0?\.\d+p[xt]|1p[xt]|0?\.0\d*(?:em|rem)|\d(?:\.\d+)?%"),
    "clip": re.compile(rf"rect\((?:\s*,?\s*(?:{_ZERO}|1px)){{4}}\s*\)"),
    "clip-path": re.compile(r"inset\(\s*(?:[5-9]\d|100)%.*\)|circle\(\s*0.*\)"),
    "transform": re.compile(rf"(?:scale[xy]?\(\s*0\s*[,)].*|translate[xy]?\(\s*{_AWAY}.*)"),
    **dict.fromkeys(
        ("left", "top", "right", "bottom", "text-indent", "margin-left", "margin-top"),
        re.compile(_AWAY),
    ),
}
_SHRUNK = re.compile(rf"{_ZERO}|1px")
_UNKNOWN = "?"
_COLOURED = ("color", "background-color")
_INKED = frozenset({*_COLOURED, "background-image"})


class Ink(NamedTuple):
    """The colours of text and of what is behind it; None where they are not known."""

    text: Colour | None = BLACK
    ground: Colour | None = WHITE
    clear: bool = False
    """The text has no colour at all."""

    @property
    def unseen(self) -> bool:
        if self.clear:
            return True
        known = self.text is not None and self.ground is not None
        return known and unseen(self.text or BLACK, self.ground or WHITE)


class Styles:
    """What is declared for the elements of one page."""

    def __init__(self, sheets: Iterable[str]) -> None:
        self._rules: dict[str, dict[str, str]] = {}
        """By simple selector in small letters."""
        self._known: dict[tuple[str | None, ...], tuple[Declared, bool]] = {}
        for sheet in sheets:
            for selectors, body in _rules(_COMMENT.sub(" ", sheet)):
                declared = _declarations(body)
                for selector in selectors.split(","):
                    self._add(selector.strip().lower().removeprefix("*"), declared)

    def hides(self, element: Any) -> bool:
        """By its own style, whatever its colours; what is inside of it is hidden with it."""
        hidden = element.get("hidden")
        return (hidden is not None and hidden.lower() != "until-found") or self._of(element)[1]

    def marks_no_items(self, element: Any) -> bool:
        """The items of this list have no numbers."""
        declared = self._of(element)[0]
        return any(
            re.search(r"\bnone\b", declared.get(name, ""))
            for name in ("list-style", "list-style-type")
        )

    def ink(self, element: Any, around: Ink) -> Ink:
        """Its colours, or those of what is around it where it has none of its own."""
        declared = {
            name: _IMPORTANT.sub("", value)
            for name, value in self._of(element)[0].items()
            if name in _INKED
        }
        text, ground, clear = around
        if value := declared.get("color") or element.get("color"):
            if value not in ("inherit", "currentcolor", "unset"):
                found = colour(value)
                text, clear = (found[0], found[1]) if found else (None, False)
        elif element.tag == "body" and (value := element.get("text")):
            found = colour(value)
            text = found[0] if found else None
        if value := declared.get("background-color") or element.get("bgcolor"):
            found = colour(value)
            if found is None:
                ground = None
            elif not found[1]:
                ground = found[0]
        if declared.get("background-image", "none") != "none" or element.get("background"):
            ground = None
        return Ink(text, ground, clear)

    def _add(self, selector: str, declared: Declared) -> None:
        if _SELECTOR.fullmatch(selector):
            _merge(self._rules.setdefault(selector, {}), declared)
            return
        step = _LAST_STEP.search(selector)
        if step is None or _SOMETIMES.search(selector):
            return
        unsure = {name: _UNKNOWN for name in _COLOURED if name in declared}
        if "background-image" in declared:
            unsure["background-color"] = _UNKNOWN
        self._rules.setdefault(step[0], {}).update(unsure)

    def _of(self, element: Any) -> tuple[Declared, bool]:
        key = (element.tag, element.get("class"), element.get("id"), element.get("style"))
        if key not in self._known:
            declared: dict[str, str] = {}
            for name in _names(element):
                _merge(declared, self._rules.get(name, {}))
            _merge(declared, _declarations(_COMMENT.sub(" ", element.get("style", ""))))
            self._known[key] = declared, _hides(declared)
        return self._known[key]


def _hides(declared: Declared) -> bool:
    values = {name: _IMPORTANT.sub("", value) for name, value in declared.items()}
    if any(name in _HIDING and _HIDING[name].fullmatch(values[name]) for name in values):
        return True
    if not values.get("overflow", "").startswith(("hidden", "clip")):
        return False
    sides = ("height", "max-height", "width", "max-width")
    return any(_SHRUNK.fullmatch(values[side]) for side in sides if side in values)


def _declarations(body: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for declaration in body.lower().split(";"):
        name, colon, value = declaration.partition(":")
        if colon:
            _merge(found, _plain(name.strip(), value.strip()))
    return found


def _plain(name: str, value: str) -> dict[str, str]:
    """One declaration, a background in its parts."""
    if name != "background":
        return {name: value}
    bare = _IMPORTANT.sub("", value)
    weight = value.removeprefix(bare)
    if "url(" in bare or "gradient(" in bare:
        return {"background-image": value}
    words = re.findall(r"[^\s(]+(?:\([^)]*\))?", bare)
    known = next((word for word in words if colour(word)), None)
    return {"background-color": (known or ("transparent" if bare == "none" else _UNKNOWN)) + weight}


def _merge(into: dict[str, str], declared: Declared) -> None:
    """The later one counts, unless only the earlier one is important."""
    for name, value in declared.items():
        if not _IMPORTANT.search(into.get(name, "")) or _IMPORTANT.search(value):
            into[name] = value


def _names(element: Any) -> Iterator[str]:
    """Selectors of the element, those that count more last."""
    tag = element.tag
    yield tag
    classes = element.get("class", "").lower().split()
    yield from (f".{name}" for name in classes)
    yield from (f"{tag}.{name}" for name in classes)
    if identifier := element.get("id", "").lower():
        yield f"#{identifier}"
        yield f"{tag}#{identifier}"


def _rules(sheet: str) -> Iterator[tuple[str, str]]:
    """Selectors and body of each rule that stands for itself, not in an at-rule's block."""
    position = 0
    while (start := sheet.find("{", position)) >= 0:
        selectors = sheet[position:start].rpartition(";")[2].strip()
        if _AT_RULE.match(selectors):
            position = _block_end(sheet, start)
            continue
        end = sheet.find("}", start)
        if end < 0:
            return
        yield selectors, sheet[start + 1 : end]
        position = end + 1


def _block_end(sheet: str, start: int) -> int:
    depth = 0
    for brace in re.finditer("[{}]", sheet[start:]):
        depth += 1 if brace[0] == "{" else -1
        if not depth:
            return start + brace.end()
    return len(sheet)
