"""The database's shape: brought up to date whole or not at all, by whoever is first."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stackdocs_mcp.core.errors import StoreFailed, StoreTooNew
from stackdocs_mcp.stores.embedded import FILE, open_store
from stackdocs_mcp.stores.migrate import Migration, known, migrate, statements, version
from stackdocs_mcp.stores.sqlite import connect, create
from tests.stores.builders import ALICE, SteppingClock
from tests.stores.embedded.test_processes import ROOT

TRIGGER = """-- a comment; with a semicolon
CREATE TABLE t (a TEXT DEFAULT ';');
CREATE TRIGGER g AFTER INSERT ON t BEGIN
    UPDATE t SET a = 'x;y';
    DELETE FROM t;
END;

INSERT INTO t VALUES ('1')
"""
DIES = """
import os, sys
from pathlib import Path
from stackdocs_mcp.stores.migrate import known, migrate
from stackdocs_mcp.stores.sqlite import connect

connection, left = connect(Path(sys.argv[1])), [int(sys.argv[2])]

def count(_):
    left[0] -= 1
    if not left[0]:
        os._exit(9)

connection.set_trace_callback(count)
migrate(connection, known(), 0)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "data" / FILE
    create(path)
    return path


@pytest.fixture
def connection(file: Path) -> Iterator[sqlite3.Connection]:
    opened = connect(file)
    yield opened
    opened.close()


def tables(connection: sqlite3.Connection) -> list[str]:
    return [row["name"] for row in connection.execute("SELECT name FROM sqlite_master")]


@pytest.mark.requirement("STORE-140")
def test_the_steps_are_numbered_without_a_gap_and_recorded(
    connection: sqlite3.Connection,
) -> None:
    steps = known()

    migrate(connection, steps, 123)
    migrate(connection, steps, 456)

    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    recorded = connection.execute("SELECT number, name, applied_at FROM migrations").fetchall()
    assert [tuple(row) for row in recorded] == [(step.number, step.name, 123) for step in steps]


@pytest.mark.requirement("STORE-140")
def test_every_table_is_strict(connection: sqlite3.Connection) -> None:
    migrate(connection, known(), 0)

    loose = [
        row["name"]
        for row in connection.execute("PRAGMA table_list")
        if row["type"] == "table"
        and not row["strict"]
        and not row["name"].startswith(("sqlite_", "line_index"))
    ]
    assert loose == []


@pytest.mark.requirement("STORE-141")
def test_a_script_is_split_where_its_statements_end() -> None:
    found = list(statements(TRIGGER))

    assert [one.split()[-1] for one in found] == ["';');", "END;", "('1')"]


@pytest.mark.requirement("STORE-141")
def test_a_step_that_fails_leaves_nothing_of_itself(connection: sqlite3.Connection) -> None:
    migrate(connection, known(), 0)
    before, number = tables(connection), version(connection)
    broken = Migration(number + 1, "broken", "CREATE TABLE t (a);\nCREATE TABLE t (a);")

    with pytest.raises(StoreFailed) as failed:
        migrate(connection, [*known(), broken], 0)

    assert isinstance(failed.value.__cause__, sqlite3.Error)
    assert str(failed.value.__cause__) not in failed.value.message
    assert (tables(connection), version(connection)) == (before, number)


@pytest.mark.requirement("STORE-141")
def test_a_step_that_is_stopped_anywhere_leaves_nothing(connection: sqlite3.Connection) -> None:
    steps, allowed, stopped = known(), 1, 0
    while True:
        left = [allowed]

        def spend(left: list[int] = left) -> int:
            left[0] -= 1
            return left[0] == 0  # once: what rolls back runs on

        connection.set_progress_handler(spend, 10)
        try:
            migrate(connection, steps, 0)
        except StoreFailed:
            connection.set_progress_handler(None, 0)
            assert tables(connection) == []
            stopped, allowed = stopped + 1, allowed + 7
        else:
            connection.set_progress_handler(None, 0)
            break

    assert stopped > 10
    assert version(connection) == steps[-1].number


@pytest.mark.requirement("STORE-141")
@pytest.mark.parametrize("statement", [4, 12, 24])
def test_a_process_that_dies_while_migrating_leaves_nothing(file: Path, statement: int) -> None:
    arguments = [sys.executable, "-c", DIES, str(file), str(statement)]
    died = subprocess.run(arguments, check=False, cwd=ROOT, timeout=60)

    assert died.returncode == 9
    connection = connect(file)
    try:
        assert tables(connection) == []
        migrate(connection, known(), 0)
        assert version(connection) == known()[-1].number
    finally:
        connection.close()


@pytest.mark.requirement("STORE-142")
@pytest.mark.anyio
async def test_a_store_of_a_newer_program_is_refused_with_both_versions(
    tmp_path: Path, file: Path
) -> None:
    connection = connect(file)
    newest = known()[-1].number
    migrate(connection, [*known(), Migration(newest + 5, "later", "SELECT 1;")], 0)
    connection.close()

    with pytest.raises(StoreTooNew, match=rf"version {newest + 5}\b.* up to {newest}$"):
        await open_store(tmp_path / "data", clock=SteppingClock())


@pytest.mark.requirement("STORE-143")
def test_processes_that_start_at_once_all_succeed(tmp_path: Path) -> None:
    program = (
        "import anyio, sys; from pathlib import Path; from datetime import datetime, UTC\n"
        "from stackdocs_mcp.stores.embedded import open_store\n"
        "async def main():\n"
        "    sys.stdin.read()\n"
        "    store = await open_store(Path(sys.argv[1]), clock=lambda: datetime.now(UTC))\n"
        f"    print((await store.open_stack({str(ALICE)!r}, 'one')).id)\n"
        "    await store.close()\n"
        "anyio.run(main)\n"
    )
    arguments = [sys.executable, "-c", program, str(tmp_path / "data")]
    processes = [
        subprocess.Popen(
            arguments, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]

    ids = [process.communicate("", timeout=60)[0] for process in processes]

    assert [process.returncode for process in processes] == [0] * 4
    assert len(set(ids)) == 1
