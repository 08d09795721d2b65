"""Quotas while documents are read: what is not left is not done, and can be done later."""

from collections.abc import AsyncGenerator, AsyncIterator, Collection
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import anyio
import pytest

from stackdocs_mcp.core.binding import Actor, Binding, Role
from stackdocs_mcp.core.engine import Attachment, Extracted, FileOutline, Pages, Recognising
from stackdocs_mcp.core.errors import NotFound
from stackdocs_mcp.core.model import Document, DocumentStatus, Line, Page, PageSource
from stackdocs_mcp.core.ports import Store
from stackdocs_mcp.core.quota import Quotas
from stackdocs_mcp.core.stack import Stack
from stackdocs_mcp.stores.embedded import open_store
from stackdocs_mcp.workspace import Workspace, adding
from stackdocs_mcp.workspace.context import Shared
from stackdocs_mcp.workspace.cursors import Cursors
from stackdocs_mcp.workspace.intake import Intake, Job
from stackdocs_mcp.workspace.listening import Listeners
from stackdocs_mcp.workspace.pagecache import PageCache
from tests.stores.builders import ALICE, BOB, SteppingClock

pytestmark = pytest.mark.anyio


@dataclass
class Scanner:
    """A line is a page: ``scan`` has to be recognised, ``attach`` is a file, all else is text."""

    identity: str = "scanner"
    recognised: list[int] = field(default_factory=list)
    reached: anyio.Event = field(default_factory=anyio.Event)
    gate: anyio.Event | None = None

    async def read(self, file: Path, have: Collection[int]) -> AsyncGenerator[Extracted, None]:
        lines = file.read_text().splitlines()
        yield FileOutline("text/plain", len(lines))
        if self.gate is not None:
            self.reached.set()
            await self.gate.wait()
        for number, line in enumerate(lines, 1):
            if number in have:
                continue
            if line.startswith("attach "):
                yield Attachment("attached.txt", line.removeprefix("attach ").encode())
            source = PageSource.TEXT
            if line == "scan":
                yield Recognising((number,))
                self.recognised.append(number)
                source = PageSource.OCR
            yield Pages((Page(number, 612, 792, source, (Line(1, line),)),))

    async def close(self) -> None:
        """Nothing is held."""


@dataclass
class Place:
    """A stack of Alice's, with Bob as an editor."""

    store: Store
    shared: Shared
    stack: Stack
    folder: Path
    scanner: Scanner
    clock: SteppingClock

    @property
    def bob(self) -> Workspace:
        binding = Binding(BOB, self.stack.id, Role.EDITOR.rights, Actor("agent"), ALICE)
        return self.shared.workspace(binding, (self.folder,))

    @property
    def alice(self) -> Workspace:
        return self.shared.workspace(Binding(ALICE, self.stack.id, Role.OWNER.rights))

    async def add(self, *lines: str) -> adding.Added:
        path = self.folder / f"{len(lines)}-{abs(hash(lines))}.txt"
        path.write_text("\n".join(lines))
        return await adding.add_document(self.bob, str(path))

    async def again(self, document: Document) -> Document:
        await self.bob.store.retry(document.id)
        job = Job(self.bob.behind, self.bob.files, document.id)
        return await self.shared.intake.process(job)


@pytest.fixture
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """With the quotas that the test is marked with."""
    clock, scanner = SteppingClock(), Scanner()
    store = await open_store(tmp_path / "data", clock=clock, quotas=request.param)
    stack = await store.open_stack(ALICE, "invoices")
    intake = Intake(lambda _: scanner, clock, 99_999)
    shared = Shared(
        store=store,
        intake=intake,
        cursors=Cursors(b"k" * 32),
        pages=PageCache(),
        listeners=Listeners(store, clock),
        exports=tmp_path,
        max_file_bytes=99_999,
        sniff=lambda _head: None,
    )
    place = Place(store, shared, stack, tmp_path, scanner, clock)
    await place.alice.store.grant(BOB, Role.EDITOR)
    async with anyio.create_task_group() as tasks:
        await tasks.start(intake.run)
        yield place
        tasks.cancel_scope.cancel()
    await store.close()


