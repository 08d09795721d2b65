"""Tools that write fields, and take writes back."""

from typing import Annotated, Any

from pydantic import Field, PlainValidator, ValidationError
from pydantic_core import PydanticCustomError

from stackdocs_mcp.core.model import ChangeId, DocumentId
from stackdocs_mcp.tools.bounds import bounded, summary
from stackdocs_mcp.tools.refusals import refused
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


_Entries = Annotated[list[FieldEntry], Field(min_length=1, max_length=MAX_FIELDS)]


def _as_sent(value: object) -> list[object]:
    """The entries as they came: each is validated on its own, so that a bad one loses no other."""
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_FIELDS:
        raise PydanticCustomError("entries", f"must be a list of 1 to {MAX_FIELDS} fields")
    return value


class SetFields(Arguments):
    document_id: Id
    fields: Annotated[list[object], PlainValidator(_as_sent, json_schema_input_type=_Entries)]
    dry_run: bool = False

    def entries(self) -> list[writing.Entry]:
        return [_entry(field) for field in self.fields]


def _entry(sent: object) -> writing.Entry:
    try:
        return FieldEntry.model_validate(sent).entry()
    except ValidationError as error:
        path = sent.get("path") if isinstance(sent, dict) else None
        named = path if isinstance(path, str) else ""
        return writing.Entry(named, None, refusal=refused(error))


class FieldOutcomes(Result):
    results: list[FieldOutcome]
    revision: int


class DeleteField(Arguments):
    document_id: Id
    path: Path


class Undo(Arguments):
    document_id: Id
    change_id: Annotated[
        str | None,
        Field(max_length=40, description='"12-1", or "12" for a whole call; left out: the last'),
    ] = None
    redo: Annotated[bool, Field(description="Take back an undo instead")] = False


async def set_field(workspace: Workspace, given: SetField) -> Answer:
    outcomes = await writing.set_fields(
        workspace, DocumentId(given.document_id), [given.entry()], dry_run=False
    )
    item = outcome_item(outcomes[0])
    bounded([item])
    return Answer(summary(outcome_line(outcomes[0])), item)


async def set_fields(workspace: Workspace, given: SetFields) -> Answer:
    outcomes = await writing.set_fields(
        workspace,
        DocumentId(given.document_id),
        given.entries(),
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
    items = [outcome_item(one) for one in outcomes]
    bounded(items)
    return Answer(
        summary(" | ".join([f"{dry}{counts} (revision {revision})", *notable])),
        FieldOutcomes(results=items, revision=revision),
    )


async def delete_field(workspace: Workspace, given: DeleteField) -> Answer:
    outcome = await writing.delete_field(workspace, DocumentId(given.document_id), given.path)
    return Answer(summary(outcome_line(outcome)), outcome_item(outcome))


async def undo(workspace: Workspace, given: Undo) -> Answer:
    change = None if given.change_id is None else ChangeId(given.change_id)
    outcome = await writing.undo(workspace, DocumentId(given.document_id), change, redo=given.redo)
    item = outcome_item(outcome)
    bounded([item])
    count = f"{outcome.changes} changes: " if outcome.changes > 1 else ""
    return Answer(summary(f"{count}{outcome_line(outcome)}"), item)
