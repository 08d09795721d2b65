"""Something that stands on a page, with its surroundings: its row, its cell, its label."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

from stackdocs_mcp.core.evidence.match import Match
from stackdocs_mcp.core.evidence.page import PageText
from stackdocs_mcp.core.model import Place

Across = tuple[float, float]
"""From where to where across the page: in points, or in cells of a line without layout."""


@dataclass(frozen=True)
class Standing:
    """A span of a page's text, and how well the field's label speaks for it: 0 not at all."""

    page: PageText
    match: Match
    label: float = 0.0

    @classmethod
    def of(cls, page: PageText, place: Place) -> Self | None:
        """Where evidence that was stored stands; None where the page has no such line any more."""
        index = page.index_of(place.lines[0]) if place.lines else None
        if index is None or place.page != page.number:
            return None
        start, end = place.span or (0, len(page.lines[index].text))
        base = page.start_of(index)
        low = min(base + start, base + len(page.lines[index].text) - 1)
        return cls(page, Match(((low, max(low + 1, base + end)),)))

    @cached_property
    def place(self) -> Place:
        return self.page.place(self.match.spans)

    @cached_property
    def line(self) -> int:
        """The number of the line that it begins in."""
        return self.page.numbers_at(self.match.start, self.match.end)[0]

    @cached_property
    def row(self) -> int:
        """Which row across the page it begins in, from the top."""
        return self.page.row_numbers[self.page.index_at(self.match.start)]

    @cached_property
    def last_row(self) -> int:
        """Which row across the page it ends in."""
        return self.page.row_numbers[self.page.index_at(self.match.end - 1)]

    @property
    def cell(self) -> tuple[int, int]:
        """The span of the cell that it begins in."""
        index = self.page.index_at(self.match.start)
        for start, end, _ in self.page.cells[index]:
            if start <= self.match.start < end:
                return start, end
        return self.match.spans[0]

    @cached_property
    def across(self) -> Across:
        """From where to where its cell reaches, or the part of it that it is."""
        index = self.page.index_at(self.match.start)
        box = self.page.box_of(self.match.spans[0])
        if box is not None:
            return box.x0, box.x1
        cells = self.page.cells[index]
        nth = next((n for n, one in enumerate(cells) if one[1] > self.match.start), 0)
        return nth, nth + 1


def meet(one: Across, other: Across) -> bool:
    """Two things stand in one column: what they take up across the page overlaps."""
    return one[0] < other[1] and other[0] < one[1]
