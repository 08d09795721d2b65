"""Undoing a change: what it touched is put back, unless a later change stands on it.

A change *stands* until an undo of it stands. A later change counts against an undo when it stands
and touched the same leaf, or one that could not stand beside it - but for the undo of a change that
is later itself: the two cancel out. So changes at one place are undone in the reverse order of
their making, and undoing the last one again and again always comes to the empty extraction.

An undo that stands is what a redo takes back. Both are the same reversal, named for what it does.
"""

import sqlite3
from collections.abc import Iterable, Sequence

from stackdocs_mcp.core.errors import (
    AlreadyUndone,
    ChangeNotFound,
    EarlierExtraction,
    Locked,
    NothingToRedo,
    NothingToUndo,
    UndoConflict,
)
from stackdocs_mcp.core.model import Action, Change, ChangeId, DocumentId
from stackdocs_mcp.core.paths import FieldPath, PathKey, ancestors, from_key, key, subtree
from stackdocs_mcp.stores import documents, fields, history, locks, starting
from stackdocs_mcp.stores.fields import Kept
from stackdocs_mcp.stores.history import Recorded
from stackdocs_mcp.stores.log import Revision
from stackdocs_mcp.stores.scope import Scope

_SET_NOTHING = (Action.COMPLETE, Action.START)

# The indexes are named: left to itself SQLite takes the primary key, and reads all later changes.
_LAST = """
SELECT revision, ordinal FROM changes INDEXED BY changes_to_undo
WHERE stack_id = :stack AND extraction_id = :extraction AND standing = 1
    AND action IN ('set', 'delete', 'release')
ORDER BY revision DESC, ordinal DESC LIMIT 1
"""
_LAST_OF_KIND = """
SELECT revision, ordinal FROM changes
WHERE stack_id = :stack AND extraction_id = :extraction AND standing = 1
    AND action IN ('set', 'delete', 'release') AND actor_kind = :kind
ORDER BY revision DESC, ordinal DESC LIMIT :limit
"""
_LOOKED_AT = 20
_LAST_UNDO = """
SELECT revision, ordinal FROM changes INDEXED BY changes_to_redo
WHERE stack_id = :stack AND extraction_id = :extraction AND standing = 1 AND action = 'undo'
ORDER BY revision DESC, ordinal DESC LIMIT 1
"""
_NEWER = """
SELECT 1 FROM changes
WHERE stack_id = :stack AND extraction_id = :extraction
    AND (revision, ordinal) > (:revision, :ordinal) AND action IN ('set', 'delete', 'release')
LIMIT 1
"""
_LATER = """
SELECT l.revision, l.ordinal, c.undoes_revision, c.undoes_ordinal
FROM change_leaves AS l INDEXED BY change_leaves_by_key
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


def undo(
    scope: Scope, document: DocumentId, change: ChangeId | None, *, redo: bool
) -> Sequence[Change]:
    """The new changes that put back what stood before ``change``. See the port."""
    held = documents.held(scope, document)
    undone = _redone(scope, held, change) if redo else _undone(scope, held, change)
    revision = Revision(scope, held)
    try:
        made = [_put_back(scope, revision, one) for one in undone]
    except Locked as error:
        other = None if redo or change is not None else _own_last(scope, held)
        if other is not None:
            error.advice = f"Call undo with change_id {other!r}, the last one you may undo."
        raise
    revision.close()
    found = [history.find(scope, held.extraction, one) for one in made]
    return [one.change for one in found if one is not None]


def _undone(scope: Scope, held: documents.Held, change: ChangeId | None) -> list[Recorded]:
    """The changes to be undone, the last one first."""
    if change is not None:
        return _named(scope, held, change)
    row = scope.one(_LAST, extraction=held.extraction)
    if row is None:
        raise NothingToUndo
    return _named(scope, held, _id((row["revision"], row["ordinal"])))


def _redone(scope: Scope, held: documents.Held, change: ChangeId | None) -> list[Recorded]:
    """The undos to be undone, the last one first."""
    if change is not None:
        found = _named(scope, held, change)
        if any(one.change.action is not Action.UNDO for one in found):
            raise NothingToRedo(change)
        return found
    row = scope.one(_LAST_UNDO, extraction=held.extraction)
    if row is None:
        raise NothingToRedo
    newer = {"revision": row["revision"], "ordinal": row["ordinal"]}
    if scope.one(_NEWER, extraction=held.extraction, **newer) is not None:
        raise NothingToRedo
    return _named(scope, held, ChangeId(str(row["revision"])))


def _named(scope: Scope, held: documents.Held, change: ChangeId) -> list[Recorded]:
    """The change with this id, or those of the call with this id that stand, the last one first.

    Where none of a call stands, its last one, so that it is said what came after it.
    """
    found = _with_id(scope, held.extraction, change)
    if not found:
        earlier = starting.keys(scope, held.document.id)[:-1]
        if any(_with_id(scope, extraction, change) for extraction in earlier):
            raise EarlierExtraction(change)
        raise ChangeNotFound(change)
    found = [one for one in reversed(found) if one.change.action not in _SET_NOTHING]
    if not found:
        raise NothingToUndo
    return [one for one in found if one.standing] or found[:1]


def _with_id(scope: Scope, extraction: str, change: ChangeId) -> list[Recorded]:
    call = history.call(scope, extraction, change)
    if call is not None:
        return call
    found = history.find(scope, extraction, change)
    return [] if found is None else [found]


def _own_last(scope: Scope, held: documents.Held) -> ChangeId | None:
    """The last change by an actor of the scope's kind that could be undone now, of the newest."""
    place = {"extraction": held.extraction, "kind": scope.actor.kind, "limit": _LOOKED_AT}
    for row in scope.rows(_LAST_OF_KIND, **place):
        found = history.find(scope, held.extraction, _id((row["revision"], row["ordinal"])))
        assert found is not None
        touched = history.touched(scope, found)
        try:
            _refuse_followed(scope, found, touched)
            for leaf in touched:
                now = fields.at(scope, held.extraction, leaf["key"])
                then = leaf["before"]
                kept = None if then is None else Kept(then, bool(leaf["locked_before"]))
                locks.refuse(scope, leaf["key"], None if now is None else now.kept, kept)
        except (Locked, UndoConflict):
            continue
        return found.change.id
    return None


