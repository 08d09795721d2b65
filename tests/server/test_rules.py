"""Rules of the schema, as a client meets them."""

from typing import Any

import pytest

from tests.server.harness import Session
from tests.server.papers import FIELDS, INVOICE, SCHEMA

pytestmark = pytest.mark.anyio

NET = [
    {"path": "net", "value": "43.50", "evidence": {"page": 2, "lines": 2}},
    {"path": "vat", "value": "8.70", "evidence": {"page": 2, "lines": 3}},
]


def schema(**more: Any) -> dict[str, Any]:
    number = {"type": "number"}
    properties = {**SCHEMA["properties"], "net": number, "vat": number}
    total = {
        "id": "net-and-tax",
        "expression": "net + vat == total",
        "message": "net and tax make the total",
        "path": "total",
    }
    return {**SCHEMA, "properties": properties, "x-rules": [{**total, **more}]}


async def written(session: Session, *fields: dict[str, Any]) -> str:
    document = await session.add("invoice.txt", INVOICE)
    await session.read(document)
    await session.data("set_fields", document_id=document, fields=[*FIELDS, *NET, *fields])
    return document


@pytest.mark.requirement("RULE-09")
async def test_a_failing_rule_keeps_the_document_open_until_the_numbers_agree(
    session: Session,
) -> None:
    await session.data("set_schema", schema=schema())
    document = await written(session, {"path": "vat", "value": "12.50"})

    refused = await session.data("complete", document_id=document)

    assert refused["reasons"] == [
        {
            "code": "rule",
            "message": "net and tax make the total: 56 is not 52.2 (rule net-and-tax)",
            "path": "total",
            "acknowledgeable": False,
        }
    ]
    read = await session.data("read_extraction", document_id=document)
    assert read["reasons"] == refused["reasons"]
    await session.data("set_field", document_id=document, path="vat", value="8.70")
    done = await session.data("complete", document_id=document)
    assert (done["completed"], done["warnings"]) == (True, [])


@pytest.mark.requirement("RULE-09")
async def test_a_rule_that_warns_is_said_and_does_not_block(session: Session) -> None:
    await session.data("set_schema", schema=schema(severity="warn"))
    document = await written(session, {"path": "vat", "value": "12.50"})

    read = await session.data("read_extraction", document_id=document)
    done = await session.data("complete", document_id=document)

    assert (done["completed"], done["reasons"]) == (True, [])
    assert done["warnings"] == read["warnings"]
    assert [(one["code"], one["path"]) for one in done["warnings"]] == [("rule", "total")]
    assert "56 is not 52.2" in done["warnings"][0]["message"]


@pytest.mark.requirement("RULE-09")
async def test_a_failing_rule_is_passed_over_where_the_policy_lets_it(session: Session) -> None:
    policy = {"acknowledgeable": ["rule"]}
    await session.data("set_schema", schema=schema(), policy=policy)
    document = await written(session, {"path": "vat", "value": "12.50"})

    done = await session.data(
        "complete", document_id=document, acknowledge=["rule"], reason="printed so"
    )

    assert done["completed"]


@pytest.mark.requirement("RULE-02")
async def test_a_rule_without_its_values_stands_against_nothing(session: Session) -> None:
    await session.data("set_schema", schema=schema())
    document = await session.add("invoice.txt", INVOICE)
    await session.read(document)
    await session.data("set_fields", document_id=document, fields=FIELDS)

    done = await session.data("complete", document_id=document)

    assert (done["completed"], done["warnings"]) == (True, [])


@pytest.mark.requirement("RULE-04")
async def test_a_rule_about_no_field_is_refused_and_nothing_is_changed(session: Session) -> None:
    await session.data("set_schema", schema=SCHEMA)

    refused = await session.refusal("set_schema", schema=schema(expression="nett + vat == total"))

    assert "the rule 'net-and-tax' cannot be used" in refused
    assert "no field 'nett' at character 1" in refused
    assert "Did you mean 'net'" in refused
    assert (await session.data("get_schema"))["schema"] == SCHEMA
