"""The worker as a command, and what a server answers with one inside and without."""

import re
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import pytest

from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.core.model import Document, DocumentStatus
from stackdocs_mcp.server.compose import App, running
from stackdocs_mcp.settings import Settings, load
from stackdocs_mcp.workspace import Workspace, adding
from stackdocs_mcp.workspace.adding import add_document
from tests.cli.shell import COMMAND, PATIENCE, Shell, environment
from tests.server.test_mail import NAMES, order
from tests.supabase.replicas import Replica
from tests.supabase.shared import rig, variables

pytestmark = pytest.mark.anyio

LINE = re.compile(r"document ([0-9a-f-]{36}): (\d+) pages in \d+\.\d s$")


def settings(folder: Path, worker: Literal["on", "off"]) -> Settings:
    options = {"data_dir": folder / "data", "allow": (folder / "files",), "worker": worker}
    return load(options, variables())


@asynccontextmanager
async def working(chosen: Settings) -> AsyncIterator[tuple[App, Workspace]]:
    """A running product, with its stack as a client has it; its own worker works if it is on."""
    async with running(chosen) as app:
        workspace = app.workspace(await app.open_stack(), Actor("agent"))
        app.read_behind(workspace)
        yield app, workspace


async def documents(chosen: Settings) -> list[Document]:
    async with running(chosen) as app:
        workspace = app.workspace(await app.open_stack(), Actor("agent"))
        return list(await workspace.store.documents(limit=100))


def command(folder: Path) -> subprocess.Popen[str]:
    """`stackdocs-mcp worker` on the shared project."""
    return subprocess.Popen(
        [COMMAND, "worker", "--data-dir", str(folder)],
        env=environment(variables()),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
async def place(tmp_path: Path) -> Path:
    await rig().clean()
    (tmp_path / "files").mkdir()
    return tmp_path


@pytest.mark.requirement("PGQ-26")
async def test_the_command_reads_what_waits_and_says_a_line_without_names(place: Path) -> None:
    chosen = settings(place, "off")
    (place / "files" / "order.eml").write_bytes(order())
    async with running(chosen) as app:
        workspace = app.workspace(await app.open_stack(), Actor("agent"))
        file = place / "files" / "order.eml"
        await app.shared.intake.add(workspace.store, workspace.files, file, file.name, 1_000_000)

    said: list[str] = []
    with command(place / "worker") as process:
        assert process.stderr is not None
        found: dict[str, str] = {}
        while len(found) < len(NAMES) and (line := process.stderr.readline()):
            said.append(line)
            if match := LINE.search(line.rstrip("\n")):
                found[match[1]] = match[2]
        process.send_signal(signal.SIGTERM)
        out, rest = process.communicate(timeout=PATIENCE)

    there = await documents(chosen)
    assert {one.filename for one in there} == set(NAMES)
    assert {one.status for one in there} == {DocumentStatus.OCR_COMPLETE}
    assert found == {one.id: str(one.pages) for one in there}
    assert (process.returncode, out) == (128 + signal.SIGTERM, "")
    assert "order" not in "".join((*said, rest))


@pytest.mark.requirement("PGQ-28")
def test_with_a_data_directory_the_command_says_what_to_do_instead(tmp_path: Path) -> None:
    ran = Shell(tmp_path)("worker")

    assert (ran.code, ran.out) == (2, "")
    assert "a data directory has no queue; its documents are read by `serve`" in ran.err


@pytest.mark.requirement("PGQ-27")
async def test_a_server_without_a_worker_says_after_a_while_how_far_the_document_is(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "files" / "a.txt").write_text("a letter")
    monkeypatch.setattr(adding, "PATIENCE_SECONDS", 0.1)
    async with working(settings(place, "off")) as (app, workspace):
        added = await add_document(workspace, "a.txt")

        assert (added.new, added.document.status) == (True, DocumentStatus.PROCESSING)
        assert app.store.queue is not None
        assert await app.store.queue.depth() == 1


@pytest.mark.requirement("PGQ-27")
async def test_a_server_without_a_worker_hears_of_what_another_process_has_read(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "files" / "a.txt").write_text("letter")
    monkeypatch.setattr(adding, "PATIENCE_SECONDS", float(PATIENCE))
    heard: list[tuple[int, int]] = []

    async def report(done: int, pages: int) -> None:
        heard.append((done, pages))

    with Replica(rig(), place / "worker", pages=2):
        async with working(settings(place, "off")) as (_, workspace):
            added = await add_document(workspace.watched(report), "a.txt")

    assert (added.document.status, added.document.pages_done) == (DocumentStatus.OCR_COMPLETE, 2)
    assert heard[-1] == (2, 2)


@pytest.mark.requirement("PGQ-27")
async def test_a_server_with_a_worker_reads_what_is_added_at_once(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "files" / "a.txt").write_text("a letter")
    monkeypatch.setattr(adding, "PATIENCE_SECONDS", float(PATIENCE))
    async with working(settings(place, "on")) as (_, workspace):
        added = await add_document(workspace, "a.txt")

        assert added.document.status is DocumentStatus.OCR_COMPLETE
