"""Field paths: ``line_items[2].amount``, JSON Pointer ``/line_items/2/amount``, and storage keys.

A path is a tuple of segments, ``str`` for a member of an object and ``int`` for a row of a list.
Digits alone always mean a row, in both notations.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import NewType

from stackdocs_mcp.core.errors import InvalidPath

FieldPath = tuple[str | int, ...]
PathKey = NewType("PathKey", str)
"""Sorts like the extraction reads (row 2 before row 10), and a subtree is one range of keys."""

MAX_DEPTH = 16
MAX_INDEX = 9_999
MAX_SEGMENT = 128
MAX_LENGTH = 1_024

_INDEX = re.compile(r"\[([0-9]{1,9})\]")
_PLAIN = re.compile(r"[^.\[\]/~\"]+")
_DIGITS = re.compile(r"[0-9]+")
_REFUSED = frozenset({"__proto__", "$"})  # what a JavaScript reader, or JSONPath, takes otherwise


def parse(text: str) -> FieldPath:
    """The segments of a dotted path or, when it starts with a slash, of a JSON Pointer (RFC 6901).

    Names come out in Unicode's composed form (NFC): two fields never look the same for that.
    Raises InvalidPath for anything else, for more than 16 levels, and for rows above 9,999.
    """
    if not text or len(text) > MAX_LENGTH:
        raise InvalidPath(f"{_shown(text)} is not a field path")
    raw = _pointer_segments(text) if text.startswith("/") else _dotted_segments(text)
    path = tuple(_segment(segment, text) for segment in raw)
    if len(path) > MAX_DEPTH:
        raise InvalidPath(f"{_shown(text)} has more than {MAX_DEPTH} levels")
    if isinstance(path[0], int):
        raise InvalidPath(f"{_shown(text)} starts with a row; a path starts with a field's name")
    return path


def dotted(path: FieldPath) -> str:
    """``line_items[2].amount``; a JSON Pointer where dots cannot show a name."""
    if not all(isinstance(segment, int) or _PLAIN.fullmatch(segment) for segment in path):
        return pointer(path)
    parts = [f"[{segment}]" if isinstance(segment, int) else f".{segment}" for segment in path]
    return "".join(parts).removeprefix(".")


def pointer(path: FieldPath) -> str:
    """``/line_items/2/amount`` (RFC 6901)."""
    return "".join("/" + str(segment).replace("~", "~0").replace("/", "~1") for segment in path)


def key(path: FieldPath) -> PathKey:
    """``/line_items/#0002/amount``: rows are padded and marked; keys sort and never collide."""
    return PathKey("".join("/" + _key_segment(segment) for segment in path))


def from_key(stored: PathKey) -> FieldPath:
    """The path that ``key`` made this of."""
    return tuple(_from_key_segment(segment) for segment in stored.split("/")[1:])


def ancestors(path: FieldPath) -> list[FieldPath]:
    """The proper prefixes, shortest first."""
    return [path[:length] for length in range(1, len(path))]


def with_prefixes(paths: Iterable[FieldPath]) -> set[FieldPath]:
    """The paths and all that they are below, but for the root."""
    return {path[:length] for path in paths for length in range(1, len(path) + 1)}


def subtree(prefix: PathKey) -> tuple[str, str]:
    """Bounds ``low <= key < high`` of every key below ``prefix``, itself not included."""
    return f"{prefix}/", f"{prefix}0"  # "0" follows "/" in ASCII


def without_rows(path: FieldPath) -> FieldPath:
    """The names alone: all rows of a list share them."""
    return tuple(segment for segment in path if isinstance(segment, str))


def _dotted_segments(text: str) -> Iterable[str]:
    position, segments = 0, list[str]()
    while position < len(text):
        if index := _INDEX.match(text, position):
            segments.append(index[1])
            position = index.end()
        else:
            if segments:
                if text[position] != ".":
                    raise InvalidPath(f"{_shown(text)} is not a field path")
                position += 1
            name = _PLAIN.match(text, position)
            if not name:
                raise InvalidPath(f"{_shown(text)} is not a field path")
            segments.append(name[0])
            position = name.end()

    return segments


def _pointer_segments(text: str) -> Iterable[str]:
    if re.search(r"~(?![01])", text):
        raise InvalidPath(f"{_shown(text)} is not a JSON Pointer")
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def _segment(segment: str, text: str) -> str | int:
    if not segment or segment != segment.strip() or len(segment) > MAX_SEGMENT:
        raise InvalidPath(f"{_shown(text)} has an empty, padded or overlong name")
    if not segment.isprintable():
        raise InvalidPath(f"{_shown(text)} has a character that cannot be shown")
    if segment in _REFUSED:
        raise InvalidPath(f"{_shown(text)} has the reserved name {segment!r}")
    if not _DIGITS.fullmatch(segment):
        return unicodedata.normalize("NFC", segment)
    if int(segment) > MAX_INDEX:
        raise InvalidPath(f"{_shown(text)} has a row above {MAX_INDEX}")
    return int(segment)


def _key_segment(segment: str | int) -> str:
    if isinstance(segment, int):
        return f"#{segment:04d}"
    return segment.replace("~", "~0").replace("/", "~1").replace("#", "~2")


def _from_key_segment(segment: str) -> str | int:
    if segment.startswith("#"):
        return int(segment[1:])
    return segment.replace("~2", "#").replace("~1", "/").replace("~0", "~")


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:77]}...")
