"""Resources: what is listed and read, and everything that is no address of one."""

import json
import re
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from stackdocs_mcp.core.errors import NotFound
from stackdocs_mcp.core.model import DocumentId
from stackdocs_mcp.resources import RESOURCES
from stackdocs_mcp.resources.listing import DOCUMENTS_AT_ONCE, addressed
from stackdocs_mcp.server.app import build
from stackdocs_mcp.server.compose import running
from stackdocs_mcp.tools import TOOLS
from stackdocs_mcp.workspace import Workspace
from stackdocs_mcp.workspace.reading import DEFAULT_CHARS
from tests.server.addresses import (
    NOWHERE,
    SCHEMA_URI,
    extraction,
    extraction_uri,
    held,
    refusal,
    text_uri,
)
from tests.server.harness import Era, Session, bound, client_of, in_memory, settings
from tests.server.papers import FIELDS, INVOICE, SCHEMA

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("RES-01")
async def test_the_schema_and_each_document_with_its_extraction_are_listed(
    any_session: Session,
) -> None:
    first = await any_session.add("invoice.txt", INVOICE)
    second = await any_session.add("letter.txt", "Dear Sir")

    listed = await any_session.client.list_resources()

    documents = [text_uri(first), extraction_uri(first), text_uri(second), extraction_uri(second)]
    assert [one.uri for one in listed.resources] == [SCHEMA_URI, *documents]
    assert listed.next_cursor is None
    assert (listed.ttl_ms, listed.cache_scope) == (0, "private")
    assert [one.name for one in listed.resources] == [
        *("schema", "invoice.txt", "invoice.txt: extraction"),
        *("letter.txt", "letter.txt: extraction"),
    ]
    assert {one.mime_type for one in listed.resources} == {"application/json", "text/plain"}
    assert all(one.title and one.description for one in listed.resources)
    for one in listed.resources:
        await held(any_session, one.uri)


@pytest.mark.requirement("RES-01")
async def test_many_documents_are_listed_page_by_page(session: Session) -> None:
    added = [await session.add(f"{n}.txt", f"paper {n}") for n in range(DOCUMENTS_AT_ONCE + 3)]

    first = await session.client.list_resources()
    assert first.next_cursor is not None
    second = await session.client.list_resources(cursor=first.next_cursor)

    assert second.next_cursor is None
    uris = [one.uri for one in [*first.resources, *second.resources]]
    assert uris == [
        SCHEMA_URI,
        *(uri(document) for document in added for uri in (text_uri, extraction_uri)),
    ]
    assert added[DOCUMENTS_AT_ONCE - 1] not in first.next_cursor


@pytest.mark.requirement("RES-02")
async def test_a_cursor_is_good_for_its_own_listing_alone(session: Session, tmp_path: Path) -> None:
    for number in range(DOCUMENTS_AT_ONCE + 1):
        await session.add(f"{number}.txt", f"paper {number}")
    cursor = (await session.client.list_resources()).next_cursor
    other = (await session.data("list_documents", limit=1))["next_cursor"]
    assert cursor is not None

    said = await session.refusal("list_documents", cursor=cursor)
    assert "cursor does not belong to this call" in said
    for wrong in (other, cursor[:-2], cursor + "A", "é" * 40, "", "A" * 5_000):
        with pytest.raises(MCPError, match="cursor does not belong to this call") as refused:
            await session.client.list_resources(cursor=wrong)
        assert refused.value.error.code == types.INVALID_PARAMS
    async with in_memory(settings(tmp_path, stack="other")) as elsewhere:
        with pytest.raises(MCPError, match="cursor does not belong to this call"):
            await elsewhere.client.list_resources(cursor=cursor)
    assert (await session.client.list_resources(cursor=cursor)).resources


@pytest.mark.requirement("RES-03")
async def test_the_templates_are_those_of_the_release(any_session: Session) -> None:
    before = await any_session.client.list_resource_templates(cache_mode="bypass")
    await any_session.add("invoice.txt", INVOICE)
    after = await any_session.client.list_resource_templates(cache_mode="bypass")

    assert before == after
    assert [one.uri_template for one in after.resource_templates] == [
        text_uri("{document_id}"),
        extraction_uri("{document_id}"),
    ]
    assert after.cache_scope == "private"


