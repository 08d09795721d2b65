"""How strict a stack is, as a whole and field by field."""

from typing import Any

import pytest

from tests.server.harness import Session
from tests.server.papers import FIELDS, INVOICE

pytestmark = pytest.mark.anyio

TWICE = """\
Delivery note 4711
Freight 20.00
Packing 20.00
Signed in Oslo
\fSecond page
Deposit 35.00
"""


def schema(**fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": fields}


def codes(answer: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(one["code"], one.get("path")) for one in answer["reasons"]]


async def written(session: Session, content: str, *fields: dict[str, Any]) -> str:
    """A document that was read to its end, with these fields."""
    document = await session.add("paper.txt", content)
    await session.read(document)
    await session.data("set_fields", document_id=document, fields=list(fields))
    return document


@pytest.mark.requirement("POLICY-01")
async def test_the_nearest_evidence_rule_counts_up_to_the_schema_itself(session: Session) -> None:
    rows = {
        "type": "array",
        "x-evidence": "off",
        "items": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "note": {"x-evidence": "require"}},
        },
    }
    fields = schema(rows=rows, other={"type": "string"})
    await session.data("set_schema", schema={**fields, "x-evidence": "require"})
    row = {"name": "nowhere", "note": "nowhere"}
    document = await written(
        session,
        INVOICE,
        {"path": "rows", "value": [row]},
        {"path": "other", "value": "nowhere"},
    )

    refused = await session.data("complete", document_id=document)

    assert codes(refused) == [
        ("evidence_unverified", "other"),
        ("evidence_unverified", "rows[0].note"),
    ]


@pytest.mark.requirement("POLICY-01")
async def test_a_field_says_itself_which_of_its_reasons_may_be_acknowledged(
    session: Session,
) -> None:
    fields = schema(
        seal={"type": "string", "x-acknowledgeable": ["evidence_unverified"]},
        total={"type": "number", "x-acknowledgeable": []},
        number={"type": "string"},
    )
    policy = {"evidence": "require", "acknowledgeable": ["page_unread"]}
    await session.data("set_schema", schema=fields, policy=policy)
    unseen = [{"path": name, "value": value} for name, value in (("seal", "blue"), ("total", 9.9))]
    document = await written(session, INVOICE, *unseen)

    refused = await session.data("complete", document_id=document)
    passed = await session.data(
        "complete", document_id=document, acknowledge=["evidence_unverified"], reason="a picture"
    )

    assert {one["path"]: one["acknowledgeable"] for one in refused["reasons"]} == {
        "seal": True,
        "total": False,
    }
    assert codes(passed) == [("evidence_unverified", "total")]
    await session.data("set_field", document_id=document, path="total", value="52.20")
    done = await session.data(
        "complete", document_id=document, acknowledge=["evidence_unverified"], reason="a picture"
    )
    assert done["completed"]


@pytest.mark.requirement("POLICY-02")
@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("page_wihtout_text", "'page_wihtout_text' is not the code of a reason"),
        ("no_fields", "the policy does not let 'no_fields' be acknowledged"),
        ("processing", "the policy does not let 'processing' be acknowledged"),
    ],
)
async def test_a_code_that_cannot_be_acknowledged_is_refused_with_those_that_can(
    session: Session, code: str, said: str
) -> None:
    document = await written(session, INVOICE, *FIELDS)

    message = await session.refusal(
        "complete", document_id=document, acknowledge=["page_without_text", code], reason="so be it"
    )

    assert said in message
    assert "Here page_without_text can be acknowledged." in message
    listed = await session.data("list_documents")
    assert [one["status"] for one in listed["documents"]] == ["ocr_complete"]


@pytest.mark.requirement("POLICY-02")
async def test_a_code_that_no_reason_has_is_harmless(session: Session) -> None:
    document = await written(session, INVOICE, *FIELDS)

    done = await session.data(
        "complete", document_id=document, acknowledge=["page_without_text"], reason="just in case"
    )

    assert done["completed"]


@pytest.mark.requirement("POLICY-03")
async def test_a_value_that_stands_in_several_places_needs_the_line_that_is_meant(
    session: Session,
) -> None:
    await session.data(
        "set_schema",
        schema=schema(freight={"type": "number"}, fee={"type": "number"}, town={"type": "string"}),
        policy={"evidence": "require", "min_confidence": 0.5},
    )
    document = await written(
        session,
        TWICE,
        {"path": "fee", "value": "20.00"},
        {"path": "freight", "value": "20.00", "confidence": 0.4},
        {"path": "town", "value": "Oslo"},
    )

    refused = await session.data("complete", document_id=document)

    assert codes(refused) == [("evidence_unverified", "fee")], "a label or a single place decides"
    assert "several places" in refused["reasons"][0]["message"]
    assert "cite the page and lines" in refused["reasons"][0]["message"]
    evidence = {"page": 1, "lines": [3]}
    await session.data(
        "set_field", document_id=document, path="fee", value="20.00", evidence=evidence
    )
    assert (await session.data("complete", document_id=document))["completed"]


