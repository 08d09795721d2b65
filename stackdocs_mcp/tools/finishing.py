"""Tools for the schema, for reading an extraction back, completing and exporting it."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from stackdocs_mcp.core.amounts import counted
from stackdocs_mcp.core.model import DocumentId
from stackdocs_mcp.core.schema import templates
from stackdocs_mcp.core.stack import Policy, Stack
from stackdocs_mcp.tools.bounds import bounded, summary
from stackdocs_mcp.tools.shapes import (
    FieldItem,
    NoticeItem,
    ReasonItem,
    field_item,
    notice_items,
    reason_items,
)
from stackdocs_mcp.tools.tool import Answer, Arguments, Cursor, Id, Result
from stackdocs_mcp.workspace import Workspace, completing, exporting, schemas
from stackdocs_mcp.workspace.rendering import Format

_LISTS, _LISTS_SAID = 100, 10
"""Of an export, named in the content and in the summary."""


def _any_of_three(schema: dict[str, Any]) -> None:
    """The types in one list, which is shorter than pydantic's alternatives."""
    schema.pop("anyOf", None)
    schema["type"] = ["object", "string", "null"]


class GetSchema(Arguments):
    pass


class SetSchema(Arguments):
    schema_: Annotated[
        dict[str, Any] | str | None,
        Field(
            alias="schema",
            description="JSON Schema 2020-12 of an object; or a template "
            f"({', '.join(templates.NAMES)}); or fields: `vendor (name, tax id), date, total*, "
            "line items: description, amount`; null: any field",
            json_schema_extra=_any_of_three,
        ),
    ]
    instructions: Annotated[
        str | None, Field(max_length=schemas.MAX_INSTRUCTIONS, description="For the reader")
    ] = None
    policy: Policy | None = None


class PolicyItem(Result):
    evidence: str
    min_confidence: float | None = None
    acknowledgeable: list[str]


class SchemaResult(Result):
    kept = frozenset({"schema"})

    schema_: Annotated[
        dict[str, Any] | None, Field(alias="schema", json_schema_extra={"type": ["object", "null"]})
    ]
    instructions: str
    policy: PolicyItem


class ReadExtraction(Arguments):
    document_id: Id
    only: completing.Only = "all"
    extraction: Annotated[int | None, Field(ge=1, description="An earlier one")] = None
    cursor: Cursor | None = None


class ExtractionResult(Result):
    document_id: str
    status: str
    revision: int
    extraction: int | None = None
    fields: list[FieldItem]
    missing: list[str]
    reasons: list[ReasonItem]
    warnings: list[NoticeItem]
    next_cursor: str | None = None


class Complete(Arguments):
    document_id: Id
    acknowledge: Annotated[
        list[str] | None, Field(max_length=20, description="Codes of acknowledgeable reasons")
    ] = None
    reason: Annotated[str, Field(max_length=1_000)] = ""


class CompleteResult(Result):
    completed: bool
    reasons: list[ReasonItem]
    warnings: list[NoticeItem]
    revision: int


class Export(Arguments):
    format: Format
    evidence: bool = False


Lists = Annotated[
    list[str],
    Field(description="Fields with rows in a CSV file of their own; content has none of them"),
]


class Inline(Result):
    content: str


class ExportResult(Result):
    files: list[str]
    documents: int
    lists: Lists | None = None
    untrusted: Inline | None = None


async def get_schema(workspace: Workspace, _given: GetSchema) -> Answer:
    return _schema_answer(await schemas.get_schema(workspace))


async def set_schema(workspace: Workspace, given: SetSchema) -> Answer:
    return _schema_answer(
        await schemas.set_schema(workspace, given.schema_, given.instructions, given.policy)
    )


async def read_extraction(workspace: Workspace, given: ReadExtraction) -> Answer:
    found = await completing.read_extraction(
        workspace,
        DocumentId(given.document_id),
        given.only,
        given.cursor,
        extraction=given.extraction,
    )
    document, earlier = found.document, found.earlier
    missing = f"; missing: {', '.join(found.missing[:40])}" if found.missing else ""
    warned = f"; {len(found.warnings)} rules warn" if found.warnings else ""
    codes = ", ".join(sorted({one.code for one in found.reasons}))
    stands = f"; before complete: {codes}" if codes else "; nothing stands against complete"
    if document.status.value == "completed" or earlier is not None:
        stands = ""
    number = document.extraction if earlier is None else earlier.number
    revision = document.revision if earlier is None else earlier.revision
    count = document.fields if earlier is None else earlier.fields
    which = f"extraction {number} of {document.extraction}, " if document.extraction > 1 else ""
    items = [field_item(field) for field in found.fields]
    bounded(items)
    return Answer(
        summary(
            f"{document.status.value}, {which}revision {revision}, {count} fields"
            f"{missing}{stands}{warned}"
        ),
        ExtractionResult(
            document_id=document.id,
            status=document.status.value,
            revision=revision,
            extraction=number if document.extraction > 1 else None,
            fields=items,
            missing=found.missing,
            reasons=reason_items(found.reasons),
            warnings=notice_items(found.warnings),
            next_cursor=found.next_cursor,
        ),
    )


async def complete(workspace: Workspace, given: Complete) -> Answer:
    attempt = await completing.complete(
        workspace, DocumentId(given.document_id), given.acknowledge or (), given.reason
    )
    items = reason_items(attempt.reasons)
    said = "; ".join(f"{one.code}: {one.message}" for one in items[:20])
    stands = "completed" if attempt.completed else f"not completed: {said}"
    warned = "; ".join(one.message for one in attempt.warnings)
    return Answer(
        summary(f"{stands}; warnings: {warned}" if warned else stands),
        CompleteResult(
            completed=attempt.completed,
            reasons=items,
            warnings=notice_items(attempt.warnings),
            revision=attempt.document.revision,
        ),
    )


async def export(workspace: Workspace, given: Export) -> Answer:
    exported = await exporting.export(workspace, given.format, evidence=given.evidence)
    inline = exported.inline
    files = ", ".join(map(str, exported.files))
    said = said_of(exported.lists, "are files of their own")
    return Answer(
        f"{counted(exported.documents, 'documents')} in {files}{said}",
        ExportResult(
            files=[str(path) for path in exported.files],
            documents=exported.documents,
            lists=named(exported.lists),
            untrusted=None if inline is None else Inline(content=inline),
        ),
    )


def named(lists: Sequence[str] | None) -> list[str] | None:
    """As many of an export's other tables as an answer names; None for none."""
    return None if not lists else list(lists[:_LISTS])


def said_of(lists: Sequence[str] | None, where: str) -> str:
    """The same in words, to be put behind others."""
    if not lists:
        return ""
    more = f" and {len(lists) - _LISTS_SAID} more" if len(lists) > _LISTS_SAID else ""
    return summary(f"; rows of {', '.join(lists[:_LISTS_SAID])}{more} {where}")


def _schema_answer(stack: Stack) -> Answer:
    fields = "any field" if stack.schema is None else ", ".join(schemas.names(stack)[:60])
    rules = ", ".join(schemas.rules(stack))
    return Answer(
        summary(
            f"{schemas.policy_line(stack)}; fields: {fields}{'; rules: ' if rules else ''}{rules}"
        ),
        SchemaResult.model_validate(
            {
                "schema": stack.schema,
                "instructions": stack.instructions,
                "policy": stack.policy.model_dump(),
            }
        ),
    )
