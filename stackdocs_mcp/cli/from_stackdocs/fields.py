"""The fields of an original extraction as writes, and what of it no path here can hold."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from stackdocs_mcp.core import exact
from stackdocs_mcp.core.errors import StackdocsError
from stackdocs_mcp.core.model import Evidence, FieldWrite, JsonValue, Leaf, Verdict
from stackdocs_mcp.core.paths import MAX_DEPTH, MAX_INDEX, FieldPath, key, parse, pointer

_UNCHECKED = Evidence(Verdict.UNCHECKED)


@dataclass(slots=True)
class Fields:
    """``writes`` has one for each member of the whole; ``refused`` says what is not in them."""

    writes: list[FieldWrite] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def fields_of(text: str | None, scores_text: str | None) -> Fields:
    """The leaves of ``extracted_fields``, each with the score that stands for it.

    That is the one at its own path or else at the nearest above it, from 0 to 1; other numbers
    are left out. A member whose name cannot be in a path is refused alone.
    """
    found = Fields()
    value = None if text is None else exact.loads(text)
    if value is None:
        return found
    if not isinstance(value, dict):
        found.refused.append("the fields are no object")
        return found
    scores = None if scores_text is None else exact.loads(scores_text)
    taken: set[str] = set()
    for name, member in value.items():
        path = _path((), name, found.refused)
        if path is None:
            continue
        score = _below(scores, name)
        leaves = tuple(_leaves(path, member, score, _score(score, None), found.refused))
        keys = {str(key(leaf.path)) for leaf in leaves}
        if key(path) in taken:
            found.refused.append(f"{pointer(path)}: the same name as another, to the eye")
        elif leaves:
            found.writes.append(FieldWrite(path, leaves))
            taken |= {str(key(path)), *keys}
    return found


def _leaves(
    path: FieldPath,
    value: JsonValue,
    scores: JsonValue,
    score: float | None,
    refused: list[str],
) -> Iterator[Leaf]:
    """The scalars and empty containers at or below the path that can be kept."""
    if isinstance(value, dict) and value:
        seen = set[FieldPath]()
        for name, member in value.items():
            below = _path(path, name, refused)
            if below is None:
                continue
            if below in seen:
                refused.append(f"{pointer(below)}: the same name as another, to the eye")
                continue
            seen.add(below)
            told = _below(scores, name)
            yield from _leaves(below, member, told, _score(told, score), refused)
    elif isinstance(value, list) and value:
        if len(path) >= MAX_DEPTH:
            refused.append(f"{pointer(path)}: more than {MAX_DEPTH} levels")
            return
        for row, member in enumerate(value):
            if row > MAX_INDEX:
                refused.append(f"{pointer(path)}: rows above {MAX_INDEX}")
                return
            told = _below(scores, row)
            yield from _leaves((*path, row), member, told, _score(told, score), refused)
    else:
        yield Leaf(path, value, _UNCHECKED, score)


def _path(above: FieldPath, name: str, refused: list[str]) -> FieldPath | None:
    """The path of the member, with its name as all paths have it."""
    whole = pointer((*above, name))
    try:
        path = parse(whole)
    except StackdocsError as error:
        refused.append(str(error))
        return None
    if not isinstance(path[-1], str):
        refused.append(f"{whole}: digits alone always mean a row")
        return None
    return path


def _below(scores: JsonValue, segment: str | int) -> JsonValue:
    if isinstance(scores, Mapping) and isinstance(segment, str):
        return scores.get(segment)
    if isinstance(scores, list) and isinstance(segment, int) and segment < len(scores):
        return scores[segment]
    return None


def _score(told: JsonValue, inherited: float | None) -> float | None:
    if isinstance(told, bool) or not isinstance(told, (int, Decimal)):
        return inherited
    return float(told) if 0 <= told <= 1 else inherited
