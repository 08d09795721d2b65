"""Pages: kept once for a user's bytes and engine, linked to each document that has these bytes."""

import json
import sqlite3
from collections.abc import Collection, Sequence

from stackdocs_mcp.core.model import Document, DocumentId, Line, Page, PageOutline, PageSource
from stackdocs_mcp.stores import documents, search, usage
from stackdocs_mcp.stores.leaves import lines_from, lines_text, tables_from, tables_text
from stackdocs_mcp.stores.scope import Scope

AT_ONCE = 100
"""Stored pages that become a document's in one transaction: others want to write as well."""

_OUTLINES = """
SELECT l.number, l.read, p.source, p.line_count, p.hidden_lines, p.characters, p.notes
FROM document_pages AS l
CROSS JOIN pages AS p ON p.id = l.page_id AND p.user_id = :owner
WHERE l.stack_id = :stack AND l.document_id = :document
    AND l.number >= :first AND (:last IS NULL OR l.number <= :last)
ORDER BY l.number
"""
_PAGE = """
SELECT l.number, p.width, p.height, p.rotation, p.source, p.lines, p.tables, p.notes
FROM document_pages AS l
CROSS JOIN pages AS p ON p.id = l.page_id AND p.user_id = :owner
WHERE l.stack_id = :stack AND l.document_id = :document AND l.number = :number
"""
_MARK_READ = """
UPDATE document_pages SET read = 1
WHERE stack_id = :stack AND document_id = :document AND number = :number AND read = 0
"""
_READ = """
SELECT number FROM document_pages
WHERE stack_id = :stack AND document_id = :document ORDER BY number
"""
_STORED = """
SELECT p.number FROM pages AS p
WHERE p.user_id = :owner AND p.sha256 = :sha256 AND p.engine = :engine AND NOT EXISTS (
    SELECT 1 FROM document_pages AS l
    WHERE l.stack_id = :stack AND l.document_id = :document AND l.number = p.number
)
ORDER BY p.number LIMIT :limit
"""
_LINES = """
SELECT id, lines FROM pages
WHERE user_id = :owner AND sha256 = :sha256 AND engine = :engine AND number = :number
"""
_INSERT = """
INSERT INTO pages (user_id, sha256, engine, number, width, height, rotation, source, line_count,
    hidden_lines, characters, lines, tables, notes)
VALUES (:owner, :sha256, :engine, :number, :width, :height, :rotation, :source, :line_count,
    :hidden_lines, :characters, :lines, :tables, :notes)
ON CONFLICT (user_id, sha256, engine, number) DO NOTHING RETURNING id
"""
_LINK = """
INSERT INTO document_pages (stack_id, document_id, number, page_id)
VALUES (:stack, :document, :number, :page)
ON CONFLICT (stack_id, document_id, number) DO NOTHING RETURNING ref
"""
_LINKED = """
SELECT l.ref, p.lines FROM document_pages AS l
CROSS JOIN pages AS p ON p.id = l.page_id AND p.user_id = :owner
WHERE l.stack_id = :stack AND l.document_id = :document
"""
_UNLINK = "DELETE FROM document_pages WHERE stack_id = :stack AND document_id = :document"
_COUNT = """
UPDATE documents SET pages_done = pages_done + :done, updated_at = :now, abandoned = 0,
    pages_without_text = pages_without_text + :without_text
WHERE stack_id = :stack AND id = :document
"""
_BILL = """
UPDATE documents SET billed_pages = billed_pages + :billed
WHERE stack_id = :stack AND id = :document
"""


def outlines(
    scope: Scope, document: DocumentId, first: int, last: int | None
) -> Sequence[PageOutline]:
    """The pages that are there, from ``first`` to ``last``, in order."""
    documents.held(scope, document)
    return [
        PageOutline(
            number=row["number"],
            source=PageSource(row["source"]),
            lines=row["line_count"],
            characters=row["characters"],
            hidden_lines=row["hidden_lines"],
            read=bool(row["read"]),
            notes=tuple(json.loads(row["notes"])),
        )
        for row in scope.rows(_OUTLINES, document=document, first=first, last=last)
    ]


def get(scope: Scope, document: DocumentId, numbers: Collection[int]) -> Sequence[Page]:
    """Those of these pages that are there, in order."""
    documents.held(scope, document)
    found = [scope.one(_PAGE, document=document, number=number) for number in sorted(set(numbers))]
    return [_page(row) for row in found if row is not None]


