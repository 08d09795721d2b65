"""How the embedded store uses SQLite: its settings, its plans, its failures, its threads."""

import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

import anyio
import anyio.from_thread
import pytest

from stackdocs_mcp.core.errors import InvalidArgument, StoreFailed
from stackdocs_mcp.core.model import (
    ChangeId,
    Completion,
    Document,
    DocumentStatus,
    Failure,
    FolderFile,
    JsonValue,
    Policy,
)
from stackdocs_mcp.core.paths import parse
from stackdocs_mcp.core.ports import StackStore
from stackdocs_mcp.stores.embedded import FILE, EmbeddedStore, open_store
from tests.stores.builders import (
    ALICE,
    ENGINE,
    SteppingClock,
    added,
    binding,
    deleting,
    file,
    page,
    put,
    setting,
    values,
    with_text,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def store(tmp_path: Path, clock: SteppingClock) -> AsyncIterator[EmbeddedStore]:
    opened = await open_store(tmp_path / "data", clock=clock)
    yield opened
    await opened.close()


@pytest.fixture
def writer(store: EmbeddedStore) -> sqlite3.Connection:
    return store._database._writer


@pytest.fixture
async def connections(store: EmbeddedStore, repo: StackStore) -> list[sqlite3.Connection]:
    """The writer, and the one reader that calls in sequence use."""
    await repo.stack()
    return [store._database._writer, *store._database._readers]


@pytest.mark.requirement("STORE-150")
async def test_every_connection_is_durable_and_strict(
    connections: list[sqlite3.Connection],
) -> None:
    assert len(connections) == 2
    for connection in connections:
        found = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "trusted_schema")
        }
        assert found == {
            "journal_mode": "wal",
            "synchronous": 2,  # FULL
            "foreign_keys": 1,
            "trusted_schema": 0,
        }
        assert connection.execute("PRAGMA busy_timeout").fetchone()[0] >= 5_000


@pytest.mark.skipif(sys.platform == "win32", reason="rights are POSIX")
@pytest.mark.requirement("STORE-151")
async def test_the_database_is_its_owners_alone(document: Document, tmp_path: Path) -> None:
    assert document.revision == 0  # something has been written
    found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").iterdir()}
    assert found == {FILE: 0o600, f"{FILE}-wal": 0o600, f"{FILE}-shm": 0o600}
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


@pytest.mark.skipif(sys.platform == "win32", reason="rights are POSIX")
@pytest.mark.requirement("STORE-151")
async def test_rights_that_were_too_wide_are_narrowed(tmp_path: Path, clock: SteppingClock) -> None:
    folder = tmp_path / "wide"
    folder.mkdir(mode=0o755)
    (folder / FILE).touch(mode=0o644)

    await (await open_store(folder, clock=clock)).close()

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600


async def everything(repo: StackStore, document: Document, clock: SteppingClock) -> None:
    """Every statement that a binding can cause, on a stack that holds something."""
    one = document.id
    await repo.set_schema({"type": "object"}, "", Policy())
    await repo.claim(one, "owner", clock.now + timedelta(minutes=1))
    await repo.set_outline(one, "text/plain", 2)
    await repo.save_pages(one, ENGINE, [page(1, "total due"), page(2)])
    await repo.stored_pages(one, ENGINE)
    await repo.mark_read(one, [1])
    await repo.fail(one, Failure("damaged", ""))
    await repo.retry(one)
    await repo.finish(one)
    await repo.documents(limit=2)
    await repo.documents(after=one, limit=2)
    await repo.documents(status=DocumentStatus.PROCESSING, query="x", after=one, limit=2)
    await repo.unclaimed(clock.now, 2)
    await repo.outlines(one)
    await repo.outlines(one, first=1, last=2)
    await repo.pages(one, [1, 2])
    await repo.search("total d", limit=2)
    await repo.search("total d", document=one, limit=2)
    await repo.remember_file(FolderFile("a", 1, 1, one))
    await repo.remember_file(FolderFile("a", 1, 1, (await added(repo, "newer")).id))
    await repo.remember_file(FolderFile("a", 1, 1, one))
    await repo.folder_files()
    await repo.add_document(file())
    await repo.write(one, [setting("a.b[0].c", 1), setting("a.b[1]", {"d": 2}), setting("a.x", 3)])
    await repo.write(one, [setting("a", 1), setting("a.b[0].c.d", 1), deleting("a.b")])
    undone = await repo.undo(one)
    await repo.undo(one, undone.id)
    await repo.undo(one, ChangeId("4-1"))
    await repo.fields(one, below=parse("a"), limit=2)
    await repo.fields(one)
    await repo.complete(one, revision=5, completion=Completion())
    await repo.changes(limit=2)
    await repo.changes(one, limit=2)


