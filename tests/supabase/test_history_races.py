"""Many writers at once: through PostgREST, on connections of their own."""

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from stackdocs_mcp.core.errors import Conflict, StaleRevision
from stackdocs_mcp.core.model import Completion, Document, DocumentStatus, WriteResult
from stackdocs_mcp.core.ports import StackStore, Store
from tests.stores.builders import ALICE, SteppingClock, binding, put, ready, setting, values
from tests.supabase.shared import open_shared, rig

pytestmark = pytest.mark.anyio

WRITERS = 50
EACH = 3


@pytest.fixture
async def replicas(tmp_path: Path) -> AsyncIterator[list[Store]]:
    """Three processes' stores on one project."""
    await rig().clean()
    opened = [await open_shared(tmp_path, SteppingClock()) for _ in range(3)]
    yield opened
    for store in opened:
        await store.close()


@pytest.fixture
async def repos(replicas: list[Store]) -> list[StackStore]:
    stack = await replicas[0].open_stack(ALICE, "races")
    return [store.bind(binding(ALICE, stack.id)) for store in replicas]


async def is_whole(repo: StackStore, document: Document) -> None:
    """The history fits, its revisions follow each other, and so do its sequences."""
    assert (await repo.verify(document.id)).breaks == ()
    history = await repo.changes(document.id, limit=10_000)
    calls = list(dict.fromkeys(one.revision for one in reversed(history)))
    assert calls == list(range(min(calls), max(calls) + 1))
    assert calls[-1] == (await repo.document(document.id)).revision


@pytest.mark.requirement("PGH-01")
async def test_fifty_writers_of_one_extraction_lose_no_write(repos: list[StackStore]) -> None:
    document = await ready(repos[0])
    results: list[WriteResult] = []

    async def write(writer: int) -> None:
        for turn in range(EACH):
            repo = repos[(writer + turn) % len(repos)]
            mine = f"writers[{writer}].turn"
            results.extend(
                await repo.write(
                    document.id, [setting(mine, turn), setting("last", mine + str(turn))]
                )
            )

    async with anyio.create_task_group() as group:
        for writer in range(WRITERS):
            group.start_soon(write, writer)

    assert all(one.changed for one in results)
    assert Counter(one.revision for one in results) == Counter(
        [*range(1, WRITERS * EACH + 1), *range(1, WRITERS * EACH + 1)]
    )
    assert (await repos[0].document(document.id)).revision == WRITERS * EACH
    held = await values(repos[0], document)
    assert {held[f"writers[{one}].turn"] for one in range(WRITERS)} == {EACH - 1}
    await is_whole(repos[0], document)


@pytest.mark.requirement("PGH-02")
async def test_of_writers_who_expect_the_same_revision_one_wins(repos: list[StackStore]) -> None:
    document = await ready(repos[0])
    await put(repos[0], document, "a", 0)
    results: list[WriteResult] = []

    async def write(writer: int) -> None:
        repo = repos[writer % len(repos)]
        results.extend(await repo.write(document.id, [setting("a", writer + 1, expected=1)]))

    async with anyio.create_task_group() as group:
        for writer in range(12):
            group.start_soon(write, writer)

    assert sorted(one.conflict or "" for one in results) == ["", *["stale_revision"] * 11]
    assert (await repos[0].document(document.id)).revision == 2
    await is_whole(repos[0], document)


@pytest.mark.requirement("PGH-03")
async def test_writes_undos_and_new_beginnings_at_once_leave_a_whole_history(
    repos: list[StackStore],
) -> None:
    document = await ready(repos[0])
    await put(repos[0], document, "a", "first")

    async def write(repo: StackStore, writer: int) -> None:
        for turn in range(6):
            await repo.write(document.id, [setting("a", f"{writer} {turn}"), setting("b[0]", turn)])

    async def undo(repo: StackStore, redo: bool) -> None:
        for _ in range(6):
            try:
                await repo.undo(document.id, redo=redo)
            except Conflict:
                continue

    async def begin(repo: StackStore) -> None:
        for _ in range(2):
            await repo.start_extraction(document.id)

    async with anyio.create_task_group() as group:
        for writer in range(6):
            group.start_soon(write, repos[writer % 3], writer)
        for repo in repos:
            group.start_soon(undo, repo, False)
            group.start_soon(undo, repo, True)
        group.start_soon(begin, repos[1])

    await is_whole(repos[0], document)
    assert len(await repos[0].extractions(document.id)) == 3


@pytest.mark.requirement("PGH-05")
async def test_what_is_completed_while_it_is_written_is_what_was_checked(
    repos: list[StackStore],
) -> None:
    document = await ready(repos[0])
    await put(repos[0], document, "a", 0)
    came: list[str] = []

    async def complete() -> None:
        seen = (await repos[0].document(document.id)).revision
        try:
            done = await repos[0].complete(
                document.id, revision=seen, completion=Completion("done")
            )
        except StaleRevision:
            came.append("stale")
            return
        assert done.revision == seen
        came.append("completed")

    async def write(turn: int) -> None:
        await repos[1].write(document.id, [setting("a", turn)])

    for turn in range(1, 9):
        async with anyio.create_task_group() as group:
            group.start_soon(complete)
            group.start_soon(write, turn)
        after = await repos[2].document(document.id)
        if came[-1] == "stale":
            assert after.status is DocumentStatus.OCR_COMPLETE

    assert len(came) == 8
    await is_whole(repos[0], document)


@pytest.mark.requirement("PGH-04")
async def test_who_pages_through_the_changes_of_a_stack_meanwhile_misses_none(
    repos: list[StackStore],
) -> None:
    documents = [await ready(repos[0], f"{name}") for name in range(8)]
    done = anyio.Event()
    looks = 0

    async def write(document: Document, repo: StackStore) -> None:
        for turn in range(8):
            await repo.write(document.id, [setting("a", turn), setting("b", turn)])

    async def look() -> None:
        nonlocal looks
        while not done.is_set():
            found = await repos[2].changes(limit=1_000)
            assert [one.sequence for one in found] == list(range(len(found), 0, -1))
            looks += 1

    async with anyio.create_task_group() as watching:
        watching.start_soon(look)
        async with anyio.create_task_group() as group:
            for place, document in enumerate(documents):
                group.start_soon(write, document, repos[place % 2])
        done.set()

    assert looks > 1
    assert len(await repos[0].changes(limit=1_000)) == 8 * 8 * 2
