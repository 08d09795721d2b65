"""The history of an extraction: changes recorded with their leaves, and read back."""

import json
import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.core.model import Action, Change, ChangeId, Completion, DocumentId, Leaf
from stackdocs_mcp.core.paths import FieldPath, PathKey, from_key, key
from stackdocs_mcp.stores import documents, fields
from stackdocs_mcp.stores.leaves import flagged, leaf_from
from stackdocs_mcp.stores.scope import Scope, moment

_COLUMNS = """
SELECT c.extraction_id, c.document_id, c.revision, c.ordinal, c.action, c.path, c.actor_kind,
    c.actor_client, c.at, c.undoes_revision, c.undoes_ordinal, c.reason, c.acknowledged, c.standing
FROM stacks AS s CROSS JOIN changes AS c ON c.stack_id = s.id
WHERE s.id = :stack AND s.user_id = :user
"""
_NEWEST_FIRST = " ORDER BY c.sequence DESC LIMIT :limit OFFSET :after"
_OF_STACK = _COLUMNS + _NEWEST_FIRST
_OF_DOCUMENT = _COLUMNS + " AND c.document_id = :document" + _NEWEST_FIRST
_ONE = (
    _COLUMNS
    + " AND c.extraction_id = :extraction AND c.revision = :revision AND c.ordinal = :ordinal"
)
_LEAVES = """
SELECT key, touched, before, after FROM change_leaves
WHERE stack_id = :stack AND extraction_id = :extraction
    AND revision = :revision AND ordinal = :ordinal
ORDER BY key
"""
_LAST_ORDINAL = """
SELECT coalesce(max(ordinal), 0) AS ordinal FROM changes
WHERE stack_id = :stack AND extraction_id = :extraction AND revision = :revision
"""
_INSERT = """
INSERT INTO changes (stack_id, extraction_id, revision, ordinal, document_id, sequence, action,
    path, actor_kind, actor_client, at, undoes_revision, undoes_ordinal, reason, acknowledged)
VALUES (:stack, :extraction, :revision, :ordinal, :document,
    (SELECT coalesce(max(sequence), 0) + 1 FROM changes WHERE stack_id = :stack),
    :action, :path, :kind, :client, :now, :undoes_revision, :undoes_ordinal, :reason, :acknowledged)
"""
_INSERT_LEAF = """
INSERT INTO change_leaves (stack_id, extraction_id, revision, ordinal, key, touched, before, after)
VALUES (:stack, :extraction, :revision, :ordinal, :key, :touched, :before, :after)
"""
_COUNT = """
UPDATE extractions SET revision = :revision, fields = fields + :fields,
    flagged = flagged + :flagged
WHERE stack_id = :stack AND id = :extraction
"""
_TOUCH = """
UPDATE documents SET updated_at = :now,
    status = CASE status WHEN 'completed' THEN 'ocr_complete' ELSE status END
WHERE stack_id = :stack AND id = :document
"""
_COMPLETE = """
UPDATE documents SET status = 'completed', updated_at = :now
WHERE stack_id = :stack AND id = :document
"""
_ID = re.compile(r"(0|[1-9][0-9]{0,15})-([1-9][0-9]{0,15})")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A change as it stands in the table."""

    extraction: str
    revision: int
    ordinal: int
    standing: bool
    """Its effect has not been undone."""
    change: Change

    @property
    def place(self) -> dict[str, object]:
        """What binds a statement to this change."""
        return {
            "extraction": self.extraction,
            "revision": self.revision,
            "ordinal": self.ordinal,
        }


class Revision:
    """The next revision of one extraction, while its changes are made in this transaction.

    Without a change it comes to nothing.
    """

    def __init__(self, scope: Scope, held: documents.Held) -> None:
        self._scope = scope
        self._document = held.document.id
        self._base = held.document.revision
        self.extraction = held.extraction
        self._fields = self._flagged = self._changes = 0

    @property
    def number(self) -> int:
        """The extraction's revision as it stands now."""
        return self._base + bool(self._changes)

    def change(
        self,
        action: Action,
        path: FieldPath,
        before: Mapping[str, str],
        after: Mapping[str, str],
        undoes: Recorded | None = None,
    ) -> ChangeId:
        """Set the fields to ``after`` where it differs from ``before`` and record both, by key."""
        self._changes += 1
        revision, ordinal = self.number, self._changes
        insert(
            self._scope,
            self._document,
            self.extraction,
            (revision, ordinal),
            action=action,
            path=path,
            undoes=undoes,
        )
        keys = sorted({*before, *after})
        touched = [stored for stored in keys if before.get(stored) != after.get(stored)]
        place = {"extraction": self.extraction, "revision": revision, "ordinal": ordinal}
        self._scope.each(
            _INSERT_LEAF,
            (
                {
                    **place,
                    "key": stored,
                    "touched": int(before.get(stored) != after.get(stored)),
                    "before": before.get(stored),
                    "after": after.get(stored) if before.get(stored) != after.get(stored) else None,
                }
                for stored in keys
            ),
        )
        gone = [stored for stored in touched if stored not in after]
        fields.remove(self._scope, self.extraction, gone)
        kept = [(stored, after[stored]) for stored in touched if stored in after]
        fields.put(self._scope, self.extraction, revision, kept)
        self._fields += len(after) - len(before)
        self._flagged += sum(flagged(after.get(stored)) for stored in touched)
        self._flagged -= sum(flagged(before.get(stored)) for stored in touched)
        return ChangeId(f"{revision}-{ordinal}")

    def close(self) -> None:
        """Count what was changed; a completed document is open again."""
        if not self._changes:
            return
        self._scope.run(
            _COUNT,
            extraction=self.extraction,
            revision=self.number,
            fields=self._fields,
            flagged=self._flagged,
        )
        self._scope.run(_TOUCH, document=self._document, now=self._scope.now)


