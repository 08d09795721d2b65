"""The database's shape: brought up to date whole or not at all, by whoever is first."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from stackdocs_mcp.core.errors import StoreFailed, StoreTooNew
from stackdocs_mcp.core.model import Box, Line, Page, PageSource
from stackdocs_mcp.core.stack import Ocr, Policy
from stackdocs_mcp.stores.embedded import FILE, open_store
from stackdocs_mcp.stores.migrate import Migration, known, migrate, statements, version
from stackdocs_mcp.stores.sqlite import connect, create
from tests.stores.builders import ALICE, SteppingClock, binding
from tests.stores.embedded.test_processes import ROOT

OLD_LINES = (
    Line(1, 'Größe "M"', Box(10.1, 20.25, 100.0, 30.5), 0.987),
    Line(2, "unseen", hidden=True),
)
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


def shape(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    """All tables and indexes with their columns."""
    return [tuple(row) for row in connection.execute("SELECT name, sql FROM sqlite_master")]


@pytest.fixture(scope="module")
def shapes() -> list[list[tuple[object, ...]]]:
    """What a database looks like before the first step, and after each."""
    found = []
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        found.append(shape(connection))
        for count in range(len(known())):
            migrate(connection, known()[: count + 1], 0)
            found.append(shape(connection))
    return found


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
    before, number = shape(connection), version(connection)
    broken = Migration(number + 1, "broken", "CREATE TABLE t (a);\nCREATE TABLE t (a);")

    with pytest.raises(StoreFailed) as failed:
        migrate(connection, [*known(), broken], 0)

    assert isinstance(failed.value.__cause__, sqlite3.Error)
    assert str(failed.value.__cause__) not in failed.value.message
    assert (shape(connection), version(connection)) == (before, number)


@pytest.mark.requirement("STORE-141")
def test_a_step_that_is_stopped_anywhere_leaves_nothing_of_itself(
    connection: sqlite3.Connection, shapes: list[list[tuple[object, ...]]]
) -> None:
    steps, allowed, stopped = known(), 1, [0] * (len(known()) + 1)  # also behind the last
    while True:
        left = [allowed]

        def spend(left: list[int] = left) -> int:
            left[0] -= 1
            return left[0] == 0  # once: what rolls back runs on

        connection.set_progress_handler(spend, 10 if version(connection) == 0 else 1)
        try:
            migrate(connection, steps, 0)
        except StoreFailed:
            connection.set_progress_handler(None, 0)
            done = version(connection)
            assert shape(connection) == shapes[done]
            allowed = allowed + 7 if stopped[done] else 1  # anew in each step
            stopped[done] += 1
        else:
            connection.set_progress_handler(None, 0)
            break

    assert min(stopped[:-1]) > 10  # in each of the steps
    assert version(connection) == steps[-1].number


@pytest.mark.requirement("STORE-141")
@pytest.mark.parametrize(("statement", "whole"), [(4, 0), (12, 0), (24, 0), (44, 1), (46, 1)])
def test_a_process_that_dies_while_migrating_leaves_only_whole_steps(
    file: Path, statement: int, whole: int, shapes: list[list[tuple[object, ...]]]
) -> None:
    arguments = [sys.executable, "-c", DIES, str(file), str(statement)]
    died = subprocess.run(arguments, check=False, cwd=ROOT, timeout=60)

    assert died.returncode == 9
    connection = connect(file)
    try:
        assert (version(connection), shape(connection)) == (whole, shapes[whole])
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


@pytest.mark.requirement("STORE-144")
@pytest.mark.anyio
async def test_what_version_1_wrote_is_whole_under_this_version(tmp_path: Path, file: Path) -> None:
    with closing(connect(file)) as connection:
        migrate(connection, known()[:1], 0)
        connection.execute("BEGIN")
        written_by_version_1(connection)
        connection.execute("COMMIT")

    store = await open_store(tmp_path / "data", clock=SteppingClock())
    try:
        stack = await store.open_stack(ALICE, "old")
        repo = store.bind(binding(ALICE, stack.id))
        (document,) = await repo.documents(limit=9)
        assert (stack.id, stack.ocr, document.pages_done) == ("s", Ocr(), 1)
        assert document.billed_pages == 0
        assert await repo.pages(document.id, [1]) == [
            Page(1, 595.5, 842.0, PageSource.HYBRID, OLD_LINES, 90)
        ]
        assert (await repo.outlines(document.id))[0].notes == ()
        assert await repo.stored_pages(document.id, "engine-1") == [1]
        assert [hit.line for hit in await repo.search("grösse", limit=9)] == [1]
    finally:
        await store.close()


def written_by_version_1(connection: sqlite3.Connection) -> None:
    """A document with one page, as the statements of version 1 wrote it: lines of five parts."""
    lines = [
        [
            line.number,
            line.text,
            line.box and [10.1, 20.25, 100.0, 30.5],
            line.score,
            int(line.hidden),
        ]
        for line in OLD_LINES
    ]
    policy = Policy().model_dump_json()
    stack = ("s", ALICE, "old", None, None, "", policy, 1)
    connection.execute("INSERT INTO stacks VALUES (?, ?, ?, ?, ?, ?, ?, ?)", stack)
    connection.execute(
        "INSERT INTO documents (stack_id, id, extraction_id, filename, folded_name, sha256, size,"
        " status, pages, pages_done, created_at, updated_at)"
        " VALUES ('s', 'd', 'e', 'a.pdf', 'a.pdf', 'f00d', 7, 'ocr_complete', 1, 1, 1, 1)"
    )
    connection.execute(
        "INSERT INTO extractions (stack_id, id, document_id, created_at) VALUES ('s', 'e', 'd', 1)"
    )
    connection.execute(
        "INSERT INTO pages VALUES (1, ?, 'f00d', 'engine-1', 1, 595.5, 842.0, 90, 'hybrid', 2, 1,"
        " 16, ?)",
        (ALICE, json.dumps(lines, ensure_ascii=False, separators=(",", ":"))),
    )
    connection.execute("INSERT INTO document_pages VALUES (1, 's', 'd', 1, 1, 0)")
    connection.execute(
        "INSERT INTO line_index (rowid, document, words) VALUES (?, 'xd', 'xsgrosse xsm')",
        ((((1 << 8) | 2) << 20) | 1,),
    )


@pytest.mark.requirement("STORE-142")
@pytest.mark.anyio
async def test_a_program_of_version_1_refuses_the_store_of_this_version(
    tmp_path: Path, file: Path
) -> None:
    await (await open_store(tmp_path / "data", clock=SteppingClock())).close()

    newest = known()[-1].number
    with (
        closing(connect(file)) as connection,
        pytest.raises(StoreTooNew, match=rf"version {newest}\b.* up to 1$"),
    ):
        migrate(connection, known()[:1], 0)


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
