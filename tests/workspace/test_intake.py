"""The same bytes are read once, whoever wants them, and whoever dies over them."""

import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import anyio
import pytest

from stackdocs_mcp.core.model import Document, DocumentStatus, NewDocument
from stackdocs_mcp.core.ports import Store
from stackdocs_mcp.stores.embedded import open_store
from stackdocs_mcp.workspace import intake as module
from stackdocs_mcp.workspace.intake import Intake, Job
from tests.stores.builders import ALICE, SteppingClock, binding, page
from tests.workspace.paced import PAGES, PacedEngine

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
LATER = 3600
"""Seconds after which every claim has run out."""


def start(folder: Path, stack: str, ahead: int = 0) -> subprocess.Popen[str]:
    program = [sys.executable, "-m", "tests.workspace.reading_process"]
    return subprocess.Popen(
        [*program, str(folder), stack, str(ahead)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def tell(process: subprocess.Popen[str], pages: int) -> None:
    assert process.stdin is not None
    process.stdin.write("\n" * pages)
    process.stdin.flush()


async def bills(folder: Path) -> list[int]:
    """What each stack's documents cost."""
    store = await open_store(folder, clock=SteppingClock())
    try:
        return [summary.billed_pages for summary in await store.stacks(ALICE)]
    finally:
        await store.close()


@pytest.mark.requirement("INTAKE-01")
@pytest.mark.parametrize(("stack", "cost"), [("one", [3]), ("two", [3, 0])])
async def test_two_processes_that_want_the_same_bytes_at_once_pay_once(
    tmp_path: Path, stack: str, cost: list[int]
) -> None:
    with start(tmp_path, "one") as first, start(tmp_path, stack) as second:
        opening = {process: [said(process), said(process)] for process in (first, second)}
        waiting, reading = sorted(opening, key=lambda one: "before 1" in opening[one])
        assert opening[waiting] == ["seen 0", "seen 0"]
        assert opening[reading] == ["seen 0", "before 1"]

        tell(reading, PAGES)
        over = [process.communicate(timeout=60)[0].split("\n")[-2] for process in opening]

    assert sorted(over) == ["over 3 0", "over 3 3"]
    assert sorted(await bills(tmp_path)) == sorted(cost)


@pytest.mark.requirement("INTAKE-02")
@pytest.mark.parametrize(("stack", "cost"), [("one", [3]), ("two", [2, 1])])
async def test_when_a_reader_is_killed_only_the_missing_pages_are_read(
    tmp_path: Path, stack: str, cost: list[int]
) -> None:
    with start(tmp_path, "one") as victim:
        tell(victim, 2)
        while said(victim) != "before 3":
            pass
        victim.kill()
    with start(tmp_path, stack, LATER) as heir:
        tell(heir, 1)
        lines = heir.communicate(timeout=60)[0].split("\n")

    assert [line for line in lines if line.startswith(("before", "over"))] == [
        "before 3",
        "over 3 1",
    ]
    assert await bills(tmp_path) == cost


@dataclass
class Desk:
    """An intake in this process, whose engine waits before page 2 until ``gate`` is opened."""

    store: Store
    clock: SteppingClock
    gate: anyio.Event = field(default_factory=anyio.Event)
    reached: anyio.Event = field(default_factory=anyio.Event)

    def __post_init__(self) -> None:
        self.engine = PacedEngine(self._turn)
        self.intake = Intake(lambda _: self.engine, self.clock, 99)

    async def _turn(self, number: int) -> None:
        if number == 2:
            self.reached.set()
            await self.gate.wait()

    async def job(self, name: str) -> Job:
        """The same bytes in the stack of this name, to be read."""
        stack = await self.store.open_stack(ALICE, name)
        bound = binding(ALICE, stack.id)
        repo, files = self.store.bind(bound), self.store.files(bound)
        sha256, size = await files.put_bytes(b"some bytes", 99)
        document, _ = await repo.add_document(NewDocument("a.txt", sha256, size))
        return Job(repo, files, document.id)


@pytest.fixture
async def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.01)
    monkeypatch.setattr(module, "RENEW_SECONDS", 0.01)
    clock = SteppingClock()
    clock.step = timedelta(0)
    store = await open_store(tmp_path / "data", clock=clock)
    yield Desk(store, clock)
    await store.close()


@pytest.mark.requirement("INTAKE-01")
@pytest.mark.parametrize("other", ["one", "two"])
async def test_two_jobs_of_one_process_that_want_the_same_bytes_pay_once(
    desk: Desk, other: str
) -> None:
    ended: list[Document] = []
    waits = anyio.Event()

    async def process(job: Job) -> None:
        ended.append(await desk.intake.process(job))

    first, second = await desk.job("one"), await desk.job(other)
    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(process, first)
            await desk.reached.wait()
            tasks.start_soon(process, replace(second, on_page=lambda _done, _pages: waits.set()))
            await waits.wait()
            desk.gate.set()

    assert [one.status for one in ended] == [DocumentStatus.OCR_COMPLETE] * 2
    assert [one.pages_done for one in ended] == [PAGES] * 2
    assert desk.engine.charged == [1, 2, 3]


@pytest.mark.requirement("INTAKE-03")
@pytest.mark.parametrize("other", ["one", "two"])
async def test_a_reader_that_slept_until_another_took_over_stops_and_waits(
    desk: Desk, other: str
) -> None:
    mine, theirs = await desk.job("one"), await desk.job(other)
    ended: list[Document] = []
    waits = anyio.Event()

    def on_page(done: int, _pages: int) -> None:
        if done and desk.reached.is_set():
            waits.set()

    async def process() -> None:
        ended.append(await desk.intake.process(replace(mine, on_page=on_page)))

    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(process)
            await desk.reached.wait()
            desk.clock.now += timedelta(seconds=LATER)
            while not await theirs.store.claim(theirs.document, "other", later(desk.clock)):
                desk.clock.now += timedelta(seconds=LATER)  # it was prolonged just now
            await waits.wait()
            assert desk.engine.charged == [1]
            assert await theirs.store.stored_pages(theirs.document, desk.engine.identity) == [1]
            await theirs.store.save_pages(
                theirs.document, desk.engine.identity, [page(2, "b"), page(3, "c")], billed=2
            )
            await theirs.store.finish(theirs.document)

    assert desk.engine.charged == [1]
    assert (ended[0].status, ended[0].pages_done) == (DocumentStatus.OCR_COMPLETE, PAGES)


def later(clock: SteppingClock) -> datetime:
    return clock.now + timedelta(seconds=LATER)
