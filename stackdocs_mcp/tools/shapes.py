"""Fields, evidence and reasons as clients see them; several tools answer with these."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from stackdocs_mcp.core.model import (
    Box,
    Citation,
    Evidence,
    FieldValue,
    Notice,
    Place,
    Reason,
    Warn,
)
from stackdocs_mcp.core.paths import dotted
from stackdocs_mcp.core.values import wire
from stackdocs_mcp.tools.tool import Arguments, Result
from stackdocs_mcp.workspace.writing import Outcome

MAX_REASONS = 100


class Cited(Arguments):
    """Where the value stands."""

    page: Annotated[int, Field(ge=1)]
    lines: Annotated[int | list[int] | None, Field(description="Line numbers from read_ocr")] = None
    quote: Annotated[
        str | None, Field(max_length=2_000, description="Instead of lines: the text as printed")
    ] = None

    def citation(self) -> Citation:
        lines = [self.lines] if isinstance(self.lines, int) else self.lines or []
        return Citation(self.page, tuple(lines[:200]), self.quote or "")


class WarningItem(Result):
    code: str
    message: str


class ErrorItem(Result):
    code: str
    message: str
    advice: str


class OtherPlace(Result):
    page: int
    lines: list[int]


class EvidenceItem(Result):
    verdict: str
    page: int | None = None
    lines: list[int] | None = None
    quote: str | None = None
    boxes: list[list[float]] | None = None
    span: list[int] | None = None
    others: list[OtherPlace] | None = None


class FieldOutcome(Result):
    kept = frozenset({"value"})

    path: str
    outcome: Literal["accepted", "accepted_with_warning", "rejected"]
    value: Any
    evidence: EvidenceItem | None = None
    warnings: list[WarningItem]
    revision: int
    changed: bool
    change_id: str | None = None
    error: ErrorItem | None = None


class FieldItem(Result):
    kept = frozenset({"value"})

    path: str
    value: Any
    evidence: EvidenceItem
    confidence: float | None = None
    warnings: list[WarningItem]
    revision: int
    by: str
    at: str
    locked: bool | None = None


class NoticeItem(Result):
    code: str
    message: str
    path: str | None = None


class ReasonItem(Result):
    code: str
    message: str
    path: str | None = None
    page: int | None = None
    acknowledgeable: bool


def evidence_item(evidence: Evidence) -> EvidenceItem:
    place = evidence.place
    if place is None:
        return EvidenceItem(verdict=evidence.verdict.value)
    return EvidenceItem(
        verdict=evidence.verdict.value,
        page=place.page,
        lines=list(place.lines),
        quote=place.quote,
        boxes=[_box(box) for box in place.boxes],
        span=None if place.span is None else list(place.span),
        others=[_other(other) for other in evidence.others] or None,
    )


def warning_items(warnings: Sequence[Warn]) -> list[WarningItem]:
    return [WarningItem(code=one.code, message=one.message) for one in warnings]


def outcome_item(outcome: Outcome) -> FieldOutcome:
    failure = outcome.error
    return FieldOutcome(
        path=outcome.path,
        outcome=outcome.outcome,
        value=wire(outcome.value),
        evidence=None if outcome.evidence is None else evidence_item(outcome.evidence),
        warnings=warning_items(outcome.warnings),
        revision=outcome.revision,
        changed=outcome.changed,
        change_id=outcome.change,
        error=None
        if failure is None
        else ErrorItem(code=failure.code, message=failure.message, advice=failure.advice),
    )


def outcome_line(outcome: Outcome) -> str:
    """One outcome in one line, for a client that shows text alone."""
    if outcome.error is not None:
        return f"{outcome.path}: rejected, {outcome.error.message}. {outcome.error.advice}".strip()
    said = [outcome.outcome.replace("_", " ")]
    if outcome.evidence is not None:
        said.append(_place_line(outcome.evidence))
    said += [warning.message for warning in outcome.warnings]
    if not outcome.changed:
        said.append("unchanged")
    return f"{outcome.path or 'several fields'}: {', '.join(said)} (revision {outcome.revision})"


def field_item(field: FieldValue) -> FieldItem:
    leaf = field.leaf
    return FieldItem(
        path=dotted(leaf.path),
        value=wire(leaf.value),
        evidence=evidence_item(leaf.evidence),
        confidence=leaf.confidence,
        warnings=warning_items(leaf.warnings),
        revision=field.revision,
        by=f"{field.actor.kind} {field.actor.client}".strip(),
        at=field.at.isoformat(timespec="seconds"),
        locked=field.locked or None,
    )


def reason_items(reasons: Sequence[Reason]) -> list[ReasonItem]:
    """At most 100 of them; the last one then counts by code those that are left out."""
    items = [
        ReasonItem(
            code=one.code,
            message=one.message,
            path=one.path,
            page=one.page,
            acknowledgeable=one.acknowledgeable,
        )
        for one in reasons
    ]
    if len(items) <= MAX_REASONS:
        return items
    left_out = items[MAX_REASONS - 1 :]
    counts = Counter(one.code for one in left_out)
    named = ", ".join(f"{count} {code}" for code, count in sorted(counts.items()))
    more = ReasonItem(
        code="more", message=f"and {len(left_out)} more reasons: {named}", acknowledgeable=False
    )
    return [*items[: MAX_REASONS - 1], more]


def notice_items(notices: Sequence[Notice]) -> list[NoticeItem]:
    return [NoticeItem(code=one.code, message=one.message, path=one.path) for one in notices]


def _place_line(evidence: Evidence) -> str:
    if evidence.place is None:
        return evidence.verdict.value
    lines = ", ".join(map(str, evidence.place.lines))
    return f"{evidence.verdict.value} on page {evidence.place.page} line {lines}"


def _box(box: Box) -> list[float]:
    return [round(edge, 1) for edge in (box.x0, box.y0, box.x1, box.y1)]


def _other(place: Place) -> OtherPlace:
    return OtherPlace(page=place.page, lines=list(place.lines))
