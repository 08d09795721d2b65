"""History through the tools: who wrote, locked values, whole calls, redo, earlier extractions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from mcp.client.session import DEFAULT_CLIENT_INFO

from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.core.model import DocumentId
from stackdocs_mcp.server.compose import running
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace import Workspace, writing
from tests.server.harness import Session, client_of, in_memory, settings
from tests.server.papers import INVOICE, SCHEMA

pytestmark = pytest.mark.anyio

CLIENT = f"{DEFAULT_CLIENT_INFO.name} {DEFAULT_CLIENT_INFO.version}"


@dataclass(frozen=True)
class Both:
    """An agent's session, and a person at work on the same document."""

    agent: Session
    person: Workspace
    document: str

    async def correct(self, path: str, value: object) -> None:
        entry = writing.Entry(path, value)
        (outcome,) = await writing.set_fields(
            self.person, DocumentId(self.document), [entry], dry_run=False
        )
        assert outcome.error is None

    async def extraction(self, **arguments: Any) -> dict[str, Any]:
        return await self.agent.data("read_extraction", document_id=self.document, **arguments)

    async def values(self, **arguments: Any) -> dict[str, Any]:
        fields = (await self.extraction(**arguments))["fields"]
        return {field["path"]: field["value"] for field in fields}


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[Both]:
    async with running(settings(tmp_path)) as app, client_of(app) as session:
        person = app.workspace(await app.open_stack(), Actor("person", "test"))
        await session.data("set_schema", schema=SCHEMA)
        yield Both(session, person, await session.add("invoice.txt", INVOICE))


@asynccontextmanager
async def looking(chosen: Settings) -> AsyncIterator[Workspace]:
    async with running(chosen) as app:
        yield app.workspace(await app.open_stack(), Actor("person", "test"))


@pytest.mark.requirement("HIST-60")
async def test_the_history_names_the_client_with_its_version_on_every_transport_and_in_each_era(
    any_session: Session, tmp_path: Path
) -> None:
    document = await any_session.add("a.txt", "Total 12.50")

    await any_session.data("set_field", document_id=document, path="total", value="12.50")

    async with looking(settings(tmp_path)) as workspace:
        (change,) = await workspace.store.changes(limit=9)
        assert change.user == workspace.binding.user
    assert change.actor == Actor("agent", CLIENT)
    (field,) = (await any_session.data("read_extraction", document_id=document))["fields"]
    assert field["by"] == f"agent {CLIENT}"


@pytest.mark.requirement("HIST-61")
async def test_an_agent_is_shown_a_locked_value_and_told_what_to_do(both: Both) -> None:
    await both.correct("total", "52.20")

    answer = await both.agent.data(
        "set_fields",
        document_id=both.document,
        fields=[{"path": "total", "value": "53.20"}, {"path": "vendor.name", "value": "ACME"}],
    )

    refused, kept = answer["results"]
    assert (refused["outcome"], refused["value"], refused["changed"]) == ("rejected", 52.2, False)
    assert refused["error"]["code"] == "locked"
    assert "stackdocs-mcp release" in refused["error"]["advice"]
    assert kept["changed"]
    assert await both.values() == {"total": 52.2, "vendor.name": "ACME"}
    locks = {one["path"]: one.get("locked") for one in (await both.extraction())["fields"]}
    assert locks == {"total": True, "vendor.name": None}


@pytest.mark.requirement("HIST-61")
async def test_an_agent_that_agrees_with_a_person_is_not_refused(both: Both) -> None:
    await both.correct("total", "52.20")

    again = await both.agent.data(
        "set_field",
        document_id=both.document,
        path="total",
        value="52.20",
        evidence={"page": 2, "lines": [4]},
        confidence=0.5,
    )

    assert (again["outcome"], again["changed"], again["revision"]) == ("accepted", False, 1)
    (field,) = (await both.extraction())["fields"]
    assert (field["by"], field["locked"]) == ("person test", True)


