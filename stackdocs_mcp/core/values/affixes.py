"""What stands before and behind the digits of a printed number: sign, money, scale, unit."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from stackdocs_mcp.core.values.signs import Signs
from stackdocs_mcp.core.values.units import (
    DOUBTFUL_SCALES,
    MONEY_SCALES,
    NO_MONEY,
    PERCENT,
    SCALED_MONEY,
    SCALES,
    UNITS,
)
from stackdocs_mcp.core.values.words import is_currency

_WORD = r"\$(?:US|CA|AU|NZ|HK)(?!\w)|[^\W\d_]+(?:[.'\"][^\W\d_]+)*[.'$¥£]?"
_TOKEN = re.compile(
    r" +|(?P<percent>%)|(?P<mark>[-+()*=▲△])"
    r"|(?P<unit>(?:[cdkm]?m|ft|in)[23](?!\w)|°[CF]?|[‰℃¢\"']"
    r"|(?:sq\.?|square|cubic|fl\.?|metri|mètres|metros) [^\W\d_]+)"
    rf"|(?P<scaled>{SCALED_MONEY})|(?P<word>{_WORD})|(?P<symbol>[^\w\s])",
    re.IGNORECASE,
)
_PER = re.compile(
    r" ?(?:/ ?(?:10+ ?)?|(?<![^\W\d_])(?:per|pro|par|por|je|al|za|na|à) )"
    r"[^\W\d_][^\W_ ]{0,19}\.?\Z",
    re.IGNORECASE,
)
_BOOKED = frozenset({"cr", "cr.", "dr", "dr.", "od"})
"""Credit and debit. Which of them is below zero depends on whose account it is."""
_BOOKED_IN_GERMAN = frozenset({"S", "H"})
_BELOW_ZERO = frozenset(
    ("minus", "moins", "menos", "meno", "負", "负", "マイナス", "מינוס", "ناقص", "سالب")
)
_SUM = frozenset({"金", "計", "合計"})
_LONGEST_UNIT = 12
_POWERS = "²³"


@dataclass(slots=True)
class Affixes:
    """What was found around the digits. Nothing of it is a word of the document."""

    minuses: int = 0
    plus: bool = False
    triangle: bool = False
    booked: bool = False
    trailing: bool = False
    """The minus stands behind the digits."""
    opened: bool = False
    closed: bool = False
    money: bool = False
    yen: bool = False
    scales: list[tuple[int, ...]] = field(default_factory=list)
    letter: str = ""
    """``M`` and the like, which mean one thing beside money and another beside nothing."""
    unit: str | None = None
    """What we call the unit; empty for a word that we do not know."""

    def negatives(self, signs: Signs) -> tuple[bool, ...]:
        """Whether the number is below zero; both where that cannot be known, none if it is odd."""
        count = self.minuses + self.opened + self.triangle
        if count > 1 or (count and self.plus) or self.opened != self.closed:
            return ()
        doubtful = (
            self.booked
            or (self.triangle and not signs.kana)
            or (self.opened and self.unit is not None)  # "(3 pcs)" is a remark as often
            or (self.trailing and self.yen)  # "¥1,234-" ends so that nothing can be added
        )
        return (False, True) if doubtful else (count == 1,)

    def powers(self, signs: Signs) -> tuple[int, ...]:
        """The powers of ten that the words around multiply with."""
        found = [*self.scales]
        if self.letter:
            found.append((MONEY_SCALES if self.money else NO_MONEY)[self.letter])
        english = signs.english_words > signs.day_first_words
        found = [one if not english else _short(one) for one in found]
        powers = [0]
        for scale in found:
            powers = [power + one for power in powers for one in scale]
        return tuple(dict.fromkeys(powers))


def affixes(lead: str, tail: str, *, cents: bool) -> Affixes | None:
    """What stands around digits with or without ``cents``; None where something else does too."""
    found = Affixes()
    per = _PER.search(tail)
    tail = PERCENT.sub("%", tail[: per.start()] if per else tail, count=1)
    for tokens, behind in ((_tokens(lead), False), (_tokens(tail), True)):
        for kind, token in tokens:
            if not _take(found, kind, token, behind=behind, cents=cents):
                return None

    if found.letter and not found.money and found.letter not in NO_MONEY:
        # Beside no money, m is a metre and t a tonne.
        letter, found.letter = found.letter, ""
        if not _take_unit(found, letter):
            return None
    if per and found.unit is None:
        found.unit = ""
    return found


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match:
            yield "symbol", text[at]
            return
        at = match.end()
        if match.lastgroup:
            yield match.lastgroup, match[0]


def _take(found: Affixes, kind: str, token: str, *, behind: bool, cents: bool) -> bool:
    """Note one token; False when no number has it there."""
    if kind == "mark":
        return _take_mark(found, token, behind=behind)
    if kind == "unit":
        return behind and _take_unit(found, token)
    if kind in ("percent", "scaled") or is_currency(token.removesuffix("也")):
        _take_money(found, kind, token)
        return found.unit is None
    return kind == "word" and _take_word(found, token, behind=behind, cents=cents)


def _take_money(found: Affixes, kind: str, token: str) -> None:
    if kind == "scaled":
        found.scales.append((3 if token[0] in "tTkK" else 6,))
    found.money |= kind != "percent"
    found.yen |= token[0] in "¥円圓" or token.startswith("JP")


def _take_mark(found: Affixes, mark: str, *, behind: bool) -> bool:
    if mark in "*=":
        return True  # they fill a cheque
    if mark == "+":
        found.plus = True
    elif mark in "▲△":
        found.triangle = True
    elif mark == "-":
        found.minuses += 1
        found.trailing |= behind
    elif mark == "(":
        allowed = not behind and not found.opened
        found.opened = True
        return allowed
    else:
        allowed = behind and not found.closed
        found.closed = True
        return allowed
    return not (behind and (mark != "-" or found.unit is not None))


def _take_word(found: Affixes, word: str, *, behind: bool, cents: bool) -> bool:
    folded = word.casefold()
    if not behind and folded in _BELOW_ZERO:
        found.minuses += 1
    elif not behind and word in _SUM:
        return True
    elif folded in _BOOKED or (cents and word in _BOOKED_IN_GERMAN):
        found.booked = True
    elif folded in SCALES or folded in DOUBTFUL_SCALES:
        _take_scale(found, folded)
    elif behind and word in MONEY_SCALES and not found.letter:
        found.letter = word
    elif behind or (len(word) > 1 and folded in UNITS):
        return _take_unit(found, word)
    else:
        return False
    return True


def _take_scale(found: Affixes, word: str) -> None:
    if found.scales[-1:] == [DOUBTFUL_SCALES["mil"]]:
        found.scales[-1] = (3,)  # "mil millones" leaves no doubt
    found.scales.append(DOUBTFUL_SCALES.get(word) or (SCALES[word],))


def _take_unit(found: Affixes, unit: str) -> bool:
    name = UNITS.get(unit.casefold())
    long = len(unit) > _LONGEST_UNIT + unit.count(" ")
    odd = "." in unit[:-1] or any(char.isnumeric() and char not in _POWERS for char in unit)
    if found.unit is not None or (name is None and (long or odd)):
        return False
    found.unit = name or ""
    return True


def _short(scale: tuple[int, ...]) -> tuple[int, ...]:
    """The smaller of the two meanings of a billion."""
    return scale[:1] if scale in ((9, 12), (12, 18)) else scale
