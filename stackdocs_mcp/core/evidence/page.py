"""A page made ready for finding values: its text in one piece, and what is printed there."""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import accumulate
from operator import attrgetter, itemgetter
from typing import Self

from stackdocs_mcp.core.evidence.boxes import Word, cells_of, part_of, words_of
from stackdocs_mcp.core.evidence.columns import Column, Columns
from stackdocs_mcp.core.evidence.folding import Folded, bare, folded, is_hyphenated, skeleton
from stackdocs_mcp.core.evidence.marks import Option, options_in
from stackdocs_mcp.core.model import Box, Line, Page, Place, Table
from stackdocs_mcp.core.values.dates import PrintedDate, dates_in
from stackdocs_mcp.core.values.exactness import shifted
from stackdocs_mcp.core.values.numerals import Numeral, numerals_in
from stackdocs_mcp.core.values.plain import plain
from stackdocs_mcp.core.values.printed import PrintedNumber, numbers_in
from stackdocs_mcp.core.values.signs import Signs, signs_in
from stackdocs_mcp.core.values.strings import matching_key
from stackdocs_mcp.core.values.times import PrintedTime, times_in

MAX_QUOTE = 500
_MISREAD = re.compile(
    r"(?<![\w.,|])(?=[\d.,]{0,40}[OoQlI|SBZ])(?=(?:[^\d\s]{0,20}\d){2})[\dOoQlI|SBZ.,]{3,40}(?!\w)"
)
"""Three characters and more, digits in the main, with at least one letter that looks like one."""
_DIGIT_LIKE = str.maketrans("OoQlI|SBZ", "000111582")
Cell = tuple[int, int, str]


