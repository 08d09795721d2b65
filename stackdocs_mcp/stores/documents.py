"""Documents of a stack: found, listed, and led from ``processing`` to ``ocr_complete``."""

import sqlite3
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from stackdocs_mcp.core.errors import DocumentNotFound
from stackdocs_mcp.core.model import (
    Document,
    DocumentId,
    DocumentStatus,
    Failure,
    NewDocument,
    Sha256,
)
from stackdocs_mcp.stores import stacks, usage
from stackdocs_mcp.stores.scope import Scope, moment

_SELECT = """
SELECT d.id, d.extraction_id, d.filename, d.sha256, d.size, d.media_type, d.status, d.pages,
    d.pages_done, d.pages_without_text, d.failure_code, d.failure_message, d.failure_advice,
    d.superseded_by, d.billed_pages, d.abandoned, d.readings, d.created_at, d.updated_at,
    d.digest, e.revision, e.fields, e.flagged, e.number
FROM stacks AS s
CROSS JOIN documents AS d ON d.stack_id = s.id
CROSS JOIN extractions AS e ON e.stack_id = d.stack_id AND e.id = d.extraction_id
WHERE s.id = :stack AND s.user_id = :owner
"""
_ONE = _SELECT + " AND d.id = :document"
_SAME_BYTES = _SELECT + " AND d.sha256 = :sha256"
_NAMED = " AND (:query IS NULL OR instr(d.folded_name, :query) > 0)"
_BEHIND = " AND (d.created_at, d.id) > (:created, :after)"
_IN_STATUS = " AND d.status = :status"
_OLDEST_FIRST = " ORDER BY d.created_at, d.id LIMIT :limit"
_PAGE = _SELECT + _BEHIND + _NAMED + _OLDEST_FIRST
_PAGE_IN_STATUS = _SELECT + _IN_STATUS + _BEHIND + _NAMED + _OLDEST_FIRST
# The same bytes in another stack of the user: read one after the other, the second finds the pages.
_TWIN_IS_READ = """EXISTS (
    SELECT 1 FROM documents AS o INDEXED BY documents_claimed
    CROSS JOIN stacks AS u ON u.id = o.stack_id AND u.user_id = :owner
    WHERE o.sha256 = d.sha256 AND o.claimed_until > :now AND o.stack_id <> d.stack_id
)"""
_UNCLAIMED = (
    _SELECT
    + " AND d.status = 'processing' AND (d.claimed_until IS NULL OR d.claimed_until <= :now)"
    + f" AND NOT {_TWIN_IS_READ}"
    + _OLDEST_FIRST
)
_POSITION = "SELECT created_at FROM documents WHERE stack_id = :stack AND id = :after"
_INSERT = """
INSERT INTO documents (stack_id, id, extraction_id, filename, folded_name, sha256, size, status,
    added_by, created_at, updated_at)
VALUES (:stack, :id, :extraction, :filename, :folded, :sha256, :size, 'processing', :added_by,
    :now, :now)
"""
_INSERT_EXTRACTION = """
INSERT INTO extractions (stack_id, id, document_id, created_at)
VALUES (:stack, :extraction, :id, :now)
"""
_CLAIM = f"""
UPDATE documents AS d SET claimed_by = :reader, claimed_until = :until,
    abandoned = d.abandoned + (d.claimed_by IS NOT NULL AND d.claimed_by <> :reader)
WHERE d.stack_id = :stack AND d.id = :document AND d.status = 'processing'
    AND (d.claimed_by IS NULL OR d.claimed_by = :reader OR d.claimed_until <= :now)
    AND NOT {_TWIN_IS_READ}
"""  # noqa: S608  a constant
_RELEASE = """
UPDATE documents SET claimed_by = NULL, claimed_until = NULL
WHERE stack_id = :stack AND id = :document AND claimed_by = :reader
"""
_SET_OUTLINE = """
UPDATE documents SET media_type = :media_type, pages = :pages, updated_at = :now
WHERE stack_id = :stack AND id = :document
"""
_FINISH = """
UPDATE documents SET status = 'ocr_complete', claimed_by = NULL, claimed_until = NULL,
    updated_at = :now
WHERE stack_id = :stack AND id = :document AND status = 'processing' AND pages_done >= pages
    AND (:reader IS NULL OR claimed_by = :reader)
"""
_FAIL = """
UPDATE documents SET status = 'failed', failure_code = :code, failure_message = :message,
    failure_advice = :advice, claimed_by = NULL, claimed_until = NULL, updated_at = :now
WHERE stack_id = :stack AND id = :document AND status = 'processing'
    AND (:reader IS NULL OR claimed_by = :reader)
"""
_RETRY = """
UPDATE documents SET status = 'processing', failure_code = NULL, failure_message = NULL,
    failure_advice = NULL, abandoned = 0, updated_at = :now
WHERE stack_id = :stack AND id = :document AND status = 'failed'
"""
_REREAD = """
UPDATE documents SET status = 'processing', failure_code = NULL, failure_message = NULL,
    failure_advice = NULL, abandoned = 0, pages_done = 0, pages_without_text = 0,
    readings = readings + 1, updated_at = :now
WHERE stack_id = :stack AND id = :document AND status <> 'processing'
"""


@dataclass(frozen=True, slots=True)
class Held:
    """A document as it stands in this transaction, with the key of its extraction."""

    document: Document
    extraction: str