@pytest.mark.requirement("RES-04")
async def test_the_text_of_a_document_is_what_read_ocr_gives(any_session: Session) -> None:
    document = await any_session.add("invoice.txt", INVOICE)

    text = await held(any_session, text_uri(document))

    def without_nonce(one: str) -> str:
        return re.sub("untrusted-[0-9a-f]+", "untrusted", one)

    assert without_nonce(text) == without_nonce(await any_session.read(document))
    assert text.endswith("\nend of document")


@pytest.mark.requirement("RES-04")
async def test_a_long_text_is_cut_and_goes_on_with_read_ocr(session: Session) -> None:
    lines = "\n".join(f"line {number} of a long paper" for number in range(3_000))
    document = await session.add("long.txt", lines)

    text = await held(session, text_uri(document))

    assert len(text) < DEFAULT_CHARS + 300
    *fenced, cursor, last = text.split("\n")
    assert last == f"Go on with the tool read_ocr: document_id {document!r}, and this as cursor."
    rest = await session.read(document, cursor=cursor.removeprefix("next_cursor: "))
    number = int(fenced[-2].split()[2])
    assert f"| line {number + 1} of" in rest
    assert f"| line {number} of" not in rest


@pytest.mark.requirement("RES-05")
async def test_an_extraction_says_what_stands_and_what_is_missing(any_session: Session) -> None:
    await any_session.data("set_schema", schema=SCHEMA, policy={"evidence": "require"})
    document = await any_session.add("invoice.txt", INVOICE)
    wrong = {**FIELDS[2], "value": "53.20"}
    await any_session.data("set_fields", document_id=document, fields=[FIELDS[0], wrong])

    found = await extraction(any_session, document)

    number, total = found["fields"]
    assert (number["path"], number["value"], number["verdict"]) == (
        *("number", "INV-2031", "verified"),
    )
    assert (number["page"], number["lines"], number["locked"]) == (1, [3], False)
    assert (total["value"], total["verdict"]) == (53.2, "value_differs")
    assert found["missing"] == ["date"]
    said = await any_session.data("read_extraction", document_id=document)
    assert [one["code"] for one in found["reasons"]] == [one["code"] for one in said["reasons"]]
    assert (found["status"], found["revision"]) == ("ocr_complete", 1)
    assert "next_cursor" not in found


@pytest.mark.requirement("RES-05")
async def test_a_large_extraction_is_cut_and_goes_on_with_read_extraction(
    session: Session,
) -> None:
    document = await session.add("invoice.txt", INVOICE)
    rows = [{"path": f"rows[{n}].text", "value": f"{n} " + "x" * 4_000} for n in range(150)]
    for low in range(0, 150, 50):
        await session.data("set_fields", document_id=document, fields=rows[low : low + 50])

    text = await held(session, extraction_uri(document))

    assert len(text) < 50_000
    found = json.loads(text)
    assert "read_extraction" in found["more"]
    rest = await session.data("read_extraction", document_id=document, cursor=found["next_cursor"])
    assert rest["fields"][0]["path"] == f"rows[{len(found['fields'])}].text"


@pytest.mark.requirement("RES-06")
async def test_the_schema_is_what_get_schema_gives(any_session: Session) -> None:
    schema = {**SCHEMA, "properties": {**SCHEMA["properties"], "rate": {"multipleOf": 0.1}}}
    await any_session.data("set_schema", schema=schema, instructions="Net, not gross.")

    found = json.loads(await held(any_session, SCHEMA_URI))

    said = await any_session.data("get_schema")
    assert found["schema"] == said["schema"] == schema
    assert found["instructions"] == said["instructions"]
    assert found["policy"].items() <= said["policy"].items()


@pytest.mark.requirement("RES-07")
async def test_reading_a_resource_changes_nothing(session: Session) -> None:
    document = await session.add("invoice.txt", INVOICE)
    before = await session.data("read_extraction", document_id=document)

    for uri in (text_uri(document), extraction_uri(document), SCHEMA_URI):
        await held(session, uri)

    after = await session.data("read_extraction", document_id=document)
    assert after == before
    assert [one["code"] for one in after["reasons"]].count("page_unread") == 2


