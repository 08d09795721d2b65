"""Signs that a value is not the field's own, although it stands on the page.

Each is a warning, never a refusal, and rests on what a reader sees: a list's values stand in the
rows and columns of a table, and a label beside a value says what the value is. What the signs are
worth was measured with ``benchmarks/quality/replay.py``. That a value merely stands in several
places, or that its label is not near, says nothing: right values do so as often as wrong ones.
"""

import re
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from typing import Literal

from stackdocs_mcp.core.evidence import messages
from stackdocs_mcp.core.evidence.figures import day_of, number_of
from stackdocs_mcp.core.evidence.labels import labelled, own_names, support
from stackdocs_mcp.core.evidence.match import Match
from stackdocs_mcp.core.evidence.matching import matches
from stackdocs_mcp.core.evidence.page import PageText
from stackdocs_mcp.core.evidence.standing import Standing, meet
from stackdocs_mcp.core.evidence.together import Looked, Together, row_of, share_of
from stackdocs_mcp.core.model import Warn
from stackdocs_mcp.core.paths import FieldPath, key

_FEWEST = 4
"""Rows that make what most of them have in common a rule."""
_MOST = 0.7
_FEW = 0.3
_SUPPORTED = 0.5
"""Half of the words of a label on the same line."""
_HEADER = 3
"""Cells of a row that may head a table."""
_UNIT = 4
"""Letters beside a number: a currency or a unit."""
_WORD = re.compile(r"[^\W\d_]{2}")
_SHORT = 2
"""Digits of a number that stands on most pages whatever it counts."""
_SHARED = 2
"""Values of a row that are elsewhere than each other: one alone may be said for several rows."""
_FIGURE = re.compile(r"\d")

Signal = tuple[int, Warn]


def signalled(call: Together) -> list[Looked]:
    """The leaves of a call with what the others make doubtful about them."""
    found: defaultdict[int, list[Warn]] = defaultdict(list)
    for signal in (
        _off_column,
        _part_of_cell,
        _over_cells,
        _labelled_elsewhere,
        _several,
        _same_place,
    ):
        for index, warning in signal(call):
            found[index].append(warning)

    signs = dict(_other_sign(call))
    return [
        _warned(one, found.get(index, ()), signs.get(index, False))
        for index, one in enumerate(call.looked)
    ]


def _warned(one: Looked, more: Sequence[Warn], sign: Warn | Literal[False] | None) -> Looked:
    warnings = [*one.finding.warnings, *more]
    if sign is not False:
        warnings = [warning for warning in warnings if warning.code != "sign_differs"]
        warnings += [] if sign is None else [sign]
    if warnings == list(one.finding.warnings):
        return one
    return replace(one, finding=replace(one.finding, warnings=tuple(warnings)))


def _off_column(call: Together) -> Iterator[Signal]:
    """A value that stands where the same field stands in no other row."""
    for stood in _stood(call):
        if len(stood) < _FEWEST:
            continue
        across = {index: standing.across for index, standing in stood}
        alone = [
            index
            for index in across
            if share_of([one for other, one in across.items() if other != index], across[index])
            <= 1 / _FEWEST / 2
        ]
        if len(alone) <= _FEW * len(stood):
            for index in alone:
                place = call.looked[index].finding.evidence.place
                if place is not None:
                    yield index, messages.off_column(place)


def _part_of_cell(call: Together) -> Iterator[Signal]:
    """A text that goes on in its cell, where in the other rows it is the whole cell."""
    for stood in _stood(call):
        texts = [(index, one) for index, one in stood if _is_text(call.looked[index])]
        parts = {
            index
            for index, one in texts
            if not any(_is_whole(each) for each in call.looked[index].standings[:10])
        }
        if len(texts) < _FEWEST or len(texts) - len(parts) < _MOST * len(texts):
            continue
        for index, one in texts:
            if index in parts and not _is_shared(one, call.beside(index)):
                yield index, messages.part_of_cell(one.place)


def _over_cells(call: Together) -> Iterator[Signal]:
    """A text that takes in the cell beside its own, where in other rows it does not."""
    for stood in _stood(call):
        texts = [(index, one) for index, one in stood if _is_text(call.looked[index])]
        over = [(index, one) for index, one in texts if _is_over(one)]
        if len(texts) >= _FEWEST and len(texts) - len(over) >= _FEW * len(texts):
            for index, one in over:
                yield index, messages.over_cells(one.place)


def _labelled_elsewhere(call: Together) -> Iterator[Signal]:
    """A value without its label, which stands on the page beside another value of the kind."""
    for index, one in enumerate(call.looked):
        at = one.at
        if at is None or row_of(one.path) is not None or not _is_figure(one):
            continue
        names = own_names(one.claim)
        if support(names, at) >= _SUPPORTED:
            continue
        own = [span for match in matches(one.claim, at.page) for span in match.spans]
        for label in labelled(names, at.page):
            beside = [span for span in _beside(label) if _is_alike(one, at.page, span)]
            if beside and not any(_meet(span, mine) for span in beside for mine in own):
                yield index, messages.labelled_elsewhere(label.place)
                break


