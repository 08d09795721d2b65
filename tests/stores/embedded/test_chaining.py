"""Histories from before there was a chain: chained when the store is brought up to date."""

import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from stackdocs_mcp.core.binding import StackId
from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.core.history import Verification
from stackdocs_mcp.core.model import Change
from stackdocs_mcp.stores.embedded import FILE, open_store
from stackdocs_mcp.stores.migrate import known, migrate
from stackdocs_mcp.stores.sqlite import connect, create
from tests.stores.builders import ALICE, SteppingClock, binding, values
from tests.stores.embedded.test_processes import ROOT

pytestmark = pytest.mark.anyio

OldLeaf = tuple[str, str | None, str | None]
OldChange = tuple[int, int, int, str, str, tuple[int, int] | None, int, list[OldLeaf]]
OLD_CHANGES: list[OldChange] = [
    # revision, ordinal, sequence, action, path, undoes, standing, leaves: key, before, after
    (1, 1, 1, "set", "/a", None, 1, [("/a", None, "1")]),
    (1, 2, 3, "set", "/b", None, 0, [("/b/x", None, "2"), ("/b/y", None, "3")]),
    (2, 1, 4, "undo", "/b", (1, 2), 1, [("/b/x", "2", None), ("/b/y", "3", None)]),
    (2, 2, 5, "complete", "", None, 1, []),
]
OPENS = """
import sys
from datetime import UTC, datetime
from pathlib import Path
import anyio
from stackdocs_mcp.stores.embedded import open_store

async def main():
    store = await open_store(Path(sys.argv[1]), clock=lambda: datetime.now(UTC))
    await store.close()

sys.stdin.readline()
anyio.run(main)
"""


def leaf(value: str | None) -> str | None:
    return None if value is None else f'{{"v":{value},"e":["unchecked",null,[]]}}'


def written_by_version_4(connection: sqlite3.Connection) -> None:
    """Two documents with a history, as the statements of version 4 wrote them."""
    connection.execute(
        "INSERT INTO stacks (id, user_id, name, instructions, policy, created_at)"
        " VALUES ('s', ?, 'old', '', '{}', 1)",
        (ALICE,),
    )
    for one in ("d", "f"):
        connection.execute(
            "INSERT INTO documents (stack_id, id, extraction_id, filename, folded_name, sha256,"
            " size, status, created_at, updated_at)"
            " VALUES ('s', ?1, 'e' || ?1, ?1, ?1, ?1, 7, 'completed', 1, 1)",
            (one,),
        )
        connection.execute(
            "INSERT INTO extractions VALUES ('s', 'e' || ?1, ?1, ?2, ?3, 0, 1)",
            (one, 2 if one == "d" else 0, 1 if one == "d" else 0),
        )
    add = (
        "INSERT INTO changes (stack_id, extraction_id, revision, ordinal, document_id, sequence,"
        " action, path, actor_kind, actor_client, at, undoes_revision, undoes_ordinal, standing)"
        " VALUES ('s', ?, ?, ?, ?, ?, ?, ?, 'agent', 'old 1', 5, ?, ?, ?)"
    )
    for revision, ordinal, sequence, action, path, undoes, standing, leaves in OLD_CHANGES:
        place = ("ed", revision, ordinal, "d", sequence)
        connection.execute(add, (*place, action, path, *(undoes or (None, None)), standing))
        for key, before, after in leaves:
            connection.execute(
                "INSERT INTO change_leaves VALUES ('s', 'ed', ?, ?, ?, 1, ?, ?)",
                (revision, ordinal, key, leaf(before), leaf(after)),
            )
    connection.execute(add, ("ef", 0, 1, "f", 2, "complete", "", None, None, 1))
    connection.execute(
        "INSERT INTO fields VALUES ('s', 'ed', '/a', 1, 'agent', 'old 1', 5, ?)", (leaf("1"),)
    )


@pytest.mark.requirement("HIST-54")
async def test_a_history_that_was_written_before_there_was_a_chain_is_chained(
    tmp_path: Path,
) -> None:
    file = tmp_path / "data" / FILE
    create(file)
    with closing(connect(file)) as connection:
        migrate(connection, known()[:4], 0)
        connection.execute("BEGIN")
        written_by_version_4(connection)
        connection.execute("COMMIT")

    store = await open_store(tmp_path / "data", clock=SteppingClock())
    try:
        repo = store.bind(binding(ALICE, StackId("s")))
        document, other = await repo.documents(limit=9)
        assert [await repo.verify(one.id) for one in (document, other)] == [
            Verification(4, document.digest),
            Verification(1, other.digest),
        ]
        assert document.digest
        history: Sequence[Change] = await repo.changes(document.id, limit=9)
        assert [(one.id, one.user, one.undoes) for one in history] == [
            ("2-2", ALICE, None),
            ("2-1", ALICE, "1-2"),
            ("1-2", ALICE, None),
            ("1-1", ALICE, None),
        ]
        assert [one.locked for one in await repo.fields(document.id)] == [False]
        await repo.undo(document.id, redo=True)
        assert await values(repo, document) == {"a": 1, "b.x": 2, "b.y": 3}
        assert (await repo.verify(document.id)).breaks == ()
    finally:
        await store.close()
    with closing(sqlite3.connect(file)) as raw:
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == []


