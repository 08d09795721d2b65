"""Completing, and what stands against it."""

import pytest

from tests.server.harness import Session
from tests.server.papers import FIELDS, INVOICE, SCHEMA

pytestmark = pytest.mark.anyio


async def complete(session: Session, document: str) -> None:
    """Read the document to its end, write the fields and complete it."""
    await session.read(document)
    await session.data("set_fields", document_id=document, fields=FIELDS)
    assert (await session.data("complete", document_id=document))["completed"]


@pytest.mark.requirement("DONE-01")
async def test_a_refusal_names_everything_that_is_missing_at_once(session: Session) -> None:
    await session.data("set_schema", schema=SCHEMA, policy={"evidence": "require"})
    document = await session.add("invoice.txt", INVOICE + "\f ")
    await session.read(document, pages="1")
    await session.data(
        "set_fields",
        document_id=document,
        fields=[
            {"path": "number", "value": "NOWHERE-1"},
            {"path": "line_items[1].amount", "value": "31.00"},
        ],
    )

    refused = await session.data("complete", document_id=document)

    assert not refused["completed"]
    told = {(one["code"], one.get("path"), one.get("page")) for one in refused["reasons"]}
    assert told == {
        ("page_unread", None, 2),
        ("page_unread", None, 3),
        ("page_without_text", None, 3),
        ("row_missing", "line_items[0]", None),
        ("missing_required", "date", None),
        ("missing_required", "total", None),
        ("missing_required", "line_items[1].description", None),
        ("evidence_unverified", "number", None),
    }
    acknowledgeable = {one["code"] for one in refused["reasons"] if one["acknowledgeable"]}
    assert acknowledgeable == {"page_without_text"}


@pytest.mark.requirement("DONE-01")
async def test_an_empty_extraction_is_not_complete_even_without_a_schema(
    session: Session,
) -> None:
    document = await session.add("invoice.txt", INVOICE)
    await session.read(document)

    refused = await session.data("complete", document_id=document)

    assert [one["code"] for one in refused["reasons"]] == ["no_fields"]


@pytest.mark.requirement("DONE-02")
async def test_a_complete_document_is_completed_once_and_twice(session: Session) -> None:
    await session.data("set_schema", schema=SCHEMA)
    document = await session.add("invoice.txt", INVOICE)
    await complete(session, document)

    again = await session.data("complete", document_id=document)

    assert (again["completed"], again["reasons"], again["revision"]) == (True, [], 1)
    listed = await session.data("list_documents", status="completed")
    assert [one["id"] for one in listed["documents"]] == [document]


@pytest.mark.requirement("DONE-03")
async def test_writing_to_a_completed_document_opens_it_again(session: Session) -> None:
    document = await session.add("invoice.txt", INVOICE)
    await complete(session, document)

    await session.data("set_fields", document_id=document, fields=FIELDS)
    unchanged = await session.data("read_extraction", document_id=document)
    assert unchanged["status"] == "completed", "the same write changes nothing"
    await session.data("set_field", document_id=document, path="number", value="INV-2")
    corrected = await session.data("read_extraction", document_id=document)
    assert corrected["status"] == "ocr_complete"
    assert (await session.data("complete", document_id=document))["completed"]


@pytest.mark.requirement("DONE-04")
async def test_acknowledging_needs_a_code_that_may_be_passed_and_a_reason(
    session: Session,
) -> None:
    document = await session.add("invoice.txt", INVOICE + "\f ")
    await session.read(document)

    codes = ["page_without_text"]
    message = await session.refusal("complete", document_id=document, acknowledge=codes)
    assert "needs a reason" in message
    refused = await session.data(
        "complete", document_id=document, acknowledge=codes, reason="the back is empty"
    )
    assert [one["code"] for one in refused["reasons"]] == ["no_fields"]
    await session.data("set_fields", document_id=document, fields=FIELDS)
    done = await session.data(
        "complete", document_id=document, acknowledge=codes, reason="the back is empty"
    )
    assert done["completed"]


@pytest.mark.requirement("DONE-05")
async def test_evidence_that_is_required_and_does_not_hold_keeps_the_document_open(
    session: Session,
) -> None:
    schema = {
        "type": "object",
        "properties": {
            "total": {"type": "number", "x-evidence": "require"},
            "comment": {"type": "string", "x-evidence": "derived"},
            "code": {"type": "string", "x-evidence": "off"},
            "note": {"type": "string"},
        },
    }
    await session.data("set_schema", schema=schema)
    document = await session.add("invoice.txt", INVOICE)
    await session.read(document)
    answer = await session.data(
        "set_fields",
        document_id=document,
        fields=[
            {"path": "total", "value": 53.2, "evidence": {"page": 2, "lines": 4}},
            {"path": "comment", "value": "a summary"},
            {"path": "code", "value": "K7"},
            {"path": "note", "value": "not on the page"},
        ],
    )
    verdicts = [one["evidence"]["verdict"] for one in answer["results"]]
    assert verdicts == ["value_differs", "derived", "unchecked", "not_found"]

    refused = await session.data("complete", document_id=document)

    assert [(one["code"], one["path"]) for one in refused["reasons"]] == [
        ("evidence_unverified", "total")
    ]
    await session.data("undo", document_id=document, change_id="1-1")
    await session.data("set_field", document_id=document, path="total", value="52.20")
    assert (await session.data("complete", document_id=document))["completed"]


