"""Text folded so that what a reader takes for the same is the same, with the way back.

Folded away: case, width, ligatures, accents' encoding, kinds of dashes and quotes, soft hyphens,
invisible characters, and all white space. Every folded character knows where it came from.
"""

import re
import unicodedata
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63"
_QUOTES = (
    "\"'`\u00b4\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2032\u2033"
    "\u00ab\u00bb\u2039\u203a\u02bc"
)
_GONE = "\u00ad\ufffe\u0002\u200b\u200c\u200d\u2060\ufeff"
"""Soft hyphens, also as pdfium marks them, and characters without width."""
_INK = re.compile(r"\S+")
_HYPHENATED = re.compile(r"(?<=[^\W\d_])-[ ]*\n[ ]*(?=[^\W\d_])")


_CONFUSABLE = str.maketrans("oqlisbz", "0011582")
_RN = "m"


def is_hyphenated(text: str) -> bool:
    """A word of the text is broken over two lines."""
    return _HYPHENATED.search(text) is not None


class _Folds(dict[str, str]):
    """What each character folds to, found out the first time it is met."""

    def __missing__(self, char: str) -> str:
        self[char] = folded = _folded_char(char)
        return folded


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text; ``origins[i]`` is where character ``i`` stands in the text it was made of."""

    text: str
    origins: "array[int]"  # subscriptable at run time from Python 3.12

    def find(self, needle: str) -> Iterator[tuple[int, int]]:
        """Spans ``start, end`` in the original text of every place where a folded needle stands."""
        at = self.text.find(needle) if needle else -1
        while at >= 0:
            yield self.origins[at], self.origins[at + len(needle) - 1] + 1
            at = self.text.find(needle, at + 1)


def fold(text: str) -> str:
    """The folded text alone, for what is looked for."""
    if _is_simple(text):
        return "".join(text.lower().replace('"', "'").replace("`", "'").split())
    return "".join(map(_FOLDS.__getitem__, text))


def folded(text: str, *, joining: bool = False) -> Folded:
    """A text with the way back; ``joining`` drops hyphens that only break a word over two lines."""
    parts: list[str] = []
    origins = array("I")
    dropped = {match.start() for match in _HYPHENATED.finditer(text)} if joining else set()
    for match in _INK.finditer(text):
        run, start = match[0], match.start()
        if _is_simple(run) and match.end() - 1 not in dropped:
            parts.append(run.lower().replace('"', "'").replace("`", "'"))
            origins.extend(range(start, match.end()))
            continue
        for at, char in enumerate(run, start):
            if at in dropped:
                continue
            kept = _FOLDS[char]
            parts.append(kept)
            origins.extend([at] * len(kept))

    return Folded("".join(parts), origins)


def _is_simple(text: str) -> bool:
    """Nothing is to be folded but case and quotes."""
    return text.isascii() and "\x02" not in text


def bare(view: Folded) -> Folded:
    """A folded text with letters and digits only, letters without accents."""
    kept = [at for at, char in enumerate(view.text) if char.isalnum()]
    return Folded(
        "".join([view.text[at] for at in kept]), array("I", [view.origins[at] for at in kept])
    )


def bare_text(folded_text: str) -> str:
    """Letters and digits of a folded text alone, for what is looked for."""
    return "".join(filter(str.isalnum, folded_text))


def skeleton(view: Folded) -> Folded:
    """A bare text in which letters that an engine takes for digits are those digits, rn is m.

    No two digits become the same, so that what matches has every digit right.
    """
    text = view.text.translate(_CONFUSABLE)
    kept = [at for at in range(len(text)) if text[at] != "n" or text[at - 1 : at] != "r"]
    return Folded(text.replace("rn", _RN), array("I", [view.origins[at] for at in kept]))


def skeleton_text(bare_needle: str) -> str:
    """The skeleton of what is looked for."""
    return bare_needle.translate(_CONFUSABLE).replace("rn", _RN)


def _folded_char(char: str) -> str:
    if char.isspace() or char in _GONE:
        return ""
    if char in _DASHES:
        return "-"
    if char in _QUOTES:
        return "'"
    decomposed = unicodedata.normalize("NFKD", char).casefold()
    return "".join(unicodedata.normalize("NFKD", decomposed).split())


_FOLDS = _Folds()