@pytest.fixture
async def statements(
    store: EmbeddedStore,
    repo: StackStore,
    document: Document,
    connections: list[sqlite3.Connection],
    clock: SteppingClock,
) -> list[str]:
    """What ``everything`` runs, with the values in place, without the index's own statements."""
    found: list[str] = []
    for connection in connections:
        connection.set_trace_callback(found.append)
    await everything(repo, document, clock)
    await store.stacks(ALICE)
    await store.open_stack(ALICE, "another")
    await store.open_stack(ALICE, "another", "/folder")
    for connection in connections:
        connection.set_trace_callback(None)
    own = {
        one
        for one in found
        if one.split()[0] in {"SELECT", "INSERT", "UPDATE", "DELETE"}
        and not any(f"line_index_{part}" in one for part in ("data", "idx", "docsize", "config"))
    }
    assert len(own) > 60
    return sorted(own)


@pytest.mark.requirement("STORE-152")
async def test_no_statement_reads_through_a_table(
    statements: list[str], writer: sqlite3.Connection
) -> None:
    scans = []
    for statement in statements:
        for step in writer.execute(f"EXPLAIN QUERY PLAN {statement}"):
            detail = str(step["detail"])
            index = "VIRTUAL TABLE INDEX" in detail or "CONSTANT ROW" in detail
            sorts = "USE TEMP B-TREE" in detail and "MATCH" not in statement
            if sorts or (detail.startswith("SCAN") and not index):
                scans.append((detail, statement))

    assert scans == []


@pytest.mark.requirement("STORE-153")
async def test_every_statement_is_bound_to_a_user_or_a_stack(
    statements: list[str], repo: StackStore
) -> None:
    stack = (await repo.stack()).id
    bound = (f"'{ALICE}'", f"'{stack}'", f"x{stack.replace('-', '')}")

    unbound = [one for one in statements if not any(value in one for value in bound)]

    assert unbound == []


@pytest.mark.requirement("STORE-154")
async def test_a_write_costs_the_same_beside_ten_and_beside_five_thousand_fields(
    repo: StackStore, writer: sqlite3.Connection
) -> None:
    async def cost(others: int) -> list[int]:
        document = await added(repo, f"{others}.pdf")
        rows: list[JsonValue] = [{"a": count, "b": "x"} for count in range(others // 2)]
        await repo.write(document.id, [setting("rows", rows), setting("total", 0)])
        calls: list[Callable[[], Awaitable[object]]] = [
            lambda: repo.write(document.id, [setting("total", 1)]),
            lambda: repo.write(document.id, [setting("rows[3].a", 1), setting("new.x", 1)]),
            lambda: repo.write(document.id, [setting("rows", 1), deleting("rows[2]")]),
            lambda: repo.undo(document.id),
            lambda: repo.undo(document.id, ChangeId("2-1")),
            lambda: repo.write(document.id, [setting("total", 2)], dry_run=True),
        ]
        return [await steps(writer, call) for call in calls]

    few, many = await cost(10), await cost(5_000)

    assert all(after <= before * 1.05 for before, after in zip(few, many, strict=True)), (few, many)


async def steps(writer: sqlite3.Connection, call: Callable[[], Awaitable[object]]) -> int:
    """How many instructions SQLite's machine ran for the call."""
    count = [0]

    def one_more() -> int:
        count[0] += 1
        return 0

    writer.set_progress_handler(one_more, 1)
    await call()
    writer.set_progress_handler(None, 0)
    return count[0]


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

        writer.set_progress_handler(spend, 1)
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


@pytest.mark.requirement("STORE-161")
def test_the_store_brings_in_only_what_it_needs() -> None:
    program = (
        "import sys; import stackdocs_mcp.stores.embedded\n"
        "heavy = {'mcp', 'supabase', 'httpx', 'pypdfium2', 'numpy', 'PIL', 'rapidocr', 'rich',"
        " 'cryptography', 'lxml', 'starlette', 'click', 'jsonschema_rs', 'hypothesis'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert ran.stdout == "[]\n"