@pytest.mark.requirement("DONE-06")
async def test_an_extraction_shows_its_fields_and_what_is_missing(session: Session) -> None:
    await session.data("set_schema", schema=SCHEMA)
    document = await session.add("invoice.txt", INVOICE)
    fields = [FIELDS[0], {"path": "total", "value": 99}]
    await session.data("set_fields", document_id=document, fields=fields)

    everything = await session.data("read_extraction", document_id=document)
    assert everything["missing"] == ["date"]
    assert {one["code"] for one in everything["reasons"]} == {"page_unread", "missing_required"}
    number = next(one for one in everything["fields"] if one["path"] == "number")
    assert number["evidence"]["verdict"] == "verified"
    assert number["by"].startswith("agent ")
    flagged = await session.data("read_extraction", document_id=document, only="flagged")
    assert [one["path"] for one in flagged["fields"]] == ["total"]
    missing = await session.data("read_extraction", document_id=document, only="missing")
    assert (missing["fields"], missing["missing"]) == ([], ["date"])


@pytest.mark.requirement("DONE-06")
async def test_a_large_extraction_is_read_in_pieces(session: Session) -> None:
    document = await session.add("invoice.txt", INVOICE)
    for low in (0, 150):
        fields = [{"path": f"rows[{low + n}]", "value": n} for n in range(150)]
        await session.data("set_fields", document_id=document, fields=fields)

    paths: list[str] = []
    piece = await session.data("read_extraction", document_id=document)
    while True:
        paths += [one["path"] for one in piece["fields"]]
        if "next_cursor" not in piece:
            break
        piece = await session.data(
            "read_extraction", document_id=document, cursor=piece["next_cursor"]
        )

    assert paths == [f"rows[{n}]" for n in range(300)]


@pytest.mark.requirement("SCHEMA-01")
async def test_a_schema_comes_back_as_it_was_set_and_parts_stay_when_not_given(
    session: Session,
) -> None:
    assert (await session.data("get_schema"))["schema"] is None
    odd = {**SCHEMA, "x-note": {"default": None, "numbers": [1, 1.5, 10**20]}}
    policy = {"evidence": "require", "min_confidence": 0.5, "acknowledgeable": ["page_unread"]}
    await session.data("set_schema", schema=odd, instructions="Amounts in EUR.", policy=policy)

    await session.data("set_schema", schema=odd)

    seen = await session.data("get_schema")
    assert seen == {"schema": odd, "instructions": "Amounts in EUR.", "policy": policy}
    for schema in ({"type": "array"}, {"type": "object", "properties": {"a": {"type": "x"}}}):
        assert "nothing was changed" in await session.refusal("set_schema", schema=schema)
    assert "policy.evidence" in await session.refusal(
        "set_schema", schema=odd, policy={"evidence": "maybe"}
    )
    assert await session.data("get_schema") == seen
    await session.data("set_schema", schema=None)
    assert (await session.data("get_schema"))["schema"] is None


@pytest.mark.requirement("SCHEMA-01")
async def test_fields_stay_when_the_schema_changes_and_what_they_break_is_said(
    session: Session,
) -> None:
    document = await session.add("invoice.txt", INVOICE)
    await session.read(document)
    await session.data("set_fields", document_id=document, fields=FIELDS)

    await session.data(
        "set_schema",
        schema={"type": "object", "properties": {"total": {"type": "integer"}}},
    )

    extraction = await session.data("read_extraction", document_id=document)
    assert len(extraction["fields"]) == 3
    assert {(one["code"], one.get("path")) for one in extraction["reasons"]} == {
        ("schema", "total"),
        ("unknown_field", "number"),
        ("unknown_field", "date"),
    }


@pytest.mark.requirement("DONE-02")
async def test_a_completed_document_that_a_new_schema_finds_wanting_is_said_to_be(
    session: Session,
) -> None:
    await session.data("set_schema", schema=SCHEMA)
    document = await session.add("invoice.txt", INVOICE)
    await complete(session, document)
    await session.data("set_schema", schema={**SCHEMA, "required": ["number", "currency"]})

    again = await session.data("complete", document_id=document)

    assert not again["completed"]
    assert [(one["code"], one["path"]) for one in again["reasons"]] == [
        ("missing_required", "currency")
    ]


@pytest.mark.requirement("DONE-01")
async def test_reasons_that_are_left_out_are_counted_by_their_code(session: Session) -> None:
    await session.data("set_schema", schema=SCHEMA)
    document = await session.add("invoice.txt", INVOICE)
    rows = [{"path": f"line_items[{n}].amount", "value": n} for n in range(120)]
    await session.data("set_fields", document_id=document, fields=rows)

    refused = await session.data("complete", document_id=document)

    *shown, more = refused["reasons"]
    assert (len(shown), more["code"]) == (99, "more")
    left_out = 120 + 3 + 2 - 99  # descriptions, required fields and pages
    assert more["message"] == f"and {left_out} more reasons: {left_out} missing_required"
