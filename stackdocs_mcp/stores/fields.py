"""The leaves of an extraction, by key: what is at a path, and what stands in a path's way.

No statement here reads more rows than the path has leaves, whatever else the document holds.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.core.model import FieldValue
from stackdocs_mcp.core.paths import FieldPath, PathKey, ancestors, key, subtree
from stackdocs_mcp.stores.leaves import leaf_from
from stackdocs_mcp.stores.scope import Scope, moment

_COLUMNS = "SELECT key, leaf, locked, revision, actor_kind, actor_client, at FROM fields"
_HERE = " WHERE stack_id = :stack AND extraction_id = :extraction"
_AT = _COLUMNS + _HERE + " AND key = :key"
_BELOW = _COLUMNS + _HERE + " AND key >= :low AND key < :high ORDER BY key LIMIT :limit"
_BEHIND = _COLUMNS + _HERE + " AND key > :low AND key < :high ORDER BY key LIMIT :limit"
_LOCKED = (  # locked leaves are few: SQLite would look through all that are below
    _COLUMNS
    + " INDEXED BY fields_locked"
    + _HERE
    + " AND locked = 1 AND key >= :low AND key < :high ORDER BY key"
)
_PUT = """
INSERT INTO fields (stack_id, extraction_id, key, revision, actor_kind, actor_client, at, leaf,
    locked)
VALUES (:stack, :extraction, :key, :revision, :kind, :client, :now, :leaf, :locked)
ON CONFLICT (stack_id, extraction_id, key) DO UPDATE SET
    revision = excluded.revision, actor_kind = excluded.actor_kind,
    actor_client = excluded.actor_client, at = excluded.at, leaf = excluded.leaf,
    locked = excluded.locked
"""
_REMOVE = """
DELETE FROM fields WHERE stack_id = :stack AND extraction_id = :extraction AND key = :key
"""
_ALL = -1  # what SQLite takes as no limit


class Kept(NamedTuple):
    """All that a write can change of a leaf: its text, and whether agents must leave it."""

    text: str
    locked: bool


@dataclass(frozen=True, slots=True)
class Stored:
    """A leaf as it stands in the table."""

    key: str
    kept: Kept
    value: FieldValue


def at_or_below(
    scope: Scope,
    extraction: str,
    path: FieldPath,
    after: PathKey | None = None,
    limit: int | None = None,
) -> list[Stored]:
    """Leaves in key order at or below the path (all for an empty one), behind ``after``."""
    most = _ALL if limit is None else max(limit, 0)
    own = key(path)
    if path and most and (after is None or own > after):
        leaf = at(scope, extraction, own)
        if leaf is not None:  # then nothing is below it
            return [leaf]
    low, high = subtree(own)
    behind = after is not None and after >= low
    rows = scope.rows(
        _BEHIND if behind else _BELOW,
        extraction=extraction,
        low=after if behind else low,
        high=high,
        limit=most,
    )
    return [_stored(row) for row in rows]


def at(scope: Scope, extraction: str, stored: str) -> Stored | None:
    """The leaf with exactly this key."""
    row = scope.one(_AT, extraction=extraction, key=stored)
    return None if row is None else _stored(row)


def value_above(scope: Scope, extraction: str, path: FieldPath) -> Stored | None:
    """The leaf at a proper prefix of the path; a tree has at most one."""
    for prefix in reversed(ancestors(path)):
        if found := at(scope, extraction, key(prefix)):
            return found
    return None


def locked(scope: Scope, extraction: str, path: FieldPath) -> list[Stored]:
    """The locked leaves at or below the path (all for an empty one), in key order."""
    own = at(scope, extraction, key(path)) if path else None
    if own is not None:  # then nothing is below it
        return [own] if own.kept.locked else []
    low, high = subtree(key(path))
    rows = scope.rows(_LOCKED, extraction=extraction, low=low, high=high)
    return [_stored(row) for row in rows]


def first_below(scope: Scope, extraction: str, path: FieldPath) -> Stored | None:
    """A leaf below the path, if there is one."""
    return _first(scope, extraction, *subtree(key(path)))


def other_kind(scope: Scope, extraction: str, path: FieldPath) -> Stored | None:
    """A leaf that makes an object of what the path wants to be a list, or the reverse."""
    for prefix in ancestors(path):
        for low, high in other_kinds(path, prefix):
            if found := _first(scope, extraction, low, high):
                return found
    return None


def other_kinds(path: FieldPath, prefix: FieldPath) -> list[tuple[str, str]]:
    """Ranges of keys with a member below the prefix where the path has a row, or the reverse."""
    low, high = subtree(key(prefix))
    rows, behind_rows = f"{low}#", f"{low}$"  # "$" follows the "#" of rows in ASCII
    if isinstance(path[len(prefix)], int):
        return [(low, rows), (behind_rows, high)]
    return [(rows, behind_rows)]


def put(
    scope: Scope,
    extraction: str,
    revision: int,
    leaves: Iterable[tuple[str, Kept]],
    actor: Actor | None = None,
) -> None:
    """Set leaves, by key, by this actor or the scope's."""
    by = actor or scope.actor
    scope.each(
        _PUT,
        (
            {
                "extraction": extraction,
                "key": stored,
                "revision": revision,
                "kind": by.kind,
                "client": by.client,
                "now": scope.now,
                "leaf": leaf.text,
                "locked": int(leaf.locked),
            }
            for stored, leaf in leaves
        ),
    )


def remove(scope: Scope, extraction: str, keys: Iterable[str]) -> None:
    """Take leaves away."""
    scope.each(_REMOVE, ({"extraction": extraction, "key": stored} for stored in keys))


def values(found: Sequence[Stored]) -> tuple[FieldValue, ...]:
    """The leaves as the domain knows them."""
    return tuple(stored.value for stored in found)


def _first(scope: Scope, extraction: str, low: str, high: str) -> Stored | None:
    row = scope.one(_BELOW, extraction=extraction, low=low, high=high, limit=1)
    return None if row is None else _stored(row)


def _stored(row: sqlite3.Row) -> Stored:
    value = FieldValue(
        leaf=leaf_from(row["key"], row["leaf"]),
        revision=row["revision"],
        actor=Actor(row["actor_kind"], row["actor_client"]),
        at=moment(row["at"]),
        locked=bool(row["locked"]),
    )
    return Stored(row["key"], Kept(row["leaf"], bool(row["locked"])), value)
