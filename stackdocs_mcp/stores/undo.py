"""Undoing a change: what it touched is put back, unless a later change stands on it.

A change *stands* until an undo of it stands. A later change counts against an undo when it stands
and touched the same leaf, or one that could not stand beside it - but for the undo of a change that
is later itself: the two cancel out. So changes at one place are undone in the reverse order of
their making, and undoing the last one again and again always comes to the empty extraction.
"""

import sqlite3
from collections.abc import Iterable

from stackdocs_mcp.core.errors import ChangeNotFound, NothingToUndo, UndoConflict
from stackdocs_mcp.core.model import Action, Change, ChangeId, DocumentId
from stackdocs_mcp.core.paths import PathKey, ancestors, from_key, key, subtree
from stackdocs_mcp.stores import documents, fields, history
from stackdocs_mcp.stores.history import Recorded
from stackdocs_mcp.stores.scope import Scope

_LAST = """
SELECT revision, ordinal FROM changes
WHERE stack_id = :stack AND extraction_id = :extraction AND standing = 1
    AND action IN ('set', 'delete')
ORDER BY revision DESC, ordinal DESC LIMIT 1
"""
_LATER = """
SELECT l.revision, l.ordinal FROM change_leaves AS l
CROSS JOIN changes AS c ON c.stack_id = l.stack_id AND c.extraction_id = l.extraction_id
    AND c.revision = l.revision AND c.ordinal = l.ordinal
WHERE l.stack_id = :stack AND l.extraction_id = :extraction AND l.touched = 1
    AND l.key >= :low AND l.key < :high
    AND (l.revision, l.ordinal) > (:revision, :ordinal)
    AND c.standing = 1
    AND (c.undoes_revision IS NULL
        OR (c.undoes_revision, c.undoes_ordinal) <= (:revision, :ordinal))
"""
_STAND = """
UPDATE changes SET standing = :standing
WHERE stack_id = :stack AND extraction_id = :extraction
    AND revision = :revision AND ordinal = :ordinal
"""


def undo(scope: Scope, document: DocumentId, change: ChangeId | None) -> Change:
    """The new change that puts back what stood before ``change``. See the port."""
    held = documents.held(scope, document)
    undone = _last(scope, held.extraction) if change is None else _named(scope, held, change)
    rows = history.touched(scope, undone)
    _refuse_followed(scope, undone, rows)

    before = {
        stored.key: stored.leaf
        for stored in fields.at_or_below(scope, held.extraction, undone.change.path)
    }
    after = dict(before)
    for row in rows:
        now = fields.at(scope, held.extraction, row["key"])
        if now is not None:  # also a leaf outside the path that had given way
            before[now.key] = now.leaf
        if row["before"] is None:
            after.pop(row["key"], None)
        else:
            after[row["key"]] = row["before"]

    revision = history.Revision(scope, held)
    made = revision.change(Action.UNDO, undone.change.path, before, after, undone)
    revision.close()
    _reverse(scope, undone)
    found = history.find(scope, held.extraction, made)
    assert found is not None
    return found.change


def _last(scope: Scope, extraction: str) -> Recorded:
    row = scope.one(_LAST, extraction=extraction)
    if row is None:
        raise NothingToUndo
    found = history.find(scope, extraction, _id(row))
    assert found is not None
    return found


def _named(scope: Scope, held: documents.Held, change: ChangeId) -> Recorded:
    found = history.find(scope, held.extraction, change)
    if found is None:
        raise ChangeNotFound(change)
    if found.change.action is Action.COMPLETE:  # it set no value
        raise NothingToUndo
    return found


def _refuse_followed(scope: Scope, undone: Recorded, rows: list[sqlite3.Row]) -> None:
    later = [
        (row["revision"], row["ordinal"])
        for low, high in _around(row["key"] for row in rows)
        for row in scope.rows(_LATER, **undone.place, low=low, high=high)
    ]
    if later:
        revision, ordinal = max(later)
        raise UndoConflict(undone.change.id, f"{revision}-{ordinal}")


def _around(keys: Iterable[str]) -> set[tuple[str, str]]:
    """Ranges ``low <= key < high`` of the keys themselves and of what cannot stand beside them.

    That is a value above, a value below, and a member of an object where a row of a list is, or
    the reverse.
    """
    ranges: set[tuple[str, str]] = set()
    for stored in keys:
        path = from_key(PathKey(stored))
        ranges |= {_alone(stored), subtree(PathKey(stored))}
        for prefix in ancestors(path):
            ranges.add(_alone(key(prefix)))
            ranges |= set(fields.other_kinds(path, prefix))
    return ranges


def _alone(stored: str) -> tuple[str, str]:
    return stored, f"{stored}\x01"  # no name has a control character


def _reverse(scope: Scope, undone: Recorded) -> None:
    """The undone change stands no more; what it had undone itself stands again; and so on."""
    standing, one = False, undone
    while True:
        scope.run(_STAND, **one.place, standing=int(standing))
        if one.change.undoes is None:
            return
        before = history.find(scope, one.extraction, one.change.undoes)
        assert before is not None
        standing, one = not standing, before


def _id(row: sqlite3.Row) -> ChangeId:
    return ChangeId(f"{row['revision']}-{row['ordinal']}")
