"""What the plain text of a mail says and its web page does not: nobody saw it in a mail program."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from stackdocs_mcp.ocr.wire import SentLine

_POINTERS = re.compile(
    r"<?\b(?:https?://|mailto:|www\.)\S+|\[(?:image|cid):[^\]]*\]|\[\d{1,3}\]", re.IGNORECASE
)
"""What programs write into the plain text for links and pictures."""


_LONGEST_RUN = 8
"""Words; an IBAN has so many groups. More would cost memory for nothing."""


class Shown:
    """The text that can be seen, to find other text in it however its numbers are spaced."""

    def __init__(self, lines: Iterable[SentLine]) -> None:
        words = [word for text, _, hidden, _ in lines if not hidden for word in _words(text)]
        self._runs = set(words)
        numbers = [at for at, word in enumerate(words) if _is_number(word)]
        for length in range(2, _LONGEST_RUN + 1):
            self._runs.update("".join(words[at : at + length]) for at in numbers)

    def missing(self, words: Sequence[str]) -> list[str]:
        """Those of the words that are not there, neither alone nor joined with the next ones."""
        missing: list[str] = []
        at = 0
        while at < len(words):
            ends = range(min(at + _LONGEST_RUN, len(words)), at, -1)
            end = next((end for end in ends if "".join(words[at:end]) in self._runs), None)
            if end is None:
                missing.append(words[at])
            at = end or at + 1
        return missing


def unshown(lines: Sequence[SentLine], shown: Shown) -> tuple[list[SentLine], bool]:
    """The lines that are not shown, now hidden, and whether one of them has a number of its own."""
    left: list[SentLine] = []
    contradicted = False
    for text, box, hidden, places in lines:
        missing = shown.missing(_words(_POINTERS.sub(" ", text)))
        if missing and not hidden:
            left.append((text, box, True, places))
            contradicted |= any(map(_is_number, missing))

    return left, contradicted


def _words(text: str) -> list[str]:
    """In one form, without signs: ``1.190,00`` is ``119000``."""
    parts = unicodedata.normalize("NFKC", text).casefold().split()
    return [word for part in parts if (word := "".join(filter(str.isalnum, part)))]


def _is_number(word: str) -> bool:
    return any(map(str.isdecimal, word))