def with_changes(file: Path, count: int) -> None:
    """A database of version 4 with one document, one leaf and so many changes of it in a row."""
    create(file)
    with closing(connect(file)) as connection:
        migrate(connection, known()[:4], 0)
        connection.execute("BEGIN")
        written_by_version_4(connection)
        connection.executemany(
            "INSERT INTO changes (stack_id, extraction_id, revision, ordinal, document_id,"
            " sequence, action, path, actor_kind, actor_client, at)"
            " VALUES ('s', 'ed', ?1, 1, 'd', ?1 + 9, 'set', '/a', 'agent', 'old 1', 5)",
            [(one,) for one in range(3, count + 3)],
        )
        connection.executemany(
            "INSERT INTO change_leaves VALUES ('s', 'ed', ?, 1, '/a', 1, ?, ?)",
            [
                (one, leaf("1" if one == 3 else str(one - 1)), leaf(str(one)))
                for one in range(3, count + 3)
            ],
        )
        last = count + 2
        connection.execute("UPDATE extractions SET revision = ? WHERE id = 'ed'", (last,))
        connection.execute("UPDATE documents SET status = 'ocr_complete' WHERE id = 'd'")
        connection.execute("UPDATE fields SET revision = ?, leaf = ?", (last, leaf(str(last))))
        connection.execute("COMMIT")


def opening(folder: Path) -> "subprocess.Popen[str]":
    """A process that opens the store in this folder once it is told to."""
    return subprocess.Popen(
        [sys.executable, "-c", OPENS, str(folder)], cwd=ROOT, stdin=subprocess.PIPE, text=True
    )


def work_of_migrating(file: Path) -> int:
    """What SQLite does to bring the database up to date, in thousands of its instructions."""
    done = [0]

    def count() -> int:
        done[0] += 1
        return 0

    with closing(connect(file)) as connection:
        connection.set_progress_handler(count, 1000)
        migrate(connection, known(), 0)
    return done[0]


@pytest.mark.requirement("HIST-55")
async def test_chaining_a_history_of_twice_the_length_is_twice_the_work(tmp_path: Path) -> None:
    short, long = tmp_path / "short" / FILE, tmp_path / "long" / FILE
    with_changes(short, 1_000)
    with_changes(long, 2_000)

    assert work_of_migrating(long) < 2.5 * work_of_migrating(short)


@pytest.mark.requirement("HIST-55")
async def test_processes_that_open_a_long_history_of_an_earlier_version_at_once_both_do(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "data"
    with_changes(folder / FILE, 5_000)
    processes = [opening(folder) for _ in range(2)]

    for process in processes:
        process.communicate("go\n", timeout=120)

    assert [process.returncode for process in processes] == [0, 0]
    store = await open_store(folder, clock=SteppingClock())
    try:
        repo = store.bind(binding(ALICE, StackId("s")))
        document, _other = await repo.documents(limit=9)
        assert await repo.verify(document.id) == Verification(5_004, document.digest)
    finally:
        await store.close()


@pytest.mark.requirement("HIST-55")
async def test_whoever_opens_a_store_waits_for_its_migration_longer_than_for_a_write(
    tmp_path: Path,
) -> None:
    file = tmp_path / "data" / FILE
    with_changes(file, 1)
    with (
        closing(connect(file)) as other,
        closing(connect(file)) as connection,
        ThreadPoolExecutor(1) as thread,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreFailed, match="another process is bringing the store up to date"):
            migrate(connection, known(), 0, patience=0.01)

        connection.execute("PRAGMA busy_timeout = 0")  # as long as a write would wait
        begun: list[str] = []

        def finish(statement: str) -> None:
            begun.append(statement)
            if statement == "BEGIN IMMEDIATE" and other.in_transaction:
                thread.submit(other.execute, "COMMIT")

        connection.set_trace_callback(finish)
        migrate(connection, known(), 0)
        assert "BEGIN IMMEDIATE" in begun
