"""Whether a page's own text is what its picture shows: the same lines at the same places.

A letter that was recognised wrongly is forgiven; a digit is not, because an amount, a date or a
number is another one by a digit.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from stackdocs_mcp.ocr.order import Rectangle

_ALIKE = 0.75
_TELLING = 3
"""Letters and digits: less may be a speck that was taken for text."""

Placed = tuple[str, Rectangle | None]
"""Text, and where it stands."""


@dataclass(frozen=True, slots=True)
class Group:
    """Lines of the page's own text and of the recognised one that stand at the same place."""

    own: list[int]
    seen: list[int]
    agrees: bool
    tells: bool
    """There is so much text that it is no accident if it does not agree."""


def compared(own: Sequence[Placed], seen: Sequence[Placed]) -> list[Group]:
    """All lines of both, in groups, those of one side only included."""
    groups: list[tuple[list[int], list[int]]] = [([], [index]) for index in range(len(seen))]
    for index, (_, box) in enumerate(own):
        touched = [g for g in groups if any(_on_one_line(box, seen[i][1]) for i in g[1])]
        rest = [g for g in groups if not any(g is one for one in touched)]
        merged = (
            [i for one, _ in touched for i in one] + [index],
            sorted(i for _, other in touched for i in other),
        )
        groups = [*rest, merged]

    return [_group(own, seen, *group) for group in groups]


def _group(
    own: Sequence[Placed], seen: Sequence[Placed], ours: list[int], theirs: list[int]
) -> Group:
    one = _letters("".join(own[index][0] for index in ours))
    other = _letters("".join(seen[index][0] for index in theirs))
    agrees = bool(ours and theirs) and _digits(one) == _digits(other) and _is_alike(one, other)
    return Group(ours, theirs, agrees, len(one) >= _TELLING)


def _on_one_line(one: Rectangle | None, other: Rectangle | None) -> bool:
    if one is None or other is None:
        return False
    height = min(one[3] - one[1], other[3] - other[1])
    apart = abs(one[1] + one[3] - other[1] - other[3]) / 2
    return apart < height / 2 and one[0] < other[2] and other[0] < one[2]


def _is_alike(one: str, other: str) -> bool:
    return one == other or SequenceMatcher(None, one, other, autojunk=False).ratio() >= _ALIKE


def _letters(text: str) -> str:
    """Letters and digits only, in one form, whatever their case."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def _digits(text: str) -> str:
    return "".join(filter(str.isdecimal, text))
