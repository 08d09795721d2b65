"""Stacks with everything in them, taken out of the store for good.

The first transaction makes the stack gone for everybody. The others erase it, a part at a time:
others want to write as well. Whatever is left when a process dies, the next one to open the store
erases. A file is removed last, while nobody can add a document of its bytes.
"""

import sqlite3
from collections.abc import Callable

from stackdocs_mcp.core.binding import Actor, StackId, UserId
from stackdocs_mcp.core.model import DocumentId, Sha256
from stackdocs_mcp.stores import search, usage
from stackdocs_mcp.stores.files import FileFolder
from stackdocs_mcp.stores.leaves import lines_from
from stackdocs_mcp.stores.scope import Scope

ROWS = 2_000
"""Of history and fields in one transaction."""
PAGES = 100
DOCUMENTS = 50
REMOVED = 50
"""Files in one transaction."""

_MARK = """
UPDATE stacks SET deleted_at = :now, field_schema = NULL, instructions = ''
WHERE id = :stack AND user_id = :user AND deleted_at IS NULL
"""
_AT_ONCE = (
    "DELETE FROM members WHERE stack_id = :stack",
    "DELETE FROM folder_files WHERE stack_id = :stack",
    "DELETE FROM used_links WHERE stack_id = :stack",
    """UPDATE documents SET superseded_by = NULL
    WHERE stack_id = :stack AND superseded_by IS NOT NULL""",
    # Whoever reads one of them stops; the same bytes in another stack need not wait for that.
    """UPDATE documents SET claimed_by = NULL, claimed_until = NULL
    WHERE stack_id = :stack AND claimed_until IS NOT NULL""",
)
_MARKED = "SELECT id, user_id, deleted_at FROM stacks WHERE deleted_at IS NOT NULL LIMIT 1"
_LEFT = """
SELECT EXISTS (SELECT 1 FROM stacks WHERE deleted_at IS NOT NULL)
    OR EXISTS (SELECT 1 FROM erased_files)
"""
_LAST_CHANGES = """
SELECT min(sequence) AS first FROM (
    SELECT sequence FROM changes WHERE stack_id = :stack ORDER BY sequence DESC LIMIT :limit
)
"""
# The newest first: an undo refers to what it undoes.
_CHANGE_LEAVES = """
DELETE FROM change_leaves WHERE (stack_id, extraction_id, revision, ordinal) IN (
    SELECT stack_id, extraction_id, revision, ordinal FROM changes
    WHERE stack_id = :stack AND sequence >= :first
)
"""
_CHANGES = "DELETE FROM changes WHERE stack_id = :stack AND sequence >= :first"
_FIELDS = """
DELETE FROM fields WHERE stack_id = :stack AND (extraction_id, key) IN (
    SELECT extraction_id, key FROM fields WHERE stack_id = :stack LIMIT :limit
)
"""
_LINKED = """
SELECT l.ref, l.document_id, p.lines FROM document_pages AS l
CROSS JOIN pages AS p ON p.id = l.page_id AND p.user_id = :owner
WHERE l.stack_id = :stack LIMIT :limit
"""
_UNLINK = "DELETE FROM document_pages WHERE ref = :ref AND stack_id = :stack"
_DOCUMENTS = "SELECT id, sha256 FROM documents WHERE stack_id = :stack LIMIT :limit"
_EXTRACTIONS = "DELETE FROM extractions WHERE stack_id = :stack AND document_id = :document"
_DOCUMENT = "DELETE FROM documents WHERE stack_id = :stack AND id = :document"
_USED = """
SELECT 1 FROM stacks AS s CROSS JOIN documents AS d ON d.stack_id = s.id AND d.sha256 = :sha256
WHERE s.user_id = :owner LIMIT 1
"""
_PAGES = "DELETE FROM pages WHERE user_id = :owner AND sha256 = :sha256"
_REMEMBER = """
INSERT INTO erased_files (user_id, sha256) VALUES (:owner, :sha256) ON CONFLICT DO NOTHING
"""
_STACK = "DELETE FROM stacks WHERE id = :stack"
_FILES = "SELECT user_id, sha256 FROM erased_files LIMIT :limit"
_FORGET = "DELETE FROM erased_files WHERE user_id = :owner AND sha256 = :sha256"


