"""What was found of values before, for the other fields of one call that claim the same."""

from collections.abc import Hashable, Sequence

from stackdocs_mcp.core.evidence.match import Match
from stackdocs_mcp.core.evidence.page import PageText
from stackdocs_mcp.core.evidence.standing import Standing


class Seen:
    """Where values stand, each looked for once: a column of a table says "1" in every row.

    The standings are shared by all fields of a call, so that they take their space once.
    """

    def __init__(self) -> None:
        self._standings: dict[tuple[Hashable, int], tuple[PageText, Sequence[Standing]]] = {}
        self._scored: dict[tuple[Hashable, int], tuple[Standing, Standing]] = {}

    def standings(self, what: Hashable, page: PageText) -> Sequence[Standing] | None:
        """Where on the page it stands, if it was looked for there before."""
        held = self._standings.get((what, id(page)))
        return None if held is None else held[1]

    def found(self, what: Hashable, page: PageText, matches: Sequence[Match]) -> Sequence[Standing]:
        standings = tuple(Standing(page, match) for match in matches)
        self._standings[what, id(page)] = page, standings  # with the page, so that its id is kept
        return standings

    def scored(self, labels: Hashable, standing: Standing) -> Standing | None:
        """The standing with the labels' say on it, if it was asked for before."""
        held = self._scored.get((labels, id(standing)))
        return None if held is None else held[1]

    def score(self, labels: Hashable, standing: Standing, label: float) -> Standing:
        told = Standing(standing.page, standing.match, label)
        self._scored[labels, id(standing)] = standing, told
        return told
