"""Boxes that are ticked or not, and what each of them is for: ``[x] Yes [ ] No``, ``Paid ☒``."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from stackdocs_mcp.core.evidence.boxes import GAP
from stackdocs_mcp.core.evidence.folding import bare_text, fold
from stackdocs_mcp.core.model import Line

_MARK = re.compile(
    r"(?P<ticked>\[\s?[xX\u2713\u2714]\s?\]|\([xX]\)|[\u2611\u2612\u2713\u2714\u25c9\u29bf])"
    r"|\[\s*\]|\(\s+\)|[\u2610\u25a1\u25ef]"
)
_WORD = re.compile(r"\w")
_NEXT_LINES = 3
"""Lines before and behind a lone box within which its text stands."""


@dataclass(frozen=True, slots=True)
class Option:
    """A box with its text: characters ``low:high`` of a line, the box among them if it is there."""

    line: int
    low: int
    high: int
    is_ticked: bool
    label: str

    def is_named(self, text: str) -> bool:
        """The box is for this and nothing else."""
        return bare_text(fold(self.label)) == bare_text(fold(text)) != ""


def options_in(lines: Sequence[Line]) -> list[Option]:
    """The boxes of a page in order, but for those that nothing stands at."""
    return [option for at in range(len(lines)) for option in _options(lines, at)]


def _options(lines: Sequence[Line], at: int) -> Iterator[Option]:
    line = lines[at]
    marks = list(_MARK.finditer(line.text))
    if not marks:
        return
    if len(marks) == 1 and not _WORD.search(_MARK.sub("", line.text)):
        beside = _beside(lines, at)
        if beside is not None:
            ticked = marks[0]["ticked"] is not None
            yield Option(beside.number, 0, len(beside.text), ticked, beside.text.strip(" :"))
        return
    is_before = _goes_before(line.text, marks)
    for nth, mark in enumerate(marks):
        if is_before:
            end = marks[nth + 1].start() if nth + 1 < len(marks) else len(line.text)
            low, high = mark.start(), _first_gap(line.text, mark.end(), end)
            label = line.text[mark.end() : high]
        else:
            start = marks[nth - 1].end() if nth else 0
            low, high = _last_gap(line.text, start, mark.start()), mark.end()
            label = line.text[low : mark.start()]
        if label := label.strip(" :.,;"):
            yield Option(line.number, low, high, mark["ticked"] is not None, label)


def _goes_before(text: str, marks: Sequence[re.Match[str]]) -> bool:
    """The boxes stand before what they are for, not behind it."""
    if not text[: marks[0].start()].strip():
        return True
    after = text[marks[-1].end() :]
    if not after.strip():
        return False
    is_close = not after[:2].isspace() and not GAP.match(after)
    return is_close or text[: marks[-1].start()][-2:].isspace()


def _first_gap(text: str, start: int, end: int) -> int:
    """Where what begins behind a box ends: at a gap between columns, or before the next box."""
    first = start + len(text[start:end]) - len(text[start:end].lstrip())
    gap = GAP.search(text, first, end)
    return gap.start() if gap else start + len(text[start:end].rstrip())


def _last_gap(text: str, start: int, end: int) -> int:
    stop = start + len(text[start:end].rstrip())
    gaps = [gap.end() for gap in GAP.finditer(text, start, stop)]
    return gaps[-1] if gaps else start + len(text[start:end]) - len(text[start:end].lstrip())


def _beside(lines: Sequence[Line], at: int) -> Line | None:
    """The line that stands beside a lone box, on the right if there is one."""
    box = lines[at].box
    if box is None:
        return None
    middle = (box.y0 + box.y1) / 2
    near = [
        (other.box.x0 < box.x0, abs(other.box.x0 - box.x0), other)
        for other in lines[max(0, at - _NEXT_LINES) : at + _NEXT_LINES + 1]
        if other.box is not None and other.box.y0 <= middle <= other.box.y1
        if other is not lines[at] and not _MARK.search(other.text)
    ]
    return min(near, key=lambda one: one[:2])[2] if near else None
