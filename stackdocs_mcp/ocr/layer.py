"""Whether a page's own text is what its picture shows: the same words at the same places.

A letter that was recognised wrongly is forgiven; a digit is not, because an amount, a date or a
number is another one by a digit. How words were put together to lines does not matter, nor where
one ends and the next begins.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple

from stackdocs_mcp.ocr import languages
from stackdocs_mcp.ocr.order import Rectangle

_ALIKE = 0.75
_TELLING = 3
"""Letters and digits: less may be a speck that was taken for text."""
_OVERLAP = 0.35
"""Of the narrower word: where words end is not recognised to the point."""
_NONE = -1
_LOOKALIKE = str.maketrans("oil", "011")


class Placed(NamedTuple):
    """A line, where it stands, and the left and right of each of its words, if known."""

    text: str
    box: Rectangle | None
    words: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Lines of the page's own text and of the recognised one that share words."""

    own: list[int]
    seen: list[int]
    agrees: bool
    tells: bool
    """There is so much text that it is no accident if it does not agree."""


class _Word(NamedTuple):
    """A word's letters and digits, where it stands, and the index of its line."""

    text: str
    box: Rectangle | None
    line: int


@dataclass(slots=True)
class _Place:
    """The words of both that stand at one place."""

    own: list[_Word]
    seen: list[_Word]

    def likeness(self) -> float:
        """How much of the letters of both is the same, from 0 to 1."""
        one, other = _joined(self.own), _joined(self.seen)
        if self.is_of_rows():
            return _alike("".join(sorted(one)), "".join(sorted(other)))
        return _alike(one, other)

    def is_of_rows(self) -> bool:
        """Rows were recognised as one line, so that nothing is known of their order.

        Words beside each other are none, and what was recognised in two lines has an order: how
        large and how wide the page's own text is, is for its author to say.
        """
        middles = sorted(word.box[1] + word.box[3] for word in self.own if word.box)
        least = min((word.box[3] - word.box[1] for word in self.own if word.box), default=0.0)
        is_stacked = all(below - above > least for above, below in pairwise(middles))
        return len(self.own) > 1 and is_stacked and len({word.line for word in self.seen}) == 1


@dataclass(slots=True)
class _Lines:
    """Indices of lines that share places, of both, and those places."""

    own: set[int]
    seen: set[int]
    places: list[_Place]

    def without(self, pairs: Mapping[int, int]) -> "_Lines":
        """What is left when these lines are taken out, own and recognised ones."""
        ours, theirs = self.own - set(pairs), self.seen - set(pairs.values())
        places = [
            _Place(
                [word for word in place.own if word.line in ours],
                [word for word in place.seen if word.line in theirs],
            )
            for place in self.places
        ]
        return _Lines(ours, theirs, places)


def compared(
    own: Sequence[Placed], seen: Sequence[Placed], *, is_unreadable: bool = False
) -> list[Group]:
    """All lines of both, in groups, those of one side only included.

    ``is_unreadable``: letters that the models do not know are not contradicted by what they were
    taken for.
    """
    lines: list[_Lines] = [
        *(_Lines({index}, set(), []) for index in range(len(own))),
        *(_Lines(set(), {index}, []) for index in range(len(seen))),
    ]
    for place in _places(_words(own), _words(seen)):
        ours, theirs = {word.line for word in place.own}, {word.line for word in place.seen}
        touched = [one for one in lines if one.own & ours or one.seen & theirs]
        lines = [one for one in lines if not any(one is other for other in touched)]
        lines.append(
            _Lines(
                ours.union(*(one.own for one in touched)),
                theirs.union(*(one.seen for one in touched)),
                [place, *(p for one in touched for p in one.places)],
            )
        )

    found: list[Group] = []
    for one in lines:
        group = _group(one, is_unreadable=is_unreadable)
        pairs = {} if group.agrees else _pairs(own, seen, group)
        found += [Group([i], [j], agrees=True, tells=True) for i, j in pairs.items()]
        rest = one.without(pairs) if pairs else one
        if rest.own or rest.seen:
            found.append(_group(rest, is_unreadable=is_unreadable) if pairs else group)
    return found


def is_unreadable(texts: Iterable[str]) -> bool:
    """Most of the letters are of writings that the models do not know."""
    letters = [letter for text in texts for letter in text if letter.isalpha()]
    return 2 * sum(map(_is_foreign, letters)) > len(letters)


def _pairs(own: Sequence[Placed], seen: Sequence[Placed], group: Group) -> dict[int, int]:
    """Lines that read alike as a whole, wherever their words are said to stand within them."""
    ours = {index: _letters(own[index].text) for index in group.own}
    theirs = {index: _letters(seen[index].text) for index in group.seen}
    found = sorted(
        (-_alike(one, other), i, j)
        for i, one in ours.items()
        for j, other in theirs.items()
        if one and _is_on_one_line(own[i].box, seen[j].box) and _digits(one) == _digits(other)
    )
    pairs: dict[int, int] = {}
    for unlike, i, j in found:
        if -unlike >= _ALIKE and i not in pairs and j not in pairs.values():
            pairs[i] = j
    return pairs


