"""Reading an extraction back, and completing it when nothing is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from anyio import to_thread

from stackdocs_mcp.core import exact
from stackdocs_mcp.core.binding import Right
from stackdocs_mcp.core.completion import broken_rules, notices, reasons
from stackdocs_mcp.core.errors import Conflict, InvalidArgument, StaleCheck, StaleRevision
from stackdocs_mcp.core.history import ExtractionOutline
from stackdocs_mcp.core.model import (
    Completion,
    Document,
    DocumentId,
    DocumentStatus,
    FieldValue,
    Notice,
    Reason,
)
from stackdocs_mcp.core.paths import PathKey, key
from stackdocs_mcp.core.stack import Stack
from stackdocs_mcp.core.strictness import check_codes
from stackdocs_mcp.workspace.context import Workspace, schema_of
from stackdocs_mcp.workspace.missing_rows import missing_rows

FIELDS_AT_ONCE = 200
CHARACTERS_AT_ONCE = 24_000
_FRAME = 220
"""What a field takes beside its value, quote and warnings, in characters."""
TRIES = 3

Only = Literal["all", "missing", "flagged"]


@dataclass(frozen=True, slots=True)
class Extraction:
    """The fields of a document and what still stands between it and ``completed``."""

    document: Document
    fields: Sequence[FieldValue]
    reasons: Sequence[Reason]
    warnings: Sequence[Notice]
    next_cursor: str | None
    earlier: ExtractionOutline | None = None
    """The extraction that was asked for, where it is not the one that counts."""

    @property
    def missing(self) -> list[str]:
        """Paths that are required and have no value."""
        return [one.path for one in self.reasons if one.code == "missing_required" and one.path]


@dataclass(frozen=True, slots=True)
class Attempt:
    """Whether the document is completed now, and if not, everything that is missing."""

    completed: bool
    reasons: Sequence[Reason]
    warnings: Sequence[Notice]
    document: Document


async def read_extraction(
    workspace: Workspace,
    document_id: DocumentId,
    only: Only = "all",
    cursor: str | None = None,
    *,
    extraction: int | None = None,
) -> Extraction:
    """The fields in key order, 200 at a time, and all reasons against completing.

    Of an earlier extraction the fields alone. Raises ExtractionNotFound.
    """
    workspace.binding.require(Right.READ)
    earlier = None
    _stack, document, found, warned, fields = await _standing(workspace, document_id)
    if extraction not in {None, document.extraction}:
        fields = await workspace.store.fields(document_id, extraction=extraction)
        outlines = await workspace.store.extractions(document_id)
        earlier = next(one for one in outlines if one.number == extraction)
        found, warned = [], []
    number = document.extraction if earlier is None else earlier.number
    scope = workspace.scope("read_extraction", document_id, number, only)
    after = None if cursor is None else str(workspace.shared.cursors.open(cursor, scope)[0])
    shown = [
        field
        for field in fields
        if only == "all" or (only == "flagged" and field.leaf.warnings)
        if after is None or key(field.leaf.path) > PathKey(after)
    ]
    page = shown[: _fitting(shown)]
    more = len(shown) > len(page)
    next_cursor = workspace.shared.cursors.seal([key(page[-1].leaf.path)], scope) if more else None
    return Extraction(document, page, found, warned, next_cursor, earlier)


def _fitting(fields: Sequence[FieldValue]) -> int:
    """How many of the fields make one answer; at least one."""
    size = 0
    for count, field in enumerate(fields[:FIELDS_AT_ONCE]):
        leaf = field.leaf
        size += (
            _FRAME + len(exact.dumps(leaf.value)) + sum(len(one.message) for one in leaf.warnings)
        )
        if leaf.evidence.place is not None:
            size += len(leaf.evidence.place.quote)
        if size > CHARACTERS_AT_ONCE and count:
            return count
    return min(len(fields), FIELDS_AT_ONCE)


async def complete(
    workspace: Workspace,
    document_id: DocumentId,
    acknowledge: Sequence[str] = (),
    reason: str = "",
) -> Attempt:
    """Complete the document, or say everything that is missing; a refusal changes nothing.

    Raises InvalidArgument for a code to acknowledge that is none, or that the policy allows
    nowhere. A code that no reason has is harmless.
    """
    workspace.binding.require(Right.WRITE)
    if acknowledge and not reason.strip():
        raise InvalidArgument(
            "acknowledging needs a reason", "Say in 'reason' why this is right as it is."
        )
    if acknowledge:
        stack, schema = await workspace.stack()
        check_codes(acknowledge, schema, stack.policy)
    exact.dumps(reason)  # refuses what not every store can keep
    stale: Conflict | None = None
    for _ in range(TRIES):
        stack, document, found, warned, _fields = await _standing(workspace, document_id)
        if document.status is DocumentStatus.COMPLETED:
            news = [one for one in found if not one.acknowledgeable]  # the schema has changed since
            return Attempt(completed=not news, reasons=news, warnings=warned, document=document)
        open_reasons = [
            one for one in found if not (one.acknowledgeable and one.code in acknowledge)
        ]
        if open_reasons:
            return Attempt(
                completed=False, reasons=open_reasons, warnings=warned, document=document
            )
        passed = sorted({one.code for one in found})
        try:
            document = await workspace.store.complete(
                document_id,
                revision=document.revision,
                readings=document.readings,
                version=stack.version,
                completion=Completion(passed, reason.strip()),
            )
        except (StaleRevision, StaleCheck) as error:
            stale = error
            continue  # somebody came between the check and the completion: check again
        return Attempt(completed=True, reasons=(), warnings=warned, document=document)

    assert stale is not None
    raise stale


async def _standing(
    workspace: Workspace, document_id: DocumentId
) -> tuple[Stack, Document, list[Reason], list[Notice], Sequence[FieldValue]]:
    """Stack and document, reasons, warnings and fields, all of one revision or of a later check."""
    there = await workspace.store.standing(document_id)
    document, stack, fields = there.document, there.stack, there.fields
    schema = schema_of(stack)
    broken = await to_thread.run_sync(broken_rules, document, fields, schema)
    leaves = [one.leaf for one in fields]
    missed, unchecked = await missing_rows(workspace, document, leaves, schema)
    policy, outlines = stack.policy, there.outlines
    found = await to_thread.run_sync(
        lambda: reasons(document, outlines, fields, schema, policy, broken=broken, missed=missed)
    )
    return stack, document, found, [*notices(broken), *unchecked], fields
