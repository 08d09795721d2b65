"""Locked leaves: what a person wrote. No agent's call changes, removes or brings back one."""

from collections.abc import Mapping, Sequence

from stackdocs_mcp.core import exact
from stackdocs_mcp.core.errors import Locked
from stackdocs_mcp.core.model import Action, DocumentId, WriteResult
from stackdocs_mcp.core.paths import FieldPath, PathKey, dotted, from_key
from stackdocs_mcp.stores import documents, fields
from stackdocs_mcp.stores.fields import Kept, Stored
from stackdocs_mcp.stores.leaves import leaf_from
from stackdocs_mcp.stores.log import Revision
from stackdocs_mcp.stores.scope import Scope


def locks(scope: Scope) -> bool:
    """What the scope's actor writes is locked: a person does."""
    return scope.actor.kind == "person"


def written(scope: Scope, before: Mapping[str, Kept], texts: Mapping[str, str]) -> dict[str, Kept]:
    """What a write of these leaves comes to, by key: a person's are locked.

    A locked leaf whose value an agent repeats stays as it is.
    """
    found: dict[str, Kept] = {}
    for stored, text in texts.items():
        was = before.get(stored)
        if was is not None and was.locked and not locks(scope) and _same(stored, was.text, text):
            found[stored] = was
            continue
        found[stored] = Kept(text, locks(scope))

    return found


def against(scope: Scope, there: Sequence[Stored], after: Mapping[str, Kept]) -> list[Stored]:
    """Of these leaves, those that the scope's actor may not make what they are in ``after``."""
    if locks(scope):
        return []
    return [one for one in there if one.kept.locked and after.get(one.key) != one.kept]


def refuse(scope: Scope, stored: str, now: Kept | None, then: Kept | None) -> None:
    """Raise Locked when an agent would change what is locked at this key, or bring it back."""
    if locks(scope) or now == then:
        return
    if any(one is not None and one.locked for one in (now, then)):
        raise Locked(dotted(from_key(PathKey(stored))))


def unlock(scope: Scope, document: DocumentId, path: FieldPath) -> WriteResult:
    """Let agents write at or below the path again. See the port."""
    held = documents.held(scope, document)
    if not locks(scope):
        raise Locked(dotted(path))
    revision = Revision(scope, held)
    found = fields.locked(scope, held.extraction, path)
    if not found:
        there = fields.at_or_below(scope, held.extraction, path, limit=1)
        return WriteResult(
            changed=False,
            revision=revision.number,
            conflict=None if there else "field_not_found",
        )
    before = {one.key: one.kept for one in found}
    after = {stored: Kept(one.text, locked=False) for stored, one in before.items()}
    change = revision.change(Action.RELEASE, path, before, after)
    revision.close()
    return WriteResult(changed=True, revision=revision.number, change=change)


def _same(stored: str, *texts: str) -> bool:
    """All hold the very same value, whatever else is said of it."""
    return len({exact.dumps(leaf_from(stored, text).value) for text in texts}) == 1
