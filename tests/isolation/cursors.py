"""Calls that go on with a cursor, and cursors of any stack for each of them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from stackdocs_mcp.core.model import DocumentId
from stackdocs_mcp.workspace import Workspace
from stackdocs_mcp.workspace.browsing import list_documents, search_documents
from stackdocs_mcp.workspace.completing import read_extraction
from stackdocs_mcp.workspace.reading import read_ocr

Source = Callable[[Workspace, DocumentId], Awaitable[str | None]]


@dataclass(frozen=True)
class Going:
    """A call that can go on: how a client sends it, and where a cursor for it comes from."""

    method: str
    params: Callable[[str], dict[str, Any]]
    """The params of the call without its cursor, for a document."""
    source: Source

    def with_cursor(self, cursor: Any, document: str) -> tuple[str, dict[str, Any]]:
        params = self.params(document)
        if self.method == "tools/call":
            return self.method, {**params, "arguments": {**params["arguments"], "cursor": cursor}}
        return self.method, {**params, "cursor": cursor}


def _tool(name: str, **arguments: Any) -> Callable[[str], dict[str, Any]]:
    def params(document: str) -> dict[str, Any]:
        given = {key: document if value is ... else value for key, value in arguments.items()}
        return {"name": name, "arguments": given}

    return params


async def _listed(workspace: Workspace, _document: DocumentId, **filters: Any) -> str | None:
    return (await list_documents(workspace, limit=1, **filters)).next_cursor


async def _read(workspace: Workspace, document: DocumentId, pages: str | None = None) -> str | None:
    text = await read_ocr(workspace, document, pages, max_chars=600)
    return text.rsplit("next_cursor: ", 1)[1]


async def _found(workspace: Workspace, document: DocumentId | None) -> str | None:
    return (await search_documents(workspace, "Northwind", document, limit=1)).next_cursor


async def _word(workspace: Workspace, document: DocumentId) -> str | None:
    return (await search_documents(workspace, "word", document, limit=1)).next_cursor


async def _extraction(workspace: Workspace, document: DocumentId) -> str | None:
    return (await read_extraction(workspace, document)).next_cursor


GOING: dict[str, Going] = {
    "list_documents": Going("tools/call", _tool("list_documents"), _listed),
    "list_documents, by name": Going(
        "tools/call",
        _tool("list_documents", query=".txt"),
        lambda workspace, document: _listed(workspace, document, query=".txt"),
    ),
    "read_ocr": Going("tools/call", _tool("read_ocr", document_id=...), _read),
    "read_ocr, of a page": Going(
        "tools/call",
        _tool("read_ocr", document_id=..., pages="2"),
        lambda workspace, document: _read(workspace, document, "2"),
    ),
    "search_documents": Going(
        "tools/call",
        _tool("search_documents", query="Northwind"),
        lambda workspace, _document: _found(workspace, None),
    ),
    "search_documents, in one": Going(
        "tools/call", _tool("search_documents", query="word", document_id=...), _word
    ),
    "read_extraction": Going("tools/call", _tool("read_extraction", document_id=...), _extraction),
    "resources/list": Going(
        "resources/list",
        lambda _document: {},
        lambda workspace, document: _listed(workspace, document, call="resources/list"),
    ),
}