def mark_read(scope: Scope, document: DocumentId, numbers: Collection[int]) -> None:
    """Remember that these pages were shown."""
    documents.held(scope, document)
    scope.each(_MARK_READ, ({"document": document, "number": number} for number in numbers))


def read(scope: Scope, document: DocumentId) -> Sequence[int]:
    """The numbers of the pages that the document has, in order."""
    documents.held(scope, document)
    return [row["number"] for row in scope.rows(_READ, document=document)]


def link(scope: Scope, document: DocumentId, engine: str) -> bool:
    """Give the document the user's pages of its bytes by this engine; whether there may be more."""
    target = documents.get(scope, document)
    linked = _Linked(scope, target)
    found = scope.rows(
        _STORED, document=document, sha256=target.sha256, engine=engine, limit=AT_ONCE
    )
    for row in found:
        linked.add(row["number"], *_kept(scope, target, engine, row["number"]))
    linked.count()
    return len(found) == AT_ONCE


def save(
    scope: Scope,
    document: DocumentId,
    engine: str,
    pages: Sequence[Page],
    *,
    billed: int,
    recognised: int,
) -> None:
    """Keep those pages that are not there, and link them to the document; add up what they cost."""
    read = 0
    target = documents.get(scope, document)
    linked = _Linked(scope, target)
    for page in pages:
        made = scope.one(_INSERT, **_values(target, engine, page))
        if made is not None:
            read += 1
            linked.add(page.number, made["id"], page.lines)
        else:  # what counts is what was kept first
            linked.add(page.number, *_kept(scope, target, engine, page.number))
    linked.count()
    usage.settle(scope, document, read, recognised)
    if billed:
        scope.run(_BILL, document=document, billed=billed)


def give_up(scope: Scope, document: DocumentId) -> Document:
    """The document without its pages, unless it is being read. The pages themselves are kept."""
    if documents.reread(scope, document):
        for row in scope.rows(_LINKED, document=document):
            search.forget(scope, document, row["ref"], lines_from(row["lines"]))
        scope.run(_UNLINK, document=document)
    return documents.get(scope, document)


class _Linked:
    """Stored pages that are made to count for a document: found by search, counted, once."""

    def __init__(self, scope: Scope, document: Document) -> None:
        self._scope = scope
        self._document = document.id
        self._done = 0
        self._without_text = 0

    def add(self, number: int, page: int, lines: Sequence[Line]) -> None:
        """Link the page with this key, unless the document has one of this number."""
        link = self._scope.one(_LINK, document=self._document, number=number, page=page)
        if link is None:
            return
        search.index(self._scope, self._document, link["ref"], lines)
        self._done += 1
        self._without_text += all(line.hidden for line in lines)

    def count(self) -> None:
        """Write down how many were added."""
        if self._done:
            self._scope.run(
                _COUNT,
                document=self._document,
                done=self._done,
                without_text=self._without_text,
                now=self._scope.now,
            )


def _kept(scope: Scope, document: Document, engine: str, number: int) -> tuple[int, Sequence[Line]]:
    """The key and the lines of a page that is stored."""
    row = scope.one(_LINES, sha256=document.sha256, engine=engine, number=number)
    assert row is not None
    return row["id"], lines_from(row["lines"])


def _values(document: Document, engine: str, page: Page) -> dict[str, object]:
    visible = [line for line in page.lines if not line.hidden]
    return {
        "sha256": document.sha256,
        "engine": engine,
        "number": page.number,
        "width": float(page.width),
        "height": float(page.height),
        "rotation": page.rotation,
        "source": page.source.value,
        "line_count": len(page.lines),
        "hidden_lines": len(page.lines) - len(visible),
        "characters": sum(len(line.text) for line in visible),
        "lines": lines_text(page.lines),
        "tables": tables_text(page.tables),
        "notes": json.dumps(page.notes),
    }


def _page(row: sqlite3.Row) -> Page:
    return Page(
        number=row["number"],
        width=row["width"],
        height=row["height"],
        source=PageSource(row["source"]),
        lines=lines_from(row["lines"]),
        rotation=row["rotation"],
        tables=tables_from(row["tables"]),
        notes=tuple(json.loads(row["notes"])),
    )
