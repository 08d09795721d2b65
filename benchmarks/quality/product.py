"""The whole product in this process: a store, the engine, and documents to write fields of.

Recognising scans takes minutes. The environment variable ``BENCHMARK_DATA`` names a folder in which
what was read is kept for the next run; without it, everything is in a temporary folder.
"""

import os
import tempfile
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio

from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.core.model import Document, DocumentStatus
from stackdocs_mcp.server.compose import App, running
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace import Workspace
from stackdocs_mcp.workspace.adding import add_document
from stackdocs_mcp.workspace.schemas import set_schema
from stackdocs_mcp.workspace.writing import Entry, Outcome, set_fields

FIELDS_IN_A_CALL = 200
PATIENCE = 600.0


@asynccontextmanager
async def product(allowed: Path) -> AsyncIterator[App]:
    """Everything built and running; files below ``allowed`` may be added."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(os.environ.get("BENCHMARK_DATA") or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        async with running(Settings(data_dir=folder, allow=(allowed,))) as app:
            yield app


async def opened(app: App, file: Path, schema: dict[str, Any] | None) -> tuple[Workspace, Document]:
    """A new stack with the schema, and the file in it, read. Raises OSError if it is not read."""
    stack = await app.store.open_stack(app.user, f"benchmark {uuid.uuid4()}")
    workspace = app.workspace(stack, Actor("agent", "benchmark"))
    if schema is not None:
        await set_schema(workspace, schema)
    document = (await add_document(workspace, str(file))).document
    with anyio.fail_after(PATIENCE):
        while document.status is DocumentStatus.PROCESSING:
            await anyio.sleep(0.05)
            document = await workspace.store.document(document.id)
    if document.status is DocumentStatus.FAILED:
        raise OSError(f"{file}: {document.error}")
    return workspace, document


async def written(
    workspace: Workspace, document: Document, entries: Sequence[Entry]
) -> list[Outcome]:
    """Outcomes in order, written in calls of as many fields as a client may send."""
    found: list[Outcome] = []
    for low in range(0, len(entries), FIELDS_IN_A_CALL):
        chunk = entries[low : low + FIELDS_IN_A_CALL]
        found += await set_fields(workspace, document.id, chunk, dry_run=False)
    return found
