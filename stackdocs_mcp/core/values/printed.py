"""Numbers as documents print them: with sign, money, percent and scale, and how sure they are."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from stackdocs_mcp.core.values.numerals import Numeral, under
from stackdocs_mcp.core.values.signs import Signs
from stackdocs_mcp.core.values.units import MONEY_SCALES, PERCENT, SCALES
from stackdocs_mcp.core.values.words import is_currency

_MONEY_BEFORE = re.compile(r"([^\W\d_]{1,4}\.?|[^\w\s.,()\-/%]{1,2}) ?\Z")
_WORD_BEFORE_BRACKET = re.compile(r"[^\W\d_] ?\(\Z")
_CLOSING = re.compile(r" ?(%|[^\W\d_]{1,4}\.?|[^\w\s.,()\-/%]{1,2})? ?\)")
_LETTERS_BEFORE = re.compile(r"[^\W\d_]+\.?\Z")
_LETTERS_THEN_DIGIT = re.compile(r"[^\W\d_]+\d")
_SCALE = re.compile(r" ?([^\W\d_]{1,9}\.?)")
_CELL_BEFORE = re.compile(r".*(?:\A|[\n\t]| [ |] ?)\Z", re.DOTALL)
_CELL_BEHIND = re.compile(r"\Z|[\n\t]|  | \| ")
_PREFIX = 8


@dataclass(frozen=True, slots=True)
class PrintedNumber:
    """A number at ``start:end`` of a plain text, sign included.

    ``negative`` is None where a dash or brackets may or may not be a sign. ``joined`` numbers are
    held together by spaces, and could be neighbours in a row. A number that is not ``whole`` is
    part of something longer: an order number, a time, a range.
    """

    start: int
    end: int
    numeral: Numeral
    negative: bool | None = False
    percent: bool = False
    scale: int = 0
    whole: bool = True
    joined: bool = False
    tail: bool = False
    """It is the end of a joined number, or a number of its own."""

    def magnitudes(self, signs: Signs) -> tuple[Decimal, ...]:
        """What it can be under these signs, without its sign, before any scale."""
        return under(self.numeral.readings, signs.decimal)


def numbers_in(text: str, numerals: Iterable[Numeral]) -> Iterator[PrintedNumber]:
    """Every number among a plain text's numerals, in order; a joined one behind its parts."""
    waiting: list[PrintedNumber] = []  # what a joined number may still take in
    for numeral in numerals:
        joined = " " in numeral.text
        if waiting and not joined and numeral.start != waiting[-1].numeral.end + 1:
            yield from waiting
            waiting = []
        if joined:
            inside = bisect_right(waiting, numeral.start, key=_start)
            yield from waiting[:inside]
            waiting = [
                replace(one, tail=True) if one.start < numeral.end else one
                for one in waiting[inside:]
                if one.start >= numeral.end or one.numeral.text[0] != "0"
            ]
        if _is_number(text, numeral):
            waiting.append(_printed(text, numeral))

    yield from waiting


def _start(number: PrintedNumber) -> int:
    return number.start


def _is_number(text: str, numeral: Numeral) -> bool:
    """Letters before it are money, a multiplier or a numbering, or it is an amount: not ``A4``."""
    before = text[numeral.start - 1 : numeral.start]
    if not (before.isalpha() or before == "_"):
        return True
    word = _LETTERS_BEFORE.search(text, max(0, numeral.start - _PREFIX), numeral.start)
    glued = word[0] if word else "_"
    return (
        is_currency(glued)
        or glued.casefold() in ("x", "nr", "no")
        or numeral.decimal_sign is not None
    )


def _printed(text: str, numeral: Numeral) -> PrintedNumber:
    start, end = numeral.start, numeral.end
    percent = bool(PERCENT.match(text, end))
    word = _SCALE.match(text, end)
    scale = _scale(text, numeral, word) if word else 0
    whole = _stands_alone(text, numeral)
    negative: bool | None = False
    if whole:
        negative, start = _sign(text, numeral)
        dashed = negative is False and text[end : end + 1] == "-"
        if dashed and (numeral.decimal_sign or _fills_its_cell(text, numeral.start, end + 1)):
            negative, end = True, end + 1
    joined = " " in numeral.text
    return PrintedNumber(start, end, numeral, negative, percent, scale, whole, joined)


def _fills_its_cell(text: str, start: int, end: int) -> bool:
    """Nothing but the gaps between columns and the ends of the line are beside it."""
    return _CELL_BEFORE.match(text[max(start - 3, 0) : start]) is not None and (
        _CELL_BEHIND.match(text, end) is not None
    )


def _scale(text: str, numeral: Numeral, word: re.Match[str]) -> int:
    """The power of ten that the word behind may mean; an M only beside money."""
    if scale := SCALES.get(word[1].casefold(), 0):
        return scale
    powers = MONEY_SCALES.get(word[1], ())
    if len(powers) != 1:
        return 0
    money = _MONEY_BEFORE.search(text, max(0, numeral.start - _PREFIX), numeral.start)
    beside = is_currency(text[word.end() : word.end() + 1]) or (money and is_currency(money[1]))
    return powers[0] if beside or word[1] in "kK" else 0


def _stands_alone(text: str, numeral: Numeral) -> bool:
    start, end = numeral.start, numeral.end
    before, after = text[start - 1 : start], text[end : end + 1]
    if before and before in "-/:" and text[max(start - 2, 0) : start - 1].isalnum():
        return False
    if after and after in "-/:" and text[end + 1 : end + 2].isalnum():
        return False
    return not (after.isalpha() and _LETTERS_THEN_DIGIT.match(text, end))


def _sign(text: str, numeral: Numeral) -> tuple[bool | None, int]:
    """Whether a minus or an accountant's brackets make it negative, and where it begins."""
    start = numeral.start
    if text[start - 1 : start] == "-":
        return True, start - 1
    if start and text[start - 1] in "▲△":
        return None, start - 1  # below zero in Japanese, on the rise elsewhere
    money = _MONEY_BEFORE.search(text, max(0, start - _PREFIX), start)
    if money and is_currency(money[1]):
        start = money.start()
    before = text[max(0, start - 2) : start]
    is_amount = numeral.decimal_sign is not None or start < numeral.start
    if before.endswith("(") and (closing := _CLOSING.match(text, numeral.end)):
        # Behind a word, brackets may as well hold a remark: "including tax (35,13 €)".
        remark = _WORD_BEFORE_BRACKET.search(text, max(0, start - _PREFIX), start)
        money_only = not closing[1] or is_currency(closing[1])
        return (True if is_amount and money_only and not remark else None), numeral.start
    if before.endswith("-") and not before[:1].isalnum():
        return True, start - 1
    if before == "- " and not text[max(0, start - 3) : start - 2].isalnum():
        return None, start - 2
    return False, numeral.start
