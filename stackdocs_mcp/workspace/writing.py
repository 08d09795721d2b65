"""Writing fields: path, type, evidence, history - one outcome for each, in one transaction."""

from collections.abc import Sequence, Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Literal

from stackdocs_mcp.core.assembly import assemble, leaves_of
from stackdocs_mcp.core.at_once import Seen
from stackdocs_mcp.core.binding import Right
from stackdocs_mcp.core.errors import (
    BadValue,
    FieldNotFound,
    InvalidArgument,
    Locked,
    NotReady,
    PathThroughValue,
    StackdocsError,
    StaleCheck,
    StaleRevision,
)
from stackdocs_mcp.core.filenames import UNSHOWN
from stackdocs_mcp.core.model import (
    ChangeId,
    Citation,
    Document,
    DocumentId,
    DocumentStatus,
    Evidence,
    Failure,
    FieldWrite,
    JsonValue,
    Leaf,
    Warn,
    WriteResult,
)
from stackdocs_mcp.core.paths import FieldPath, dotted, key, parse, pointer, with_prefixes
from stackdocs_mcp.core.stack import Stack
from stackdocs_mcp.workspace.checking import Checker, Draft
from stackdocs_mcp.workspace.context import Workspace, schema_of

MAX_LEAVES = 2_000
"""Leaves in one call; a larger table is written in several."""
TRIES = 3
"""How often a call that others come between is begun anew."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One field as a client sends it."""

    path: str
    value: object
    confidence: float | None = None
    citation: Citation | None = None
    expected_revision: int | None = None
    refusal: StackdocsError | None = None
    """What was wrong with it before it came here."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one write. ``evidence`` of an object or list is that of its weakest leaf."""

    path: str
    outcome: Literal["accepted", "accepted_with_warning", "rejected"]
    revision: int
    changed: bool
    value: JsonValue = None
    evidence: Evidence | None = None
    warnings: tuple[Warn, ...] = ()
    change: ChangeId | None = None
    error: Failure | None = None
    changes: int = 1
    """How many changes it stands for; ``change`` names them all."""


async def set_fields(
    workspace: Workspace, document_id: DocumentId, entries: Sequence[Entry], *, dry_run: bool
) -> list[Outcome]:
    """One outcome per entry, in order. A bad entry loses none of the good ones.

    Raises DocumentNotFound, NotReady while the document has not been read, and StaleCheck when it
    is read anew again and again meanwhile.
    """
    workspace.binding.require(Right.WRITE)
    with suppress(StaleCheck):  # it is no longer as it was seen last: look at it as it is
        return await _set_fields(workspace, document_id, entries, dry_run=dry_run, recent=True)
    for _ in range(TRIES - 1):
        with suppress(StaleCheck):  # it was read anew meanwhile: look at the new pages
            return await _set_fields(workspace, document_id, entries, dry_run=dry_run)
    return await _set_fields(workspace, document_id, entries, dry_run=dry_run)


async def _set_fields(
    workspace: Workspace,
    document_id: DocumentId,
    entries: Sequence[Entry],
    *,
    dry_run: bool,
    recent: bool = False,
) -> list[Outcome]:
    document, stack = await _readable(workspace, document_id, recent=recent)
    checker = Checker(workspace, document, schema_of(stack), stack.policy)
    prepared: list[_Prepared | StackdocsError] = []
    room = MAX_LEAVES
    earlier = set[FieldPath]()
    for entry in entries:
        try:
            one = await _prepared(checker, entry, room, earlier)
        except StackdocsError as error:
            prepared.append(error)
        else:
            room -= len(one.drafts)
            earlier |= with_prefixes(draft.path for draft in one.drafts)
            prepared.append(one)

    good = [one for one in prepared if isinstance(one, _Prepared)]
    leaves = iter(await checker.leaves([draft for one in good for draft in one.drafts]))
    writes = [
        FieldWrite(one.path, tuple(next(leaves) for _ in one.drafts), one.expected_revision)
        for one in good
        if one.drafts
    ]
    results = await workspace.store.write(
        document_id,
        writes,
        readings=document.readings,
        seen=Seen(document.revision, stack.version) if recent else None,
        dry_run=dry_run,
    )
    written = zip(writes, results, strict=True)
    found: list[Outcome] = []
    revision = document.revision
    for entry, made in zip(entries, prepared, strict=True):
        if isinstance(made, StackdocsError):
            found.append(_rejected(_shown(entry.path), revision, made))
            continue
        if not made.drafts:
            found.append(Outcome(dotted(made.path), "accepted", revision, changed=False))
            continue
        write, result = next(written)
        if dry_run:  # what would be is not yet: no change to name, the revision as it is
            result = replace(result, change=None, revision=document.revision)
        revision = max(revision, result.revision)
        found.append(_outcome(write, result))

    return found


