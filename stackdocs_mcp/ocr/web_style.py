"""Which elements of a web page nobody sees, as far as its style says so without a browser.

Looked at are the attribute ``style`` and the rules of style sheets in the page whose selector is a
name, a class or an id, or a name with one of those. Rules for print and for narrow screens are not.
"""

import re
from collections.abc import Collection, Iterator
from typing import Any

_COMMENT = re.compile(r"/\*.*?(\*/|\Z)", re.DOTALL)
_AT_RULE = re.compile(r"@[^{};]*")
_SELECTOR = re.compile(r"[a-z][a-z0-9]*|(?:[a-z][a-z0-9]*|\*)?[.#][\w-]+", re.IGNORECASE)
_ZERO = r"\s*:\s*[+-]?0*\.?0*(px|pt|em|rem|%)?\s*(!important)?\s*(;|\Z)"
_HIDING = re.compile(
    r"(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)"
    rf"|(?:opacity|font-size){_ZERO}"
    r"|font-size\s*:\s*0?\.\d+p[xt]|font-size\s*:\s*1p[xt]"
    r"|(?:left|top|right|bottom|text-indent|margin-left|margin-top)\s*:\s*-\d{4,}(?:\.\d+)?p[xt])",
    re.IGNORECASE,
)


def hiding_selectors(sheets: Collection[str]) -> set[str]:
    """The simple selectors whose last rule hides what they select, in small letters."""
    last: dict[str, bool] = {}
    for sheet in sheets:
        for selectors, body in _rules(_COMMENT.sub(" ", sheet)):
            hides = _HIDING.search(body) is not None
            if not hides and "display" not in body and "visibility" not in body:
                continue
            for selector in selectors.split(","):
                if _SELECTOR.fullmatch(selector.strip()):
                    last[selector.strip().lower().removeprefix("*")] = hides

    return {selector for selector, hides in last.items() if hides}


def is_hidden(element: Any, hiding: Collection[str]) -> bool:
    """By itself; what is inside of it is hidden with it."""
    attributes = element.attrib
    if "hidden" in attributes and attributes["hidden"].lower() != "until-found":
        return True
    if "style" in attributes and _HIDING.search(_COMMENT.sub(" ", attributes["style"])):
        return True
    return bool(hiding) and any(name in hiding for name in _names(element))


def _names(element: Any) -> Iterator[str]:
    tag = element.tag
    yield tag
    marks = [f".{name}" for name in element.get("class", "").lower().split()]
    if identifier := element.get("id", "").lower():
        marks.append(f"#{identifier}")
    for mark in marks:
        yield mark
        yield tag + mark


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
