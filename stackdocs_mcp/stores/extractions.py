"""Writing fields: each write judged against what stands, all of them in one revision."""

from collections.abc import Sequence
from dataclasses import replace

from stackdocs_mcp.core.errors import NotReady, StaleRevision
from stackdocs_mcp.core.model import (
    Action,
    Completion,
    Document,
    DocumentId,
    DocumentStatus,
    FieldValue,
    FieldWrite,
    WriteResult,
)
from stackdocs_mcp.core.paths import FieldPath, PathKey, key
from stackdocs_mcp.stores import documents, fields, history
from stackdocs_mcp.stores.fields import Stored
from stackdocs_mcp.stores.history import Revision
from stackdocs_mcp.stores.leaves import leaf_text
from stackdocs_mcp.stores.scope import Scope


def read(
    scope: Scope,
    document: DocumentId,
    below: FieldPath,
    after: PathKey | None,
    limit: int | None,
) -> Sequence[FieldValue]:
    """Leaves in key order."""
    extraction = documents.held(scope, document).extraction
    return list(fields.values(fields.at_or_below(scope, extraction, below, after, limit)))


def write(
    scope: Scope, document: DocumentId, writes: Sequence[FieldWrite]
) -> Sequence[WriteResult]:
    """One answer for each write, in order. See the port."""
    held = documents.held(scope, document)
    revision = Revision(scope, held)
    results = [_write(scope, revision, held.document.revision, one) for one in writes]
    revision.close()
    return [replace(result, revision=revision.number) for result in results]


def complete(scope: Scope, document: DocumentId, revision: int, completion: Completion) -> Document:
    """The completed document. See the port."""
    held = documents.held(scope, document)
    match held.document.status:
        case DocumentStatus.COMPLETED:
            return held.document
        case DocumentStatus.PROCESSING:
            raise NotReady(
                "the document is still being read", "Call list_documents to see when it is ready."
            )
        case DocumentStatus.FAILED:
            raise NotReady("the document could not be read", "Call list_documents to see why.")
        case DocumentStatus.OCR_COMPLETE:
            pass
    if revision != held.document.revision:
        raise StaleRevision(revision, held.document.revision)
    history.complete(scope, held, completion)
    return documents.get(scope, document)


def _write(scope: Scope, revision: Revision, base: int, write: FieldWrite) -> WriteResult:
    """The answer but for its revision, which only the last write of the call decides."""
    extraction = revision.extraction
    if _is_scalar(write):
        own = fields.at(scope, extraction, key(write.path))
        there = [] if own is None else [own]
    else:
        there = fields.at_or_below(scope, extraction, write.path)
    before = {stored.key: stored.leaf for stored in there}
    after = {str(key(leaf.path)): leaf_text(leaf) for leaf in write.leaves}
    if before == after and after:
        return WriteResult(changed=False, revision=base)

    if write.expected_revision not in {None, base}:
        now = fields.at_or_below(scope, extraction, write.path)
        return WriteResult(
            changed=False, revision=base, conflict="stale_revision", current=fields.values(now)
        )
    if not write.leaves:
        if not before:
            return WriteResult(changed=False, revision=base, conflict="field_not_found")
        change = revision.change(Action.DELETE, write.path, before, after)
        return WriteResult(changed=True, revision=base, change=change)

    above = fields.value_above(scope, extraction, write.path)
    if above is not None and _gives_way(above, write.path):
        before[above.key] = above.leaf
        above = None
    obstacle = above or fields.other_kind(scope, extraction, write.path)
    if obstacle is None and _is_scalar(write):
        obstacle = fields.first_below(scope, extraction, write.path)
    if obstacle is not None:
        return WriteResult(
            changed=False, revision=base, conflict="path_conflict", current=(obstacle.value,)
        )
    change = revision.change(Action.SET, write.path, before, after)
    return WriteResult(changed=True, revision=base, change=change)


def _is_scalar(write: FieldWrite) -> bool:
    """The path itself is to hold a value that nothing can be below."""
    return (
        len(write.leaves) == 1
        and write.leaves[0].path == write.path
        and not isinstance(write.leaves[0].value, (list, dict))
    )


def _gives_way(above: Stored, path: FieldPath) -> bool:
    """An empty list gets its first row, an empty object its first member."""
    leaf = above.value.leaf
    container = list if isinstance(path[len(leaf.path)], int) else dict
    return isinstance(leaf.value, container)
