"""What a client sees of the server, on every transport and in both eras."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings as bounded, strategies as st
from mcp.shared.exceptions import MCPError

from stackdocs_mcp.server.app import INSTRUCTIONS
from stackdocs_mcp.tools import TOOLS
from stackdocs_mcp.tools.listing import LINKED_FILE, listed, listed_linked
from tests.server.harness import Session, in_memory, settings, text_of
from tests.server.papers import FIELDS, INVOICE, SCHEMA
from tests.server.snapshot import text

pytestmark = pytest.mark.anyio

SNAPSHOT = files("stackdocs_mcp.tools").joinpath("listed.json")


@pytest.mark.requirement("PROTO-01")
async def test_a_document_goes_from_file_to_export(any_session: Session) -> None:
    session = any_session
    await session.data("set_schema", schema=SCHEMA, policy={"evidence": "require"})
    document = await session.add("invoice.txt", INVOICE)
    (listed,) = (await session.data("list_documents"))["documents"]
    assert (listed["id"], listed["status"], listed["pages"]) == (document, "ocr_complete", 2)
    assert (await session.data("get_schema"))["schema"] == SCHEMA
    assert "3| Invoice number: INV-2031" in await session.read(document)
    (hit,) = (await session.data("search_documents", query="total due"))["hits"]
    assert (hit["page"], hit["line"]) == (2, 4)
    answer = await session.data("set_fields", document_id=document, fields=FIELDS)
    assert {one["evidence"]["verdict"] for one in answer["results"]} == {"verified"}
    wrong = {**FIELDS[2], "value": "53.20"}
    caught = await session.data("set_field", document_id=document, **wrong)
    assert caught["evidence"]["verdict"] == "value_differs"
    assert not (await session.data("complete", document_id=document))["completed"]
    restored = await session.data("undo", document_id=document)
    assert restored["value"] == 52.2
    await session.data("delete_field", document_id=document, path="date")
    extraction = await session.data("read_extraction", document_id=document)
    assert extraction["missing"] == ["date"]
    await session.data("set_field", document_id=document, **FIELDS[1])
    assert (await session.data("complete", document_id=document))["completed"]
    exported = await session.data("export", format="json", evidence=True)
    (record,) = json.loads(Path(exported["files"][0]).read_text())
    assert record["fields"] == {"number": "INV-2031", "date": "2026-03-05", "total": 52.2}


@pytest.mark.requirement("PROTO-02")
async def test_an_unknown_tool_is_a_protocol_error(any_session: Session) -> None:
    with pytest.raises(MCPError, match="Unknown tool: 'drop_tables'") as error:
        await any_session.call("drop_tables")
    assert error.value.error.code == -32602


@pytest.mark.requirement("TOOL-01")
async def test_what_is_listed_changes_only_on_purpose(any_session: Session) -> None:
    seen = [
        tool.model_dump(mode="json", by_alias=True, exclude_none=True)
        for tool in (await any_session.client.list_tools()).tools
    ]

    assert seen == json.loads(SNAPSHOT.read_text(encoding="utf-8"))


@pytest.mark.requirement("TOOL-01")
def test_what_is_listed_is_what_the_models_say() -> None:
    how = "if this is meant: python -m tests.server.snapshot > stackdocs_mcp/tools/listed.json"
    assert SNAPSHOT.read_text(encoding="utf-8") == text(), how
    linked = files("stackdocs_mcp.tools").joinpath(LINKED_FILE)
    assert linked.read_text(encoding="utf-8") == text(linked=True), f"{how}, and with `linked`"


@pytest.mark.requirement("TOOL-01")
def test_every_tool_has_a_title_all_hints_and_a_strict_schema() -> None:
    assert list(listed()) == list(listed_linked()) == list(TOOLS)
    for tool in (*listed().values(), *listed_linked().values()):
        hints = tool.annotations
        assert tool.title
        assert hints is not None
        assert None not in (
            hints.read_only_hint,
            hints.destructive_hint,
            hints.idempotent_hint,
            hints.open_world_hint,
        )
        assert tool.input_schema["additionalProperties"] is False
        assert tool.description
        assert len(tool.description) < 1_000
        jsonschema_rs.Draft202012Validator(tool.input_schema)
    assert len(INSTRUCTIONS) < 2_000, "clients cut instructions at about 2 KB"


@pytest.mark.requirement("TOOL-02")
async def test_every_answer_matches_the_listed_output_schema(session: Session) -> None:
    await session.data("set_schema", schema=SCHEMA)
    document = await session.add("invoice.txt", INVOICE)
    await session.data("set_fields", document_id=document, fields=FIELDS)
    one = {"document_id": document}
    calls: dict[str, dict[str, Any]] = {
        "list_documents": {},
        "search_documents": {"query": "total"},
        "add_document": {"path": "invoice.txt"},
        "get_schema": {},
        "set_schema": {"schema": SCHEMA},
        "set_field": {**one, "path": "total", "value": "53.20"},
        "set_fields": {**one, "fields": [*FIELDS, {"path": "nope", "value": 1}]},
        "delete_field": {**one, "path": "date"},
        "read_extraction": one,
        "undo": one,
        "complete": one,
        "export": {"format": "csv"},
    }
    assert set(calls) == {name for name, tool in TOOLS.items() if tool.result is not None}
    for name, arguments in calls.items():
        answer = await session.data(name, **arguments)
        schema = listed()[name].output_schema
        assert schema is not None
        jsonschema_rs.Draft202012Validator(schema).validate(answer)
        summary = text_of(await session.call(name, **arguments))
        assert "\n" not in summary


@pytest.mark.requirement("TOOL-03")
async def test_an_error_says_what_to_do_next_and_nothing_foreign(any_session: Session) -> None:
    refused: list[tuple[str, dict[str, Any], str]] = [
        ("read_ocr", {"document_id": "nope"}, "Call list_documents"),
        ("list_documents", {"cursor": "nope"}, "Call again without a cursor"),
        ("set_schema", {"schema": {"type": "array"}}, "nothing was changed"),
        ("list_documents", {"nope": 1}, "Look at the tool's input schema"),
    ]
    for tool, arguments, said in refused:
        message = await any_session.refusal(tool, **arguments)
        assert said in message
        for foreign in ("Traceback", "pydantic", "sqlite", "/", "Error"):
            assert foreign not in message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
PATHS = st.sampled_from(["a", "a.b", "a[0]", "a[3].c", "/x/y", "é.ü", "total", "__proto__.x"])


@pytest.mark.requirement("TOOL-04")
async def test_whatever_is_written_the_tool_answers(tmp_path: Path) -> None:
    async with in_memory(settings(tmp_path)) as session:
        document = await session.add("invoice.txt", INVOICE)

        answered: list[tuple[str, Any]] = []

        @bounded(
            max_examples=80,
            deadline=None,
            suppress_health_check=[HealthCheck.function_scoped_fixture],
        )
        @given(path=PATHS | st.text(max_size=30), value=JSON)
        def collect(path: str, value: object) -> None:
            answered.append((path, value))

        collect()
        for path, value in answered:
            result = await session.call("set_field", document_id=document, path=path, value=value)
            assert "fault in this server" not in text_of(result), (path, value)


@pytest.mark.requirement("TOOL-04")
@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a", "x" * 1_000_000),
        ("a" * 5_000, 1),
        (".".join("a" * 100), 1),
        ("items[999999]", 1),
        ("items[-1]", 1),
        ("a[#-1]", 1),
        ("", 1),
        ("a..b", 1),
        ('a"]', 1),
        ("a\x00b", 1),
        ("a\u202eb", 1),
        ("a", {"1": 2}),
        ("a", {"": 2}),
        ("a", {str(n): {"x" * n: n} for n in range(2)}),
        ("a", "nul\x00"),
        ("a", 1e300),
        ("a", -0.0),
        ("a", 10**400),
        ("a", {f"k{n}": n for n in range(5_000)}),
    ],
)
async def test_a_bad_path_or_value_is_rejected_and_nothing_else_changed(
    session: Session, path: str, value: object
) -> None:
    document = await session.add("invoice.txt", INVOICE)
    await session.data("set_field", document_id=document, path="kept", value="INV-2031")

    result = await session.call("set_field", document_id=document, path=path, value=value)

    assert "fault in this server" not in text_of(result)
    fields = (await session.data("read_extraction", document_id=document))["fields"]
    assert "kept" in [field["path"] for field in fields]
    rejected = result.is_error or (result.structured_content or {})["outcome"] == "rejected"
    assert rejected == (len(fields) == 1)


@pytest.mark.requirement("PROTO-30")
@pytest.mark.parametrize("listing", ["tools", "prompts", "resource_templates"])
async def test_a_cursor_into_a_list_of_one_page_is_refused(
    any_session: Session, listing: str
) -> None:
    with pytest.raises(MCPError, match="cursor does not belong") as error:
        await getattr(any_session.client, f"list_{listing}")(cursor="nope")

    assert error.value.error.code == -32602
