"""What resources hold: the text of a document, its extraction, the schema. Reading changes nothing.

A host may read a resource that no model ever sees: no page counts as read for it.
"""

from collections.abc import Sequence
from typing import Any

from stackdocs_mcp.core import exact
from stackdocs_mcp.core.binding import Right
from stackdocs_mcp.core.errors import NotReady
from stackdocs_mcp.core.model import DocumentId, FieldValue, Reason
from stackdocs_mcp.core.paths import dotted
from stackdocs_mcp.workspace import Workspace, completing, reading, schemas

MAX_REASONS = 100
MAX_TEXT = 1_000
MAX_WARNINGS = 20


async def schema(workspace: Workspace, _document: DocumentId) -> str:
    """The stack's schema, instructions and policy as JSON."""
    stack = await schemas.get_schema(workspace)
    return exact.dumps(
        {
            "schema": stack.schema,
            "instructions": stack.instructions,
            "policy": stack.policy.model_dump(mode="json", exclude_none=True),
        }
    )


async def text(workspace: Workspace, document: DocumentId) -> str:
    """The first part of the text as ``read_ocr`` gives it, with where to go on; or why there is
    none.
    """
    workspace.binding.require(Right.READ)
    try:
        part = await reading.read_ocr(workspace, document, remember=False)
    except NotReady as error:
        return f"no text: {error.message}. {error.advice}".strip()
    if not part.rsplit("\n", 1)[-1].startswith(reading.MORE):
        return part
    return f"{part}\nGo on with the tool read_ocr: document_id {document!r}, and this as cursor."


async def extraction(workspace: Workspace, document: DocumentId) -> str:
    """The first fields with their verdicts, what is missing and why it is not complete, as JSON."""
    found = await completing.read_extraction(workspace, document)
    said: dict[str, Any] = {
        "document_id": document,
        "status": found.document.status.value,
        "revision": found.document.revision,
        "fields": [_field(one) for one in found.fields],
        "missing": [_short(one) for one in found.missing[:MAX_REASONS]],
        "reasons": _reasons(found.reasons),
        "warnings": [_short(one.message) for one in found.warnings[:MAX_WARNINGS]],
    }
    if found.next_cursor is not None:
        said["next_cursor"] = found.next_cursor
        said["more"] = "Go on with the tool read_extraction: the same document_id, and next_cursor."
    return exact.dumps(said)


def _field(field: FieldValue) -> dict[str, Any]:
    leaf = field.leaf
    place = leaf.evidence.place
    said: dict[str, Any] = {
        "path": dotted(leaf.path),
        "value": _short(leaf.value) if isinstance(leaf.value, str) else leaf.value,
        "verdict": leaf.evidence.verdict.value,
    }
    if place is not None:
        said |= {"page": place.page, "lines": list(place.lines[:MAX_WARNINGS])}
    if leaf.confidence is not None:
        said["confidence"] = leaf.confidence
    if leaf.warnings:
        said["warnings"] = [one.code for one in leaf.warnings[:MAX_WARNINGS]]
    return {
        **said,
        "revision": field.revision,
        "by": f"{field.actor.kind} {field.actor.client}".strip(),
        "locked": field.locked,
    }


def _reasons(reasons: Sequence[Reason]) -> list[dict[str, Any]]:
    """At most 100 of them, and how many more there are."""
    said: list[dict[str, Any]] = []
    for one in reasons[:MAX_REASONS]:
        where = {"path": one.path, "page": one.page}
        said.append(
            {
                "code": one.code,
                "message": _short(one.message),
                **{name: part for name, part in where.items() if part is not None},
                "acknowledgeable": one.acknowledgeable,
            }
        )
    if (more := len(reasons) - MAX_REASONS) > 0:
        said.append({"code": "more", "message": f"and {more} more reasons"})
    return said


def _short(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}\u2026"