@pytest.mark.requirement("HIST-61")
async def test_an_agent_deletes_and_undoes_nothing_that_is_locked(both: Both) -> None:
    await both.agent.data("set_field", document_id=both.document, path="total", value="53.20")
    await both.correct("total", "52.20")

    deleted = await both.agent.data("delete_field", document_id=both.document, path="total")
    undone = await both.agent.refusal("undo", document_id=both.document)

    assert (deleted["error"]["code"], deleted["value"]) == ("locked", 52.2)
    assert undone.startswith("'total' was set by a person and is locked.")
    assert await both.values() == {"total": 52.2}


@pytest.mark.requirement("HIST-62")
async def test_a_whole_call_is_undone_and_redone_by_its_number(both: Both) -> None:
    session, document = both.agent, both.document
    await session.data("set_field", document_id=document, path="total", value="43.50")
    fields = [
        {"path": "line_items[0].description", "value": "Envelopes"},
        {"path": "line_items[0].amount", "value": "12.50"},
    ]
    await session.data("set_fields", document_id=document, fields=fields)
    rest = [{"path": "total", "value": "52.20"}, {"path": "vendor.name", "value": "ACME"}]
    await session.data("set_fields", document_id=document, fields=rest)

    several = await session.data("undo", document_id=document, change_id="3")
    assert (several["path"], several["value"]) == ("", {"total": 43.5})
    assert (several["outcome"], several["revision"], several["change_id"]) == ("accepted", 4, "4")
    row = await session.data("undo", document_id=document, change_id="2")
    assert (row["path"], row["value"], row["revision"]) == ("line_items[0]", None, 5)
    assert await both.values() == {"total": 43.5}

    redone = await session.data("undo", document_id=document, redo=True)
    assert redone["path"] == "line_items[0]"
    assert redone["value"] == {"description": "Envelopes", "amount": 12.5}
    assert redone["evidence"]["verdict"] in {"located", "verified"}
    said = await session.text("undo", document_id=document, redo=True)
    assert said.startswith("2 changes: several fields: accepted")
    assert set((await both.values()).values()) == {52.2, "ACME", "Envelopes", 12.5}
    assert "no undo left" in await session.refusal("undo", document_id=document, redo=True)
    assert "is not an undo" in await session.refusal(
        "undo", document_id=document, change_id="3-1", redo=True
    )


@pytest.mark.requirement("HIST-63")
async def test_an_earlier_extraction_is_read_by_its_number_without_reasons(both: Both) -> None:
    session, document = both.agent, both.document
    await session.data("set_field", document_id=document, path="total", value="43.50")
    assert "extraction" not in await both.extraction()
    await both.correct("vendor.name", "ACME")
    await both.person.store.start_extraction(DocumentId(document))
    await session.data("set_field", document_id=document, path="total", value="52.20")

    now, then = await both.extraction(), await both.extraction(extraction=1)

    assert (now["extraction"], now["revision"]) == (2, 4)
    assert (then["extraction"], then["revision"]) == (1, 2)
    assert await both.values() == {"total": 52.2, "vendor.name": "ACME"}
    assert await both.values(extraction=1) == {"total": 43.5, "vendor.name": "ACME"}
    assert await both.extraction(extraction=2) == now
    assert now["reasons"]
    assert (then["reasons"], then["missing"], then["warnings"]) == ([], [], [])
    said = await session.text("read_extraction", document_id=document, extraction=1)
    assert "extraction 1 of 2, revision 2, 2 fields" in said
    assert "no extraction 3" in await session.refusal(
        "read_extraction", document_id=document, extraction=3
    )


