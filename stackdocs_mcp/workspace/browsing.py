"""Finding documents of the stack, and lines in them."""

from collections.abc import Sequence
from dataclasses import dataclass

from stackdocs_mcp.core.binding import Right
from stackdocs_mcp.core.errors import InvalidArgument
from stackdocs_mcp.core.media import misnamed
from stackdocs_mcp.core.model import Document, DocumentId, DocumentStatus, Hit, JsonValue
from stackdocs_mcp.workspace.context import Workspace

MAX_QUERY = 400

_FOR_GOOD = frozenset({"unsupported", "damaged", "too_large"})
"""Failures of a file that the same bytes meet again."""
_TRY_AGAIN = "Adding the same file again tries again."


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """Some of the stack's documents, oldest first, and how to go on."""

    documents: Sequence[Document]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class HitPage:
    """Some of a search's hits, best first, and how to go on."""

    hits: Sequence[Hit]
    next_cursor: str | None


async def list_documents(
    workspace: Workspace,
    status: DocumentStatus | None = None,
    query: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
    *,
    call: str = "list_documents",
) -> DocumentPage:
    """Documents by status and part of the file name; a cursor is good for the same call alone."""
    workspace.binding.require(Right.READ)
    scope = workspace.scope(call, status, query)
    after: DocumentId | None = None
    if cursor is not None:
        after = DocumentId(str(workspace.shared.cursors.open(cursor, scope)[0]))
    found = await workspace.store.documents(
        status=status, query=query, after=after, limit=limit + 1
    )
    more = len(found) > limit
    shown = found[:limit]
    return DocumentPage(
        shown, workspace.shared.cursors.seal([shown[-1].id], scope) if more else None
    )


async def search_documents(
    workspace: Workspace,
    query: str,
    document_id: DocumentId | None = None,
    cursor: str | None = None,
    limit: int = 20,
) -> HitPage:
    """Lines that hold all the words, best first."""
    workspace.binding.require(Right.READ)
    if not any(character.isalnum() for character in query) or len(query) > MAX_QUERY:
        raise InvalidArgument(
            f"the query must have a word and at most {MAX_QUERY} characters",
            "Search for words or numbers as they are printed.",
        )
    if document_id is not None:
        await workspace.store.document(document_id)
    scope = workspace.scope("search_documents", query, document_id)
    after = 0 if cursor is None else int(workspace.shared.cursors.open(cursor, scope)[0])
    hits = await workspace.store.search(query, document=document_id, after=after, limit=limit + 1)
    more = len(hits) > limit
    return HitPage(
        hits[:limit], workspace.shared.cursors.seal([after + limit], scope) if more else None
    )


def as_listed(document: Document) -> dict[str, JsonValue]:
    """A document as clients see it, wherever they meet one."""
    found: dict[str, JsonValue] = {
        "id": document.id,
        "filename": document.filename,
        "status": document.status.value,
        "pages": document.pages,
        "fields": document.fields,
        "problems": list(problems(document)),
        "updated_at": document.updated_at.isoformat(timespec="seconds"),
    }
    if (error := document.error) is not None:
        again = "" if error.code in _FOR_GOOD else _TRY_AGAIN
        found["error"] = " ".join(filter(None, (f"{error.message}.", error.advice, again)))
    return found


def problems(document: Document) -> list[str]:
    """What a reader of a listing should know of a document, one phrase each."""
    found: list[str] = []
    if document.status is DocumentStatus.PROCESSING:
        of = f" of {document.pages}" if document.pages else ""
        found.append(f"being read: {document.pages_done}{of} pages done")
    if document.pages_without_text:
        found.append(f"pages without text: {document.pages_without_text}")
    if document.flagged:
        found.append(f"fields with warnings: {document.flagged}")
    if document.media_type and (wrong := misnamed(document.filename, document.media_type)):
        found.append(wrong)
    if document.superseded_by is not None:
        found.append(f"the file has changed; its newer version is {document.superseded_by}")
    return found
