"""Files that are sent, and read by the same process or another, over the project's Storage."""

import uuid
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import cast

import anyio
import pytest

from stackdocs_mcp.core.binding import Binding, Role
from stackdocs_mcp.core.errors import LinkUsed, StoreFailed
from stackdocs_mcp.core.model import Document, DocumentId, DocumentStatus
from stackdocs_mcp.core.ports import Store
from stackdocs_mcp.core.stack import Stack
from stackdocs_mcp.stores.supabase import objects as requests
from stackdocs_mcp.stores.supabase.store import SupabaseStore
from stackdocs_mcp.workspace import Workspace
from stackdocs_mcp.workspace.context import Shared
from stackdocs_mcp.workspace.cursors import Cursors
from stackdocs_mcp.workspace.intake import Intake, Job
from stackdocs_mcp.workspace.listening import Listeners
from stackdocs_mcp.workspace.pagecache import PageCache
from stackdocs_mcp.workspace.uploading import Once, take_in
from tests.stores.builders import ALICE, BOB, SteppingClock
from tests.supabase import storing
from tests.supabase.test_storage import join
from tests.workspace.test_quotas import Scanner

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("PGF-04")]

LIMIT = 10_000_000


@asynccontextmanager
async def process(store: SupabaseStore, folder: Path) -> AsyncIterator[Shared]:
    """All that a process shares, with an engine that reads what it is given."""
    clock = SteppingClock()
    intake = Intake(lambda _: Scanner(), clock, LIMIT)
    shared = Shared(
        store=cast("Store", store),
        intake=intake,
        cursors=Cursors(b"k" * 32),
        pages=PageCache(),
        listeners=Listeners(cast("Store", store), clock),
        exports=folder,
        max_file_bytes=LIMIT,
        sniff=lambda _head: None,
    )
    async with anyio.create_task_group() as tasks:
        await tasks.start(intake.run)
        yield shared
        tasks.cancel_scope.cancel()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SupabaseStore]:
    async with storing.opened(tmp_path / "one") as opened:
        yield opened


@pytest.fixture
async def stack(store: SupabaseStore) -> Stack:
    made = await store.open_stack(ALICE, "invoices")
    await join(made, Role.EDITOR)
    return made


@pytest.fixture
async def bob(store: SupabaseStore, stack: Stack, tmp_path: Path) -> AsyncIterator[Workspace]:
    """An editor of Alice's stack, in a process of his own."""
    async with process(store, tmp_path) as shared:
        yield shared.workspace(Binding(BOB, stack.id, Role.EDITOR.rights, owner=ALICE))


async def test_what_is_sent_is_read_with_what_is_attached_to_it(bob: Workspace) -> None:
    added = await take_in(bob, "a.txt", pieces(b"one\nattach two\nthree"))
    document = await read(bob, added.document.id)

    assert (document.status, document.pages) == (DocumentStatus.OCR_COMPLETE, 3)
    attached = [one for one in await bob.store.documents(limit=9) if one.id != document.id]
    assert [one.filename for one in attached] == ["a.txt/attached.txt"]
    assert (await read(bob, attached[0].id)).pages == 1
    assert len(await storing.objects()) == 2


async def test_another_process_reads_what_this_one_was_sent(
    bob: Workspace, stack: Stack, tmp_path: Path
) -> None:
    await bob.store.stack()
    async with bob.files.incoming(LIMIT) as incoming:
        await incoming.write(b"one")
        kept = await incoming.keep()
    other = await storing.another(tmp_path / "two")

    async with process(other, tmp_path) as shared:
        alice = shared.workspace(Binding(ALICE, stack.id, Role.OWNER.rights))
        added = await take_in(bob, "a.txt", pieces(b"one"))
        document = await read(alice, added.document.id)

    assert (document.sha256, document.size) == kept
    assert document.status is DocumentStatus.OCR_COMPLETE
    await other.close()


async def test_a_link_takes_the_one_file_again_and_no_other(
    bob: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "PAUSES", (0.0,))
    expires = SteppingClock().now + timedelta(hours=1)
    once = Once(uuid.uuid4().hex, 3, expires)

    await storing.weather("down", 2)
    with pytest.raises(StoreFailed):
        await take_in(bob, "a.txt", pieces(b"one"), once)
    first = await take_in(bob, "a.txt", pieces(b"one"), once)
    again = await take_in(bob, "a.txt", pieces(b"one"), once)
    await storing.weather("fine")
    with pytest.raises(LinkUsed):
        await take_in(bob, "a.txt", pieces(b"two"), once)

    assert (first.new, again.new) == (True, False)
    assert first.document.id == again.document.id
    assert not any("storage" in request for request in await storing.seen())
    assert len(await storing.objects()) == 1


async def test_what_breaks_off_on_its_way_reaches_no_storage(bob: Workspace) -> None:
    async def broken() -> AsyncGenerator[bytes, None]:
        yield b"x" * 3_000_000
        raise ConnectionResetError

    await storing.weather("fine")
    with pytest.raises(ConnectionResetError):
        await take_in(bob, "a.txt", broken())

    assert await storing.seen() == []


async def pieces(content: bytes) -> AsyncGenerator[bytes, None]:
    """The content, in two."""
    yield content[:1]
    yield content[1:]


async def read(workspace: Workspace, document: DocumentId) -> Document:
    """The document when it has been read."""
    shared = workspace.shared
    return await shared.intake.process(Job(workspace.behind, workspace.files, document))
