"""From leaves to one JSON value and back: how an extraction is stored, checked and exported."""

from collections.abc import Iterable, Iterator
from typing import cast

from stackdocs_mcp.core.model import JsonValue
from stackdocs_mcp.core.paths import FieldPath


def assemble(
    leaves: Iterable[tuple[FieldPath, JsonValue]],
) -> tuple[dict[str, JsonValue], list[FieldPath]]:
    """The nested value of leaves in key order, and the rows that are missing in its lists.

    A missing row stands as null in the value, so that the rows behind it keep their numbers.
    """
    root: dict[str, JsonValue] = {}
    gaps: list[FieldPath] = []
    for path, value in leaves:
        container: dict[str, JsonValue] | list[JsonValue] = root
        for depth, segment in enumerate(path):
            last = depth == len(path) - 1
            empty: JsonValue = value if last else ([] if isinstance(path[depth + 1], int) else {})
            if isinstance(segment, int):
                rows = cast("list[JsonValue]", container)
                for row in range(len(rows), segment):
                    rows.append(None)
                    gaps.append((*path[:depth], row))
                if segment == len(rows):
                    rows.append(empty)
                child = rows[segment]
            else:
                child = cast("dict[str, JsonValue]", container).setdefault(segment, empty)
            container = cast("dict[str, JsonValue] | list[JsonValue]", child)

    return root, gaps


def leaves_of(path: FieldPath, value: JsonValue) -> Iterator[tuple[FieldPath, JsonValue]]:
    """The scalars in a value, and its empty lists and objects, each with its path."""
    if isinstance(value, dict) and value:
        for name, child in value.items():
            yield from leaves_of((*path, name), child)
    elif isinstance(value, list) and value:
        for row, child in enumerate(value):
            yield from leaves_of((*path, row), child)
    else:
        yield path, value