class PageText:
    """The lines of a page that a reader sees, and apart from them those that nobody sees.

    Made once per page and kept: what is costly is worked out on first use. Spans are offsets into
    ``text``, in which the lines follow each other with a line break between them.
    """

    def __init__(
        self,
        number: int,
        lines: Iterable[Line],
        hidden: Iterable[Line] = (),
        tables: Sequence[Table] = (),
    ) -> None:
        self.number = number
        self._whole = self
        self._boxed: dict[int, Sequence[tuple[str, Box]]] = {}
        self._words: dict[int, Sequence[Word]] = {}
        self.lines = tuple(lines)
        self.tables = tables
        self._hidden_lines = tuple(hidden)
        texts = [re.sub(r"[\r\n\v\f\x85\u2028\u2029]", " ", line.text) for line in self.lines]
        self.text = "\n".join(texts)
        self._starts = list(accumulate((len(text) + 1 for text in texts), initial=0))

    @classmethod
    def of(cls, page: Page) -> Self:
        return cls(
            page.number,
            (line for line in page.lines if not line.hidden),
            (line for line in page.lines if line.hidden),
            page.tables,
        )

    def only(self, numbers: Collection[int]) -> Self:
        """The visible lines with these numbers, as if nothing else stood on the page."""
        return self._view(line for line in self.lines if line.number in numbers)

    def _view(self, lines: Iterable[Line]) -> Self:
        """Lines of this page in another choice or order; what heads them is still known."""
        view = type(self)(self.number, lines)
        view._whole = self._whole  # noqa: SLF001
        return view

    @property
    def whole(self) -> "PageText":
        """The page that these lines were chosen from."""
        return self._whole

    @cached_property
    def hidden(self) -> "PageText":
        """What nobody sees."""
        return PageText(self.number, self._hidden_lines)

    @cached_property
    def rows(self) -> "PageText | None":
        """The lines as rows across the page; None where the order is the same or unknown."""
        ordered = rows_of(self.lines)
        return None if ordered == self.lines else self._view(ordered)

    @cached_property
    def row_numbers(self) -> Sequence[int]:
        """In which row across the page each of ``lines`` is; each in its own without boxes."""
        found = {line.number: row for row, lines in enumerate(_rows(self.lines)) for line in lines}
        return [found[line.number] for line in self.lines]

    @cached_property
    def _of_row(self) -> Mapping[int, Sequence[int]]:
        found: dict[int, list[int]] = {}
        for index, row in enumerate(self.row_numbers):
            found.setdefault(row, []).append(index)
        return found

    def in_row(self, row: int) -> Sequence[int]:
        """Which of ``lines`` are in a row across the page."""
        return self._of_row.get(row, ())

    def beside(self, index: int) -> Iterator[Line]:
        """The other lines of the same row across the page."""
        for other in self.in_row(self.row_numbers[index]):
            if other != index:
                yield self.lines[other]

    def above(self, index: int, rows: int) -> Iterator[tuple[str, Box]]:
        """Texts and boxes of the cells in the rows just above a line's."""
        row = self.row_numbers[index]
        for number in range(max(row - rows, 0), row):
            for other in self.in_row(number):
                yield from self._boxed_cells(other)

    def _boxed_cells(self, index: int) -> Sequence[tuple[str, Box]]:
        if index not in self._boxed:
            found = ((text, self.box_of((start, end))) for start, end, text in self.cells[index])
            self._boxed[index] = [(text, box) for text, box in found if box is not None]
        return self._boxed[index]

    @cached_property
    def signs(self) -> Signs:
        """How this page writes numbers and dates."""
        return signs_in(self.text, self._numerals, self.printed_dates)

    @cached_property
    def plain(self) -> str:
        return plain(self.text)

    @cached_property
    def _numerals(self) -> Sequence[Numeral]:
        return list(numerals_in(self.plain))

    @cached_property
    def printed_dates(self) -> Sequence[PrintedDate]:
        return sorted(dates_in(self.plain), key=attrgetter("start"))

    def is_dated(self, start: int, end: int) -> bool:
        """What stands there is part of a date, and not all of it."""
        at = bisect_right(self.printed_dates, start, key=attrgetter("start"))
        if not at:
            return False
        date = self.printed_dates[at - 1]
        return end <= date.end and (date.start, date.end) != (start, end)

    @cached_property
    def folded(self) -> Folded:
        return folded(self.text)

    @cached_property
    def unhyphenated(self) -> Folded | None:
        """Folded without the hyphens at line ends; None where there are none."""
        return folded(self.text, joining=True) if is_hyphenated(self.text) else None

    @cached_property
    def bare(self) -> Folded:
        """Letters and digits only, with words joined that a line end breaks."""
        return bare(self.unhyphenated or self.folded)

    @cached_property
    def skeleton(self) -> Folded:
        return skeleton(self.bare)

    @cached_property
    def numbers(self) -> Mapping[Decimal, Sequence[PrintedNumber]]:
        """Printed numbers by every magnitude that they can be."""
        return _by_magnitude(self._printed)

    @cached_property
    def _printed(self) -> Sequence[PrintedNumber]:
        return list(numbers_in(self.plain, self._numerals))

    @cached_property
    def joined(self) -> Sequence[PrintedNumber]:
        """Those that spaces hold together, in order."""
        return sorted((one for one in self._printed if one.joined), key=attrgetter("start"))

    @cached_property
    def figures(self) -> Sequence[tuple[str, Decimal, int, str]]:
        """Of each printed number: its digits, its likeliest value, where it starts, its text."""
        return [
            (digits_of(value), value, one.start, one.numeral.text)
            for one in self._printed
            for value in (one.numeral.readings[0].value,)
        ]

    @cached_property
    def misread_numbers(self) -> Mapping[Decimal, Sequence[PrintedNumber]]:
        """Numbers that stand there if letters like ``O`` and ``l`` are taken for digits."""
        changed: set[int] = set()

        def mend(match: re.Match[str]) -> str:
            changed.update(range(*match.span()))
            return match[0].translate(_DIGIT_LIKE)

        text = _MISREAD.sub(mend, self.plain)
        if not changed:
            return {}
        return _by_magnitude(
            one for one in numbers_in(text, numerals_in(text)) if one.start in changed
        )

    @cached_property
    def cells(self) -> Sequence[Sequence[Cell]]:
        """Line by line the parts between the gaps of columns, as spans and words."""
        return [list(self._cells(index)) for index in range(len(self.lines))]

    def _cells(self, index: int) -> Iterator[Cell]:
        base, line = self._starts[index], self.lines[index]
        for start, end in cells_of(line):
            yield base + start, base + end, matching_key(line.text[start:end])

    def column(self, start: int, end: int) -> Column | None:
        """In which column of the page a span stands; None where nothing heads it.

        A span of several lines stands in the column of its first one.
        """
        index = self.index_at(start)
        base, line = self._starts[index], self.lines[index]
        high = min(end - base, len(line.text))
        box = self._box(index, start - base, high)
        return self._whole._columns.at(line.number, start - base, high, box)  # noqa: SLF001

    @cached_property
    def options(self) -> Sequence[tuple[int, int, Option]]:
        """The boxes to tick whose texts stand here, with spans; a box may stand on its own."""
        base = {line.number: self._starts[at] for at, line in enumerate(self.lines)}
        found = [
            (base[one.line] + one.low, base[one.line] + one.high, one)
            for one in self._whole._options  # noqa: SLF001
            if one.line in base
        ]
        return sorted(found, key=itemgetter(0, 1))

    def option_at(self, start: int, end: int) -> Option | None:
        """The box that what stands here is of."""
        at = bisect_right(self.options, start, key=itemgetter(0))
        if not at:
            return None
        _, last, option = self.options[at - 1]
        return option if end <= last else None

    @property
    def has_ticked(self) -> bool:
        """A box of the whole page is ticked."""
        return self._whole._has_ticked  # noqa: SLF001

    @cached_property
    def _has_ticked(self) -> bool:
        return any(one.is_ticked for one in self._options)

    @cached_property
    def _options(self) -> Sequence[Option]:
        return options_in(self.lines)

    @cached_property
    def _columns(self) -> Columns:
        return Columns(self.lines, self.tables)

    @cached_property
    def dates(self) -> Mapping[date, Sequence[PrintedDate]]:
        """Printed dates by every day that they can be."""
        found: dict[date, list[PrintedDate]] = {}
        for printed in self.printed_dates:
            for day, _ in printed.readings:
                found.setdefault(day, []).append(printed)

        return found

    @cached_property
    def times(self) -> Sequence[PrintedTime]:
        return list(times_in(self.plain))

    def index_at(self, offset: int) -> int:
        """Which of ``lines`` an offset lies in, counted from 0."""
        return bisect_right(self._starts, offset) - 1

    def index_of(self, number: int) -> int | None:
        """At which place of ``lines`` a line is; None for one that the page does not have."""
        return self._indices.get(number)

    @cached_property
    def _indices(self) -> Mapping[int, int]:
        return {line.number: index for index, line in enumerate(self.lines)}

    def start_of(self, index: int) -> int:
        """The offset at which a line begins."""
        return self._starts[index]

    def numbers_at(self, start: int, end: int) -> tuple[int, ...]:
        """The numbers of the lines that a span runs over."""
        return tuple(
            line.number for line in self.lines[self.index_at(start) : self.index_at(end - 1) + 1]
        )

    def place(self, spans: Sequence[tuple[int, int]]) -> Place:
        """Where spans stand: lines, text and boxes, the text of several spans by line breaks."""
        pieces = [piece for start, end in spans for piece in self._pieces(start, end)]
        quote = "\n".join(self.lines[index].text[low:high] for index, low, high in pieces)
        numbers = sorted({self.lines[index].number for index, _, _ in pieces})
        boxes = [self._box(index, low, high) for index, low, high in pieces]
        return Place(
            self.number,
            tuple(numbers),
            quote[:MAX_QUOTE],
            tuple(box for box in boxes if box is not None),
            self._span_in(numbers, pieces),
        )

    def box_of(self, span: tuple[int, int]) -> Box | None:
        """The box of the part of a span in its first line; None where it is not known."""
        index = self.index_at(span[0])
        return self._box(index, span[0] - self._starts[index], span[1] - self._starts[index])

    def _box(self, index: int, low: int, high: int) -> Box | None:
        return part_of(self.lines[index], low, high, self.words(index))

    def words(self, index: int) -> Sequence[Word]:
        """The words of a line with their places; nothing where those are not known."""
        if index not in self._words:
            self._words[index] = words_of(self.lines[index])
        return self._words[index]

    def _span_in(
        self, numbers: Sequence[int], pieces: Sequence[tuple[int, int, int]]
    ) -> tuple[int, int] | None:
        """First and behind the last character of the pieces, in the lines joined by line feeds."""
        if not pieces:
            return None
        texts = {self.lines[index].number: self.lines[index].text for index, _, _ in pieces}
        lengths = [len(texts[number]) + 1 for number in numbers]
        base = dict(zip(numbers, accumulate(lengths, initial=0), strict=False))
        spans = [
            (base[self.lines[i].number] + low, base[self.lines[i].number] + high)
            for i, low, high in pieces
        ]
        return min(low for low, _ in spans), max(high for _, high in spans)

    def _pieces(self, start: int, end: int) -> Iterable[tuple[int, int, int]]:
        """Line by line: which line, and from where to where in its text."""
        for index in range(self.index_at(start), self.index_at(end - 1) + 1):
            base = self._starts[index]
            length = len(self.lines[index].text)
            low, high = max(start - base, 0), min(end - base, length)
            if low < high:
                yield index, low, high


