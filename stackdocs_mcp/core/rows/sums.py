"""Strips that add up others: totals, subtotals, carry-overs."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from stackdocs_mcp.core.evidence.concepts import concepts
from stackdocs_mcp.core.rows.strips import Strip, Token
from stackdocs_mcp.core.values.months import letters

_CONCEPTS = frozenset({"total", "net", "tax", "due"})
_OTHER_WORDS = """
sum summe somme suma soma subtotaal totals subtotals insgesamt razem ogolem saldo solde balance
pay paid zahlen payer pagar pagare betalen zaplaty
ubertrag uebertrag carried brought forward report reporter riporto
סהכ סך المجموع الإجمالي مجموع
"""
_WORDS = frozenset(_OTHER_WORDS.split())
_PARTS = ("合計", "小計", "合计", "小计", "总计", "総計")
"""Japanese and Chinese put no spaces around them."""
_PREFIXES = ("gesamt", "zwischensumm", "subtot")
_SUFFIXES = ("summe", "total")
"""German writes ``Gesamtbeitrag`` and ``Positionssumme`` in one word."""
_FEW_WORDS = 4
_NO_CHANCE = 100
"""Smaller whole numbers are the sum of others by chance: percentages, quantities."""


def names_a_sum(strip: Strip) -> bool:
    """Its text begins with the word for a sum, or is short and has it."""
    words = _label(strip).split()
    if not words:
        return False
    return _is_sum(words[0]) or (len(words) <= _FEW_WORDS and any(map(_is_sum, words)))


class Running:
    """The sums of the columns above a strip: of all rows, and since the last sum."""

    def __init__(self, columns: int) -> None:
        self._columns = [[_Above(), _Above()] for _ in range(columns)]

    def add(self, filled: Sequence[Token | None]) -> None:
        """A row of the table."""
        for token, above in zip(filled, self._columns, strict=True):
            if token is not None and token.value:
                for one in above:
                    one.total += token.value
                    one.rows += 1

    def adds_up(self, filled: Sequence[Token | None], *, is_below: bool) -> bool:
        """Most of its figures are the sum of several above; one of many may be that by chance.

        Below all written rows, where a figure is all there is, the total of one row is that again.
        """
        least = 1 if is_below and len(self._columns) == 1 else 2
        sums = [
            (above[0].rows >= least and above[0].total == token.value)
            or (above[1].rows > 1 and above[1].total == token.value)
            for token, above in zip(filled, self._columns, strict=True)
            if token is not None
            and token.value is not None
            and (token.kind == "decimal" or abs(token.value) >= _NO_CHANCE)
        ]
        return 2 * sum(sums) > len(sums)

    def part_ends(self) -> None:
        """What follows is summed up by itself, and with the rest."""
        for above in self._columns:
            above[1] = _Above()

    def table_ends(self) -> None:
        self._columns = [[_Above(), _Above()] for _ in self._columns]


@dataclass(slots=True)
class _Above:
    total: Decimal = Decimal(0)
    rows: int = 0


def _label(strip: Strip) -> str:
    """The longest text that stands apart from figures, or the words before the first of them."""
    apart = [
        " ".join(token.text for token in cell)
        for cell in strip.cells
        if all(token.kind == "word" for token in cell)
    ]
    if apart:
        return max(apart, key=len)
    words = list[str]()
    for token in strip.tokens:
        if token.kind != "word":
            break
        words.append(token.text)
    return " ".join(words)


def _is_sum(word: str) -> bool:
    if concepts(word) & _CONCEPTS:
        return True
    bare = "".join(filter(str.isalnum, letters(word)))
    if any(part in word for part in _PARTS):
        return True
    return bare in _WORDS or bare.startswith(_PREFIXES) or bare.endswith(_SUFFIXES)
