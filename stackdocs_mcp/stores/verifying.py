"""Whether a document's history is whole, from the rows of the embedded store: see ``replaying``."""

from stackdocs_mcp.core.history import Verification
from stackdocs_mcp.core.model import DocumentId
from stackdocs_mcp.stores import documents
from stackdocs_mcp.stores.replaying import Replay
from stackdocs_mcp.stores.scope import Scope

_DOCUMENT = """
SELECT d.extraction_id, d.status, d.digest FROM stacks AS s
CROSS JOIN documents AS d ON d.stack_id = s.id
WHERE s.id = :stack AND s.user_id = :owner AND d.id = :document
"""
_EXTRACTIONS = """
SELECT id, number, revision, fields, flagged, (
    SELECT count(*) FROM change_leaves AS l
    WHERE l.stack_id = e.stack_id AND l.extraction_id = e.id
) AS leaves
FROM extractions AS e WHERE stack_id = :stack AND document_id = :document ORDER BY number
"""
_CHANGES = """
SELECT * FROM changes WHERE stack_id = :stack AND document_id = :document ORDER BY sequence
"""
_LEAVES = """
SELECT key, touched, before, after, locked_before, locked_after FROM change_leaves
WHERE stack_id = :stack AND extraction_id = :extraction
    AND revision = :revision AND ordinal = :ordinal
ORDER BY key
"""
_FIELDS = """
SELECT key, leaf, locked, revision, actor_kind, actor_client, at FROM fields
WHERE stack_id = :stack AND extraction_id = :extraction ORDER BY key
"""


def verify(scope: Scope, document: DocumentId) -> Verification:
    """The document's history and fields against each other. See the port."""
    documents.held(scope, document)
    replay = Replay(scope.rows(_EXTRACTIONS, document=document))
    for row in scope.stream(_CHANGES, document=document):
        if row["action"] == "start":
            _fields(scope, replay)
            replay.begin()
        place = {name: row[name] for name in ("revision", "ordinal")}
        replay.change(row, scope.rows(_LEAVES, extraction=row["extraction_id"], **place))

    (row,) = scope.rows(_DOCUMENT, document=document)
    replay.document(row)
    _fields(scope, replay)
    return replay.end()


def _fields(scope: Scope, replay: Replay) -> None:
    extraction = replay.ended()
    if extraction is None:
        return
    for row in scope.stream(_FIELDS, extraction=extraction):
        replay.field(row)
    replay.fields_end()
