"""Writing the history: changes appended to a document's chain, and the fields set by them."""

from collections.abc import Mapping, Sequence

from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.core.model import Action, ChangeId, Completion
from stackdocs_mcp.core.paths import FieldPath, PathKey, from_key, key
from stackdocs_mcp.stores import documents, fields
from stackdocs_mcp.stores.chain import digest
from stackdocs_mcp.stores.fields import Kept, Stored
from stackdocs_mcp.stores.history import Recorded
from stackdocs_mcp.stores.leaves import acknowledged_text, flagged
from stackdocs_mcp.stores.scope import Scope

_LAST_ORDINAL = """
SELECT coalesce(max(ordinal), 0) AS ordinal FROM changes
WHERE stack_id = :stack AND extraction_id = :extraction AND revision = :revision
"""
_LAST_SEQUENCE = """
SELECT coalesce(max(sequence), 0) AS sequence FROM changes WHERE stack_id = :stack
"""
_INSERT = """
INSERT INTO changes (stack_id, extraction_id, revision, ordinal, document_id, sequence, action,
    path, user_id, actor_kind, actor_client, at, undoes_revision, undoes_ordinal, reason,
    acknowledged, digest)
VALUES (:stack, :extraction_id, :revision, :ordinal, :document_id, :sequence, :action, :path,
    :user_id, :actor_kind, :actor_client, :at, :undoes_revision, :undoes_ordinal, :reason,
    :acknowledged, :digest)
"""
_INSERT_LEAF = """
INSERT INTO change_leaves (stack_id, extraction_id, revision, ordinal, key, touched, before, after,
    locked_before, locked_after)
VALUES (:stack, :extraction_id, :revision, :ordinal, :key, :touched, :before, :after,
    :locked_before, :locked_after)
"""
_COUNT = """
UPDATE extractions SET revision = :revision, fields = fields + :fields,
    flagged = flagged + :flagged
WHERE stack_id = :stack AND id = :extraction
"""
_TOUCH = """
UPDATE documents SET updated_at = :now, digest = :digest,
    status = CASE status WHEN 'completed' THEN 'ocr_complete' ELSE status END
WHERE stack_id = :stack AND id = :document
"""
_COMPLETE = """
UPDATE documents SET status = 'completed', updated_at = :now, digest = :digest
WHERE stack_id = :stack AND id = :document
"""


class Log:
    """The end of a document's chain, in the transaction that appends to it."""

    def __init__(self, scope: Scope, held: documents.Held) -> None:
        self._scope = scope
        self._document = held.document.id
        self._extraction = held.extraction
        self._sequence: int | None = None
        self.digest = held.document.digest

    def append(
        self,
        position: tuple[int, int],
        action: Action,
        path: FieldPath = (),
        leaves: Sequence[Mapping[str, object]] = (),
        *,
        undoes: Recorded | None = None,
        completion: Completion | None = None,
        actor: Actor | None = None,
    ) -> None:
        """Add a change at (revision, ordinal) with its leaves in order, by the actor or scope's."""
        by = actor or self._scope.actor
        scope, (revision, ordinal) = self._scope, position
        change: dict[str, object] = {
            "stack_id": scope.stack,
            "extraction_id": self._extraction,
            "revision": revision,
            "ordinal": ordinal,
            "document_id": self._document,
            "sequence": self._next(),
            "action": action.value,
            "path": key(path),
            "user_id": scope.user,
            "actor_kind": by.kind,
            "actor_client": by.client,
            "at": scope.now,
            "undoes_revision": undoes.revision if undoes else None,
            "undoes_ordinal": undoes.ordinal if undoes else None,
            "reason": completion.reason if completion else "",
            "acknowledged": acknowledged_text(completion),
        }
        self.digest = digest(self.digest, change, leaves)
        scope.run(_INSERT, **change, digest=self.digest)
        place = {name: change[name] for name in ("extraction_id", "revision", "ordinal")}
        scope.each(_INSERT_LEAF, ({**place, **leaf} for leaf in leaves))

    def _next(self) -> int:
        """Changes of a stack are numbered; nobody else writes in this transaction."""
        if self._sequence is None:
            last = self._scope.one(_LAST_SEQUENCE)
            assert last is not None
            self._sequence = int(last["sequence"])
        self._sequence += 1
        return self._sequence


class Revision:
    """The next revision of one extraction, while its changes are made in this transaction.

    Without a change it comes to nothing.
    """

    def __init__(self, scope: Scope, held: documents.Held) -> None:
        self._scope = scope
        self._log = Log(scope, held)
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
        before: Mapping[str, Kept],
        after: Mapping[str, Kept],
        undoes: Recorded | None = None,
    ) -> ChangeId:
        """Set the fields to ``after`` where it differs from ``before`` and record both, by key."""
        return self._change(action, path, before, after, undoes=undoes)

    def carry(self, one: Stored) -> ChangeId:
        """Set a leaf as it stood in another extraction, by whoever had set it there."""
        path = from_key(PathKey(one.key))
        return self._change(Action.SET, path, {}, {one.key: one.kept}, actor=one.value.actor)

    def _change(
        self,
        action: Action,
        path: FieldPath,
        before: Mapping[str, Kept],
        after: Mapping[str, Kept],
        *,
        undoes: Recorded | None = None,
        actor: Actor | None = None,
    ) -> ChangeId:
        self._changes += 1
        revision, ordinal = self.number, self._changes
        keys = sorted({*before, *after})
        leaves = [_leaf(one, before.get(one), after.get(one)) for one in keys]
        self._log.append((revision, ordinal), action, path, leaves, undoes=undoes, actor=actor)

        touched = [one for one in keys if before.get(one) != after.get(one)]
        gone = [one for one in touched if one not in after]
        fields.remove(self._scope, self.extraction, gone)
        kept = [(one, after[one]) for one in touched if one in after]
        fields.put(self._scope, self.extraction, revision, kept, actor)
        self._fields += len(after) - len(before)
        self._flagged += sum(_flagged(after.get(one)) for one in touched)
        self._flagged -= sum(_flagged(before.get(one)) for one in touched)
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
        self._scope.run(
            _TOUCH, document=self._document, digest=self._log.digest, now=self._scope.now
        )


def complete(scope: Scope, held: documents.Held, completion: Completion) -> None:
    """Mark the document completed, with an entry at its present revision."""
    revision = held.document.revision
    last = scope.one(_LAST_ORDINAL, extraction=held.extraction, revision=revision)
    assert last is not None
    log = Log(scope, held)
    log.append((revision, last["ordinal"] + 1), Action.COMPLETE, completion=completion)
    scope.run(_COMPLETE, document=held.document.id, digest=log.digest, now=scope.now)


def _leaf(stored: str, before: Kept | None, after: Kept | None) -> dict[str, object]:
    """The row of a leaf; what stays as it is is written down once."""
    touched = before != after
    return {
        "key": stored,
        "touched": int(touched),
        "before": before and before.text,
        "after": after.text if touched and after else None,
        "locked_before": int(before is not None and before.locked),
        "locked_after": int(after is not None and after.locked),
    }


def _flagged(kept: Kept | None) -> bool:
    return kept is not None and flagged(kept.text)
