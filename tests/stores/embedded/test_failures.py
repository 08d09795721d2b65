"""What goes wrong under the embedded store: full disks, other processes, cancelled calls."""

import sqlite3
from datetime import datetime
from pathlib import Path

import anyio
import anyio.from_thread
import pytest

from stackdocs_mcp.core.errors import InvalidArgument, StoreFailed
from stackdocs_mcp.core.model import (
    Document,
    JsonValue,
)
from stackdocs_mcp.core.ports import StackStore
from stackdocs_mcp.stores.embedded import FILE, EmbeddedStore, open_store
from tests.stores.builders import (
    ALICE,
    SteppingClock,
    binding,
    file,
    put,
    setting,
    values,
    with_text,
)

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("STORE-155")
async def test_a_write_that_is_stopped_at_any_step_changes_nothing(
    repo: StackStore, writer: sqlite3.Connection, document: Document
) -> None:
    await put(repo, document, "a", {"b": 1, "c": 2})
    before = await repo.document(document.id), await repo.changes(limit=99)
    allowed, stopped = 1, 0
    while True:
        left = [allowed]

        def spend(left: list[int] = left) -> int:
            left[0] -= 1
            return left[0] == 0  # once: what rolls back runs on

        def spare(sql: str, left: list[int] = left) -> None:
            if (
                sql == "COMMIT"
            ):  # what stops SQLite as this ends says that it failed, and it did not
                left[0] = -1

        writer.set_progress_handler(spend, 1)
        writer.set_trace_callback(spare)
        try:
            await repo.write(document.id, [setting("a", {"b": 3}), setting("d", 4)])
        except StoreFailed:
            writer.set_progress_handler(None, 0)
            assert (await repo.document(document.id), await repo.changes(limit=99)) == before
            stopped, allowed = stopped + 1, allowed + 11
        else:
            writer.set_progress_handler(None, 0)
            break

    assert stopped > 10
    assert await values(repo, document) == {"a.b": 3, "d": 4}


@pytest.mark.requirement("STORE-155")
async def test_a_write_that_could_not_even_be_rolled_back_is_gone_with_the_next(
    repo: StackStore, writer: sqlite3.Connection, document: Document
) -> None:
    writer.set_progress_handler(lambda: writer.in_transaction, 1)
    with pytest.raises(StoreFailed):
        await put(repo, document, "a", 1)
    assert writer.in_transaction
    writer.set_progress_handler(None, 0)

    await put(repo, document, "b", 2)

    assert await values(repo, document) == {"b": 2}


@pytest.mark.requirement("STORE-156")
async def test_a_full_disk_is_a_failure_that_changes_nothing_and_passes(
    repo: StackStore, writer: sqlite3.Connection, document: Document
) -> None:
    pages = writer.execute("PRAGMA page_count").fetchone()[0]
    writer.execute(f"PRAGMA max_page_count = {pages}")
    rows: list[JsonValue] = ["x" * 500 for _ in range(500)]

    with pytest.raises(StoreFailed, match="the disk is full") as failed:
        await repo.write(document.id, [setting("rows", rows)])

    assert isinstance(failed.value.__cause__, sqlite3.Error)
    assert await repo.document(document.id) == document
    writer.execute("PRAGMA max_page_count = 1000000")
    await put(repo, document, "a", 1)


@pytest.mark.requirement("STORE-156")
async def test_a_store_that_cannot_be_written_fails_in_our_words(
    repo: StackStore, writer: sqlite3.Connection, document: Document
) -> None:
    writer.execute("PRAGMA query_only = ON")

    with pytest.raises(StoreFailed, match="read-only") as failed:
        await put(repo, document, "a", 1)

    assert str(failed.value.__cause__) not in failed.value.message
    assert await values(repo, document) == {}


@pytest.mark.requirement("STORE-156")
async def test_a_store_that_another_process_holds_too_long_is_a_failure(
    repo: StackStore, writer: sqlite3.Connection, document: Document, tmp_path: Path
) -> None:
    writer.execute("PRAGMA busy_timeout = 0")
    other = sqlite3.connect(tmp_path / "data" / FILE, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreFailed, match="another process"):
            await put(repo, document, "a", 1)
    finally:
        other.close()

    await put(repo, document, "a", 1)


