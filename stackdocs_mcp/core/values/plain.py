"""Text with one way to write each digit, space, minus and apostrophe, character for character.

The plain text has the length of the original, so a span found in the one is a span of the other.
"""

import unicodedata

_SIGNS = {
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d", "-"),
    **dict.fromkeys("\u2018\u2019\u201b\u02bc\u00b4`\u2032\uff07\u066c", "'"),
    **dict.fromkeys("\u066b\uff0c", ","),
    **dict.fromkeys("\u2060\ufeff\u200b", " "),
    **dict.fromkeys("\uff05\u066a", "%"),
    "\uff0e": ".",
    "\uff08": "(",
    "\uff09": ")",
    "\uff0f": "/",
    "\uff1a": ":",
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


def _plain_char(char: str) -> str:
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    if unicodedata.category(char) == "Zs":
        return " "
    return _SIGNS.get(char, char)


_PLAIN = _Plain()
