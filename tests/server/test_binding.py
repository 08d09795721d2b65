"""Who a call acts for is decided before any tool runs."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from stackdocs_mcp.server.compose import running
from stackdocs_mcp.tools import TOOLS
from stackdocs_mcp.tools.listing import listed
from tests.server.harness import Session, client_of, in_memory, settings, text_of
from tests.server.papers import FIELDS, INVOICE

pytestmark = pytest.mark.anyio

FORBIDDEN = {"user", "user_id", "stack", "stack_id", "owner", "tenant"}

# Every parameter of every tool, classified: a new one that is not in here fails.
KINDS = {
    "document_id": "document",
    "change_id": "change",
    "cursor": "cursor",
    "path": "path",
    **dict.fromkeys(
        (
            *("status", "query", "limit", "pages", "max_chars", "schema", "instructions"),
            *("policy", "value", "confidence", "evidence", "expected_revision", "fields"),
            *("dry_run", "only", "acknowledge", "reason", "format"),
        ),
        "plain",
    ),
}


@pytest.mark.requirement("BIND-01")
def test_no_tool_has_an_argument_for_a_user_or_a_stack() -> None:
    for tool in listed().values():
        names = set(tool.input_schema.get("properties", {}))
        assert not names & FORBIDDEN, tool.name
        assert names <= set(KINDS), f"classify the new parameters of {tool.name}"


@pytest.mark.requirement("BIND-02")
@pytest.mark.parametrize("name", sorted(TOOLS))
async def test_every_tool_refuses_an_unknown_argument_by_name(session: Session, name: str) -> None:
    message = await session.refusal(name, stack_id="other")

    assert "unknown argument 'stack_id'" in message


@pytest.mark.requirement("BIND-02")
async def test_an_unknown_argument_inside_a_field_is_refused(session: Session) -> None:
    document = await session.add("a.txt", INVOICE)
    field = {**FIELDS[0], "user_id": "x"}

    answer = await session.data("set_fields", document_id=document, fields=[field])

    assert answer["results"][0]["outcome"] == "rejected"
    assert "unknown argument 'user_id'" in answer["results"][0]["error"]["message"]
    assert (await session.data("read_extraction", document_id=document))["fields"] == []


@pytest.mark.requirement("BIND-03")
@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("list_documents", {"limit": "5"}),
        ("list_documents", {"limit": 5.0}),
        ("list_documents", {"limit": True}),
        ("list_documents", {"limit": -1}),
        ("list_documents", {"limit": 2**63}),
        ("list_documents", {"status": "done"}),
        ("read_ocr", {"document_id": 7}),
        ("read_ocr", {"document_id": "x", "max_chars": "900"}),
        ("read_ocr", {"document_id": "x", "pages": 3}),
        ("set_field", {"document_id": "x", "path": "a", "value": 1, "confidence": "0.5"}),
        ("set_field", {"document_id": "x", "path": "a", "value": 1, "confidence": 1.5}),
        ("set_field", {"document_id": "x", "path": "a", "value": 1, "expected_revision": "1"}),
        ("set_fields", {"document_id": "x", "fields": {"path": "a", "value": 1}}),
        ("set_fields", {"document_id": "x", "fields": "[]"}),
        ("complete", {"document_id": "x", "acknowledge": "all"}),
        ("export", {"format": "exe"}),
        ("set_schema", {"schema": ["total"]}),
    ],
)
async def test_a_wrong_type_is_refused_and_not_converted(
    session: Session, tool: str, arguments: dict[str, Any]
) -> None:
    message = await session.refusal(tool, **arguments)

    assert message.startswith("the argument ")


def _samples(document: str) -> dict[str, dict[str, Any]]:
    """For every tool that takes a document: a call that would work on one's own."""
    return {
        "read_ocr": {"document_id": document},
        "search_documents": {"document_id": document, "query": "invoice"},
        "set_field": {"document_id": document, "path": "a", "value": 1},
        "set_fields": {"document_id": document, "fields": [{"path": "a", "value": 1}]},
        "delete_field": {"document_id": document, "path": "number"},
        "read_extraction": {"document_id": document},
        "undo": {"document_id": document},
        "complete": {"document_id": document},
    }


@pytest.mark.requirement("BIND-04")
async def test_a_document_of_another_stack_looks_like_one_that_does_not_exist(
    tmp_path: Path,
) -> None:
    nowhere = "00000000-0000-4000-8000-000000000000"
    takes_a_document = {
        name for name, tool in listed().items() if "document_id" in tool.input_schema["properties"]
    }
    assert takes_a_document == set(_samples(nowhere))

    async with in_memory(settings(tmp_path, stack="theirs")) as theirs:
        foreign = await theirs.add("a.txt", INVOICE)
        await theirs.data("set_fields", document_id=foreign, fields=FIELDS)
        before = await theirs.data("read_extraction", document_id=foreign)
    async with in_memory(settings(tmp_path, stack="mine")) as mine:
        for tool, arguments in _samples(foreign).items():
            seen = await mine.call(tool, **arguments)
            unknown = await mine.call(tool, **{**arguments, "document_id": nowhere})
            assert seen.is_error
            assert text_of(seen).replace(foreign, "ID") == text_of(unknown).replace(nowhere, "ID")
        assert (await mine.data("list_documents"))["documents"] == []
        assert (await mine.data("search_documents", query="Northwind"))["hits"] == []
        exported = await mine.data("export", format="json")
        assert exported["documents"] == 0
    async with in_memory(settings(tmp_path, stack="theirs")) as theirs:
        assert await theirs.data("read_extraction", document_id=foreign) == before


