"""Which of several places is the field's own: the one that its label stands at."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from stackdocs_mcp.core.evidence.claim import Claim
from stackdocs_mcp.core.evidence.concepts import concepts, is_concept, label_concepts
from stackdocs_mcp.core.evidence.match import Match
from stackdocs_mcp.core.evidence.page import PageText
from stackdocs_mcp.core.evidence.standing import Standing

_LEFT, _SAME_ROW, _HEADING, _ABOVE, _RIGHT = 1.0, 0.9, 0.7, 0.6, 0.3
_NEAR = 0.25
_ROWS_ABOVE = 2
_MAX_LABELS = 12
_MOST = 60
"""Places of one value at which its label is looked for."""
_SHORT = 3
_SHORTEST = 3
_DIGIT = re.compile(r"\d")
_GENERIC = frozenset({"total", "amount"})
"""Words that go with the name of any amount and tell none from another."""
_LONGEST_NAME = 60
_REACH = 200
"""Characters of a line within which its label stands."""


def likeliest(claim: Claim, found: Sequence[Standing]) -> list[Standing]:
    """The places with the label's say on each, the likeliest first, ties in the order given.

    Of a value that stands in very many places the label is looked for at some only, those closest
    to the field's siblings: where it stands everywhere, its row says more.
    """
    labels = [label_concepts(label) for label in claim.labels[:_MAX_LABELS]]
    wanted = [words for words in labels if words]
    standings = list(found)
    chosen: Sequence[int] = range(len(found))
    if len(found) > _MOST:
        closeness = [-_nearness(claim, one) for one in standings]
        order = sorted(chosen, key=lambda n: (closeness[n], min(n, len(found) - n)))
        chosen = order[:_MOST]
    for n in chosen:
        one = found[n]
        told = claim.seen.scored(claim.labels, one)
        if told is None:
            label = round(_score(wanted, one.page, one.match), 3)
            told = claim.seen.score(claim.labels, one, label)
        standings[n] = told
    return sorted(standings, key=lambda one: -one.label - _nearness(claim, one))


def _score(labels: Sequence[frozenset[str]], page: PageText, match: Match) -> float:
    best = 0.0
    for weight, text in _around(page, match):
        words = concepts(text)
        for rank, label in enumerate(labels):
            share = sum(word in words for word in label) / len(label)
            best = max(best, weight * share * (1 + 0.1 * len(label)) * 0.98**rank)

    return best


def _around(page: PageText, match: Match) -> Iterator[tuple[float, str]]:
    """What stands where a label would: how much each counts, and its text."""
    index = page.index_at(match.start)
    line = page.lines[index]
    low = match.start - page.start_of(index)
    yield _LEFT, line.text[max(0, low - _REACH) : low]
    yield _RIGHT, line.text[low : low + _REACH]
    if (column := page.column(match.start, match.end)) is not None:
        yield _HEADING, column.heading
    if line.box is None:
        if index:
            yield _ABOVE, page.lines[index - 1].text[:_REACH]
        return
    for other in page.beside(index):
        if other.box is not None and other.box.x0 < line.box.x0:
            yield _SAME_ROW, other.text[:_REACH]
    if (box := page.box_of(match.spans[0])) is not None:
        for text, above in page.above(index, _ROWS_ABOVE):
            over = above.x0 < box.x1 and box.x0 < above.x1
            if over and not _DIGIT.search(text):  # else it is a label with its own value
                yield _ABOVE, text


def _nearness(claim: Claim, one: Standing) -> float:
    """A little for standing in the same row as the field's siblings."""
    lines = claim.near_lines.get(one.page.number)
    if not lines:
        return 0.0
    at = bisect_left(lines, one.line)
    return _NEAR / (1 + min(abs(line - one.line) for line in lines[max(at - 1, 0) : at + 1]))


def own_names(claim: Claim) -> list[frozenset[str]]:
    """What tells the field from those beside it: its name without their words, and other names."""
    name, *more = [label_concepts(label) for label in claim.labels[:_MAX_LABELS]] or [frozenset()]
    beside = frozenset[str]().union(*map(label_concepts, claim.beside))
    named = [name - beside or name, *(words for words in more if len(words) <= _SHORT)]
    return [words for words in named if words]


def support(names: Sequence[frozenset[str]], standing: Standing) -> float:
    """How well the names speak for a place: 0 not at all, 1 and more for one that is all there."""
    return round(_score(names, standing.page, standing.match), 3)


def labelled(names: Sequence[frozenset[str]], page: PageText) -> Iterator[Standing]:
    """Cells that are one of the names and no more, or have no more than that before a colon."""
    for start, end, text in (cell for cells in page.cells for cell in cells):
        label = text.partition(":")[0]
        if len(label) <= _LONGEST_NAME and not _DIGIT.search(label):
            words = concepts(label)
            if any(name <= words and not any(map(_tells, words - name)) for name in names):
                yield Standing(page, Match(((start, end),)))


def _tells(word: str) -> bool:
    """A word that makes another label of a label: not "in", "of", "EUR" or "amount".

    The name of a concept does so however short it is: "net" and "tax" name other amounts.
    """
    return (len(word) > _SHORTEST or is_concept(word)) and word not in _GENERIC