def _put_back(scope: Scope, revision: Revision, undone: Recorded) -> ChangeId:
    """Undo one change: a change of this revision."""
    rows = history.touched(scope, undone)
    _refuse_followed(scope, undone, rows)

    extraction = revision.extraction
    before = {
        stored.key: stored.kept
        for stored in fields.at_or_below(scope, extraction, undone.change.path)
    }
    after = dict(before)
    for row in rows:
        now = fields.at(scope, extraction, row["key"])
        if now is not None:  # also a leaf outside the path that had given way
            before[now.key] = now.kept
        then = None
        if row["before"] is None:
            after.pop(row["key"], None)
        else:
            then = after[row["key"]] = Kept(row["before"], bool(row["locked_before"]))
        locks.refuse(scope, row["key"], None if now is None else now.kept, then)

    action = Action.REDO if undone.change.action is Action.UNDO else Action.UNDO
    made = revision.change(action, undone.change.path, before, after, undone)
    _reverse(scope, undone)
    return made


def _refuse_followed(scope: Scope, undone: Recorded, rows: list[sqlite3.Row]) -> None:
    later = {
        (row["revision"], row["ordinal"]): (row["undoes_revision"], row["undoes_ordinal"])
        for low, high in _around(row["key"] for row in rows)
        for row in scope.rows(_LATER, **undone.place, low=low, high=high)
    }
    if not later:
        return
    here = (undone.revision, undone.ordinal)
    by = [one for one, undoes in later.items() if undoes == here]
    if by and undone.change.action is not Action.UNDO:
        raise AlreadyUndone(undone.change.id, _id(by[0]))
    raise UndoConflict(undone.change.id, _id(max(later)))


def _around(keys: Iterable[str]) -> set[tuple[str, str]]:
    """Ranges ``low <= key < high`` of the keys themselves and of what cannot stand beside them.

    That is a value above, a value below, and a member of an object where a row of a list is, or
    the reverse.
    """
    ranges: set[tuple[str, str]] = set()
    seen: set[tuple[FieldPath, bool]] = set()  # leaves of a list share what is above them
    for stored in keys:
        path = from_key(PathKey(stored))
        ranges |= {_alone(stored), subtree(PathKey(stored))}
        for prefix in ancestors(path):
            kind = (prefix, isinstance(path[len(prefix)], int))
            if kind not in seen:
                seen.add(kind)
                ranges |= {_alone(key(prefix)), *fields.other_kinds(path, prefix)}
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


def _id(position: tuple[int, int]) -> ChangeId:
    return ChangeId(f"{position[0]}-{position[1]}")