async def delete_field(workspace: Workspace, document_id: DocumentId, path: str) -> Outcome:
    """Remove the value at the path, or everything below it."""
    workspace.binding.require(Right.WRITE)
    write = FieldWrite(parse(path), ())
    try:
        (result,) = await workspace.store.write(document_id, [write])
    except NotReady:
        await _readable(workspace, document_id)  # which knows how far it has been read
        raise
    return _outcome(write, result)


async def undo(
    workspace: Workspace,
    document_id: DocumentId,
    change_id: ChangeId | None = None,
    *,
    redo: bool = False,
) -> Outcome:
    """Put back what stood before a change or call; see ``Extractions.undo`` for what is the last.

    Of several changes, the outcome is that of the path they have in common ("" where they have
    none), with the leaves that they put back; its ``change`` names them all.
    """
    workspace.binding.require(Right.WRITE)
    changes = await workspace.store.undo(document_id, change_id, redo=redo)
    leaves: dict[FieldPath, Leaf] = {}
    for change in changes:
        for gone in change.before:
            leaves.pop(gone.path, None)
        leaves |= {leaf.path: leaf for leaf in change.after}
    last = changes[-1]
    outcome = _of_leaves(
        _common([change.path for change in changes]),
        list(leaves.values()),
        last.revision,
        last.id if len(changes) == 1 else ChangeId(str(last.revision)),
        changed=True,
    )
    return replace(outcome, changes=len(changes))


async def _readable(
    workspace: Workspace, document_id: DocumentId, *, recent: bool = False
) -> tuple[Document, Stack]:
    document, stack = await workspace.store.opened(document_id, recent=recent)
    if document.status is DocumentStatus.PROCESSING:
        raise NotReady(
            f"the document is still being read: {document.pages_done} of "
            f"{document.pages or '?'} pages",
            "Call list_documents to see when it is ready.",
        )
    if document.status is DocumentStatus.FAILED and document.error is not None:
        raise NotReady(
            f"the document could not be read: {document.error.message}", document.error.advice
        )
    return document, stack


@dataclass(frozen=True, slots=True)
class _Prepared:
    """An entry whose values are typed and were looked for, each by itself.

    Without a draft there is nothing to store: it is null where the schema takes none.
    """

    path: FieldPath
    drafts: tuple[Draft, ...]
    expected_revision: int | None


async def _prepared(
    checker: Checker, entry: Entry, room: int, earlier: AbstractSet[FieldPath]
) -> _Prepared:
    """The entry typed and checked, leaf by leaf; what is wrong with it is raised.

    Systems say null of every field that they have no value for. Where the schema takes no null that
    is no value and no mistake: nothing is stored. What is set - also at one of the paths
    ``earlier`` in the call - is only removed by ``delete_field``, or left out of a whole object.
    """
    if entry.refusal is not None:
        raise entry.refusal
    path = parse(entry.path)
    if entry.value is None and await _is_nothing(checker, path, earlier):
        return _Prepared(path, (), entry.expected_revision)
    whole = await checker.typed(path, entry.value)
    found: list[tuple[FieldPath, JsonValue]] = []
    nothing: list[FieldPath] = []
    for leaf_path, value in leaves_of(path, whole.value):
        if value is None and isinstance(leaf_path[-1], str) and not checker.takes_null(leaf_path):
            nothing.append(leaf_path)
        else:
            found.append((leaf_path, value))
    if not found and not await _is_nothing(checker, path, earlier):
        raise BadValue("null_not_allowed", "all of it is null", "Use delete_field to remove it.")
    held = await checker.held(path) | earlier if nothing else earlier
    if removed := [one for one in nothing if one in held]:
        raise BadValue(
            "null_not_allowed",
            f"{dotted(removed[0])!r} is null here and holds a value",
            "Use delete_field to remove it; to keep it, send its value too.",
        )
    if len(found) > room:
        raise InvalidArgument(
            f"one call writes at most {MAX_LEAVES} values", "Send the rest in another call."
        )
    drafts: list[Draft] = []
    for leaf_path, value in found:
        if parse(pointer(leaf_path)) != leaf_path:
            raise InvalidArgument(
                f"{pointer(leaf_path)[:80]!r} has a name that no field can have",
                "Use names that are not digits alone, in composed Unicode (NFC).",
            )
        one = whole if leaf_path == path else await checker.typed(leaf_path, value)
        notes = one.notes if drafts else dict.fromkeys((*whole.notes, *one.notes))
        drafts.append(
            await checker.draft(
                leaf_path, one.value, entry.citation, entry.confidence, tuple(notes)
            )
        )

    return _Prepared(path, tuple(drafts), entry.expected_revision)


