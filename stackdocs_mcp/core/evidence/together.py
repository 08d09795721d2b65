"""Values that were written together, seen together: rows of a list stand in rows of a page.

A value that came without a citation and stands in several places is taken to be where the others
of its row are, and there in the column in which the same field stands in the other rows. The row is
where most of its values stand, those that stand in few places counting most; of two places that
could be either of two rows, the first on the page is that of the first in the list.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from stackdocs_mcp.core.evidence.claim import Claim, Finding
from stackdocs_mcp.core.evidence.standing import Across, Standing, meet
from stackdocs_mcp.core.evidence.verdicts import placed
from stackdocs_mcp.core.paths import FieldPath, without_rows

_TELLING = 12
"""A value that stands in more places than this tells nothing of where its row is."""
_REACH = 3
"""Rows of a page that a row of a list reaches over: a description goes on below itself."""
_SPREAD = ((0, 1.0), (-1, 0.5), (1, 0.5), (-2, 0.25), (2, 0.25))
_SAME_ROW, _SAME_COLUMN = 3.0, 1.0
"""A row outweighs every label, as a table's header speaks for all of its rows."""
_MOST_ROWS = 40
"""Rows whose places say where a field's column is."""

Row = tuple[int, int]
"""A page's number and a row across that page."""
Column = FieldPath
"""The names of a field that has a value in each row of a list."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A leaf of a call: what is claimed, what was found, and its places, likeliest first."""

    path: FieldPath
    claim: Claim
    finding: Finding
    standings: tuple[Standing, ...] = ()

    @property
    def at(self) -> Standing | None:
        """Where it is taken to stand."""
        return self.standings[0] if self.standings else None

    @property
    def is_open(self) -> bool:
        """Nobody has said which of its places is meant."""
        return self.claim.citation is None and len(self.standings) > 1


@dataclass(frozen=True, slots=True)
class Together:
    """The leaves of a call, by number, with what they are to one another.

    ``earlier`` is where leaves stand that earlier calls wrote in the same rows, or just before.
    """

    looked: Sequence[Looked]
    rows: Mapping[FieldPath, Sequence[int]]
    columns: Mapping[Column, Sequence[int]]
    earlier: Mapping[FieldPath, Standing]

    def beside(self, index: int) -> list[Standing]:
        """Where the other values of its row stand."""
        row = row_of(self.looked[index].path)
        if row is None:
            return []
        found = [self.looked[other].at for other in self.rows[row] if other != index]
        found += [one for path, one in self.earlier.items() if path[: len(row)] == row]
        return [one for one in found if one is not None]


def row_of(path: FieldPath) -> FieldPath | None:
    """The innermost row of a list that a field is in; None for a field that is in none."""
    for length in range(len(path), 0, -1):
        if isinstance(path[length - 1], int):
            return path[:length]
    return None


def together(looked: Sequence[Looked], earlier: Mapping[FieldPath, Standing]) -> Together:
    """The leaves, with those that may stand in several places where their row and column are."""
    rows: defaultdict[FieldPath, list[int]] = defaultdict(list)
    columns: defaultdict[Column, list[int]] = defaultdict(list)
    for index, one in enumerate(looked):
        if (row := row_of(one.path)) is not None:
            rows[row].append(index)
            columns[without_rows(one.path)].append(index)

    anchors = _anchors(rows, looked, earlier)
    settled = [_settled(one, anchors.get(row_of(one.path) or (), None)) for one in looked]
    for column, indices in columns.items():
        known = [one for path, one in earlier.items() if without_rows(path) == column]
        sure = known + [
            one.at
            for one in islice((settled[index] for index in indices), _MOST_ROWS)
            if one.at is not None and len(_near(one, anchors.get(row_of(one.path) or ()))) == 1
        ]
        across = [one.across for one in sure]
        for index in indices if across else ():
            one = settled[index]
            settled[index] = _settled(one, anchors.get(row_of(one.path) or ()), across)

    return Together([_told(one) for one in settled], rows, columns, earlier)


def distance(one: Standing, row: Row) -> int | None:
    """How many rows of the page away it stands; None for another page."""
    page, at = row
    if one.page.number != page:
        return None
    return max(one.row - at, at - one.last_row, 0)


def _anchors(
    rows: Mapping[FieldPath, Sequence[int]],
    looked: Sequence[Looked],
    earlier: Mapping[FieldPath, Standing],
) -> dict[FieldPath, Row]:
    """The row of a page that each row of a list is taken to begin or to be in."""
    fixed: defaultdict[FieldPath, list[Sequence[Standing]]] = defaultdict(list)
    for path, standing in earlier.items():
        fixed[row_of(path) or ()].append((standing,))

    anchors: dict[FieldPath, Row] = {}
    taken: set[Row] = set()
    last: dict[FieldPath, Row] = {}
    for row, indices in rows.items():
        scores = _scores([*(looked[index].standings for index in indices), *fixed[row]])
        if not scores:
            continue
        best = max(scores.values())
        likely = [where for where, score in scores.items() if score > 0.999 * best]
        before = last.get(row[:-1], (0, 0))
        anchors[row] = min(likely, key=_next(taken, before))
        last[row[:-1]] = anchors[row]
        taken.add(anchors[row])
    return anchors


def _next(taken: set[Row], before: Row) -> Callable[[Row], tuple[bool, bool, Row]]:
    """Sorts rows of pages: free ones first, then those further down, then from the top."""
    return lambda where: (where in taken, where <= before, where)


def _scores(values: Sequence[Sequence[Standing]]) -> dict[Row, float]:
    """How much the values speak for each row that one of them stands in, each value once."""
    scores: defaultdict[Row, float] = defaultdict(float)
    stood: set[Row] = set()
    for standings in values:
        if not 0 < len(standings) <= _TELLING:
            continue
        told: dict[Row, float] = {}
        for page, row in {(one.page.number, one.row) for one in standings}:
            stood.add((page, row))
            for step, weight in _SPREAD:
                where = page, row + step
                told[where] = max(told.get(where, 0.0), weight / len(standings))
        for where, weight in told.items():
            scores[where] += weight

    return {where: scores[where] for where in stood}


def _near(one: Looked, anchor: Row | None) -> list[Standing]:
    """Its places in or close to a row."""
    if anchor is None:
        return []
    near = [(distance(place, anchor), place) for place in one.standings]
    return [place for rows, place in near if rows is not None and rows <= _REACH]


def _settled(one: Looked, anchor: Row | None, column: Sequence[Across] = ()) -> Looked:
    """The leaf with its places in another order: those in the row and column first."""
    near = _near(one, anchor) if one.is_open and one.finding.standings else []
    if anchor is None or not near:
        return one

    def unlikely(standing: Standing) -> float:
        score = standing.label + _SAME_ROW / (1 + (distance(standing, anchor) or 0))
        return -score - _SAME_COLUMN * share_of(column, standing.across) if column else -score

    first = sorted(near, key=unlikely)
    ids = set(map(id, first))
    rest = [place for place in one.standings if id(place) not in ids]
    return replace(one, standings=(*first, *rest))


def _told(one: Looked) -> Looked:
    """The leaf with the finding for the place that is now the likeliest."""
    before = one.finding.standings
    if not before or before[0] is one.standings[0]:
        return one
    return replace(one, finding=placed(one.standings))


def share_of(column: Sequence[Across], across: Across) -> float:
    """Of what stands in a column, the share that something stands under or over."""
    return sum(meet(across, one) for one in column) / len(column)
