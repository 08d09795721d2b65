"""Extractions of a document: the first is made with it, each further one by starting it anew."""

from collections.abc import Sequence
from uuid import uuid4

from stackdocs_mcp.core.errors import ExtractionNotFound
from stackdocs_mcp.core.history import ExtractionOutline
from stackdocs_mcp.core.model import Action, Document, DocumentId
from stackdocs_mcp.stores import documents, fields
from stackdocs_mcp.stores.log import Revision
from stackdocs_mcp.stores.scope import Scope, moment

_LIST = """
SELECT id, number, created_at, revision, fields FROM extractions
WHERE stack_id = :stack AND document_id = :document ORDER BY number
"""
_FIND = """
SELECT id FROM extractions
WHERE stack_id = :stack AND document_id = :document AND number = :number
"""
_INSERT = """
INSERT INTO extractions (stack_id, id, document_id, number, revision, created_at)
VALUES (:stack, :extraction, :document, :number, :revision, :now)
"""
_POINT = """
UPDATE documents SET extraction_id = :extraction WHERE stack_id = :stack AND id = :document
"""
_LARGEST = 2**31


def find(scope: Scope, document: DocumentId, number: int) -> str:
    """The key of the document's extraction with this number. Raises ExtractionNotFound."""
    row = None
    if 0 < number < _LARGEST:
        row = scope.one(_FIND, document=document, number=number)
    if row is None:
        raise ExtractionNotFound(number)
    return str(row["id"])


def keys(scope: Scope, document: DocumentId) -> list[str]:
    """The keys of all the document's extractions, from the first."""
    return [row["id"] for row in scope.rows(_LIST, document=document)]


def outlines(scope: Scope, document: DocumentId) -> Sequence[ExtractionOutline]:
    """All extractions of the document, from the first to the one that counts."""
    held = documents.held(scope, document)
    return [
        ExtractionOutline(
            number=row["number"],
            started_at=moment(row["created_at"]),
            revision=row["revision"],
            fields=row["fields"],
            current=row["id"] == held.extraction,
        )
        for row in scope.rows(_LIST, document=document)
    ]


def start(scope: Scope, document: DocumentId) -> Document:
    """The document with a new extraction, which has the locked leaves of the last one."""
    last = documents.held(scope, document)
    carried = fields.locked(scope, last.extraction, ())
    made = str(uuid4())
    scope.run(
        _INSERT,
        extraction=made,
        document=document,
        number=last.document.extraction + 1,
        revision=last.document.revision,
        now=scope.now,
    )
    scope.run(_POINT, extraction=made, document=document)
    revision = Revision(scope, documents.held(scope, document))
    revision.change(Action.START, (), {}, {})
    for one in carried:
        revision.carry(one)
    revision.close()
    return documents.get(scope, document)
