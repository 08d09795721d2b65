"""The history of a document, read back: changes with their leaves. Writing it: ``log``."""

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from stackdocs_mcp.core.model import Change, ChangeId, DocumentId
from stackdocs_mcp.stores import documents
from stackdocs_mcp.stores.changes import change_of
from stackdocs_mcp.stores.scope import Scope

_COLUMNS = """
SELECT c.extraction_id, c.document_id, c.revision, c.ordinal, c.action, c.path, c.user_id,
    c.actor_kind, c.actor_client, c.at, c.undoes_revision, c.undoes_ordinal, c.reason,
    c.acknowledged, c.standing, c.digest, c.sequence, e.number
FROM stacks AS s CROSS JOIN changes AS c ON c.stack_id = s.id
CROSS JOIN extractions AS e ON e.stack_id = c.stack_id AND e.id = c.extraction_id
WHERE s.id = :stack AND s.user_id = :owner
"""
_NEWEST_FIRST = " AND c.sequence < :before ORDER BY c.sequence DESC LIMIT :limit"
_OF_STACK = _COLUMNS + _NEWEST_FIRST
_OF_DOCUMENT = _COLUMNS + " AND c.document_id = :document" + _NEWEST_FIRST
_ONE = (
    _COLUMNS
    + " AND c.extraction_id = :extraction AND c.revision = :revision AND c.ordinal = :ordinal"
)
_OF_REVISION = (
    _COLUMNS + " AND c.extraction_id = :extraction AND c.revision = :revision ORDER BY c.ordinal"
)
_CAME_TO = """
SELECT 1 FROM changes
WHERE stack_id = :stack AND document_id = :document AND digest = :digest LIMIT 1
"""
_LEAVES = """
SELECT key, touched, before, after, locked_before FROM change_leaves
WHERE stack_id = :stack AND extraction_id = :extraction
    AND revision = :revision AND ordinal = :ordinal
ORDER BY key
"""
_ALL = 2**63 - 1  # more than any sequence
_ID = re.compile(r"(0|[1-9][0-9]{0,15})-([1-9][0-9]{0,15})")
_CALL = re.compile(r"0|[1-9][0-9]{0,15}")


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


def changes(
    scope: Scope, document: DocumentId | None, before: int | None, limit: int
) -> Sequence[Change]:
    """The history of the document, or of the stack, newest first, from before a sequence on."""
    if document is not None:
        documents.held(scope, document)
    sql = _OF_STACK if document is None else _OF_DOCUMENT
    rows = scope.rows(
        sql, document=document, before=_ALL if before is None else before, limit=max(limit, 0)
    )
    return [recorded(scope, row).change for row in rows]


def came_to(scope: Scope, document: DocumentId, digest: str) -> bool:
    """Whether a change of the document has this digest."""
    documents.held(scope, document)
    return scope.one(_CAME_TO, document=document, digest=digest) is not None


def find(scope: Scope, extraction: str, change: ChangeId) -> Recorded | None:
    """The extraction's change with this id."""
    match = _ID.fullmatch(change)
    if match is None:
        return None
    row = scope.one(_ONE, extraction=extraction, revision=int(match[1]), ordinal=int(match[2]))
    return None if row is None else recorded(scope, row)


def call(scope: Scope, extraction: str, change: ChangeId) -> list[Recorded] | None:
    """All changes of the revision that this id is, in order; None where it is no revision."""
    if _CALL.fullmatch(change) is None:
        return None
    rows = scope.rows(_OF_REVISION, extraction=extraction, revision=int(change))
    return [recorded(scope, row) for row in rows]


def touched(scope: Scope, one: Recorded) -> list[sqlite3.Row]:
    """The leaves that a change set otherwise: ``key``, ``before``, ``after``, ``locked_before``."""
    return [row for row in scope.rows(_LEAVES, **one.place) if row["touched"]]


def recorded(scope: Scope, row: sqlite3.Row) -> Recorded:
    """The change of a row, with its leaves."""
    place = {
        "extraction": row["extraction_id"],
        "revision": row["revision"],
        "ordinal": row["ordinal"],
    }
    change = change_of(row, scope.rows(_LEAVES, **place))
    return Recorded(
        row["extraction_id"], row["revision"], row["ordinal"], bool(row["standing"]), change
    )