def _group(lines: _Lines, *, is_unreadable: bool) -> Group:
    own = [word for place in lines.places for word in place.own]
    seen = [word for place in lines.places for word in place.seen]
    tells = len(_joined(own)) >= _TELLING
    if is_unreadable and any(_is_foreign(letter) for word in own for letter in word.text):
        agrees = not any(_denies(place) for place in lines.places)
    else:
        agrees = bool(own and seen) and _agree(lines.places)
    return Group(sorted(lines.own), sorted(lines.seen), agrees, tells)


def _agree(places: Sequence[_Place]) -> bool:
    """The digits at each place, and most letters of each of the page's own lines."""
    if not all(_same_digits(place) for place in places):
        return False
    alike: dict[int, float] = {}
    total: dict[int, float] = {}
    for place in places:
        letters, share = len(_joined(place.own) + _joined(place.seen)), place.likeness()
        for line in {word.line for word in place.own} or {_NONE}:
            alike[line] = alike.get(line, 0.0) + share * letters
            total[line] = total.get(line, 0.0) + letters
    is_each = all(alike[line] >= _ALIKE * total[line] for line in total if line != _NONE)
    return is_each and sum(alike.values()) >= _ALIKE * sum(total.values())


def _same_digits(place: _Place) -> bool:
    one, other = _joined(place.own), _joined(place.seen)
    if _digits(one) == _digits(other):
        return True
    if one.translate(_LOOKALIKE) == other.translate(_LOOKALIKE):
        return True
    return place.is_of_rows() and _runs(place.own) == _runs(place.seen)


def _runs(words: Sequence[_Word]) -> list[str]:
    return sorted(filter(None, (_digits(word.text) for word in words)))


def _denies(place: _Place) -> bool:
    """Digits were read where the page's own are others."""
    one, other = _digits(_joined(place.own)), _digits(_joined(place.seen))
    return bool(one and other) and not _same_digits(place)


def _words(lines: Sequence[Placed]) -> list[_Word]:
    found: list[_Word] = []
    for index, (text, box, spans) in enumerate(lines):
        words = text.split()
        places = spans if len(spans) == len(words) else _spread(text, box)
        for word, (left, right) in zip(words, places, strict=True):
            if letters := _letters(word):
                place = box and (left, box[1], right, box[3])
                found.append(_Word(letters, place, index))
    return found


def _spread(text: str, box: Rectangle | None) -> list[tuple[float, float]]:
    """Where the words would stand if all characters were of one width."""
    spans: list[tuple[float, float]] = []
    left, wide = (box[0], (box[2] - box[0]) / max(1, len(text))) if box else (0.0, 0.0)
    end = 0
    for word in text.split():
        start = text.index(word, end)
        end = start + len(word)
        spans.append((left + start * wide, left + end * wide))
    return spans


def _places(own: Sequence[_Word], seen: Sequence[_Word]) -> list[_Place]:
    places = [_Place([], [word]) for word in seen]
    for word in own:
        touched = [p for p in places if any(_meet(word.box, other.box) for other in p.seen)]
        merged = _Place([word], [])
        for place in touched:
            merged.own += place.own
            merged.seen += place.seen
        places = [p for p in places if not any(p is one for one in touched)]
        places.append(merged)
    return places


def _meet(one: Rectangle | None, other: Rectangle | None) -> bool:
    """A recognised line may be of two rows: the lower of the boxes has its middle in the other."""
    if one is None or other is None:
        return False
    height = max(one[3] - one[1], other[3] - other[1])
    if abs(one[1] + one[3] - other[1] - other[3]) >= height:
        return False
    shared = min(one[2], other[2]) - max(one[0], other[0])
    return shared > _OVERLAP * min(one[2] - one[0], other[2] - other[0])


def _is_on_one_line(one: Rectangle | None, other: Rectangle | None) -> bool:
    if one is None or other is None:
        return False
    height = min(one[3] - one[1], other[3] - other[1])
    apart = abs(one[1] + one[3] - other[1] - other[3])
    return apart < height and one[0] < other[2] and other[0] < one[2]


def _joined(words: Iterable[_Word]) -> str:
    return "".join(word.text for word in sorted(words, key=lambda word: word.box or (0.0,)))


def _alike(one: str, other: str) -> float:
    return 1.0 if one == other else SequenceMatcher(None, one, other, autojunk=False).ratio()


def _letters(text: str) -> str:
    """Letters and digits only, in one form, whatever their case."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def _digits(text: str) -> str:
    return "".join(filter(str.isdecimal, text))


def _is_foreign(letter: str) -> bool:
    return letter.isalpha() and not languages.is_known(letter)
