"""A file's name as a document has it: nothing in it acts on who reads it, or cannot be seen.

A name comes from whoever made the file, and goes to models and terminals.
"""

import re
import unicodedata

UNSHOWN = "\N{REPLACEMENT CHARACTER}"
_ACTING = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Controls, line ends, bidi overrides, tags, and what no font has."""
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Fillers and variation selectors: letters and marks by their category, and yet invisible."""


LONGEST = 255
"""What file systems take, in characters."""
_SUFFIX = 16
_PLACE = re.compile(r".*[/\\]", re.DOTALL)


def sent_name(name: str) -> str:
    """The name of a file that somebody sends, without the folders it was in, as a document has it.

    "" where nothing of a name is left. One that is too long keeps its suffix.
    """
    last = shown_name(_PLACE.sub("", name)).strip()
    if not last.strip("."):
        return ""
    if len(last) <= LONGEST:
        return last
    stem, dot, suffix = last.rpartition(".")
    if not dot or len(suffix) > _SUFFIX:
        return last[:LONGEST]
    return f"{stem[: LONGEST - len(suffix) - 1]}.{suffix}"


def shown_name(name: str) -> str:
    """The name with a replacement character for each that has no place in one."""
    if name.isascii() and name.isprintable():
        return name
    return "".join(UNSHOWN if _is_unfit(one) else one for one in name)


def _is_unfit(character: str) -> bool:
    return unicodedata.category(character) in _ACTING or bool(_UNSEEN.match(character))
