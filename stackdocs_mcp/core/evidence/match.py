"""A value found on a page, and how well what stands there supports it."""

from dataclasses import dataclass
from enum import IntEnum


class Grade(IntEnum):
    """How well the text supports the value; lower is better."""

    SURE = 0
    WEAK = 1  # the sign differs, it is part of something longer, or a letter was taken for a digit
    AGAINST = 2  # it stands there, but the page says that it is something else


@dataclass(frozen=True, slots=True)
class Match:
    """A value found at spans of a page's text; ``why`` says what is weak or worth knowing."""

    spans: tuple[tuple[int, int], ...]
    grade: Grade = Grade.SURE
    why: str = ""

    @property
    def start(self) -> int:
        return self.spans[0][0]

    @property
    def end(self) -> int:
        return self.spans[-1][1]
