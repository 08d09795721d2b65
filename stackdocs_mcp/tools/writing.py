"""Tools that write fields, and take writes back."""

from typing import Annotated, Any

from pydantic import Field

from stackdocs_mcp.core.model import ChangeId, DocumentId
from stackdocs_mcp.tools.shapes import Cited, FieldOutcome, outcome_item, outcome_line
from stackdocs_mcp.tools.tool import Answer, Arguments, Id, Result
from stackdocs_mcp.workspace import Workspace, writing

MAX_FIELDS = 200

Path = Annotated[
    str, Field(min_length=1, max_length=1_024, description="e.g. vendor.name or items[0].amount")
]


class FieldEntry(Arguments):
    path: Path
    value: Annotated[Any, Field(description="The value, or the text as printed")]
    confidence: Annotated[float | None, Field(ge=0, le=1)] = None
    evidence: Cited | None = None
    expected_revision: Annotated[int | None, Field(ge=0)] = None

    def entry(self) -> writing.Entry:
        return writing.Entry(
            path=self.path,
            value=self.value,
            confidence=self.confidence,
            citation=None if self.evidence is None else self.evidence.citation(),
            expected_revision=self.expected_revision,
        )


class SetField(FieldEntry):
    document_id: Id


class SetFields(Arguments):
    document_id: Id
    fields: Annotated[list[FieldEntry], Field(min_length=1, max_length=MAX_FIELDS)]
    dry_run: bool = False


class FieldOutcomes(Result):
    results: list[FieldOutcome]
    revision: int


class DeleteField(Arguments):
    document_id: Id
    path: Path


class Undo(Arguments):
    document_id: Id
    change_id: Annotated[
        str | None, Field(max_length=40, description="Left out: the last change")
    ] = None


async def set_field(workspace: Workspace, given: SetField) -> Answer:
    outcomes = await writing.set_fields(
        workspace, DocumentId(given.document_id), [given.entry()], dry_run=False
    )
    return Answer(outcome_line(outcomes[0]), outcome_item(outcomes[0]))


async def set_fields(workspace: Workspace, given: SetFields) -> Answer:
    outcomes = await writing.set_fields(
        workspace,
        DocumentId(given.document_id),
        [field.entry() for field in given.fields],
        dry_run=given.dry_run,
    )
    revision = max(outcome.revision for outcome in outcomes)
    notable = [outcome_line(one) for one in outcomes if one.outcome != "accepted"]
    counted = {
        word: sum(one.outcome == word for one in outcomes)
        for word in ("accepted", "accepted_with_warning", "rejected")
    }
    counts = ", ".join(f"{count} {word.replace('_', ' ')}" for word, count in counted.items())
    dry = "dry run, nothing written: " if given.dry_run else ""
    return Answer(
        " | ".join([f"{dry}{counts} (revision {revision})", *notable[:20]]),
        FieldOutcomes(results=[outcome_item(one) for one in outcomes], revision=revision),
    )


async def delete_field(workspace: Workspace, given: DeleteField) -> Answer:
    outcome = await writing.delete_field(workspace, DocumentId(given.document_id), given.path)
    return Answer(outcome_line(outcome), outcome_item(outcome))


async def undo(workspace: Workspace, given: Undo) -> Answer:
    change = None if given.change_id is None else ChangeId(given.change_id)
    outcome = await writing.undo(workspace, DocumentId(given.document_id), change)
    return Answer(outcome_line(outcome), outcome_item(outcome))
