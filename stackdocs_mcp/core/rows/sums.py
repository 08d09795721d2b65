"""Strips that add up others: totals, subtotals, carry-overs."""

from collections.abc import Sequence
from decimal import Decimal

from stackdocs_mcp.core.evidence.concepts import concepts
from stackdocs_mcp.core.rows.strips import Strip, Token

_SUMS = frozenset({"total", "net", "tax", "due"})
_SUM_WORDS = frozenset(
    "sum summe sums subtotals totals zwischentotal ubertrag uebertrag carried brought forward "
    "report reporter riporto transport saldo solde saldovortrag".split()
)
_FEW_WORDS = 5


def names_a_sum(strip: Strip) -> bool:
    """Its words begin with that of a sum, or are few with one among them."""
    words = strip.words
    if not words:
        return False
    named = concepts(words)
    if not named & (_SUMS | _SUM_WORDS):
        return False
    first = concepts(words.split()[0])
    return bool(first & (_SUMS | _SUM_WORDS)) or len(words.split()) <= _FEW_WORDS


def adds_up(filled: Sequence[Token | None], running: Sequence[Sequence[Decimal]]) -> bool:
    """A figure is the sum of all above it in its column."""
    for token, above in zip(filled, running, strict=True):
        if token is None or token.kind != "decimal" or len(above) < 2 or not token.value:
            continue
        if token.value == sum(above):
            return True
    return False