async def _is_nothing(checker: Checker, path: FieldPath, earlier: AbstractSet[FieldPath]) -> bool:
    """Null says of a field that nothing is there, and nothing is."""
    named = isinstance(path[-1], str) and not checker.takes_null(path)
    return named and path not in earlier and not await checker.is_set(path)


def _outcome(write: FieldWrite, result: WriteResult) -> Outcome:
    if result.conflict is None:
        return _of_leaves(
            write.path, write.leaves, result.revision, result.change, changed=result.changed
        )
    current = [held.leaf for held in result.current]
    error: StackdocsError
    match result.conflict:
        case "stale_revision":
            error = StaleRevision(write.expected_revision or 0, result.revision)
        case "path_conflict":
            error = PathThroughValue(dotted(write.path), dotted(current[0].path))
        case "field_not_found":
            error = FieldNotFound(dotted(write.path))
        case "locked":
            error = Locked(dotted(current[0].path))
    shown = [leaf for leaf in current if leaf.path[: len(write.path)] == write.path]
    if result.conflict == "locked" and not shown:  # the locked value stands above, or beside
        return _rejected(dotted(write.path), result.revision, error, current[0].value)
    if result.conflict in {"locked", "stale_revision"}:
        return _rejected(dotted(write.path), result.revision, error, _value_at(write.path, shown))
    return _rejected(dotted(write.path), result.revision, error)


def _of_leaves(
    path: FieldPath,
    leaves: Sequence[Leaf],
    revision: int,
    change: ChangeId | None,
    *,
    changed: bool,
) -> Outcome:
    warnings = tuple(
        warning
        if leaf.path == path
        else Warn(warning.code, f"{dotted(leaf.path)}: {warning.message}")
        for leaf in leaves
        for warning in leaf.warnings
    )
    weakest = min(leaves, key=lambda leaf: leaf.evidence.verdict.holds, default=None)
    return Outcome(
        path=dotted(path),
        outcome="accepted_with_warning" if warnings else "accepted",
        revision=revision,
        changed=changed,
        value=_value_at(path, leaves),
        evidence=None if weakest is None else weakest.evidence,
        warnings=warnings,
        change=change,
    )


def _common(paths: Sequence[FieldPath]) -> FieldPath:
    """The longest path that all of them begin with."""
    same = takewhile(lambda level: len(set(level)) == 1, zip(*paths, strict=False))
    return tuple(level[0] for level in same)


def _value_at(path: FieldPath, leaves: Sequence[Leaf]) -> JsonValue:
    """The leaves below the path as one value; None where there are none."""
    if not leaves:
        return None
    depth = len(path)
    in_order = sorted(leaves, key=lambda leaf: key(leaf.path))
    below = [(("at", *leaf.path[depth:]), leaf.value) for leaf in in_order]
    value, _gaps = assemble(below)
    return value["at"]


def _rejected(
    path: str, revision: int, error: StackdocsError, current: JsonValue = None
) -> Outcome:
    return Outcome(
        path=path,
        outcome="rejected",
        revision=revision,
        changed=False,
        value=current,
        error=Failure(error.code, error.message, error.advice),
    )


def _shown(path: str) -> str:
    shown = "".join(one if one.isprintable() else UNSHOWN for one in path[:200])
    return shown if len(path) <= 200 else f"{shown[:197]}..."