@pytest.mark.requirement("HIST-63")
async def test_a_cursor_of_an_earlier_extraction_is_none_of_the_next(tmp_path: Path) -> None:
    async with in_memory(settings(tmp_path)) as session:
        document = await session.add("a.txt", "text")
        fields = [{"path": f"f{count:03}", "value": "x"} for count in range(200)]
        for _ in range(2):
            await session.data("set_fields", document_id=document, fields=fields)
            fields = [{"path": f"g{count:03}", "value": "x"} for count in range(200)]
        first = await session.data("read_extraction", document_id=document)
        async with looking(settings(tmp_path)) as workspace:
            await workspace.store.start_extraction(DocumentId(document))

        cursor = first["next_cursor"]
        refusal = await session.refusal("read_extraction", document_id=document, cursor=cursor)
        old = await session.data(
            "read_extraction", document_id=document, cursor=cursor, extraction=1
        )

        assert "cursor" in refusal
        assert old["fields"][0]["path"] > first["fields"][-1]["path"]


@pytest.mark.requirement("HIST-63")
async def test_what_is_exported_is_the_extraction_that_counts(both: Both) -> None:
    await both.agent.data("set_field", document_id=both.document, path="total", value="43.50")
    await both.person.store.start_extraction(DocumentId(both.document))
    await both.agent.data("set_field", document_id=both.document, path="total", value="52.20")

    exported = await both.agent.data("export", format="jsonl")

    assert "52.2" in exported["untrusted"]["content"]
    assert "43.5" not in exported["untrusted"]["content"]


@pytest.mark.requirement("HIST-62")
@pytest.mark.parametrize("count", [2, 12])
async def test_undoing_a_call_of_many_rows_answers_what_it_put_back(both: Both, count: int) -> None:
    session, document = both.agent, both.document
    for ware, price in (("Pens", 0), ("Ink", 50)):
        fields = [
            {"path": f"line_items[{row}].{name}", "value": value}
            for row in range(count)
            for name, value in (("description", f"{ware} {row}"), ("amount", price + row))
        ]
        await session.data("set_fields", document_id=document, fields=fields)

    undone = await session.data("undo", document_id=document, change_id="2")

    rows = [{"description": f"Pens {row}", "amount": row} for row in range(count)]
    assert (undone["path"], undone["value"]) == ("line_items", rows)
    redone = await session.data("undo", document_id=document, redo=True)
    assert [row["description"] for row in redone["value"]] == [f"Ink {n}" for n in range(count)]


@pytest.mark.requirement("HIST-61")
async def test_an_agent_that_may_not_undo_the_last_change_is_told_its_own_last(both: Both) -> None:
    session, document = both.agent, both.document
    await session.data("set_field", document_id=document, path="vendor.name", value="ACME")
    await session.data("set_field", document_id=document, path="total", value="53.20")
    await both.correct("total", "52.20")

    refused = await session.refusal("undo", document_id=document)

    assert "is locked" in refused
    assert "change_id '1-1'" in refused
    assert (await session.data("undo", document_id=document, change_id="1-1"))["changed"]


@pytest.mark.requirement("HIST-61")
async def test_an_agent_with_nothing_left_to_undo_is_told_to_keep_what_is_locked(
    both: Both,
) -> None:
    await both.correct("total", "52.20")

    refused = await both.agent.refusal("undo", document_id=both.document)

    assert "is locked" in refused
    assert "change_id" not in refused


@pytest.mark.requirement("HIST-60")
async def test_a_field_says_when_it_was_set(both: Both) -> None:
    await both.correct("total", "52.20")

    (field,) = (await both.extraction())["fields"]

    (change,) = await both.person.store.changes(limit=9)
    assert datetime.fromisoformat(field["at"]) == change.at.replace(microsecond=0)


@pytest.mark.requirement("WRITE-03")
async def test_a_value_in_the_way_is_named(session: Session) -> None:
    document = await session.add("invoice.txt", INVOICE)
    await session.data("set_field", document_id=document, path="total.net", value=40)

    refused = await session.data("set_field", document_id=document, path="total", value=50)

    assert refused["error"]["code"] == "path_conflict"
    assert refused["error"]["message"] == "'total' cannot be set while 'total.net' holds a value"
