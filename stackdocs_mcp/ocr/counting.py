"""The numbers of lists as they are printed."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

Digits = Literal["decimal", "zero", "letter", "LETTER", "roman", "ROMAN"]
IN_WEB_PAGES: Mapping[str, Digits] = MappingProxyType(
    {"1": "decimal", "a": "letter", "A": "LETTER", "i": "roman", "I": "ROMAN"}
)
"""The attribute ``type`` of an ordered list."""
IN_WORD: Mapping[str, Digits] = MappingProxyType(
    {
        "decimal": "decimal",
        "decimalZero": "zero",
        "lowerLetter": "letter",
        "upperLetter": "LETTER",
        "lowerRoman": "roman",
        "upperRoman": "ROMAN",
        "ordinal": "decimal",
    }
)
"""ECMA-376 part 1, 17.18.59, as far as it counts in a way known here."""
_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l")),
    *((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
_MOST_ROMAN = 3_999
_LETTERS = 26
_MOST_LETTERS = 10 * _LETTERS


def counted(number: int, digits: Digits) -> str:
    """The number in these digits, or in decimal ones where they have no way to write it."""
    if digits == "zero":
        return f"{number:02}"
    text = str(number)
    if digits.lower() == "letter" and 0 < number <= _MOST_LETTERS:
        turns, letter = divmod(number - 1, _LETTERS)
        text = chr(ord("a") + letter) * (turns + 1)
    if digits.lower() == "roman" and 0 < number <= _MOST_ROMAN:
        text = _roman(number)
    return text.upper() if digits.isupper() else text


def _roman(number: int) -> str:
    text = ""
    for value, sign in _ROMAN:
        times, number = divmod(number, value)
        text += sign * times
    return text
