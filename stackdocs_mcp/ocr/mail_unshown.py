"""What the plain text of a mail says and its web page does not: nobody saw it in a mail program."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import accumulate

from stackdocs_mcp.ocr.wire import SentLine

_POINTERS = re.compile(
    r"<?\b(?:https?://|mailto:|www\.)\S+|\[(?:image|cid):[^\]]*\]|\[\d{1,3}\]", re.IGNORECASE
)
"""What programs write into the plain text for links and pictures."""


class Shown:
    """The text that can be seen, to find other text in it however that is spaced and wrapped."""

    def __init__(self, lines: Iterable[SentLine]) -> None:
        words = [word for text, _, hidden, _ in lines if not hidden for word in _words(text)]
        self._words = frozenset(words)
        self._run = "".join(words)
        ends = list(accumulate(map(len, words)))
        self._edges = frozenset([0, *ends])
        """Where words begin and end in the run."""

    def has(self, words: Sequence[str]) -> bool:
        """Each of the words, or all of them one after the other with other gaps between."""
        return all(word in self._words for word in words) or self._has_run("".join(words))

    def _has_run(self, wanted: str) -> bool:
        at = self._run.find(wanted)
        while at >= 0:
            if at in self._edges and at + len(wanted) in self._edges:
                return True
            at = self._run.find(wanted, at + 1)
        return False


def unshown(lines: Sequence[SentLine], shown: Shown) -> tuple[list[SentLine], bool]:
    """The lines that are not shown, now hidden, and whether one of them has a number of its own."""
    left: list[SentLine] = []
    contradicted = False
    for text, box, hidden, places in lines:
        words = _words(_POINTERS.sub(" ", text))
        if hidden or shown.has(words):
            continue
        left.append((text, box, True, places))
        contradicted |= any(_is_number(word) and not shown.has([word]) for word in words)

    return left, contradicted


def _words(text: str) -> list[str]:
    """In one form, without signs: ``1.190,00`` is ``119000``."""
    parts = unicodedata.normalize("NFKC", text).casefold().split()
    return [word for part in parts if (word := "".join(filter(str.isalnum, part)))]


def _is_number(word: str) -> bool:
    return any(map(str.isdecimal, word))
