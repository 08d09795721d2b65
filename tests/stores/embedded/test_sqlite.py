"""How the embedded store uses SQLite: its settings, its plans, its failures, its threads."""

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.core.errors import EarlierExtraction
from stackdocs_mcp.core.model import (
    ChangeId,
    Completion,
    Document,
    DocumentId,
    DocumentStatus,
    Failure,
    JsonValue,
)
from stackdocs_mcp.core.paths import parse
from stackdocs_mcp.core.ports import StackStore
from stackdocs_mcp.core.stack import FolderFile, Ocr, Policy
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
    ready,
    setting,
)
from tests.stores.test_completing import completed

pytestmark = pytest.mark.anyio


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


async def everything(
    repo: StackStore, person: StackStore, document: Document, clock: SteppingClock
) -> None:
    """Every statement that a binding can cause, on a stack that holds something."""
    one = document.id
    await repo.set_schema({"type": "object"}, "", Policy())
    await repo.set_ocr(Ocr("local", "auto", ("de",)))
    await repo.claim(one, "owner", clock.now + timedelta(minutes=1))
    await repo.set_outline(one, "text/plain", 2)
    await repo.save_pages(one, ENGINE, [page(1, "total due"), page(2)], billed=2)
    await repo.save_pages(one, ENGINE, [page(1, "total due"), page(3, "more")])
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
    await every_change(repo, person, one)


async def every_change(repo: StackStore, person: StackStore, one: DocumentId) -> None:
    """Every statement that writing, undoing and reading the history can cause."""
    await repo.write(one, [setting("a.b[0].c", 1), setting("a.b[1]", {"d": 2}), setting("a.x", 3)])
    await repo.write(one, [setting("a", 1), setting("a.b[0].c.d", 1), deleting("a.b")])
    (undone,) = await repo.undo(one)
    await repo.undo(one, undone.id)
    await repo.undo(one, ChangeId("4-1"))
    await repo.undo(one, ChangeId("1"))
    await repo.undo(one, redo=True)
    await repo.undo(one, ChangeId("7"))
    await repo.fields(one, below=parse("a"), limit=2)
    await repo.fields(one)
    await repo.complete(
        one, revision=8, version=(await repo.stack()).version, completion=Completion()
    )
    await person.write(one, [setting("a", {"p": 1, "q": 2}), setting("b", 3)])
    await repo.write(one, [setting("a", 1), deleting("b"), setting("b.c", 1)])
    await person.unlock(one, parse("a.p"))
    await person.unlock(one, parse("a"))
    await person.undo(one)
    await repo.start_extraction(one)
    await repo.extractions(one)
    await repo.fields(one, extraction=1)
    with pytest.raises(EarlierExtraction):
        await repo.undo(one, ChangeId("1-1"))
    await repo.changes(limit=2)
    await repo.changes(one, limit=2)
    await repo.changes(one, before=2, limit=2)
    await repo.came_to(one, "0" * 64)
    assert (await repo.verify(one)).breaks == ()


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
    bound = binding(ALICE, (await repo.stack()).id)
    await everything(repo, store.bind(bound.acting_as(Actor("person"))), document, clock)
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


@pytest.mark.requirement("STORE-152")
async def test_an_undo_finds_later_changes_at_a_place_by_their_keys(
    statements: list[str], writer: sqlite3.Connection
) -> None:
    of_leaves = [one for one in statements if "FROM change_leaves AS l INDEXED" in one]

    plans = [
        [str(step["detail"]) for step in writer.execute(f"EXPLAIN QUERY PLAN {one}")]
        for one in of_leaves
    ]

    assert plans
    for plan in plans:
        assert "change_leaves_by_key" in plan[0]
        assert "key>? AND key<?" in plan[0]


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
        document = await ready(repo, f"{others}.pdf")
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


@pytest.mark.requirement("STORE-162")
async def test_a_page_costs_the_same_to_save_behind_ten_and_behind_a_thousand(
    repo: StackStore, document: Document, writer: sqlite3.Connection
) -> None:
    async def cost(first: int) -> int:
        """Of 64 pages, because the text index tidies up now and then."""
        costs = 0
        for number in range(first, first + 64):
            one = page(number, *(f"line {line} of {number}" for line in range(8)))
            save = partial(repo.save_pages, document.id, ENGINE, [one], billed=1)
            costs += await steps(writer, save)
        return costs

    few = await cost(11)
    await repo.save_pages(document.id, ENGINE, [page(number, "x") for number in range(101, 1001)])
    many = await cost(1001)

    assert many <= few * 1.1, (few, many)


@pytest.mark.requirement("STORE-162")
async def test_a_page_that_was_just_saved_is_not_read_back(
    repo: StackStore, document: Document, writer: sqlite3.Connection
) -> None:
    run: list[str] = []
    writer.set_trace_callback(run.append)
    await repo.save_pages(document.id, ENGINE, [page(1, "one"), page(2, "two")])
    await repo.stored_pages(document.id, ENGINE)
    writer.set_trace_callback(None)

    assert any("INSERT INTO pages" in one for one in run)
    assert not [one for one in run if "SELECT" in one and "lines" in one and "line_" not in one]


@pytest.mark.requirement("STORE-162")
async def test_a_long_document_that_is_there_already_leaves_others_room_to_write(
    store: EmbeddedStore, repo: StackStore, document: Document, writer: sqlite3.Connection
) -> None:
    pages = [page(number, f"word {number}") for number in range(1, 1001)]
    await repo.save_pages(document.id, ENGINE, pages)
    stack = await store.open_stack(ALICE, "other")
    other = store.bind(binding(ALICE, stack.id))
    same = await added(other)
    run: list[str] = []
    writer.set_trace_callback(run.append)
    assert await other.stored_pages(same.id, ENGINE) == list(range(1, 1001))
    writer.set_trace_callback(None)

    linked = "\n".join(run).split("COMMIT")
    assert max(part.count("INSERT INTO document_pages") for part in linked) <= 100
    assert (await other.document(same.id)).pages_done == 1000
    assert [hit.page for hit in await other.search("word 777", limit=9)] == [777]


@pytest.mark.requirement("STORE-163")
async def test_a_claim_costs_the_same_beside_one_and_beside_a_thousand_documents(
    store: EmbeddedStore, repo: StackStore, document: Document, writer: sqlite3.Connection
) -> None:
    until = datetime(2099, 1, 1, tzinfo=UTC)
    await repo.claim(document.id, "one", until)
    few = await steps(writer, lambda: repo.claim(document.id, "one", until))
    for count in range(40):
        stack = await store.open_stack(ALICE, f"other {count}")
        other = store.bind(binding(ALICE, stack.id))
        for number in range(25):
            await other.claim((await added(other, f"{number}.pdf")).id, "busy", until)

    many = await steps(writer, lambda: repo.claim(document.id, "one", until))

    assert many <= few + 10, (few, many)


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


@pytest.mark.requirement("HIST-52")
async def test_a_completion_that_was_revoked_outside_of_the_history_is_a_break(
    repo: StackStore, document: Document, writer: sqlite3.Connection
) -> None:
    await repo.write(document.id, [setting("a", 1)])
    await completed(repo, document)
    whole = await repo.verify(document.id)

    writer.execute("UPDATE documents SET status = 'ocr_complete'")

    assert whole.breaks == ()
    found = await repo.verify(document.id)
    assert [one.what for one in found.breaks] == [
        "its last change completed it, and it is not completed"
    ]
