"""``set``, ``release``, ``undo`` and ``reextract``: a person's own hand in what was extracted."""

from collections.abc import Sequence
from typing import cast

from stackdocs_mcp.cli.barrier import FAILED, told
from stackdocs_mcp.cli.opening import document_of, opened
from stackdocs_mcp.cli.output import put, put_table, say, shown
from stackdocs_mcp.core import exact, strict
from stackdocs_mcp.core.errors import InvalidArgument
from stackdocs_mcp.core.model import ChangeId, Citation, Evidence, JsonValue
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace import history, writing
from stackdocs_mcp.workspace.writing import Outcome

_DIGITS = 9
COLUMNS = ("outcome", "path", "value", "evidence", "change")


def as_json(text: str) -> JsonValue:
    """The value of a JSON text. Raises InvalidArgument."""
    try:
        return cast("JsonValue", strict.read(text, exact=True))
    except strict.NotStrict as error:
        raise InvalidArgument(
            f"the value cannot be read as JSON: {error}",
            "Quote it for the shell, or leave --json out for a text.",
        ) from error


def cited(page: int | None, lines: str | None, quote: str | None) -> Citation | None:
    """Where a person says that the value stands. Raises InvalidArgument."""
    if page is None:
        return None
    numbers = [one.strip() for one in lines.split(",")] if lines else []
    if not all(one.isascii() and one.isdigit() and len(one) <= _DIGITS for one in numbers):
        raise InvalidArgument(f"--lines {lines!r} are no line numbers", "Write them as in 3,4.")
    return Citation(page, tuple(map(int, numbers)), quote or "")


async def set_value(
    settings: Settings, document: str, path: str, value: JsonValue, citation: Citation | None
) -> int:
    """Set one field, which locks it, and print what became of it; 1 when it was rejected."""
    async with opened(settings) as workspace:
        found = await document_of(workspace, document)
        entry = writing.Entry(path, value, citation=citation)
        (outcome,) = await writing.set_fields(workspace, found.id, [entry], dry_run=False)
    return _told(outcome)


async def release(settings: Settings, document: str, path: str) -> int:
    """Let agents write there again."""
    async with opened(settings) as workspace:
        found = await document_of(workspace, document)
        result = await history.release(workspace, found.id, path)
    if not result.changed:
        say("Nothing is locked there.")
        return 0
    put(f"released\t{shown(path)}\t{result.change}")
    return 0


async def undo(settings: Settings, document: str, change: str | None, *, redo: bool) -> int:
    """Undo or redo, and print what stands there now."""
    async with opened(settings) as workspace:
        found = await document_of(workspace, document)
        named = None if change is None else ChangeId(change)
        outcome = await writing.undo(workspace, found.id, named, redo=redo)
    return _told(outcome)


async def reextract(settings: Settings, documents: Sequence[str]) -> int:
    """Open a new extraction of each. Raises NotFound before anything is begun."""
    async with opened(settings) as workspace:
        chosen = [await document_of(workspace, one) for one in documents]
        for one in chosen:
            after = await history.start_extraction(workspace, one.id)
            cells = (after.id, str(after.extraction), str(after.fields), shown(after.filename))
            put("\t".join(cells))
    return 0


def _told(outcome: Outcome) -> int:
    if outcome.error is not None:
        say(f"error: {told(outcome.error.message, outcome.error.advice)}")
        return FAILED
    for warning in outcome.warnings:
        say(f"warning: {shown(warning.message)}")
    said = outcome.outcome.replace("_", " ") if outcome.changed else "unchanged"
    nothing = outcome.value is None and outcome.evidence is None
    value = "-" if nothing else exact.dumps(outcome.value)
    row = (said, outcome.path, value, place(outcome.evidence), outcome.change or "")
    put_table(COLUMNS, [row])
    return 0


def place(evidence: Evidence | None) -> str:
    """``verified, page 2 line 4``."""
    if evidence is None:
        return ""
    if evidence.place is None:
        return evidence.verdict.value
    lines = ",".join(map(str, evidence.place.lines))
    at = f" line {lines}" if lines else ""
    return f"{evidence.verdict.value}, page {evidence.place.page}{at}"
