"""Which of several places is the field's own: the one that its label stands at."""

from collections.abc import Sequence

from stackdocs_mcp.core.evidence.claim import Claim
from stackdocs_mcp.core.evidence.concepts import concepts, label_concepts
from stackdocs_mcp.core.evidence.match import Match
from stackdocs_mcp.core.evidence.page import PageText
from stackdocs_mcp.core.model import Box, Line

_LEFT, _SAME_ROW, _ABOVE, _BEFORE, _RIGHT = 1.0, 0.9, 0.7, 0.6, 0.3
_NEAR = 0.25
_LINES_ABOVE = 40
_MAX_LABELS = 12
_REACH = 200
"""Characters of a line within which its label stands."""


def likeliest(claim: Claim, found: Sequence[tuple[PageText, Match]]) -> list[tuple[float, int]]:
    """Scores and positions in ``found``, the likeliest place first, ties in the order given."""
    labels = [label_concepts(label) for label in claim.labels[:_MAX_LABELS]]
    wanted = [words for words in labels if words]
    scored = [
        (round(_score(wanted, page, match) + _nearness(claim, page, match), 3), position)
        for position, (page, match) in enumerate(found)
    ]
    return sorted(scored, key=lambda one: (-one[0], one[1]))


def _score(labels: Sequence[frozenset[str]], page: PageText, match: Match) -> float:
    index = page.index_at(match.start)
    line = page.lines[index]
    low = match.start - page.start_of(index)
    around = [
        (_LEFT, line.text[max(0, low - _REACH) : low]),
        (_RIGHT, line.text[low : low + _REACH]),
    ]
    around += [(weight, other.text[:_REACH]) for weight, other in _surroundings(page, index, line)]
    best = 0.0
    for weight, text in around:
        words = concepts(text)
        for rank, label in enumerate(labels):
            share = sum(word in words for word in label) / len(label)
            best = max(best, weight * share * (1 + 0.1 * len(label)) * 0.98**rank)

    return best


def _surroundings(page: PageText, index: int, line: Line) -> list[tuple[float, Line]]:
    """Lines in the same row to the left, above in the same column, and the one before."""
    found = [(_BEFORE, page.lines[index - 1])] if index else []
    if line.box is None:
        return found
    for other in page.lines[max(0, index - _LINES_ABOVE) : index + _LINES_ABOVE]:
        if other.box is None or other is line:
            continue
        if _beside(other.box, line.box) and other.box.x0 < line.box.x0:
            found.append((_SAME_ROW, other))
        elif other.box.y1 <= line.box.y0 and _over(other.box, line.box):
            found.append((_ABOVE, other))

    return found


def _nearness(claim: Claim, page: PageText, match: Match) -> float:
    """A little for standing in the same row as the field's siblings."""
    lines = page.numbers_at(match.start, match.end)
    here = {place for place in claim.near if place.page == page.number}
    distances = [abs(line - lines[0]) for place in here for line in place.lines]
    return _NEAR / (1 + min(distances)) if distances else 0.0


def _beside(one: Box, other: Box) -> bool:
    middle = (other.y0 + other.y1) / 2
    return one.y0 <= middle <= one.y1


def _over(one: Box, other: Box) -> bool:
    return one.x0 < other.x1 and other.x0 < one.x1