def _several(call: Together) -> Iterator[Signal]:
    """A number so short that it stands anywhere by chance, in several places and without a label.

    Longer ones, and texts, are the same in all places: a total that is printed twice, a name.
    """
    for index, one in enumerate(call.looked):
        number = number_of(one.claim)
        if not one.is_open or row_of(one.path) is not None or number is None:
            continue
        if sum(map(str.isdigit, str(number))) > _SHORT:
            continue
        if one.standings[0].label == one.standings[1].label == 0:
            evidence = one.finding.evidence
            assert evidence.place is not None, "it stands somewhere"
            yield index, messages.several_places((evidence.place, *evidence.others))


def _same_place(call: Together) -> Iterator[Signal]:
    """A row whose values all are where those of an earlier row of the list are.

    Not one that shares a value with others, as rows of a group do, and not where the page prints
    each of the values as often as rows have it.
    """
    held: defaultdict[FieldPath, dict[FieldPath, Hashable]] = defaultdict(dict)
    for path, standing in call.earlier.items():
        if (row := row_of(path)) is not None:
            held[row][path[len(row) :]] = _characters(standing)
    for row, indices in call.rows.items():
        for one in (
            call.looked[index] for index in indices if not call.looked[index].claim.is_nothing
        ):
            place = repr(one.claim.value) if one.at is None else _characters(one.at)
            held[row][one.path[len(row) :]] = place

    first: dict[Hashable, list[FieldPath]] = {}
    for row in sorted(held, key=key):
        values = held[row]
        if () not in values and len(set(values.values())) < _SHARED:
            continue
        same = first.setdefault((row[:-1], frozenset(values.items())), [])
        same.append(row)
        stood = [(index, at) for index in call.rows.get(row, ()) if (at := call.looked[index].at)]
        if len(same) > 1 and any(
            len({match.start for match in matches(call.looked[index].claim, at.page)}) < len(same)
            for index, at in stood
        ):
            for index, at in stood:
                yield index, messages.same_place(at.place, same[0])


def _characters(one: Standing) -> Hashable:
    return one.page.number, one.match.start, one.match.end


def _beside(label: Standing) -> Iterator[tuple[int, int]]:
    """The cells to the right of a label, and below it in the next row: where its value is.

    Below what looks like the header of a table is no value of a label.
    """
    page, (start, end) = label.page, label.match.spans[0]
    colon = page.text.rfind(":", start, end)
    if 0 <= colon < end - 1:
        yield colon + 1, end
    row = [span for line in page.in_row(label.row) for span in _cells(page, line)]
    for span in row:
        if Standing(page, Match((span,))).across[0] >= label.across[1]:
            yield span
    if len(row) < _HEADER:
        for span in (one for line in page.in_row(label.row + 1) for one in _cells(page, line)):
            if meet(Standing(page, Match((span,))).across, label.across):
                yield span


def _cells(page: PageText, index: int) -> list[tuple[int, int]]:
    return [(start, end) for start, end, _ in page.cells[index]]


def _is_alike(one: Looked, page: PageText, span: tuple[int, int]) -> bool:
    """What stands there is of the value's kind: a date, a number alone, or an identifier."""
    text = page.text[slice(*span)]
    dates = [date for date in page.printed_dates if _meet(span, (date.start, date.end))]
    if day_of(one.claim) is not None:
        return bool(dates)
    if number_of(one.claim) is not None:
        for date in dates:  # a day to pay by is no amount to pay
            text = text.replace(page.text[date.start : date.end], "")
        return bool(_FIGURE.search(text)) and sum(map(str.isalpha, text)) <= _UNIT
    return bool(_FIGURE.search(text)) and " " not in text.strip()


def _meet(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _is_figure(one: Looked) -> bool:
    """A number, a date or an identifier."""
    value = one.claim.value
    if isinstance(value, bool):
        return False
    return not isinstance(value, str) or (bool(_FIGURE.search(value)) and " " not in value.strip())


def _other_sign(call: Together) -> Iterator[tuple[int, Warn | None]]:
    """One warning for a column that is printed with the other sign: what to put for the others."""
    for indices in call.columns.values():
        stood = [index for index in indices if call.looked[index].at is not None]
        signs = [
            index
            for index in stood
            if any(one.code == "sign_differs" for one in call.looked[index].finding.warnings)
        ]
        if len(signs) < _FEWEST or len(signs) < _MOST * len(stood):
            continue
        place = call.looked[signs[0]].finding.evidence.place
        assert place is not None, "it has a sign there"
        yield signs[0], messages.column_sign(place, len(signs))
        for index in signs[1:]:
            yield index, None


def _stood(call: Together) -> Iterator[list[tuple[int, Standing]]]:
    """Column by column the values that have a place."""
    for indices in call.columns.values():
        found = [(index, call.looked[index].at) for index in indices]
        yield [(index, one) for index, one in found if one is not None]


def _is_text(one: Looked) -> bool:
    return isinstance(one.claim.value, str) and any(map(str.isalpha, one.claim.value))


def _is_whole(one: Standing) -> bool:
    low, high = one.cell
    text = one.page.text
    return not (
        _WORD.search(text[low : one.match.start]) or _WORD.search(text[one.match.end : high])
    )


def _is_shared(one: Standing, beside: Sequence[Standing]) -> bool:
    """Another value of the row stands in the same cell."""
    return any(other.page is one.page and other.cell == one.cell for other in beside)


def _is_over(one: Standing) -> bool:
    """It begins in one cell and ends in another of the same line."""
    start, end = one.match.spans[0]
    same_line = one.page.index_at(start) == one.page.index_at(end - 1)
    return same_line and one.cell[1] < end
