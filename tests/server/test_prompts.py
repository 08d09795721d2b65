"""Prompts: static texts, and strict about what they are given."""

from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from mcp.shared.exceptions import MCPError

from stackdocs_mcp.prompts import PROMPTS
from stackdocs_mcp.tools import TOOLS
from tests.server.harness import Session
from tests.server.papers import INVOICE
from tests.server.raw import Raw

pytestmark = pytest.mark.anyio


async def text_of(session: Session, name: str, arguments: dict[str, str] | None = None) -> str:
    result = await session.client.get_prompt(name, arguments)
    (message,) = result.messages
    assert message.role == "user"
    assert isinstance(message.content, types.TextContent)
    return message.content.text


async def refusal(session: Session, name: str, arguments: dict[str, str]) -> types.ErrorData:
    with pytest.raises(MCPError) as refused:
        await session.client.get_prompt(name, arguments)
    return refused.value.error


@pytest.mark.requirement("RES-20")
async def test_the_prompts_are_those_of_the_release(any_session: Session) -> None:
    before = await any_session.client.list_prompts(cache_mode="bypass")
    await any_session.data("set_schema", schema=None, instructions="canary")
    await any_session.add("canary.txt", "canary")
    after = await any_session.client.list_prompts(cache_mode="bypass")

    assert before == after
    assert "canary" not in after.model_dump_json()
    assert [one.name for one in after.prompts] == ["extract_document", "review_extraction"]
    for one in after.prompts:
        assert one.title
        assert one.description
        assert one.arguments is not None
        (argument,) = one.arguments
        assert argument.name == "document_id"
        assert argument.required == (one.name == "review_extraction")
    assert after.cache_scope == "private"


@pytest.mark.requirement("RES-20")
async def test_a_prompt_is_about_the_document_that_is_named(any_session: Session) -> None:
    document = await any_session.add("invoice.txt", INVOICE)

    for one in PROMPTS:
        text = await text_of(any_session, one.name, {"document_id": document})
        assert document in text
        assert "invoice.txt" not in text
        assert len(text) < 2_000
    without = await text_of(any_session, "extract_document")
    assert "next document" in without
    assert "{" not in without.replace("{page, lines}", "")


@pytest.mark.requirement("RES-20")
def test_the_tools_that_a_prompt_names_are_there() -> None:
    for one in PROMPTS:
        words = {word.strip(".,:;") for word in f"{one.text} {one.without}".split()}
        named = {word for word in words if "_" in word and "{" not in word}
        assert named - TOOLS.keys() <= {"document_id", "value_differs", "not_found", "ocr_complete"}


@pytest.mark.requirement("RES-21")
async def test_what_a_prompt_does_not_know_is_refused_by_name(any_session: Session) -> None:
    document = await any_session.add("invoice.txt", INVOICE)
    refused: list[tuple[str, dict[str, str], str]] = [
        ("drop_tables", {}, "unknown prompt 'drop_tables'"),
        ("EXTRACT_DOCUMENT", {}, "unknown prompt 'EXTRACT_DOCUMENT'"),
        ("x" * 5_000, {}, "unknown prompt 'xxx"),
        ("extract_document", {"stack_id": "x"}, "unknown argument 'stack_id'"),
        ("extract_document", {"document_id": document, "a" * 999: ""}, "unknown argument 'aaa"),
        ("review_extraction", {}, "the argument 'document_id' is missing"),
    ]
    for name, arguments, said in refused:
        error = await refusal(any_session, name, arguments)
        assert error.code == types.INVALID_PARAMS
        assert error.message.startswith(said)
        assert len(error.message) < 300


@pytest.mark.requirement("RES-21")
@pytest.mark.parametrize(
    "document", ["", "nope", "..", "a\x00b", "{document_id}", "x" * 64, "x" * 100_000, "\u202e"]
)
async def test_a_document_that_is_not_there_is_refused(session: Session, document: str) -> None:
    await session.add("invoice.txt", INVOICE)

    error = await refusal(session, "extract_document", {"document_id": document})

    assert error.message.startswith(f"no document {document[:64]!r} in this stack.")
    assert error.code == types.INVALID_PARAMS


@pytest.mark.requirement("RES-21")
def test_an_argument_that_is_no_text_is_refused(tmp_path: Path) -> None:
    raw = Raw(tmp_path)

    wrong: list[Any] = [{"document_id": 7}, {"document_id": None}, [], "x"]
    for arguments in wrong:
        answer = raw.ask("prompts/get", name="extract_document", arguments=arguments)
        assert answer["error"]["code"] == types.INVALID_PARAMS

    raw.end()
