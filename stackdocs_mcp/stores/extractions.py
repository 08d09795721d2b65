"""Writing fields: each write judged against what stands, all of them in one revision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stackdocs_mcp.core.at_once import Seen
from stackdocs_mcp.core.errors import NotReady, StaleCheck, StaleRevision
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
from stackdocs_mcp.stores import documents, fields, locks, log, stacks, starting
from stackdocs_mcp.stores.fields import Kept, Stored
from stackdocs_mcp.stores.leaves import is_scalar, leaf_text
from stackdocs_mcp.stores.log import Revision
from stackdocs_mcp.stores.scope import Scope


def read(
    scope: Scope,
    document: DocumentId,
    number: int | None,
    *,
    below: FieldPath,
    after: PathKey | None,
    limit: int | None,
) -> Sequence[FieldValue]:
    """Leaves in key order, of the extraction that counts or of the one with this number."""
    held = documents.held(scope, document)
    extraction = held.extraction if number is None else starting.find(scope, document, number)
    return list(fields.values(fields.at_or_below(scope, extraction, below, after, limit)))


@dataclass(frozen=True, slots=True)
class Checked:
    """What somebody looked at before completing. See the port."""

    revision: int
    readings: int | None
    version: str | None


def write(
    scope: Scope,
    document: DocumentId,
    writes: Sequence[FieldWrite],
    readings: int | None,
    seen: Seen | None = None,
) -> Sequence[WriteResult]:
    """One answer for each write, in order. See the port."""
    held = documents.held(scope, document)
    _ready(held.document, readings)
    if seen is not None:
        if seen.version != stacks.bound(scope).version:
            raise StaleCheck("the schema or the policy was replaced")
        if seen.revision != held.document.revision:
            raise StaleCheck("the extraction was changed")
    revision = Revision(scope, held)
    results = [_write(scope, revision, held.document.revision, one) for one in writes]
    revision.close()
    return [replace(result, revision=revision.number) for result in results]


def complete(
    scope: Scope, document: DocumentId, checked: Checked, completion: Completion
) -> Document:
    """The completed document. See the port."""
    held = documents.held(scope, document)
    if held.document.status is DocumentStatus.COMPLETED:
        return held.document
    _ready(held.document, checked.readings)
    if checked.revision != held.document.revision:
        raise StaleRevision(checked.revision, held.document.revision)
    if checked.version not in {None, stacks.bound(scope).version}:
        raise StaleCheck("the schema or the policy was replaced")
    log.complete(scope, held, completion)
    return documents.get(scope, document)


def _ready(document: Document, readings: int | None) -> None:
    """Raise NotReady without all pages, StaleCheck where they are not those that were looked at."""
    if document.status is DocumentStatus.PROCESSING:
        raise NotReady(
            "the document is still being read", "Call list_documents to see when it is ready."
        )
    if document.status is DocumentStatus.FAILED:
        raise NotReady("the document could not be read", "Call list_documents to see why.")
    if readings not in {None, document.readings}:
        raise StaleCheck("the document was read anew")


def _write(scope: Scope, revision: Revision, base: int, write: FieldWrite) -> WriteResult:
    """The answer but for its revision, which only the last write of the call decides."""
    extraction = revision.extraction
    if is_scalar(write):
        own = fields.at(scope, extraction, key(write.path))
        there = [] if own is None else [own]
    else:
        there = fields.at_or_below(scope, extraction, write.path)
    before = {stored.key: stored.kept for stored in there}
    written = {str(key(leaf.path)): leaf_text(leaf) for leaf in write.leaves}
    after = locks.written(scope, before, written)
    if before == after and after:
        return WriteResult(changed=False, revision=base)

    above = fields.value_above(scope, extraction, write.path) if after else None
    change = _Change(there, after, above)
    refusal = _refusal(scope, extraction, base, write, change)
    if refusal is not None:
        return refusal
    if above is not None:  # it gives way
        before[above.key] = above.kept
    made = revision.change(Action.SET if after else Action.DELETE, write.path, before, after)
    return WriteResult(changed=True, revision=base, change=made)


@dataclass(frozen=True, slots=True)
class _Change:
    """What a write would make of the leaves at its path, and the leaf above it."""

    there: Sequence[Stored]
    after: Mapping[str, Kept]
    above: Stored | None


def _refusal(
    scope: Scope, extraction: str, base: int, write: FieldWrite, change: _Change
) -> WriteResult | None:
    """Why the write may not be, if so."""
    refused = WriteResult(changed=False, revision=base)
    if write.expected_revision not in {None, base}:
        now = fields.at_or_below(scope, extraction, write.path)
        return replace(refused, conflict="stale_revision", current=fields.values(now))
    above = [] if change.above is None else [change.above]
    if against := locks.against(scope, [*above, *change.there], change.after):
        return replace(refused, conflict="locked", current=fields.values(against))
    if not write.leaves:
        return None if change.there else replace(refused, conflict="field_not_found")
    obstacle = _obstacle(scope, extraction, write, change.above)
    if obstacle is None:
        return None
    below = fields.locked(scope, extraction, write.path)
    if against := locks.against(scope, below, change.after):
        return replace(refused, conflict="locked", current=fields.values(against))
    return replace(refused, conflict="path_conflict", current=(obstacle.value,))


def _obstacle(
    scope: Scope, extraction: str, write: FieldWrite, above: Stored | None
) -> Stored | None:
    """The first leaf found that could not stand beside what is written."""
    if above is not None and not _gives_way(above, write.path):
        return above
    obstacle = fields.other_kind(scope, extraction, write.path)
    if obstacle is None and is_scalar(write):
        obstacle = fields.first_below(scope, extraction, write.path)
    return obstacle


def _gives_way(above: Stored, path: FieldPath) -> bool:
    """An empty list gets its first row, an empty object its first member."""
    leaf = above.value.leaf
    container = list if isinstance(path[len(leaf.path)], int) else dict
    return isinstance(leaf.value, container)
