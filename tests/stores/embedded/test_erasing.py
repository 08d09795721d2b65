"""Erasing in SQLite: nothing is left, also when the process dies over it."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.core.ports import StackStore
from stackdocs_mcp.core.stack import Stack
from stackdocs_mcp.stores import erasing
from stackdocs_mcp.stores.embedded import FILE, FILES, EmbeddedStore, open_store
from tests.stores.builders import ALICE, BOB, SteppingClock, added, binding, page, put
from tests.stores.embedded.test_processes import ROOT, sound
from tests.stores.test_deleting import lived_in

pytestmark = pytest.mark.anyio

APPEND_ONLY = {"migrations", "denials", "sqlite_sequence"}
DIES = """
import os, sys
from pathlib import Path
import anyio
from stackdocs_mcp.core.binding import StackId
from stackdocs_mcp.stores.embedded import open_store
from tests.stores.builders import ALICE, SteppingClock

async def main():
    left = [int(sys.argv[3])]

    def count(_):
        left[0] -= 1
        if not left[0]:
            os._exit(9)

    store = await open_store(Path(sys.argv[1]), clock=SteppingClock())
    store._database._writer.set_trace_callback(count)
    await store.delete_stack(ALICE, StackId(sys.argv[2]))
    store._database._writer.set_trace_callback(None)
    await store.close()

