"""What a stack's folder looked like when its files were taken in."""

from collections.abc import Sequence

from stackdocs_mcp.core.model import DocumentId
from stackdocs_mcp.core.stack import FolderFile
from stackdocs_mcp.stores import documents
from stackdocs_mcp.stores.scope import Scope

_FILES = """
SELECT f.name, f.size, f.modified_ns, f.document_id
FROM stacks AS s CROSS JOIN folder_files AS f ON f.stack_id = s.id
WHERE s.id = :stack AND s.user_id = :owner ORDER BY f.name
"""
_FORMER = "SELECT document_id FROM folder_files WHERE stack_id = :stack AND name = :name"
_REMEMBER = """
INSERT INTO folder_files (stack_id, name, size, modified_ns, document_id)
VALUES (:stack, :name, :size, :modified_ns, :document)
ON CONFLICT (stack_id, name) DO UPDATE SET
    size = excluded.size, modified_ns = excluded.modified_ns, document_id = excluded.document_id
"""
_SUPERSEDE = """
UPDATE documents SET superseded_by = :document, updated_at = :now
WHERE stack_id = :stack AND id = :former AND NOT EXISTS (
    SELECT 1 FROM folder_files WHERE stack_id = :stack AND document_id = :former
)
"""
_STAND = """
UPDATE documents SET superseded_by = NULL, updated_at = :now
WHERE stack_id = :stack AND id = :document AND superseded_by IS NOT NULL
"""


def files(scope: Scope) -> Sequence[FolderFile]:
    """The remembered files, by name."""
    return [
        FolderFile(row["name"], row["size"], row["modified_ns"], DocumentId(row["document_id"]))
        for row in scope.rows(_FILES)
    ]


def remember(scope: Scope, file: FolderFile) -> None:
    """Remember the file; the document of its earlier bytes is superseded.

    Not while another file still has those bytes. A file that has its old bytes back is current.
    """
    documents.held(scope, file.document)
    former = scope.one(_FORMER, name=file.name)
    scope.run(
        _REMEMBER,
        name=file.name,
        size=file.size,
        modified_ns=file.modified_ns,
        document=file.document,
    )
    scope.run(_STAND, document=file.document, now=scope.now)
    if former is not None and former["document_id"] != file.document:
        scope.run(_SUPERSEDE, former=former["document_id"], document=file.document, now=scope.now)