def mark(connection: sqlite3.Connection, user: UserId, stack: StackId, now: int) -> bool:
    """Make the user's own stack gone for everybody. False when the user has none with this id."""
    values = {"stack": stack, "user": user, "now": now}
    if not connection.execute(_MARK, values).rowcount:
        return False
    for sql in _AT_ONCE:
        connection.execute(sql, {"stack": stack})
    return True


def discard(
    connection: sqlite3.Connection,
    owner: UserId,
    sha256: Sha256,
    files: Callable[[UserId], FileFolder],
) -> None:
    """Remove the file that was to become a document, unless a document has it. Raises StoreFailed.

    What was read of it before stays: it costs nothing to keep, and had its price.
    """
    if connection.execute(_USED, {"owner": owner, "sha256": sha256}).fetchone() is None:
        files(owner).remove(sha256)


def is_left(connection: sqlite3.Connection) -> bool:
    """Something is to be erased or removed."""
    (found,) = connection.execute(_LEFT).fetchone()
    return bool(found)


def erase(connection: sqlite3.Connection) -> bool:
    """Erase a part of a stack that is gone; whether there may be more of one."""
    row = connection.execute(_MARKED).fetchone()
    if row is None:
        return False
    connection.execute("PRAGMA secure_delete = ON")  # zeros, not free space that still says it
    owner = UserId(row["user_id"])
    scope = Scope(connection, owner, owner, StackId(row["id"]), Actor("person"), row["deleted_at"])
    steps = (_history, _fields, _pages, _documents, search.forgotten)
    if not any(step(scope) for step in steps):
        scope.run(_STACK)  # its news go with it, but for that it is gone
    return True


def remove(connection: sqlite3.Connection, files: Callable[[UserId], FileFolder]) -> bool:
    """Remove files that no document of their owner has; whether there may be more.

    Raises StoreFailed where one cannot be removed.
    """
    rows = connection.execute(_FILES, {"limit": REMOVED}).fetchall()
    for row in rows:
        owner, sha256 = UserId(row["user_id"]), Sha256(row["sha256"])
        file = {"owner": owner, "sha256": sha256}
        if connection.execute(_USED, file).fetchone() is None:
            files(owner).remove(sha256)
        connection.execute(_FORGET, file)
    return len(rows) == REMOVED


def _history(scope: Scope) -> bool:
    row = scope.one(_LAST_CHANGES, limit=ROWS)
    if row is None or row["first"] is None:
        return False
    scope.run(_CHANGE_LEAVES, first=row["first"])
    return scope.run(_CHANGES, first=row["first"]) > 0


def _fields(scope: Scope) -> bool:
    return scope.run(_FIELDS, limit=ROWS) > 0


def _pages(scope: Scope) -> bool:
    rows = scope.rows(_LINKED, limit=PAGES)
    for row in rows:
        document = DocumentId(row["document_id"])
        search.forget(scope, document, row["ref"], lines_from(row["lines"]))
        scope.run(_UNLINK, ref=row["ref"])
    return bool(rows)


def _documents(scope: Scope) -> bool:
    """Documents, and of their bytes what no other document of the owner has: pages and file."""
    rows = scope.rows(_DOCUMENTS, limit=DOCUMENTS)
    for row in rows:
        usage.release(scope, DocumentId(row["id"]))
        scope.run(_EXTRACTIONS, document=row["id"])
        scope.run(_DOCUMENT, document=row["id"])
        if scope.one(_USED, sha256=row["sha256"]) is None:
            scope.run(_PAGES, sha256=row["sha256"])
            scope.run(_REMEMBER, sha256=row["sha256"])
    return bool(rows)
