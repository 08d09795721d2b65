"""Text with one way to write each digit, space, minus and apostrophe, character for character.

The plain text has the length of the original, so a span found in the one is a span of the other.
"""

import unicodedata

DECIMAL_MARK = "\u066b"
"""The Arabic decimal sign. It stays what it is: unlike a comma it can be nothing else."""
_UNSEEN = (
    "\u200b\u200c\u200d\u2060\ufeff"
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
"""Joiners, and the marks of a text that runs both ways."""
_SIGNS = {
    **{chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},  # full width
    **dict.fromkeys("\u00ad\u02d7\u05be\u2010\u2011\u2012\u2013\u2014\u2015\u207b\u208b", "-"),
    **dict.fromkeys("\u2212\u2796\ufe58\ufe63\uff0d", "-"),
    **dict.fromkeys("\u2018\u2019\u201b\u02bc\u00b4`\u2032\uff07\u066c\u05f3", "'"),
    **dict.fromkeys("\u060c\ufe50", ","),
    **dict.fromkeys("\u207a\ufe62", "+"),
    **dict.fromkeys(_UNSEEN, " "),
    **dict(zip("\uffe0\uffe1\uffe5\uffe6", "¢£¥₩", strict=True)),
    "\u05f4": '"',
    "\u066a": "%",
    "\ufe6a": "%",
}


class _Plain(dict[int, str]):
    """What each character becomes, found out the first time it is met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        self[code] = plain = _plain_char(char)
        return plain


def plain(text: str) -> str:
    """Digits of any script as ``0``-``9``, every kind of space as one, every dash as ``-``.

    Line breaks and tabs stay what they are.
    """
    return text if text.isascii() else text.translate(_PLAIN)


def one_line(text: str) -> str:
    """A printed value in plain text, with one space where there are several, none around it."""
    return " ".join(plain(text.translate(_NOTHING)).split())


def _plain_char(char: str) -> str:
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    if unicodedata.category(char) == "Zs":
        return " "
    return _SIGNS.get(char, char)


_PLAIN = _Plain()
_NOTHING = dict.fromkeys(map(ord, _UNSEEN))
