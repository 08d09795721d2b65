"""Undoing a change: what it touched is put back, unless a later change stands on it.

A change *stands* until an undo of it stands. A later change counts against an undo when it stands
and touched the same leaf - but for the undo of a change that is later itself: the two cancel out.
"""

import sqlite3

from stackdocs_mcp.core.errors import ChangeNotFound, NothingToUndo, UndoConflict
from stackdocs_mcp.core.model import Action, Change, ChangeId, DocumentId
from stackdocs_mcp.core.paths import PathKey, from_key
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
WHERE l.stack_id = :stack AND l.extraction_id = :extraction AND l.key = :key AND l.touched = 1
    AND (l.revision, l.ordinal) > (:revision, :ordinal)
    AND c.standing = 1
    AND (c.undoes_revision IS NULL
        OR (c.undoes_revision, c.undoes_ordinal) <= (:revision, :ordinal))
ORDER BY l.revision DESC, l.ordinal DESC LIMIT 1
"""
_TOUCHED_LAST = """
SELECT revision, ordinal FROM change_leaves
WHERE stack_id = :stack AND extraction_id = :extraction AND key = :key AND touched = 1
ORDER BY revision DESC, ordinal DESC LIMIT 1
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
    _refuse_obstructed(scope, undone, rows)
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
    later = [scope.one(_LATER, **undone.place, key=row["key"]) for row in rows]
    if standing := [_place(row) for row in later if row is not None]:
        revision, ordinal = max(standing)
        raise UndoConflict(undone.change.id, f"{revision}-{ordinal}")


def _refuse_obstructed(scope: Scope, undone: Recorded, rows: list[sqlite3.Row]) -> None:
    """A value put back must not stand above, below, or beside one that came later."""
    for row in rows:
        if row["before"] is None:
            continue
        path = from_key(PathKey(row["key"]))
        obstacle = (
            fields.value_above(scope, undone.extraction, path)
            or fields.first_below(scope, undone.extraction, path)
            or fields.other_kind(scope, undone.extraction, path)
        )
        if obstacle is not None:
            last = scope.one(_TOUCHED_LAST, extraction=undone.extraction, key=obstacle.key)
            assert last is not None
            raise UndoConflict(undone.change.id, _id(last))


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


def _place(row: sqlite3.Row) -> tuple[int, int]:
    return row["revision"], row["ordinal"]


def _id(row: sqlite3.Row) -> ChangeId:
    return ChangeId(f"{row['revision']}-{row['ordinal']}")
