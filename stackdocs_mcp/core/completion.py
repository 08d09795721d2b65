"""What still stands between a document and ``completed``: every reason at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from stackdocs_mcp.core.assembly import assemble
from stackdocs_mcp.core.errors import InvalidPath, InvalidSchema
from stackdocs_mcp.core.model import (
    BrokenRule,
    Document,
    DocumentStatus,
    FieldValue,
    Notice,
    PageOutline,
    PageSource,
    Reason,
    Verdict,
)
from stackdocs_mcp.core.paths import FieldPath, dotted, parse
from stackdocs_mcp.core.rows import MissedRows
from stackdocs_mcp.core.schema import Schema
from stackdocs_mcp.core.stack import Policy
from stackdocs_mcp.core.strictness import acknowledgeable, evidence_rule, satisfies


def reasons(
    document: Document,
    outlines: Sequence[PageOutline],
    fields: Sequence[FieldValue],
    schema: Schema | None,
    policy: Policy,
    *,
    broken: Sequence[BrokenRule] = (),
    missed: Sequence[MissedRows] = (),
) -> list[Reason]:
    """All that is missing, in the order in which it is best mended. Empty: it may be completed.

    ``fields`` are all leaves of the extraction in key order; ``broken`` is what ``broken_rules``
    finds in them, ``missed`` are rows of tables that were looked for beforehand.
    """
    if document.status in (DocumentStatus.PROCESSING, DocumentStatus.FAILED):
        return [_not_ready(document)]

    found = [
        *_page_reasons(document, outlines),
        *_value_reasons(fields, schema),
        *(Reason("rows_missing", one.message, dotted(one.path), one.page) for one in missed),
        *(Reason("rule", one.message, one.path) for one in broken if one.severity == "error"),
        *_evidence_reasons(fields, schema, policy),
    ]
    return [_marked(one, schema, policy) for one in found]


def broken_rules(
    document: Document, fields: Sequence[FieldValue], schema: Schema | None
) -> list[BrokenRule]:
    """The schema's rules that the extraction breaks, those included that only warn."""
    if schema is None or document.status in (DocumentStatus.PROCESSING, DocumentStatus.FAILED):
        return []
    try:
        rules = schema.rules
    except InvalidSchema as error:  # stored before this version knew rules, or checked more of them
        message = f"the schema's rules are not checked: {error.message}"
        return [BrokenRule("", "warn", message)]
    if not rules:
        return []
    from stackdocs_mcp.core.rules import broken  # noqa: PLC0415  only where a schema has rules

    value, _ = assemble((field.leaf.path, field.leaf.value) for field in fields)
    return broken(rules, value)


def notices(broken: Sequence[BrokenRule]) -> list[Notice]:
    """What should be looked at although it does not block."""
    return [Notice("rule", one.message, one.path) for one in broken if one.severity == "warn"]


def rows_unchecked(path: FieldPath) -> Notice:
    """That nothing shows whether the list at the path has all of its rows."""
    return Notice(
        "rows_unchecked",
        f"rows of '{dotted(path)}' could not be checked against the page: where they stand, "
        "neither a layout nor a table is known; compare the count yourself",
        dotted(path),
    )


def _marked(reason: Reason, schema: Schema | None, policy: Policy) -> Reason:
    """The reason, and whether it may be passed over."""
    if reason.path is None:
        allowed = frozenset[str](policy.acknowledgeable)
    else:
        allowed = acknowledgeable(parse(reason.path), schema, policy)
    return replace(reason, acknowledgeable=reason.code in allowed)


def _not_ready(document: Document) -> Reason:
    if document.status is DocumentStatus.FAILED and document.error is not None:
        return Reason("failed", f"the document could not be read: {document.error.message}")
    return Reason(
        "processing",
        f"the document is still being read: {document.pages_done} of {document.pages or '?'} pages",
    )


def _page_reasons(document: Document, outlines: Sequence[PageOutline]) -> Iterator[Reason]:
    for page in outlines:
        if not page.read:
            yield Reason(
                "page_unread",
                f"page {page.number} was never read; call read_ocr for it",
                page=page.number,
            )
        if page.lines == page.hidden_lines:
            blank = page.source is PageSource.BLANK
            what = "is blank" if blank else "has no text that could be read"
            yield Reason("page_without_text", f"page {page.number} {what}", page=page.number)
    if not document.pages:
        yield Reason("page_without_text", "the document has no pages")


def _value_reasons(fields: Sequence[FieldValue], schema: Schema | None) -> Iterator[Reason]:
    if not fields:
        yield Reason("no_fields", "no field has a value; write the fields with set_fields")
    value, gaps = assemble((field.leaf.path, field.leaf.value) for field in fields)
    for gap in gaps:
        yield Reason(
            "row_missing",
            f"{dotted(gap)} is missing although a later row is set",
            path=dotted(gap),
        )
    if schema is None:
        return
    for field in fields:
        try:
            schema.node(field.leaf.path)
        except InvalidPath as error:  # the schema has changed since it was written
            shown = dotted(field.leaf.path)
            message = f"{error.message}; remove it with delete_field"
            yield Reason("unknown_field", message, path=shown)
    for violation in schema.violations(value):
        if violation.path not in gaps:
            yield Reason(violation.code, violation.message, path=dotted(violation.path) or None)


def _evidence_reasons(
    fields: Sequence[FieldValue], schema: Schema | None, policy: Policy
) -> Iterator[Reason]:
    for field in fields:
        leaf = field.leaf
        if satisfies(leaf) or evidence_rule(leaf.path, schema, policy) != "require":
            continue
        shown = dotted(leaf.path)
        verdict = leaf.evidence.verdict
        yield Reason(
            "evidence_unverified",
            f"{shown} needs evidence and has the verdict {verdict.value}: {_TO_DO[verdict]}",
            path=shown,
        )


_SEVERAL = "it stands in several places; write it again and cite the page and lines that are meant"
_WRITTEN_BEFORE = "it was written before evidence was required; write it again"
_TO_DO: Mapping[Verdict, str] = {
    Verdict.LOCATED: _SEVERAL,
    Verdict.WRONG_PAGE: _SEVERAL,
    Verdict.VALUE_DIFFERS: "the place cited says otherwise; correct the value or the citation",
    Verdict.NOT_FOUND: "no page has it like this; correct it, or cite the lines it is from",
    Verdict.HIDDEN: "a reader cannot see it there; take what is visible, or delete the field",
    Verdict.DERIVED: _WRITTEN_BEFORE,
    Verdict.UNCHECKED: _WRITTEN_BEFORE,
}
"""What mends a verdict that does not satisfy ``require``."""
