"""The numbers that a word processor prints before paragraphs (ECMA-376 part 1, 17.9)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from docx.oxml.ns import qn

from stackdocs_mcp.ocr.counting import IN_WORD, Digits, counted

Element: TypeAlias = Any
"""Of lxml, which has no types."""
_VALUE, _NUMBER, _LEVEL = qn("w:val"), qn("w:numId"), qn("w:ilvl")
_PLACE = re.compile(r"%([1-9])")
_LEVELS = 9
_NO_NUMBERS = {"bullet", "none"}
_ANCESTORS = 20
_LARGEST = 1_000_000


class _Level(NamedTuple):
    start: int
    digits: Digits | None
    """None where nothing is counted, such as for a bullet."""
    text: str


class _List(NamedTuple):
    """A list; those of one ``family`` go on counting where another one stopped."""

    family: str
    levels: Mapping[int, _Level]
    starts: Mapping[int, int]
    """Where this list begins anew."""


class _Styled(NamedTuple):
    number: str | None
    level: int | None
    basis: str


def labels(body: Element, numbering: Element | None, styles: Element) -> dict[Element, str]:
    """What is printed before each paragraph that is numbered."""
    if numbering is None:
        return {}
    lists = _lists(numbering)
    styled = {
        style.get(qn("w:styleId"), ""): _styled(style) for style in styles.iter(qn("w:style"))
    }
    counts: dict[str, list[int | None]] = {}
    begun = set[tuple[str, int]]()
    found: dict[Element, str] = {}
    for paragraph in body.iter(qn("w:p")):
        number, level = _of(paragraph, styled)
        chosen = lists.get(number)
        if chosen is None or level not in chosen.levels:
            continue
        count = counts.setdefault(chosen.family, [None] * _LEVELS)
        if level in chosen.starts and (number, level) not in begun:
            count[level] = None
        begun.add((number, level))
        _advance(count, level, chosen)
        if label := _label(count, level, chosen):
            found[paragraph] = label

    return found


def _advance(count: list[int | None], level: int, chosen: _List) -> None:
    """One more at this level; what is below begins anew."""
    for above in range(level):
        if count[above] is None and above in chosen.levels:
            count[above] = _start(above, chosen)
    before = count[level]
    count[level] = _start(level, chosen) if before is None else before + 1
    count[level + 1 :] = [None] * (_LEVELS - level - 1)


def _start(level: int, chosen: _List) -> int:
    return chosen.starts.get(level, chosen.levels[level].start)


def _label(count: list[int | None], level: int, chosen: _List) -> str:
    own = chosen.levels[level]
    if own.digits is None:
        return ""

    def number(match: re.Match[str]) -> str:
        place = int(match[1]) - 1
        value = count[place]
        digits = chosen.levels[place].digits if place in chosen.levels else None
        return "" if value is None or digits is None else counted(value, digits)

    return _PLACE.sub(number, own.text).strip()


def _of(paragraph: Element, styled: Mapping[str, _Styled]) -> tuple[str, int]:
    """The list and the level: its own, or of its style and those that this is based on."""
    numbered = paragraph.find(f"{qn('w:pPr')}/{qn('w:numPr')}")
    number = _text(numbered, _NUMBER)
    level = _text(numbered, _LEVEL)
    style = _text(paragraph.find(qn("w:pPr")), qn("w:pStyle")) or ""
    deeper: int | None = None
    for _ in range(_ANCESTORS):
        if style not in styled or number is not None:
            break
        number = styled[style].number
        deeper = styled[style].level if deeper is None else deeper
        style = styled[style].basis
    return number or "", _int(level, deeper or 0)


def _styled(style: Element) -> _Styled:
    numbered = style.find(f"{qn('w:pPr')}/{qn('w:numPr')}")
    level = _text(numbered, _LEVEL)
    return _Styled(
        _text(numbered, _NUMBER),
        None if level is None else _int(level, 0),
        _text(style, qn("w:basedOn")) or "",
    )


def _lists(numbering: Element) -> dict[str, _List]:
    families = {
        family.get(qn("w:abstractNumId"), ""): dict(_levels(family))
        for family in numbering.iter(qn("w:abstractNum"))
    }
    found = {}
    for one in numbering.iter(qn("w:num")):
        family = _text(one, qn("w:abstractNumId")) or ""
        levels = dict(families.get(family, {}))
        starts = {}
        for change in one.iter(qn("w:lvlOverride")):
            level = _int(change.get(_LEVEL), 0)
            levels.update(_levels(change))
            start = _text(change, qn("w:startOverride"))
            if start is not None:
                starts[level] = _int(start, 1)
        found[one.get(_NUMBER, "")] = _List(family, levels, starts)
    return found


def _levels(owner: Element) -> Iterator[tuple[int, _Level]]:
    for level in owner.iter(qn("w:lvl")):
        place = _int(level.get(_LEVEL), 0)
        kind = _text(level, qn("w:numFmt")) or "decimal"
        digits = None if kind in _NO_NUMBERS else IN_WORD.get(kind, "decimal")
        text = _text(level, qn("w:lvlText")) or ""
        if 0 <= place < _LEVELS:
            yield place, _Level(_int(_text(level, qn("w:start")), 1), digits, text[:100])


def _text(owner: Element | None, tag: str) -> str | None:
    """The value of the child of this name."""
    child = None if owner is None else owner.find(tag)
    return None if child is None else child.get(_VALUE, "")


def _int(text: str | None, default: int) -> int:
    if text is None or not text.isdecimal() or len(text) > 9:
        return default
    return min(int(text), _LARGEST)