def complete(scope: Scope, held: documents.Held, completion: Completion) -> None:
    """Mark the document completed, with an entry at its present revision."""
    revision = held.document.revision
    last = scope.one(_LAST_ORDINAL, extraction=held.extraction, revision=revision)
    assert last is not None
    position = (revision, last["ordinal"] + 1)
    insert(
        scope,
        held.document.id,
        held.extraction,
        position,
        action=Action.COMPLETE,
        completion=completion,
    )
    scope.run(_COMPLETE, document=held.document.id, now=scope.now)


def insert(
    scope: Scope,
    document: DocumentId,
    extraction: str,
    position: tuple[int, int],
    *,
    action: Action,
    path: FieldPath = (),
    undoes: Recorded | None = None,
    completion: Completion | None = None,
) -> None:
    """Add an entry at (revision, ordinal), by the scope's actor."""
    revision, ordinal = position
    scope.run(
        _INSERT,
        document=document,
        extraction=extraction,
        revision=revision,
        ordinal=ordinal,
        action=action.value,
        path=key(path),
        kind=scope.actor.kind,
        client=scope.actor.client,
        now=scope.now,
        undoes_revision=undoes.revision if undoes else None,
        undoes_ordinal=undoes.ordinal if undoes else None,
        reason=completion.reason if completion else "",
        acknowledged=json.dumps(list(completion.acknowledged) if completion else []),
    )


def changes(scope: Scope, document: DocumentId | None, after: int, limit: int) -> Sequence[Change]:
    """The history of the document, or of the stack, newest first."""
    if document is not None:
        documents.held(scope, document)
    sql = _OF_STACK if document is None else _OF_DOCUMENT
    rows = scope.rows(sql, document=document, after=max(after, 0), limit=max(limit, 0))
    return [recorded(scope, row).change for row in rows]


def find(scope: Scope, extraction: str, change: ChangeId) -> Recorded | None:
    """The extraction's change with this id."""
    match = _ID.fullmatch(change)
    if match is None:
        return None
    row = scope.one(_ONE, extraction=extraction, revision=int(match[1]), ordinal=int(match[2]))
    return None if row is None else recorded(scope, row)


def touched(scope: Scope, one: Recorded) -> list[sqlite3.Row]:
    """The leaves that a change set otherwise: ``key``, ``before``, ``after``."""
    return [row for row in scope.rows(_LEAVES, **one.place) if row["touched"]]


def recorded(scope: Scope, row: sqlite3.Row) -> Recorded:
    """The change of a row, with its leaves."""
    place = {
        "extraction": row["extraction_id"],
        "revision": row["revision"],
        "ordinal": row["ordinal"],
    }
    leaves = scope.rows(_LEAVES, **place)
    undone = row["undoes_revision"]
    change = Change(
        id=ChangeId(f"{row['revision']}-{row['ordinal']}"),
        document=DocumentId(row["document_id"]),
        revision=row["revision"],
        action=Action(row["action"]),
        path=from_key(PathKey(row["path"])),
        before=tuple(_leaves((leaf["key"], leaf["before"]) for leaf in leaves)),
        after=tuple(
            _leaves(
                (leaf["key"], leaf["after"] if leaf["touched"] else leaf["before"])
                for leaf in leaves
            )
        ),
        actor=Actor(row["actor_kind"], row["actor_client"]),
        at=moment(row["at"]),
        undoes=None if undone is None else ChangeId(f"{undone}-{row['undoes_ordinal']}"),
        reason=row["reason"],
        acknowledged=tuple(json.loads(row["acknowledged"])),
    )
    return Recorded(
        row["extraction_id"], row["revision"], row["ordinal"], bool(row["standing"]), change
    )


def _leaves(kept: Iterable[tuple[str, str | None]]) -> Iterable[Leaf]:
    return (leaf_from(stored, text) for stored, text in kept if text is not None)