@pytest.mark.requirement("BIND-05")
async def test_only_regular_files_below_the_allowed_folders_are_read(
    session: Session, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    (session.files / "link.txt").symlink_to(secret)
    (session.files / "away").symlink_to(tmp_path)
    (session.files / "inside.txt").write_text("inside")
    (session.files / "back.txt").symlink_to(session.files / "inside.txt")
    os.mkfifo(session.files / "pipe.txt")
    (session.files / "folder.txt").mkdir()
    (session.files / "plain").mkdir()
    refused = [
        str(secret),
        "/etc/passwd",
        "/dev/zero",
        "../secret.txt",
        f"{session.files}/../secret.txt",
        "plain/../inside.txt",
        f"{session.files}/plain/../inside.txt",
        "link.txt",
        "away/secret.txt",
        "back.txt",
        "pipe.txt",
        "folder.txt",
        "missing.txt",
        "",
        "a\0b",
        "~/secret.txt",
        "file:///etc/passwd",
    ]

    messages = {await session.refusal("add_document", path=path) for path in refused}

    assert len(messages) == 1, "the answer tells nothing about what is where"
    assert "allowed folders" in messages.pop()
    assert (await session.data("add_document", path="inside.txt"))["new"]


@pytest.mark.requirement("BIND-05")
async def test_a_server_without_allowed_folders_says_how_to_allow_one(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as app:
        bare = app.settings.model_copy(update={"allow": ()})
        workspace = app.workspace(await app.open_stack(), actor=_agent())
        assert bare.allowed == ()
        from stackdocs_mcp.core.errors import FileRefused
        from stackdocs_mcp.workspace.adding import allowed_file

        with pytest.raises(FileRefused) as refused:
            allowed_file("a.txt", bare.allowed)
        assert "--allow" in refused.value.advice
        assert workspace.allowed


@pytest.mark.requirement("BIND-06")
async def test_a_read_only_server_lists_and_runs_reading_tools_alone(tmp_path: Path) -> None:
    async with in_memory(settings(tmp_path)) as session:
        document = await session.add("a.txt", INVOICE)
    async with running(settings(tmp_path, read_only=True)) as app, client_of(app) as session:
        listed = (await session.client.list_tools()).tools
        assert {tool.name for tool in listed} == {
            name for name, tool in TOOLS.items() if tool.read_only
        }
        assert all(tool.annotations and tool.annotations.read_only_hint for tool in listed)
        assert "INV-2031" in await session.read(document)
        with pytest.raises(Exception, match="Unknown tool"):
            await session.call("set_field", document_id=document, path="a", value=1)


@pytest.mark.requirement("BIND-06")
async def test_a_toolset_is_an_upper_bound(tmp_path: Path) -> None:
    chosen = settings(tmp_path, toolset=frozenset({"list_documents", "read_ocr"}))
    async with in_memory(chosen) as session:
        listed = [tool.name for tool in (await session.client.list_tools()).tools]
        assert listed == ["list_documents", "read_ocr"]
        with pytest.raises(Exception, match="Unknown tool"):
            await session.call("export", format="csv")


@pytest.mark.requirement("BIND-07")
async def test_a_cursor_is_refused_by_every_other_call(session: Session, tmp_path: Path) -> None:
    for number in range(3):
        await session.add(f"{number}.txt", f"paper {number}\n{'word ' * 400}")
    listing = await session.data("list_documents", limit=1)
    cursor = listing["next_cursor"]
    first, second = (
        one["id"] for one in (await session.data("list_documents", limit=2))["documents"]
    )
    reading = (await session.read(first, max_chars=600)).rsplit("next_cursor: ", 1)[1]
    tampered = cursor[:-2] + ("A" if cursor[-2] != "A" else "B") + cursor[-1]

    refused: list[tuple[str, dict[str, Any]]] = [
        ("list_documents", {"cursor": cursor, "query": "1"}),
        ("list_documents", {"cursor": tampered}),
        ("list_documents", {"cursor": cursor[:10]}),
        ("list_documents", {"cursor": "é" * 40}),
        ("list_documents", {"cursor": reading}),
        ("search_documents", {"cursor": cursor, "query": "paper"}),
        ("read_ocr", {"cursor": reading, "document_id": second}),
        ("read_ocr", {"cursor": reading, "document_id": first, "pages": "1"}),
        ("read_extraction", {"cursor": reading, "document_id": first}),
    ]
    for tool, arguments in refused:
        message = await session.refusal(tool, **arguments)
        assert "cursor does not belong to this call" in message

    assert first not in json.dumps(cursor)
    async with in_memory(settings(tmp_path, stack="other")) as other:
        message = await other.refusal("list_documents", cursor=cursor)
        assert "cursor does not belong to this call" in message
    assert (await session.data("list_documents", limit=1, cursor=cursor))["documents"]


def _agent() -> Any:
    from stackdocs_mcp.core.binding import Actor

    return Actor("agent")
