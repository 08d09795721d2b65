"""Colours as style sheets write them, and whether one can be seen on the other."""

import re

Colour = tuple[int, int, int]
BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)
_NEAR = 24
"""Of 255, in each of the three: text that is no further from its ground cannot be read."""
_FAINT = 0.05
_NAMED: dict[str, Colour] = {
    "black": BLACK,
    "silver": (192, 192, 192),
    "gray": (128, 128, 128),
    "grey": (128, 128, 128),
    "white": WHITE,
    "maroon": (128, 0, 0),
    "red": (255, 0, 0),
    "purple": (128, 0, 128),
    "fuchsia": (255, 0, 255),
    "green": (0, 128, 0),
    "lime": (0, 255, 0),
    "olive": (128, 128, 0),
    "yellow": (255, 255, 0),
    "navy": (0, 0, 128),
    "blue": (0, 0, 255),
    "teal": (0, 128, 128),
    "aqua": (0, 255, 255),
    "snow": (255, 250, 250),
    "ivory": (255, 255, 240),
    "whitesmoke": (245, 245, 245),
    "ghostwhite": (248, 248, 255),
    "floralwhite": (255, 250, 240),
}
_HEX = re.compile(r"#?([0-9a-f]{6}|[0-9a-f]{3})([0-9a-f]{2}|[0-9a-f])?")
_FUNCTION = re.compile(
    r"rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})(?:[\s,/]+([\d.]{1,9}%?))?\s*\)"
)


def colour(text: str) -> tuple[Colour, bool] | None:
    """The colour, and whether it is so transparent that it is none; None for one not known."""
    text = text.strip().lower()
    if text == "transparent":
        return WHITE, True
    if text in _NAMED:
        return _NAMED[text], False
    if match := _FUNCTION.fullmatch(text):
        red, green, blue = (min(255, int(match[part])) for part in (1, 2, 3))
        return (red, green, blue), _share(match[4]) < _FAINT
    match = _HEX.fullmatch(text)
    if match is None or (match[2] and len(match[2]) * 3 != len(match[1])):
        return None
    digits = match[1] if len(match[1]) == 6 else "".join(2 * digit for digit in match[1])
    red, green, blue = (int(digits[place : place + 2], 16) for place in (0, 2, 4))
    return (red, green, blue), set(match[2] or "f") == {"0"}


def unseen(text: Colour, ground: Colour) -> bool:
    """Text of this colour cannot be told from its ground."""
    return all(abs(one - other) <= _NEAR for one, other in zip(text, ground, strict=True))


def _share(alpha: str | None) -> float:
    """Of a whole; whole if nothing is said."""
    if not alpha:
        return 1.0
    try:
        return float(alpha[:-1]) / 100 if alpha.endswith("%") else float(alpha)
    except ValueError:
        return 1.0