anyio.run(main)
"""


def rows(file: Path) -> Iterator[tuple[str, int]]:
    """How many rows each table of ours has."""
    with closing(sqlite3.connect(file)) as connection:
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'line_index%'"
        ).fetchall()
        for (table,) in tables:
            if table not in APPEND_ONLY:
                named = " WHERE stack_id <> ''" if table == "news" else ""
                count = connection.execute(f"SELECT count(*) FROM {table}{named}").fetchone()[0]
                yield table, count


def kept(folder: Path) -> list[str]:
    return sorted(file.name for file in (folder / FILES).rglob("*") if file.is_file())


@pytest.mark.requirement("TENANT-26")
async def test_nothing_of_an_erased_stack_is_left_in_any_table_or_folder(
    store: EmbeddedStore, repo: StackStore, stack: Stack, tmp_path: Path
) -> None:
    await lived_in(store, repo)

    await store.delete_stack(ALICE, stack.id)

    found = {table: count for table, count in rows(tmp_path / "data" / FILE) if count}
    assert found.keys() <= {"usage"}
    assert kept(tmp_path / "data") == []
    assert sound(tmp_path / "data" / FILE)


@pytest.mark.requirement("TENANT-26")
async def test_what_was_in_a_value_or_a_page_is_not_in_the_file_any_more(
    store: EmbeddedStore, repo: StackStore, stack: Stack, tmp_path: Path
) -> None:
    document = await lived_in(store, repo)
    await repo.save_pages(document.id, "third", [page(3, "Canarypage"), page(4, "x" * 9_000)])
    await put(repo, document, "secret", "canaryvalue")

    await store.delete_stack(ALICE, stack.id)
    await store.close()

    content = (tmp_path / "data" / FILE).read_bytes()
    assert b"canaryvalue" not in content
    assert b"canarypage" not in content.lower()
    assert document.sha256.encode() not in content


@pytest.mark.requirement("TENANT-27")
@pytest.mark.parametrize("statement", [1, 2, 8, 16, 21, 26, 31, 34, 36, 39, 42])
async def test_what_a_process_left_that_died_over_it_is_erased_at_the_next_opening(
    tmp_path: Path, statement: int
) -> None:
    folder = tmp_path / "data"
    store = await open_store(folder, clock=SteppingClock())
    stack = await store.open_stack(ALICE, "doomed")
    repo = store.bind(binding(ALICE, stack.id))
    await lived_in(store, repo)
    other = store.bind(binding(ALICE, (await store.open_stack(ALICE, "kept")).id))
    left = await lived_in(store, other, b"something else")
    await lived_in(store, repo, b"something else")
    await store.close()

    program = [sys.executable, "-c", DIES, str(folder), stack.id, str(statement)]
    died = subprocess.run(program, cwd=ROOT, timeout=60, check=False)  # noqa: ASYNC221
    assert died.returncode == 9

    store = await open_store(folder, clock=SteppingClock())
    try:
        if await store.membership(ALICE, stack.id) is not None:  # it died before it began
            assert len(await repo_documents(store, stack)) == 4
            await store.delete_stack(ALICE, stack.id)
        assert [one.stack.name for one in await store.stacks(ALICE)] == ["kept"]
        other = store.bind(binding(ALICE, (await store.open_stack(ALICE, "kept")).id))
        assert (await other.verify(left.id)).breaks == ()
        assert [hit.document for hit in await other.search("acme", limit=9)] == [left.id]
        assert kept(folder) == [left.sha256]
        counts = dict(rows(folder / FILE))
        assert (counts["stacks"], counts["documents"], counts["erased_files"]) == (1, 2, 0)
    finally:
        await store.close()
    assert sound(folder / FILE)


async def repo_documents(store: EmbeddedStore, stack: Stack) -> list[str]:
    found = await store.bind(binding(ALICE, stack.id)).documents(limit=9)
    return [one.id for one in found]


@pytest.mark.requirement("TENANT-27")
async def test_much_is_erased_a_part_at_a_time(
    store: EmbeddedStore,
    repo: StackStore,
    stack: Stack,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    for name in ("ROWS", "PAGES", "DOCUMENTS", "REMOVED"):
        monkeypatch.setattr(erasing, name, 2)
    for content in (b"one", b"two", b"three"):
        await lived_in(store, repo, content)

    await store.delete_stack(ALICE, stack.id)

    found = {table: count for table, count in rows(tmp_path / "data" / FILE) if count}
    assert found.keys() <= {"usage"}
    assert kept(tmp_path / "data") == []


@pytest.mark.requirement("TENANT-28")
async def test_the_history_of_a_stack_that_is_there_cannot_be_deleted(
    repo: StackStore, store: EmbeddedStore, writer: sqlite3.Connection
) -> None:
    await lived_in(store, repo)
    doomed = await store.open_stack(BOB, "doomed")
    writer.execute("UPDATE stacks SET deleted_at = 1 WHERE id = ?", (doomed.id,))

    for table in ("changes", "change_leaves"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            writer.execute(f"DELETE FROM {table}")
    with pytest.raises(sqlite3.IntegrityError, match="does not come back"):
        writer.execute("UPDATE stacks SET deleted_at = NULL WHERE id = ?", (doomed.id,))


@pytest.mark.requirement("TENANT-29")
async def test_a_file_that_cannot_be_removed_stays_on_the_list(
    tmp_path: Path, clock: SteppingClock
) -> None:
    folder = tmp_path / "data"
    store = await open_store(folder, clock=clock)
    stack = await store.open_stack(ALICE, "doomed")
    repo = store.bind(binding(ALICE, stack.id))
    document = await lived_in(store, repo)
    path = await store.files_of(ALICE).local(document.sha256)
    path.unlink()
    path.mkdir()  # no right of this user's is in the way of a test that root runs

    with pytest.raises(StoreFailed):
        await store.delete_stack(ALICE, stack.id)
    await store.close()

    store = await open_store(folder, clock=clock)  # tried again, and no reason not to open
    assert await store.stacks(ALICE) == []
    await store.close()
    path.rmdir()
    path.write_bytes(b"invoice")
    await (await open_store(folder, clock=clock)).close()
    assert kept(folder) == []


@pytest.mark.requirement("TENANT-29")
async def test_a_file_that_is_a_documents_again_stays(
    store: EmbeddedStore, repo: StackStore, stack: Stack, writer: sqlite3.Connection
) -> None:
    document = await lived_in(store, repo)
    other = store.bind(binding(ALICE, (await store.open_stack(ALICE, "other")).id))
    writer.execute("BEGIN")
    assert erasing.mark(writer, ALICE, stack.id, 1)
    while erasing.erase(writer):
        pass
    writer.execute("COMMIT")

    await added(other, "again", "invoice")
    erasing.remove(writer, store.files_of)

    assert (await store.files_of(ALICE).local(document.sha256)).read_bytes() == b"invoice"