@pytest.mark.requirement("POLICY-03")
@pytest.mark.parametrize(
    ("value", "page", "completed"),
    [("35.00", 1, True), ("20.00", 2, False)],
    ids=["one place on another page", "two places on another page"],
)
async def test_a_wrong_page_is_forgiven_where_only_one_place_can_be_meant(
    session: Session, value: str, page: int, completed: bool
) -> None:
    await session.data(
        "set_schema", schema=schema(fee={"type": "number"}), policy={"evidence": "require"}
    )
    cited = {"path": "fee", "value": value, "evidence": {"page": page, "lines": [1]}}
    document = await written(session, TWICE, cited)

    answer = await session.data("complete", document_id=document)

    field = (await session.data("read_extraction", document_id=document))["fields"][0]
    assert field["evidence"]["verdict"] == "wrong_page"
    assert answer["completed"] is completed


@pytest.mark.requirement("POLICY-03")
async def test_every_verdict_that_does_not_do_says_what_to_do(session: Session) -> None:
    fields = schema(
        differs={"type": "number"},
        nowhere={"type": "string"},
        unchecked={"type": "string", "x-evidence": "off"},
        derived={"type": "string", "x-evidence": "derived"},
    )
    await session.data("set_schema", schema=fields)
    document = await written(
        session,
        INVOICE,
        {"path": "differs", "value": 53.2, "evidence": {"page": 2, "lines": [4]}},
        {"path": "nowhere", "value": "nowhere"},
        {"path": "unchecked", "value": "K7"},
        {"path": "derived", "value": "a summary"},
    )
    bare = {name: {"type": one["type"]} for name, one in fields["properties"].items()}
    await session.data("set_schema", schema=schema(**bare), policy={"evidence": "require"})

    refused = await session.data("complete", document_id=document)

    told = {one["path"]: one["message"] for one in refused["reasons"]}
    assert {path: message.split(": ")[0].split()[-1] for path, message in told.items()} == {
        "derived": "derived",
        "differs": "value_differs",
        "nowhere": "not_found",
        "unchecked": "unchecked",
    }
    assert "correct the value or the citation" in told["differs"]
    assert "write it again" in told["derived"]
    assert "write it again" in told["unchecked"]


@pytest.mark.requirement("POLICY-04")
@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"evidnce": "warn"}, ["'evidnce'", "evidence, min_confidence, acknowledgeable"]),
        ({"evidence": "maybe"}, ["policy.evidence", "'require', 'warn' or 'off'"]),
        ({"min_confidence": 2}, ["policy.min_confidence", "less than or equal to 1"]),
        ({"min_confidence": "0.5"}, ["policy.min_confidence", "number"]),
        ({"acknowledgeable": ["pages"]}, ["policy.acknowledgeable.0", "'page_unread'", "'rule'"]),
    ],
)
async def test_a_wrong_policy_is_refused_with_the_key_and_the_choices(
    session: Session, policy: dict[str, Any], said: list[str]
) -> None:
    before = await session.data("get_schema")

    message = await session.refusal("set_schema", schema=schema(a={}), policy=policy)

    assert all(one in message for one in said), message
    assert await session.data("get_schema") == before


@pytest.mark.requirement("POLICY-05")
async def test_a_confidence_below_the_fields_own_minimum_is_warned_of_alone(
    session: Session,
) -> None:
    party = {
        "type": "object",
        "x-min-confidence": 0.9,
        "properties": {"name": {"type": "string"}, "town": {"x-min-confidence": 0}},
    }
    await session.data(
        "set_schema",
        schema=schema(party=party, total={"type": "number"}),
        policy={"min_confidence": 0.5},
    )
    document = await session.add("invoice.txt", INVOICE)
    await session.read(document)
    fields = [
        {"path": "party.name", "value": "Northwind Paper Ltd", "confidence": 0.8},
        {"path": "party.town", "value": "Envelopes", "confidence": 0.1},
        {"path": "total", "value": "52.20", "confidence": 0.4},
    ]

    answer = await session.data("set_fields", document_id=document, fields=fields)

    low = [
        [w["message"] for w in one["warnings"] if w["code"] == "low_confidence"]
        for one in answer["results"]
    ]
    assert low == [["the confidence 0.8 is below 0.9"], [], ["the confidence 0.4 is below 0.5"]]
    assert (await session.data("complete", document_id=document))["completed"]


@pytest.mark.requirement("POLICY-03")
async def test_a_slip_of_the_recognition_can_be_corrected_where_evidence_is_required(
    session: Session,
) -> None:
    await session.data(
        "set_schema", schema=schema(number={"type": "string"}), policy={"evidence": "require"}
    )
    cited = {"path": "number", "value": "INV-2031", "evidence": {"page": 1, "lines": [2]}}
    document = await written(session, "Invoice\nNumber lNV-2O3l\n", cited)

    field = (await session.data("read_extraction", document_id=document))["fields"][0]
    answer = await session.data("complete", document_id=document)

    assert field["evidence"]["verdict"] == "fuzzy"
    assert answer["completed"]


@pytest.mark.requirement("POLICY-01")
@pytest.mark.parametrize("nothing", [[], {}])
async def test_what_is_empty_needs_no_evidence(session: Session, nothing: object) -> None:
    kind = "array" if nothing == [] else "object"
    fields = schema(number={"type": "string"}, rows={"type": kind})
    await session.data("set_schema", schema=fields, policy={"evidence": "require"})
    document = await written(session, INVOICE, FIELDS[0], {"path": "rows", "value": nothing})

    assert (await session.data("complete", document_id=document))["completed"]
