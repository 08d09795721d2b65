"""How often a tool call goes to the project: counted on the wire, of a whole server over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from stackdocs_mcp.core.model import DocumentStatus
from stackdocs_mcp.workspace.adding import add_document
from stackdocs_mcp.workspace.schemas import set_schema
from tests.server.harness import Session
from tests.server.papers import INVOICE, SCHEMA
from tests.supabase import shared
from tests.supabase.between import Between, between
from tests.web.site import ALICE, site

pytestmark = pytest.mark.anyio
ASIDE = {"sd_take", "sd_news", "sd_queue_mend", "sd_queue_take", "sd_unread"}
"""Of no call: how much a user may ask is taken in chunks, and the others are asked by the clock."""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def counted(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[Between, Session, str]]:
    """What is on the wire, a client, and a document that was read."""
    await shared.rig().clean()
    home: Path = tmp_path_factory.mktemp("counted")
    async with between(shared.rig().url) as wire:
        settings: dict[str, Any] = {**shared.settings(), "supabase_url": wire.url, "worker": "on"}
        async with site(home, **settings) as served:
            stack = await served.stack(ALICE)
            workspace = served.workspace(ALICE, stack)
            (served.files / "a.txt").write_text(INVOICE)
            await set_schema(workspace, SCHEMA, "Read it.")
            document = (await add_document(workspace, "a.txt")).document.id
            while (await workspace.store.document(document)).status is DocumentStatus.PROCESSING:
                await anyio.lowlevel.checkpoint()
            async with served.client(ALICE, stack) as session:
                yield wire, session, document


WARM: dict[str, dict[str, Any]] = {
    "list_documents": {},
    "search_documents": {"query": "invoice"},
    "read_ocr": {"document": ""},
    "get_schema": {},
    "set_field": {"document": "", "path": "number", "value": "INV-1"},
    "set_fields": {"document": "", "fields": [{"path": "number", "value": "INV-2"}]},
    "delete_field": {"document": "", "path": "number"},
    "undo": {"document": ""},
    "read_extraction": {"document": ""},
    "complete": {"document": ""},
}


@pytest.mark.requirement("PGW-19")
@pytest.mark.parametrize("tool", list(WARM))
async def test_a_warm_tool_call_costs_one_round_trip(
    counted: tuple[Between, Session, str], tool: str
) -> None:
    wire, session, document = counted
    arguments: dict[str, Any] = {
        ("document_id" if name == "document" else name): document if name == "document" else value
        for name, value in WARM[tool].items()
    }
    await session.client.call_tool(
        "set_field", {"document_id": document, "path": "total", "value": 1}
    )
    await session.client.call_tool(tool, arguments)
    wire.asked.clear()

    answer = await session.client.call_tool(tool, arguments)

    asked = [one for one in wire.functions if one not in ASIDE]
    assert len(asked) == 1, (asked, answer)