def quotas(
    documents: int | None = None, pages: int | None = None, ocr_pages: int | None = None
) -> pytest.MarkDecorator:
    given = Quotas(documents, pages, ocr_pages)
    return pytest.mark.parametrize("place", [given], indirect=True, ids=[""])


def later(clock: SteppingClock) -> None:
    """Another month."""
    now = clock.now
    clock.now = datetime(now.year + 1, 1, 1, tzinfo=now.tzinfo)


@pytest.mark.requirement("QUOTA-20")
@quotas(pages=4)
async def test_a_document_with_too_many_pages_fails_and_is_read_when_the_month_is_over(
    place: Place,
) -> None:
    assert (await place.add("a", "b")).document.status is DocumentStatus.OCR_COMPLETE
    added = await place.add("a", "b", "c")

    assert added.document.status is DocumentStatus.FAILED
    assert added.document.error is not None
    assert added.document.error.code == "quota_exceeded"
    assert added.quota is not None
    assert added.quota.pages == 2

    later(place.clock)
    assert (await place.again(added.document)).status is DocumentStatus.OCR_COMPLETE


@pytest.mark.requirement("QUOTA-21")
@quotas(ocr_pages=2)
async def test_no_page_is_recognised_that_is_not_left_and_text_is_read_still(place: Place) -> None:
    added = await place.add("text", "scan", "scan", "text", "scan", "text")

    assert added.document.status is DocumentStatus.FAILED
    assert added.document.error is not None
    assert added.document.error.code == "quota_exceeded"
    assert "2 OCR pages a month has 0 left" in added.document.error.message
    assert place.scanner.recognised == [2, 3]
    assert added.document.pages_done == 4
    assert (await place.add("only", "text")).document.status is DocumentStatus.OCR_COMPLETE

    assert (await place.again(added.document)).status is DocumentStatus.FAILED
    later(place.clock)
    assert (await place.again(added.document)).status is DocumentStatus.OCR_COMPLETE
    assert place.scanner.recognised == [2, 3, 5]  # nothing twice
    left = await place.store.quota(BOB)
    assert left is not None
    assert left.ocr_pages == 1


@pytest.mark.requirement("QUOTA-22")
@quotas(documents=2)
async def test_what_is_attached_counts_and_is_not_lost_when_there_are_too_many(
    place: Place,
) -> None:
    await place.add("first")
    added = await place.add("attach one thing", "rest")

    assert added.document.status is DocumentStatus.FAILED
    assert added.document.error is not None
    assert added.document.error.code == "quota_exceeded"

    later(place.clock)
    await place.again(added.document)
    names = [one.filename for one in await place.alice.store.documents(limit=9)]
    assert [name.rpartition("/")[2] for name in names][-1] == "attached.txt"
    left = await place.store.quota(BOB)
    assert left is not None
    assert left.documents == 1


@pytest.mark.requirement("QUOTA-23")
@quotas(pages=10, ocr_pages=10)
async def test_a_document_is_read_to_its_end_when_its_adder_has_been_removed(place: Place) -> None:
    place.scanner.gate = anyio.Event()
    path = place.folder / "slow.txt"
    path.write_text("scan\ntext\nattach more")

    async def add() -> None:
        with pytest.raises(NotFound):
            await adding.add_document(place.bob, str(path))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(add)
        await place.scanner.reached.wait()
        await place.alice.store.revoke(BOB)
        place.scanner.gate.set()

    after = (await place.alice.store.documents(limit=9))[0]
    assert after.status is DocumentStatus.OCR_COMPLETE
    for one in await place.alice.store.documents(limit=9):
        await place.shared.intake.process(Job(place.alice.behind, place.alice.files, one.id))
    bob, alice = await place.store.quota(BOB), await place.store.quota(ALICE)
    assert bob is not None
    assert (bob.pages, bob.ocr_pages) == (6, 9)  # three, and one that was attached
    assert alice is not None
    assert (alice.pages, alice.ocr_pages) == (10, 10)


@pytest.mark.requirement("QUOTA-24")
@quotas()
async def test_without_quotas_nothing_is_said_of_them(place: Place) -> None:
    added = await place.add("scan", "text")

    assert added.document.status is DocumentStatus.OCR_COMPLETE
    assert added.quota is None