@pytest.mark.requirement("STORE-156")
@pytest.mark.parametrize("junk", [b"this is no database" * 500, b"\x00\xff" * 5000])
async def test_a_file_that_is_no_database_is_refused_and_left_alone(
    tmp_path: Path, clock: SteppingClock, junk: bytes
) -> None:
    (tmp_path / FILE).write_bytes(junk)

    with pytest.raises(StoreFailed, match="not a database"):
        await open_store(tmp_path, clock=clock)

    assert (tmp_path / FILE).read_bytes() == junk


@pytest.mark.requirement("STORE-156")
async def test_a_damaged_database_is_a_failure(tmp_path: Path, clock: SteppingClock) -> None:
    store = await open_store(tmp_path, clock=clock)
    await store.open_stack(ALICE, "x")
    await store.close()
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole[:4096] + b"\xa5" * (len(whole) - 4096))

    with pytest.raises(StoreFailed, match="damaged"):
        await open_store(tmp_path, clock=clock)


@pytest.mark.requirement("STORE-156")
async def test_a_data_folder_that_cannot_be_made_is_a_failure(
    tmp_path: Path, clock: SteppingClock
) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StoreFailed, match="data folder"):
        await open_store(tmp_path / "file" / "data", clock=clock)


@pytest.mark.requirement("STORE-156")
async def test_a_closed_store_fails_in_our_words(
    store: EmbeddedStore, repo: StackStore, document: Document
) -> None:
    await store.close()

    with pytest.raises(StoreFailed, match="closed"):
        await repo.document(document.id)
    with pytest.raises(StoreFailed, match="closed"):
        await put(repo, document, "a", 1)


@pytest.mark.requirement("STORE-157")
async def test_text_and_numbers_that_cannot_be_stored_are_refused(
    repo: StackStore, document: Document
) -> None:
    with pytest.raises(InvalidArgument):
        await repo.add_document(file("\ud800.pdf", "bytes"))
    with pytest.raises(InvalidArgument):
        await repo.pages(document.id, [2**63])

    assert await repo.documents(limit=9) == [document]


@pytest.mark.requirement("STORE-158")
async def test_reads_go_on_while_a_write_waits_for_another_process(
    repo: StackStore, document: Document, tmp_path: Path
) -> None:
    other = sqlite3.connect(tmp_path / "data" / FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(put, repo, document, "a", 1)
            await anyio.lowlevel.checkpoint()
            assert await values(repo, document) == {}
            other.execute("COMMIT")
    finally:
        other.close()

    assert await values(repo, document) == {"a": 1}


@pytest.mark.requirement("STORE-159")
async def test_a_call_that_is_cancelled_before_it_began_changes_nothing(
    repo: StackStore, document: Document
) -> None:
    with anyio.CancelScope() as scope:
        scope.cancel()
        await put(repo, document, "a", 1)

    assert scope.cancelled_caught
    assert await values(repo, document) == {}


@pytest.mark.requirement("STORE-159")
async def test_a_call_that_is_cancelled_in_its_transaction_is_carried_through(
    tmp_path: Path,
) -> None:
    clock = SteppingClock()
    scopes: list[anyio.CancelScope] = []

    def cancelling() -> datetime:
        if scopes:
            anyio.from_thread.run_sync(scopes.pop().cancel)
        return clock()

    store = await open_store(tmp_path / "data", clock=cancelling)
    repo = store.bind(binding(ALICE, (await store.open_stack(ALICE, "x")).id))
    document = await with_text(repo, "a.pdf", "text")
    await repo.finish(document.id)

    with anyio.CancelScope() as scope:
        scopes.append(scope)
        await repo.write(document.id, [setting("a", 1), setting("b", 2)])

    assert scope.cancel_called
    assert await values(repo, document) == {"a": 1, "b": 2}
    await store.close()


@pytest.mark.requirement("STORE-160")
async def test_many_calls_at_once_are_all_carried_out(repo: StackStore, document: Document) -> None:
    async with anyio.create_task_group() as tasks:
        for count in range(40):
            tasks.start_soon(put, repo, document, f"f{count}", count)
            tasks.start_soon(repo.fields, document.id)

    after = await repo.document(document.id)
    assert (after.revision, after.fields) == (40, 40)
