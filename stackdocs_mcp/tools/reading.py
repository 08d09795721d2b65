"""Tools that find documents and read them."""

from typing import Annotated

from pydantic import Field

from stackdocs_mcp.core.amounts import counted
from stackdocs_mcp.core.model import Document, DocumentId, DocumentStatus
from stackdocs_mcp.core.quota import Left
from stackdocs_mcp.tools.tool import Answer, Arguments, Cursor, Id, Result
from stackdocs_mcp.workspace import Workspace, adding, browsing, reading

_NAMED_IN_SUMMARY = 20
_MOST_ATTACHED = 20
"""Shown where a document is added; list_documents has all of them."""


class ListDocuments(Arguments):
    status: Annotated[DocumentStatus | None, Field(strict=False)] = None
    query: Annotated[str | None, Field(max_length=200, description="Part of a file name")] = None
    cursor: Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class DocumentItem(Result):
    id: str
    filename: str
    status: str
    pages: int
    fields: int
    problems: list[str]
    updated_at: str
    error: str | None = None


class DocumentList(Result):
    documents: list[DocumentItem]
    next_cursor: str | None = None


class ReadOcr(Arguments):
    document_id: Id
    pages: Annotated[
        str | None, Field(max_length=200, description="'3' or '2-5,9'; left out: all")
    ] = None
    cursor: Annotated[Cursor | None, Field(description="next_cursor of the last answer")] = None
    max_chars: Annotated[int, Field(ge=reading.MIN_CHARS, le=reading.MAX_CHARS)] = (
        reading.DEFAULT_CHARS
    )


class SearchDocuments(Arguments):
    query: Annotated[str, Field(max_length=400, description="Words as printed; all must match")]
    document_id: Id | None = None
    cursor: Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class Untrusted(Result):
    snippet: str


class HitItem(Result):
    document_id: str
    filename: str
    page: int
    line: int
    untrusted: Untrusted


class HitList(Result):
    hits: list[HitItem]
    next_cursor: str | None = None


class AddDocument(Arguments):
    path: Annotated[
        str, Field(max_length=4_096, description="A file inside the folders the server may read")
    ]


class QuotaLeft(Result):
    documents_left: int | None = None
    pages_left: int | None = None
    ocr_pages_left: int | None = None
    resets_at: str


class AddedDocument(Result):
    document: DocumentItem
    new: bool
    quota: QuotaLeft | None = None
    attachments: list[DocumentItem] | None = None


def item(document: Document) -> DocumentItem:
    """A document as clients see it."""
    return DocumentItem.model_validate(browsing.as_listed(document))


async def list_documents(workspace: Workspace, given: ListDocuments) -> Answer:
    found = await browsing.list_documents(
        workspace, given.status, given.query, given.cursor, given.limit
    )
    items = [item(document) for document in found.documents]
    named = "; ".join(
        f"{one.id} {one.status} {counted(one.pages, 'pages')} {counted(one.fields, 'fields')}"
        for one in items[:_NAMED_IN_SUMMARY]
    )
    more = " (more: next_cursor)" if found.next_cursor or len(items) > _NAMED_IN_SUMMARY else ""
    return Answer(
        f"{counted(len(items), 'documents')}{': ' if items else ''}{named}{more}",
        DocumentList(documents=items, next_cursor=found.next_cursor),
    )


async def read_ocr(workspace: Workspace, given: ReadOcr) -> Answer:
    return Answer(
        await reading.read_ocr(
            workspace, DocumentId(given.document_id), given.pages, given.cursor, given.max_chars
        )
    )


async def search_documents(workspace: Workspace, given: SearchDocuments) -> Answer:
    document = None if given.document_id is None else DocumentId(given.document_id)
    found = await browsing.search_documents(
        workspace, given.query, document, given.cursor, given.limit
    )
    hits = [
        HitItem(
            document_id=hit.document,
            filename=hit.filename,
            page=hit.page,
            line=hit.line,
            untrusted=Untrusted(snippet=hit.snippet),
        )
        for hit in found.hits
    ]
    places = "; ".join(
        f"{hit.document_id} page {hit.page} line {hit.line}" for hit in hits[:_NAMED_IN_SUMMARY]
    )
    return Answer(
        f"{counted(len(hits), 'hits')}{': ' if hits else ''}{places}",
        HitList(hits=hits, next_cursor=found.next_cursor),
    )


async def add_document(workspace: Workspace, given: AddDocument) -> Answer:
    added = await adding.add_document(workspace, given.path)
    one = item(added.document)
    known = "added" if added.new else "already in the stack"
    attached = [item(document) for document in added.attached[:_MOST_ATTACHED]]
    said = "; ".join(
        f"{other.id} {other.status}, {counted(other.pages, 'pages')}" for other in attached
    )
    more = len(added.attached) - len(attached)
    quota = quota_left(added.quota)
    return Answer(
        f"{known}: {one.id} {one.status}, {counted(one.pages, 'pages')}"
        f"{'; attached to it: ' if said else ''}{said}{f'; and {more} more' if more else ''}"
        f"{said_of(quota)}",
        AddedDocument(document=one, new=added.new, attachments=attached or None, quota=quota),
    )


def quota_left(left: Left | None) -> QuotaLeft | None:
    """What is left as clients see it; None where nothing is limited."""
    return None if left is None else QuotaLeft.model_validate(left.told())


def said_of(quota: QuotaLeft | None) -> str:
    """The same in words, to be put behind others."""
    if quota is None:
        return ""
    counts = (
        (quota.documents_left, "documents"),
        (quota.pages_left, "pages"),
        (quota.ocr_pages_left, "OCR pages"),
    )
    left = ", ".join(counted(count, what) for count, what in counts if count is not None)
    return f"; left until {quota.resets_at}: {left}"
