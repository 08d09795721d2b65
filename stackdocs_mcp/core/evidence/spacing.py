"""Whether the spaces inside of a number group its digits or stand between two columns."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from stackdocs_mcp.core.evidence.boxes import Word
from stackdocs_mcp.core.evidence.page import PageText
from stackdocs_mcp.core.values.printed import PrintedNumber
from stackdocs_mcp.core.values.words import is_currency

_SPACE = 1.1
"""In widths of a digit: no space is wider; that of fixed-width text is as wide."""
_GAP = 1.5
"""In widths of a digit: what is wider is no space between the digits of a number."""
_CLEARLY = 2
"""How many times wider the gaps around a number are than those inside of it."""


def is_one(printed: PrintedNumber, page: PageText) -> bool | None:
    """Whether a number with spaces, or the one that this is a part of, is one number.

    By where its words stand; None where they do not tell, and where there are no spaces.
    """
    whole = _whole(printed, page)
    if whole is None:
        return None
    index = page.index_at(whole.numeral.start)
    base, words = page.start_of(index), page.words(index)
    low, high = whole.numeral.start - base, whole.numeral.end - base
    found = held_together(page.lines[index].text, words, low, high)
    if found is False and not printed.joined and len(words_at(words, low, high)) > 2:
        return None  # this part may be on either side of the gap
    return found


def held_together(text: str, words: Sequence[Word], low: int, high: int) -> bool | None:
    """Whether the digits at ``low:high`` of a line with these words are one number."""
    at = words_at(words, low, high)
    inside = words[at.start : at.stop]
    if len(inside) < 2:
        return None
    digit = sum(x1 - x0 for _, _, x0, x1 in inside) / sum(end - low for low, end, _, _ in inside)
    widest = max(_gaps(inside))
    if widest > _GAP * digit:
        return False
    first, last = at.start, at.stop
    if first and is_currency(text[slice(*words[first - 1][:2])]):
        first -= 1
    if last < len(words) and is_currency(text[slice(*words[last][:2])]):
        last += 1
    around = [*_gaps(words[max(first - 1, 0) : first + 1]), *_gaps(words[last - 1 : last + 1])]
    if around and widest <= _SPACE * digit and min(around) >= _CLEARLY * widest:
        return True
    return None


def words_at(words: Sequence[Word], low: int, high: int) -> range:
    """Which of the words have characters at ``low:high``."""
    return range(bisect_right(words, low, key=_end), bisect_right(words, high - 1, key=_start))


def _whole(printed: PrintedNumber, page: PageText) -> PrintedNumber | None:
    if printed.joined:
        return printed
    at = bisect_right(page.joined, printed.numeral.start, key=_begins) - 1
    found = page.joined[at] if at >= 0 else None
    return found if found and printed.numeral.end <= found.numeral.end else None


def _gaps(words: Sequence[Word]) -> Iterator[float]:
    """Between words that follow one another, in either direction."""
    for (_, _, x0, x1), (_, _, left, right) in pairwise(words):
        yield max(x0, left) - min(x1, right)


def _begins(printed: PrintedNumber) -> int:
    return printed.numeral.start


def _start(word: Word) -> int:
    return word[0]


def _end(word: Word) -> int:
    return word[1]
