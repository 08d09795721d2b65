"""Owners whose documents are read side by side, whoever adds how many."""

from collections.abc import AsyncGenerator, AsyncIterator, Collection
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import pytest
from anyio.lowlevel import checkpoint

from stackdocs_mcp.core.binding import Binding, Right, UserId
from stackdocs_mcp.core.engine import Extracted, FileOutline, Pages
from stackdocs_mcp.core.model import DocumentStatus, Line, NewDocument, Page, PageSource
from stackdocs_mcp.server.compose import App
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace import Workspace
from stackdocs_mcp.workspace.intake import Job
from tests.server.engines import running_with

pytestmark = pytest.mark.anyio

ALICE, BOB = UserId("alice"), UserId("bob")
MANY = 150


@dataclass
class HeldEngine:
    """One page for each file; those that begin with ``long`` are not over until told so."""

    begun: list[str] = field(default_factory=list)
    over: anyio.Event = field(default_factory=anyio.Event)
    full: anyio.Event = field(default_factory=anyio.Event)
    """Two of them are in work."""
    identity: str = "held"

    async def read(self, file: Path, have: Collection[int]) -> AsyncGenerator[Extracted, None]:
        text = file.read_text()
        self.begun.append(text)
        yield FileOutline("text/plain", 1)
        if text.startswith("long"):
            if len(self.begun) == 2:
                self.full.set()
            await self.over.wait()
        if 1 not in have:
            yield Pages((Page(1, 612, 792, PageSource.TEXT, (Line(1, text),)),))

    async def close(self) -> None:
        """Nothing is held."""


@dataclass
class Running:
    app: App
    engine: HeldEngine

    async def workspace(self, user: UserId) -> Workspace:
        stack = await self.app.store.open_stack(user, "invoices")
        return self.app.shared.workspace(Binding(user, stack.id, frozenset(Right)))

    async def add(self, user: UserId, text: str) -> anyio.Event:
        workspace = await self.workspace(user)
        sha256, size = await workspace.files.put_bytes(text.encode(), 99)
        new = NewDocument(f"{text}.txt", sha256, size)
        document, _ = await workspace.store.add_document(new)
        return self.app.shared.intake.start(Job(workspace.behind, workspace.files, document.id))


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Running]:
    engine = HeldEngine()
    async with running_with(Settings(data_dir=tmp_path / "data"), engine) as app:
        yield Running(app, engine)


@pytest.mark.requirement("FAIR-04")
async def test_a_document_is_begun_at_once_whatever_another_owner_has_waiting(
    served: Running,
) -> None:
    for number in range(MANY):
        await served.add(ALICE, f"long {number}")
    with anyio.fail_after(60):
        await served.engine.full.wait()
        await (await served.add(BOB, "short")).wait()

    assert len(served.engine.begun) == 3, "two of Alice's, which last, and then Bob's"
    assert served.engine.begun[2] == "short"


@pytest.mark.requirement("FAIR-04")
async def test_all_documents_are_read_in_the_end(served: Running) -> None:
    waiting = [await served.add(ALICE, f"long {number}") for number in range(20)]
    waiting += [await served.add(BOB, f"long too {number}") for number in range(5)]
    served.engine.over.set()
    with anyio.fail_after(60):
        for one in waiting:
            await one.wait()

    assert len(served.engine.begun) == len(set(served.engine.begun)) == 25
    for user in (ALICE, BOB):
        found = await (await served.workspace(user)).store.documents(limit=100)
        assert {one.status for one in found} == {DocumentStatus.OCR_COMPLETE}


@pytest.mark.requirement("FAIR-08")
async def test_a_stack_that_cannot_be_looked_at_keeps_no_other_from_being_read(
    served: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that is erased between the list of stacks and the look into it."""
    bob = await served.workspace(BOB)
    sha256, size = await bob.files.put_bytes(b"short", 99)
    document, _ = await bob.store.add_document(NewDocument("a.txt", sha256, size))
    unread = served.app.store.unread

    async def with_an_erased_one() -> list[tuple[UserId, str]]:
        return [(ALICE, "no such stack"), *await unread()]

    monkeypatch.setattr(served.app.store, "unread", with_an_erased_one)
    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(served.app.read_everything)
            while (await bob.store.document(document.id)).status is DocumentStatus.PROCESSING:
                await checkpoint()
            tasks.cancel_scope.cancel()

    assert served.engine.begun == ["short"]