def _by_magnitude(numbers: Iterable[PrintedNumber]) -> dict[Decimal, list[PrintedNumber]]:
    found: dict[Decimal, list[PrintedNumber]] = {}
    for number in numbers:
        for reading in number.numeral.readings:
            found.setdefault(reading.value, []).append(number)
            if shift := -2 if number.percent else number.scale:
                found.setdefault(shifted(reading.value, shift), []).append(number)

    return found


def digits_of(number: Decimal) -> str:
    """The digits of a number, without the zeros that it can be printed with or without."""
    return format(number.normalize(), "f").replace(".", "")


def rows_of(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines from left to right within rows, rows from top to bottom; as they are without boxes.

    A line belongs to the row whose first line's middle it covers.
    """
    return tuple(line for row in _rows(lines) for line in row)


def _rows(lines: Sequence[Line]) -> list[list[Line]]:
    boxed = [(line.box, line) for line in lines if line.box is not None]
    if len(boxed) < len(lines):
        return [[line] for line in lines]
    rows: list[list[tuple[Box, Line]]] = []
    for box, line in sorted(boxed, key=lambda one: one[0].y0 + one[0].y1):
        middle = (box.y0 + box.y1) / 2
        first = rows[-1][0][0] if rows else None
        if first is not None and first.y0 <= middle <= first.y1:
            rows[-1].append((box, line))
        else:
            rows.append([(box, line)])

    return [[line for _, line in sorted(row, key=lambda one: one[0].x0)] for row in rows]
