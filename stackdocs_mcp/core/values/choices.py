"""One of few: yes or no by word or check mark, and the members of an enumeration."""

import re
from collections.abc import Sequence

from stackdocs_mcp.core.values.strings import matching_key
from stackdocs_mcp.core.values.words import FALSE_WORDS, TRUE_WORDS, currency_forms

_BOXES = re.compile(r"[\[(]\s?([xX✓✔]?)\s?[\])]|([✓✔✅☑☒🗹🗷■◉⦿])|([☐□⬜])")
_LONGEST = 200


def boolean_in(text: str) -> bool | None:
    """``Oui``, ``✓``, ``[x]``, ``☐ Ja ☒ Nein``; None for anything else."""
    if len(text) > _LONGEST:
        return None
    word = _word(text)
    if word is not None:
        return word
    boxes = list(_BOXES.finditer(text))
    if not boxes:
        return None
    labels = _labels(text, boxes)
    if labels is None:
        return None
    ticked = [label for box, label in zip(boxes, labels, strict=True) if box[1] or box[2]]
    if len(boxes) == 1:
        return _alone(labels[0], ticked=bool(ticked))
    return _word(ticked[0]) if len(ticked) == 1 else None


def member_in(text: str, members: Sequence[str]) -> str | None:
    """The only member that the text can mean: in other spelling, as a symbol of money, as yes."""
    for same in (_same_words, _same_parts, _same_money, _same_answer):
        found = [one for one in members if same(text, one)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _word(text: str) -> bool | None:
    word = matching_key(text)
    if word in TRUE_WORDS:
        return True
    return False if word in FALSE_WORDS else None


def _labels(text: str, boxes: Sequence[re.Match[str]]) -> list[str] | None:
    """The words of each box, which stand all behind or all before their boxes."""
    edges = [0, *(edge for box in boxes for edge in box.span()), len(text)]
    between = [text[low:high].strip() for low, high in zip(edges[::2], edges[1::2], strict=True)]
    if not between[0]:
        return between[1:]
    return between[:-1] if not between[-1] else None


def _alone(label: str, *, ticked: bool) -> bool | None:
    """A single box: what it says with its word. An empty box at "no" says nothing."""
    if not label:
        return ticked
    answer = _word(label)
    return answer if ticked or answer is None else (False if answer else None)


def _same_words(text: str, member: str) -> bool:
    return matching_key(text) == matching_key(member)


def _same_parts(text: str, member: str) -> bool:
    return _parts(text) == _parts(member)


def _parts(text: str) -> str:
    """``PAID_IN_FULL`` and ``Paid in full`` are the same; ``A-`` is not ``A``."""
    return re.sub(r"(?<=[^\W\d_])[\s_-](?=[^\W\d_])", " ", matching_key(text))


def _same_money(text: str, member: str) -> bool:
    return matching_key(text) in currency_forms(member)


def _same_answer(text: str, member: str) -> bool:
    answer = boolean_in(text)
    return answer is not None and answer is boolean_in(member)