def held(scope: Scope, document: DocumentId) -> Held:
    """Raises DocumentNotFound for a document that is nowhere, and for one outside the binding."""
    row = scope.one(_ONE, document=document)
    if row is None:
        raise DocumentNotFound(document)
    return Held(_document(row), row["extraction_id"])


def get(scope: Scope, document: DocumentId) -> Document:
    """The document; raises as ``held`` does."""
    return held(scope, document).document


def add(scope: Scope, new: NewDocument, part_of: DocumentId | None = None) -> tuple[Document, bool]:
    """The stack's document with these bytes, and whether it was made now.

    Charged is who added the document that it is a part of, or else who calls. Raises QuotaExceeded.
    """
    stacks.bound(scope)
    row = scope.one(_SAME_BYTES, sha256=new.sha256)
    if row is not None:
        return _document(row), False
    added_by = (
        scope.user if part_of is None else usage.adder(scope, held(scope, part_of).document.id)
    )
    usage.count_document(scope, added_by)
    made = DocumentId(str(uuid4()))
    ids = {"id": made, "extraction": str(uuid4()), "now": scope.now}
    scope.run(
        _INSERT,
        **ids,
        filename=new.filename,
        folded=folded(new.filename),
        sha256=new.sha256,
        size=new.size,
        added_by=added_by,
    )
    scope.run(_INSERT_EXTRACTION, **ids)
    return get(scope, made), True


def page(
    scope: Scope,
    status: DocumentStatus | None,
    query: str | None,
    after: DocumentId | None,
    limit: int,
) -> Sequence[Document]:
    """At most ``limit`` documents, oldest first, ties by id, behind ``after``."""
    created = -1
    if after is not None:
        position = scope.one(_POSITION, after=after)
        if position is None:
            return []
        created = position["created_at"]
    rows = scope.rows(
        _PAGE if status is None else _PAGE_IN_STATUS,
        status=status,
        query=None if query is None else folded(query),
        created=created,
        after=after or "",
        limit=max(limit, 0),
    )
    return [_document(row) for row in rows]


def claim(scope: Scope, document: DocumentId, owner: str, until: int) -> bool:
    """Whether the owner holds the document until then."""
    held(scope, document)
    return scope.run(_CLAIM, document=document, reader=owner, until=until, now=scope.now) > 0


def release(scope: Scope, document: DocumentId, owner: str) -> None:
    """Make the document free again, if the owner holds it."""
    held(scope, document)
    scope.run(_RELEASE, document=document, reader=owner)


def unclaimed(scope: Scope, now: int, limit: int) -> Sequence[Document]:
    """Documents to be read that nobody holds at that time, oldest first."""
    return [_document(row) for row in scope.rows(_UNCLAIMED, now=now, limit=max(limit, 0))]


def set_outline(scope: Scope, document: DocumentId, media_type: str, pages: int) -> None:
    """Record type and number of pages, and reserve those. Raises QuotaExceeded."""
    held(scope, document)
    usage.reserve_pages(scope, document, pages)
    scope.run(_SET_OUTLINE, document=document, media_type=media_type, pages=pages, now=scope.now)


def reserve_recognition(scope: Scope, document: DocumentId, pages: int) -> None:
    """Reserve OCR pages. Raises QuotaExceeded."""
    held(scope, document)
    usage.reserve_recognition(scope, document, pages)


def finish(scope: Scope, document: DocumentId, owner: str | None) -> Document:
    """The document, ``ocr_complete`` if it was ``processing``, whole and the owner's, if any."""
    held(scope, document)
    if scope.run(_FINISH, document=document, reader=owner, now=scope.now):
        usage.release(scope, document)
    return get(scope, document)


def fail(scope: Scope, document: DocumentId, failure: Failure, owner: str | None) -> Document:
    """The document, ``failed`` if it was ``processing``, and the owner's, if any."""
    held(scope, document)
    failed = scope.run(
        _FAIL,
        document=document,
        reader=owner,
        code=failure.code,
        message=failure.message,
        advice=failure.advice,
        now=scope.now,
    )
    if failed:
        usage.release(scope, document)
    return get(scope, document)


def retry(scope: Scope, document: DocumentId) -> Document:
    """The document, ``processing`` if it had ``failed``."""
    held(scope, document)
    scope.run(_RETRY, document=document, now=scope.now)
    return get(scope, document)


def reread(scope: Scope, document: DocumentId) -> bool:
    """Whether the document is to be read from its first page on, which nobody is doing yet."""
    held(scope, document)
    return scope.run(_REREAD, document=document, now=scope.now) > 0


def folded(name: str) -> str:
    """A file name as it is compared: no case, one form for each letter (macOS splits accents)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _document(row: sqlite3.Row) -> Document:
    code = row["failure_code"]
    failure = None if code is None else Failure(code, row["failure_message"], row["failure_advice"])
    return Document(
        id=DocumentId(row["id"]),
        filename=row["filename"],
        sha256=Sha256(row["sha256"]),
        size=row["size"],
        status=DocumentStatus(row["status"]),
        pages=row["pages"],
        pages_done=row["pages_done"],
        pages_without_text=row["pages_without_text"],
        fields=row["fields"],
        flagged=row["flagged"],
        revision=row["revision"],
        created_at=moment(row["created_at"]),
        updated_at=moment(row["updated_at"]),
        media_type=row["media_type"],
        error=failure,
        superseded_by=row["superseded_by"],
        billed_pages=row["billed_pages"],
        abandoned=row["abandoned"],
        readings=row["readings"],
        extraction=row["number"],
        digest=row["digest"],
    )
