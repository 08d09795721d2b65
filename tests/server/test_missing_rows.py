"""Completing while a table has more rows than were written."""

from pathlib import Path
from typing import Any

import pytest

from stackdocs_mcp.server.compose import running
from tests.core.rows.tables import A4, HEADING, ITEMS, SCHEMA, TOTALS, lines
from tests.ocr.documents import pdf
from tests.server.harness import Session, client_of, in_memory, settings

pytestmark = pytest.mark.anyio
NAMES = ("description", "quantity", "unit_price", "amount")


def fields(rows: list[list[str]]) -> list[dict[str, Any]]:
    """The rows without evidence: the server finds their places."""
    return [
        {"path": f"items[{nth}].{name}", "value": text}
        for nth, row in enumerate(rows)
        for name, text in zip(NAMES, row, strict=True)
    ]


async def invoice(session: Session, schema: dict[str, Any], **policy: Any) -> str:
    """A document that has been read, with a table of five rows over two pages."""
    await session.data("set_schema", schema=schema, policy=policy)
    file = pdf(
        session.files / "invoice.pdf",
        lines([HEADING, *ITEMS[:3]], top=140),
        lines([HEADING, *ITEMS[3:], *TOTALS], top=780),
        size=A4,
    )
    added = await session.data("add_document", path=str(file))
    document = str(added["document"]["id"])
    await session.read(document)
    return document


@pytest.mark.requirement("ROWS-09")
async def test_a_document_is_not_complete_while_rows_of_its_table_are_missing(
    session: Session,
) -> None:
    document = await invoice(session, dict(SCHEMA))
    await session.data("set_fields", document_id=document, fields=fields(ITEMS[:2] + ITEMS[3:]))

    refused = await session.data("complete", document_id=document)

    assert refused["reasons"] == [
        {
            "code": "rows_missing",
            "message": "the table of items has a row that was not written: page 1 line 4",
            "path": "items",
            "page": 1,
            "acknowledgeable": False,
        }
    ]
    read = await session.data("read_extraction", document_id=document)
    assert read["reasons"] == refused["reasons"]

    await session.data("set_fields", document_id=document, fields=fields(ITEMS))
    assert (await session.data("complete", document_id=document))["completed"]


@pytest.mark.requirement("ROWS-09")
async def test_missing_rows_are_passed_over_where_the_policy_says_so(session: Session) -> None:
    document = await invoice(session, dict(SCHEMA), acknowledgeable=["rows_missing"])
    await session.data("set_fields", document_id=document, fields=fields(ITEMS[:4]))

    (reason,) = (await session.data("complete", document_id=document))["reasons"]
    assert reason["acknowledgeable"]
    done = await session.data(
        "complete", document_id=document, acknowledge=["rows_missing"], reason="a gift"
    )
    assert done["completed"]


@pytest.mark.requirement("ROWS-06")
async def test_a_schema_says_which_lists_want_some_rows_only(session: Session) -> None:
    items = {**SCHEMA["properties"]["items"], "x-rows": "off"}
    schema = {**SCHEMA, "properties": {"items": items}}
    document = await invoice(session, schema)
    await session.data("set_fields", document_id=document, fields=fields(ITEMS[:1]))

    assert (await session.data("complete", document_id=document))["completed"]
    items["x-rows"] = "some"
    assert "'x-rows'" in await session.refusal("set_schema", schema=schema)


@pytest.mark.requirement("ROWS-09")
async def test_a_table_is_no_matter_to_a_schema_without_lists(session: Session) -> None:
    schema = {"type": "object", "properties": {"total": {"type": "number"}}}
    document = await invoice(session, schema)
    await session.data(
        "set_fields", document_id=document, fields=[{"path": "total", "value": "519.45"}]
    )

    assert (await session.data("complete", document_id=document))["completed"]


@pytest.mark.requirement("ROWS-10")
async def test_of_a_long_document_only_the_pages_around_the_rows_are_loaded(tmp_path: Path) -> None:
    letter = lines([["Page of a letter", "", "", ""]])
    chosen = settings(tmp_path)
    file = pdf(
        tmp_path / "files" / "long.pdf",
        *[letter] * 30,
        lines([HEADING, *ITEMS[:3]], top=140),
        lines([HEADING, *ITEMS[3:], *TOTALS], top=780),
        *[letter] * 8,
        size=A4,
    )
    async with in_memory(chosen) as session:
        await session.data("set_schema", schema=dict(SCHEMA))
        added = await session.data("add_document", path=str(file))
        document = str(added["document"]["id"])
        while (await session.data("list_documents"))["documents"][0]["status"] == "processing":
            pass
        cited = [{**one, "evidence": {"page": 31, "lines": [2]}} for one in fields(ITEMS[:1])]
        await session.data("set_fields", document_id=document, fields=cited)

    async with running(chosen) as app, client_of(app) as session:
        read = await session.data("read_extraction", document_id=document)

        (reason,) = [one for one in read["reasons"] if one["code"] == "rows_missing"]
        assert reason["message"].endswith(": page 31 lines 3, 4; page 32 lines 2, 3")
        assert {number for *_, number in app.shared.pages._pages} == {30, 31, 32, 33}


@pytest.mark.requirement("ROWS-12")
async def test_rows_that_cannot_be_checked_are_said_without_refusing(session: Session) -> None:
    await session.data("set_schema", schema=dict(SCHEMA))
    file = session.files / "invoice.txt"
    file.write_text("\n".join("  ".join(row) for row in [NAMES, *ITEMS]), "utf-8")
    document = str((await session.data("add_document", path=str(file)))["document"]["id"])
    await session.read(document)
    await session.data("set_fields", document_id=document, fields=fields(ITEMS[:2]))

    read = await session.data("read_extraction", document_id=document)
    done = await session.data("complete", document_id=document)

    (said,) = done["warnings"]
    assert (said["code"], said["path"]) == ("rows_unchecked", "items")
    assert "compare the count yourself" in said["message"]
    assert read["warnings"] == done["warnings"]
    assert done["completed"]


@pytest.mark.requirement("ROWS-12")
async def test_rows_that_were_checked_raise_no_doubt(session: Session) -> None:
    document = await invoice(session, dict(SCHEMA))
    await session.data("set_fields", document_id=document, fields=fields(ITEMS))

    assert (await session.data("complete", document_id=document))["warnings"] == []
