"""Pages: kept once for a user's bytes and engine, linked to each document that has these bytes."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence

from stackdocs_mcp.core.model import Document, DocumentId, Page, PageOutline, PageSource
from stackdocs_mcp.stores import documents, search
from stackdocs_mcp.stores.leaves import lines_from, lines_text, tables_from, tables_text
from stackdocs_mcp.stores.scope import Scope

_OUTLINES = """
SELECT l.number, l.read, p.source, p.line_count, p.hidden_lines, p.characters,
    p.notes
FROM document_pages AS l
CROSS JOIN pages AS p ON p.id = l.page_id AND p.user_id = :user
WHERE l.stack_id = :stack AND l.document_id = :document
    AND l.number >= :first AND (:last IS NULL OR l.number <= :last)
ORDER BY l.number
"""
_PAGE = """
SELECT l.number, p.width, p.height, p.rotation, p.source, p.lines, p.tables,
    p.notes
FROM document_pages AS l
CROSS JOIN pages AS p ON p.id = l.page_id AND p.user_id = :user
WHERE l.stack_id = :stack AND l.document_id = :document AND l.number = :number
"""
_MARK_READ = """
UPDATE document_pages SET read = 1
WHERE stack_id = :stack AND document_id = :document AND number = :number AND read = 0
"""
_STORED = """
SELECT number FROM pages
WHERE user_id = :user AND sha256 = :sha256 AND engine = :engine ORDER BY number
"""
_INSERT = """
INSERT INTO pages (user_id, sha256, engine, number, width, height, rotation, source, line_count,
    hidden_lines, characters, lines, tables, notes)
VALUES (:user, :sha256, :engine, :number, :width, :height, :rotation, :source, :line_count,
    :hidden_lines, :characters, :lines, :tables, :notes)
ON CONFLICT (user_id, sha256, engine, number) DO NOTHING
"""
_LINK = """
INSERT INTO document_pages (stack_id, document_id, number, page_id)
SELECT :stack, :document, number, id FROM pages
WHERE user_id = :user AND sha256 = :sha256 AND engine = :engine AND number = :number
ON CONFLICT (stack_id, document_id, number) DO NOTHING
RETURNING ref
"""
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


def stored(scope: Scope, document: DocumentId, engine: str) -> Sequence[int]:
    """The user's pages of these bytes by this engine, linked to the document now."""
    target = documents.get(scope, document)
    rows = scope.rows(_STORED, sha256=target.sha256, engine=engine)
    numbers = [int(row["number"]) for row in rows]
    _link(scope, target, engine, numbers)
    return numbers


def save(
    scope: Scope, document: DocumentId, engine: str, pages: Sequence[Page], billed: int
) -> None:
    """Keep those pages that are not there, and link them to the document; add up what they cost."""
    target = documents.get(scope, document)
    scope.each(_INSERT, (_values(target, engine, page) for page in pages))
    _link(scope, target, engine, [page.number for page in pages])
    if billed:
        scope.run(_BILL, document=document, billed=billed)


def _link(scope: Scope, document: Document, engine: str, numbers: Iterable[int]) -> None:
    """Make stored pages count for the document: found by search, counted, once."""
    done = without_text = 0
    for number in numbers:
        link = scope.one(
            _LINK, document=document.id, sha256=document.sha256, engine=engine, number=number
        )
        if link is None:  # the document has this page already
            continue
        row = scope.one(_PAGE, document=document.id, number=number)
        assert row is not None
        page = _page(row)
        search.index(scope, document.id, link["ref"], page.lines)
        done += 1
        without_text += not page.has_text

    if done:
        scope.run(_COUNT, document=document.id, done=done, without_text=without_text, now=scope.now)


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
