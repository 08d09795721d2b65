"""Text with one way to write each digit, space, minus and apostrophe, character for character.

The plain text has the length of the original, so a span found in the one is a span of the other.
"""

import unicodedata

_MINUS = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_APOSTROPHES = "\u2018\u2019\u201b\u02bc\u00b4`\u2032\uff07\u066c"
_COMMAS = "\u066b\uff0c"
_POINTS = "\uff0e"
_INVISIBLE_SPACES = "\u2060\ufeff\u200b"
_OTHERS = {"\uff05": "%", "\u066a": "%", "\uff08": "(", "\uff09": ")", "\uff0f": "/", "\uff1a": ":"}


class _Plain(dict[int, str]):
    """What each character becomes, found out the first time it is met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        self[code] = plain = _plain_char(char)
        return plain


def plain(text: str) -> str:
    """``１２３`` and ``١٢٣`` as ``123``, every kind of space as one, every dash as ``-``.

    Line breaks and tabs stay what they are.
    """
    return text if text.isascii() else text.translate(_PLAIN)


def _plain_char(char: str) -> str:
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    if char in _MINUS:
        return "-"
    if char in _APOSTROPHES:
        return "'"
    if char in _COMMAS:
        return ","
    if char in _POINTS:
        return "."
    if unicodedata.category(char) == "Zs" or char in _INVISIBLE_SPACES:
        return " "
    return _OTHERS.get(char, char)


_PLAIN = _Plain()
