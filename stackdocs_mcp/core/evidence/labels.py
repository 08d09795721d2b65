"""Which of several places is the field's own: the one that its label stands at."""

from collections.abc import Iterator, Sequence

from stackdocs_mcp.core.evidence.claim import Claim
from stackdocs_mcp.core.evidence.concepts import concepts, known, label_concepts
from stackdocs_mcp.core.evidence.match import Match
from stackdocs_mcp.core.evidence.page import PageText
from stackdocs_mcp.core.evidence.standing import Standing
from stackdocs_mcp.core.model import Box, Line

_LEFT, _SAME_ROW, _ABOVE, _BEFORE, _RIGHT = 1.0, 0.9, 0.7, 0.6, 0.3
_NEAR = 0.25
_LINES_ABOVE = 40
_MAX_LABELS = 12
_NAMES = 3
_LONGEST_NAME = 60
_REACH = 200
"""Characters of a line within which its label stands."""


def likeliest(claim: Claim, found: Sequence[tuple[PageText, Match]]) -> list[Standing]:
    """The places with the label's say on each, the likeliest first, ties in the order given."""
    labels = [label_concepts(label) for label in claim.labels[:_MAX_LABELS]]
    wanted = [words for words in labels if words]
    scored = [
        Standing(page, match, round(_score(wanted, page, match), 3)) for page, match in found
    ]
    return sorted(scored, key=lambda one: -one.label - _nearness(claim, one))


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


def _nearness(claim: Claim, one: Standing) -> float:
    """A little for standing in the same row as the field's siblings."""
    if not claim.near:
        return 0.0
    lines = one.page.numbers_at(one.match.start, one.match.end)
    here = {place for place in claim.near if place.page == one.page.number}
    distances = [abs(line - lines[0]) for place in here for line in place.lines]
    return _NEAR / (1 + min(distances)) if distances else 0.0


def _beside(one: Box, other: Box) -> bool:
    middle = (other.y0 + other.y1) / 2
    return one.y0 <= middle <= one.y1


def _over(one: Box, other: Box) -> bool:
    return one.x0 < other.x1 and other.x0 < one.x1


def support(claim: Claim, standing: Standing) -> float:
    """How well the field's label speaks for a place: 0 not at all, about 1 for all of its words."""
    wanted = [words for label in claim.labels[:_MAX_LABELS] if (words := label_concepts(label))]
    return round(_score(wanted, standing.page, standing.match), 3)


def labelled(claim: Claim, page: PageText) -> Iterator[Standing]:
    """Cells that are the field's name or title and nothing else that names a value."""
    names = [words for label in claim.labels[:_NAMES] if (words := label_concepts(label))]
    for start, end, text in (cell for cells in page.cells for cell in cells):
        words = concepts(text[:_REACH]) if len(text) <= _LONGEST_NAME else frozenset[str]()
        if any(name <= words and not known(words - name) for name in names):
            yield Standing(page, Match(((start, end),)))
