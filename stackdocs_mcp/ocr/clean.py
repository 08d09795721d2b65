"""Text made fit to be shown, stored and sent: the one place where a document's text is cleaned.

What goes: lone surrogates, NUL and the other control characters, bidi overrides and isolates,
tag characters, zero-width characters, noncharacters, private use. What stays: every letter, sign
and ligature, in NFC. A space of any kind becomes a plain space; two or more of them, or a tab,
become two: the gap between the columns of a table.
"""

import re
import unicodedata

MAX_LINE = 4_000
"""Characters; a longer line is cut into several."""

_GROWTH = 3
"""A text in NFC has at most so many times the characters (Unicode Standard Annex 15)."""
MAX_NAME = 200
MAX_SUFFIX = 10
_INVISIBLE = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # C0 and C1 but white space
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, fillers, selectors
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f"  # zero width, bidi controls
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"  # fillers, variation selectors, BOM
    "\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff"  # surrogates, private use
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U0010ffff"  # tags, selectors, private planes
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 14))
    + "]"
)
_BREAKS = re.compile("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
_GAP = re.compile(r"\s*\t\s*|\s{2,}")
_SPACE = re.compile(r"\s")


def lines(text: str) -> list[str]:
    """The lines of ``text`` that have something to show, each clean and at most 4,000 long."""
    return [shown for _, shown in parts(text)]


def pieces(text: str) -> list[str]:
    """The same lines before they are cleaned: each gives one clean line."""
    return [piece for piece, _ in parts(text)]


def parts(text: str) -> list[tuple[str, str]]:
    """The same lines, each as it is and clean."""
    raw = [piece for one in _BREAKS.split(text) for piece in _cut(one.strip())]
    return [(piece, shown) for piece in raw if (shown := line(piece))]


def flat(text: str) -> str:
    """Text of several lines in one, not yet cleaned; empty if it has nothing to show."""
    return _BREAKS.sub(" ", text).strip() if line(text) else ""


def line(text: str) -> str:
    """One clean line; line breaks in it become spaces. Cleaning twice changes nothing."""
    visible = _INVISIBLE.sub("", _BREAKS.sub(" ", text))
    spaced = _SPACE.sub(" ", _GAP.sub("  ", visible)).strip()
    if spaced.isascii():
        return spaced
    return unicodedata.normalize("NFC", spaced)


def raw(text: str, cleaned: str) -> str | None:
    """``text`` where cleaning it took away or changed more than white space, else None."""
    if text == cleaned or text.split() == cleaned.split():
        return None
    return text.encode("utf-8", "replace").decode()


def file_name(text: str) -> str:
    """A clean name without folders or drives, at most 200 characters, never empty."""
    last = re.split(r"[/\\:]", line(text))[-1].strip(" .")
    stem, dot, suffix = last.rpartition(".")
    if len(last) <= MAX_NAME:
        return last or "unnamed"
    return (
        stem[: MAX_NAME - len(suffix) - 1] + dot + suffix if len(suffix) < 10 else last[:MAX_NAME]
    )


def garbage(text: str) -> float:
    """The share of characters that no text has: controls, private use, U+FFFD. 0 for no text."""
    if not text:
        return 0.0
    bad = len(_GARBAGE.findall(text))
    return bad / len(text)


_GARBAGE = re.compile(
    "[\x00\x01\x03-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ue000-\uf8ff\ufffd-\uffff"
    "\U000e0000-\U0010ffff]"
)


def _cut(text: str) -> list[str]:
    """Pieces that are no longer than ``MAX_LINE`` when clean, cut at a space in the last tenth."""
    if len(text) <= MAX_LINE // _GROWTH:
        return [text] if text else []
    most = MAX_LINE if unicodedata.is_normalized("NFC", text) else MAX_LINE // _GROWTH
    cut = []
    start = 0
    while len(text) - start > most:
        space = text.rfind(" ", start + most - most // 10, start + most)
        end = space if space > 0 else start + most
        cut.append(text[start:end].strip())
        start = end

    return [*cut, text[start:].strip()]
