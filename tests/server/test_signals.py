"""What is said of values that are written together, and of those that are null."""

from typing import Any

import pytest

from tests.server.harness import Session
from tests.server.papers import INVOICE, SCHEMA

pytestmark = pytest.mark.anyio

STATEMENT = """\
Statement of account
Day           Text                Amount
2026-01-02    Rent                -850.00
2026-01-05    Groceries           -31.20
2026-01-09    Books               -20.00
2026-01-12    Groceries           -31.20
2026-01-20    Phone               -20.00
"""


def rows(*amounts: str) -> list[dict[str, Any]]:
    texts = ("Rent", "Groceries", "Books", "Groceries", "Phone")
    return [
        {"path": f"line_items[{row}].{name}", "value": value}
        for row, (text, amount) in enumerate(zip(texts, amounts, strict=False))
        for name, value in (("description", text), ("amount", amount))
    ]


@pytest.fixture
async def statement(session: Session) -> str:
    await session.data("set_schema", schema=SCHEMA)
    return await session.add("statement.txt", STATEMENT)


async def written(
    session: Session, document: str, fields: list[dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    answer = await session.data("set_fields", document_id=document, fields=fields)
    return {one["path"]: one for one in answer["results"]}


@pytest.mark.requirement("SIGN-01")
async def test_values_that_stand_in_several_rows_are_located_in_their_own(
    session: Session, statement: str
) -> None:
    found = await written(session, statement, rows("-850", "-31.20", "-20", "-31.20", "-20"))
    lines = [found[f"line_items[{row}].amount"]["evidence"]["lines"] for row in range(5)]
    assert lines == [[3], [4], [5], [6], [7]]
    assert all(one["outcome"] == "accepted" for one in found.values())


@pytest.mark.requirement("SIGN-01")
async def test_a_row_that_an_earlier_call_began_tells_where_its_values_are(
    session: Session, statement: str
) -> None:
    await written(session, statement, [{"path": "line_items[0].description", "value": "Phone"}])
    found = await written(session, statement, [{"path": "line_items[0].amount", "value": "-20"}])
    assert found["line_items[0].amount"]["evidence"]["lines"] == [7]


@pytest.mark.requirement("SIGN-02")
async def test_the_same_call_again_changes_nothing_and_says_the_same(
    session: Session, statement: str
) -> None:
    fields = rows("850", "31.20", "20", "31.20", "20")
    first = await written(session, statement, fields)
    again = await written(session, statement, fields)
    assert any(one["warnings"] for one in first.values())
    assert not any(one["changed"] for one in again.values())
    for path, one in first.items():
        assert (again[path]["warnings"], again[path]["evidence"]) == (
            one["warnings"],
            one["evidence"],
        )


@pytest.mark.requirement("SIGN-05")
async def test_amounts_that_are_all_printed_as_debits_are_one_warning(
    session: Session, statement: str
) -> None:
    found = await written(session, statement, rows("850", "31.20", "20", "31.20", "20"))
    warned = [path for path, one in found.items() if one["warnings"]]
    assert warned == ["line_items[0].amount"]


@pytest.mark.requirement("SIGN-08")
async def test_null_where_nothing_is_set_and_no_null_fits_stores_nothing(
    session: Session, statement: str
) -> None:
    found = await written(session, statement, [{"path": "total", "value": None}])
    assert (found["total"]["outcome"], found["total"]["changed"]) == ("accepted", False)
    assert found["total"]["value"] is None
    held = await session.data("read_extraction", document_id=statement)
    assert (held["fields"], held["revision"]) == ([], 0)


@pytest.mark.requirement("SIGN-08")
async def test_null_for_a_value_that_is_set_is_rejected_and_the_value_stays(
    session: Session,
) -> None:
    await session.data("set_schema", schema=SCHEMA)
    document = await session.add("invoice.txt", INVOICE)
    await written(session, document, [{"path": "total", "value": "52.20"}])
    found = await written(session, document, [{"path": "total", "value": None}])
    assert found["total"]["outcome"] == "rejected"
    assert "delete_field" in found["total"]["error"]["advice"]
    held = await session.data("read_extraction", document_id=document)
    assert [one["value"] for one in held["fields"]] == [52.2]


@pytest.mark.requirement("SIGN-08")
async def test_members_that_are_null_lose_none_of_the_others(
    session: Session, statement: str
) -> None:
    value = [{"description": "Rent", "amount": None}, {"description": "Phone", "amount": -20}]
    found = await written(session, statement, [{"path": "line_items", "value": value}])
    assert found["line_items"]["outcome"] == "accepted"
    assert found["line_items"]["value"] == [
        {"description": "Rent"},
        {"description": "Phone", "amount": -20},
    ]


@pytest.mark.requirement("SIGN-08")
async def test_an_object_of_nulls_removes_nothing(session: Session, statement: str) -> None:
    await written(session, statement, [{"path": "vendor.name", "value": "Rent"}])
    found = await written(session, statement, [{"path": "vendor", "value": {"name": None}}])
    assert found["vendor"]["outcome"] == "rejected"
    held = await session.data("read_extraction", document_id=statement)
    assert [one["path"] for one in held["fields"]] == ["vendor.name"]


@pytest.mark.requirement("SIGN-08")
async def test_null_for_a_row_or_an_unknown_field_is_rejected(
    session: Session, statement: str
) -> None:
    fields = [{"path": "line_items[0]", "value": None}, {"path": "totl", "value": None}]
    found = await written(session, statement, fields)
    assert [one["outcome"] for one in found.values()] == ["rejected", "rejected"]


@pytest.mark.requirement("SIGN-08")
async def test_a_null_member_removes_no_value_that_is_set(session: Session) -> None:
    document = await session.add("invoice.txt", INVOICE)
    text = {"type": "string"}
    vendor = {"type": "object", "properties": {"name": text, "city": text}}
    await session.data("set_schema", schema={"type": "object", "properties": {"vendor": vendor}})
    await written(session, document, [{"path": "vendor.city", "value": "Oslo"}])

    value = {"name": "ACME", "city": None}
    found = await written(session, document, [{"path": "vendor", "value": value}])

    assert found["vendor"]["outcome"] == "rejected"
    assert found["vendor"]["error"]["code"] == "null_not_allowed"
    assert "'vendor.city'" in found["vendor"]["error"]["message"]
    held = await session.data("read_extraction", document_id=document)
    assert [(one["path"], one["value"]) for one in held["fields"]] == [("vendor.city", "Oslo")]
    whole = await written(session, document, [{"path": "vendor", "value": {"name": "ACME"}}])
    assert whole["vendor"]["value"] == {"name": "ACME"}, "what is left out gives way"


@pytest.mark.requirement("SIGN-08")
async def test_null_of_what_the_same_call_sets_is_rejected(session: Session) -> None:
    await session.data("set_schema", schema=SCHEMA)
    document = await session.add("invoice.txt", INVOICE)
    fields = [{"path": "number", "value": "Bolt"}, {"path": "number", "value": None}]

    answer = await session.data("set_fields", document_id=document, fields=fields)

    assert [one["outcome"] for one in answer["results"]][1] == "rejected"
    held = await session.data("read_extraction", document_id=document)
    assert [one["value"] for one in held["fields"]] == ["Bolt"]