@pytest.mark.requirement("RES-09")
async def test_a_document_of_another_stack_looks_like_one_that_is_not_there(
    tmp_path: Path, era: Era
) -> None:
    async with in_memory(settings(tmp_path, stack="theirs"), era) as theirs:
        foreign = await theirs.add("invoice.txt", INVOICE)
        before = await extraction(theirs, foreign)
    async with in_memory(settings(tmp_path, stack="mine"), era) as mine:
        for uri in (text_uri, extraction_uri):
            seen, unknown = await refusal(mine, uri(foreign)), await refusal(mine, uri(NOWHERE))
            assert json.dumps(seen).replace(foreign, "ID") == json.dumps(unknown).replace(
                NOWHERE, "ID"
            )
        assert [one.uri for one in (await mine.client.list_resources()).resources] == [SCHEMA_URI]
        said = set[str]()
        for document in (foreign, NOWHERE):
            with pytest.raises(MCPError) as refused:
                await mine.client.get_prompt("extract_document", {"document_id": document})
            said.add(refused.value.error.model_dump_json().replace(document, "ID"))
        assert len(said) == 1
    async with in_memory(settings(tmp_path, stack="theirs"), era) as theirs:
        assert await extraction(theirs, foreign) == before


@pytest.mark.requirement("RES-10")
@pytest.mark.parametrize(
    "options", [{"read_only": True}, {"toolset": frozenset({"list_documents"})}]
)
async def test_what_tools_there_are_does_not_matter(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    async with in_memory(settings(tmp_path)) as session:
        document = await session.add("invoice.txt", INVOICE)
    async with running(settings(tmp_path, **options)) as app, client_of(app) as session:
        assert len((await session.client.list_resources()).resources) == 3
        for uri in (text_uri(document), extraction_uri(document), SCHEMA_URI):
            assert await held(session, uri)
        assert await session.client.get_prompt("review_extraction", {"document_id": document})


@pytest.mark.requirement("RES-11")
async def test_what_breaks_reaches_the_client_in_our_words(
    era: Era, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_context: object) -> Workspace:
        raise ZeroDivisionError("canary of an upstream")

    async with Client(build(TOOLS, broken, is_lasting=True), mode=era) as client:
        calls = [
            client.list_resources(),
            client.list_resource_templates(),
            client.read_resource(SCHEMA_URI),
            client.list_prompts(),
            client.get_prompt("extract_document"),
        ]
        for call in calls:
            with pytest.raises(MCPError) as refused:
                await call
            error = refused.value.error
            assert error.code == types.INTERNAL_ERROR
            assert re.fullmatch(
                r"This failed because of a fault in this server \([0-9a-f]{8}\)\. If it happens "
                r"again, report the reference\.",
                error.message,
            )
            assert error.data is None
    assert "canary" not in caplog.text
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.requirement("RES-11")
async def test_a_binding_that_is_refused_is_said_in_our_words(era: Era) -> None:
    def refused(_context: object) -> Workspace:
        raise NotFound("the stack is no longer there")

    async with Client(build(TOOLS, refused), mode=era) as client:
        with pytest.raises(MCPError, match=r"^the stack is no longer there\.$"):
            await client.list_resources()


@pytest.mark.requirement("RES-11")
async def test_a_store_that_fails_is_said_in_our_words(tmp_path: Path, era: Era) -> None:
    async with running(settings(tmp_path)) as app:
        workspace = await bound(app)
        await app.store.close()
        server = build(TOOLS, lambda _context: workspace)
        async with Client(server, mode=era) as client:
            with pytest.raises(MCPError, match=r"^the store is closed\. Nothing was changed\."):
                await client.list_resources()


@pytest.mark.requirement("RES-12")
async def test_a_document_without_text_says_why(session: Session) -> None:
    document = await session.add("broken.pdf", b"%PDF-1.7 and nothing else")

    text = await held(session, text_uri(document))

    assert text.startswith("no text: the document could not be read")
    assert (await extraction(session, document))["status"] == "failed"


@pytest.mark.requirement("RES-03")
def test_every_row_of_the_table_is_whole() -> None:
    assert len({one.template for one in RESOURCES}) == len(RESOURCES)
    for one in RESOURCES:
        assert one.title
        assert len(one.description) < 400
        assert addressed(one.uri(DocumentId(NOWHERE if one.of_documents else ""))).resource is one
