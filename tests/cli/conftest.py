"""A shell on an empty data folder, and one on a folder with a stack that somebody worked on."""

from collections.abc import Mapping
from pathlib import Path

import anyio
import pytest

from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.core.model import DocumentId
from stackdocs_mcp.server.compose import running
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace import Workspace, adding, schemas, writing
from tests.cli.shell import Shell
from tests.server.papers import FIELDS, INVOICE, SCHEMA

AGENT = Actor("agent", "claude 1.0")


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "data")


@pytest.fixture(scope="session")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Commands here only read: a stack 'paper' with a document, a row and a corrected total."""
    folder = tmp_path_factory.mktemp("worked")
    anyio.run(_work, folder)
    return Shell(folder / "data")


async def _work(folder: Path) -> None:
    path = folder / "invoice.txt"
    path.write_text(INVOICE)
    settings = Settings(data_dir=folder / "data", stack="paper", allow=(folder,))
    async with running(settings) as app:
        workspace = app.workspace(await app.open_stack(), AGENT)
        await schemas.set_schema(workspace, SCHEMA)
        document = (await adding.add_document(workspace, str(path))).document.id
        total = {"path": "total", "value": "43.50"}
        await _set(workspace, document, total)
        rows = {"path": "line_items", "value": [{"description": "Envelopes", "amount": "12.50"}]}
        for field in (*FIELDS, rows):
            await _set(workspace, document, field)


async def _set(workspace: Workspace, document: DocumentId, field: Mapping[str, object]) -> None:
    entry = writing.Entry(str(field["path"]), field["value"])
    await writing.set_fields(workspace, document, [entry], dry_run=False)
