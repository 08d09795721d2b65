"""The chain in SQLite's rows: worked out from their texts, and broken by any change of them."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings, strategies as st

from stackdocs_mcp.core.binding import Actor, StackId
from stackdocs_mcp.core.history import Break, Verification
from stackdocs_mcp.core.model import ChangeId, DocumentId
from stackdocs_mcp.core.paths import parse
from stackdocs_mcp.core.ports import StackStore
from stackdocs_mcp.stores import verifying
from stackdocs_mcp.stores.embedded import FILE, open_store
from stackdocs_mcp.stores.scope import Scope
from tests.stores.builders import (
    ALICE,
    SteppingClock,
    binding,
    deleting,
    person_of,
    put,
    ready,
    setting,
    values,
)
from tests.stores.test_completing import completed

pytestmark = pytest.mark.anyio

TABLES = ("changes", "change_leaves", "fields", "extractions")
APART = {("extractions", name) for name in ("id", "stack_id", "document_id", "created_at")}
"""What a document is found by, and the one time that its history has anyway."""
SQL_NETSTRING = "coalesce(length(CAST({0} AS BLOB)) || ':' || {0} || ',', '-,')"
"""As a procedure of a database would put it together."""


async def written(folder: Path) -> StackId:
    """A store with two documents that everything has happened to."""
    store = await open_store(folder, clock=SteppingClock())
    stack = await store.open_stack(ALICE, "chained")
    repo = store.bind(binding(ALICE, stack.id))
    person = await person_of(store, repo)
    for name in ("one", "two"):
        document = await ready(repo, name)
        rows = [{"n": 1, "m": "ä"}, {"n": 2, "m": "日本"}]
        await repo.write(document.id, [setting("rows", rows), setting("a", 1, flagged=True)])  # type: ignore[arg-type]
        await put(person, document, "rows[1].n", 3)
        await repo.write(document.id, [setting("rows[0]", {"n": 5}), deleting("a")])
        await repo.undo(document.id)
        await person.undo(document.id, redo=True)
        await person.unlock(document.id, parse("rows"))
        await completed(repo, document)
        await put(person, document, "b", {"c": 1, "d": [2]})
        await repo.start_extraction(document.id)
        await repo.write(document.id, [setting("rows", rows), setting("e", None, flagged=True)])  # type: ignore[arg-type]
        await repo.undo(document.id, ChangeId(f"{(await repo.document(document.id)).revision}"))
        await repo.undo(document.id, redo=True)
    await store.close()
    return stack.id


class Chained:
    """A copy in memory of a store that is written once, without what keeps it append-only."""

    def __init__(self, file: Path, stack: StackId) -> None:
        self._file = file
        self._stack = stack

    def copy(self) -> sqlite3.Connection:
        connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.row_factory = sqlite3.Row
        with closing(sqlite3.connect(self._file)) as source:
            source.backup(connection)
        for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            connection.execute(f"DROP TRIGGER {row['name']}")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        return connection

    def looked_at(self, connection: sqlite3.Connection) -> list[Verification]:
        scope = Scope(connection, ALICE, ALICE, self._stack, Actor("person"), 0)
        ids = [row["id"] for row in connection.execute("SELECT id FROM documents ORDER BY id")]
        return [verifying.verify(scope, DocumentId(one)) for one in ids]

    def breaks(self, connection: sqlite3.Connection) -> list[Break]:
        return [one for found in self.looked_at(connection) for one in found.breaks]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def chained(tmp_path_factory: pytest.TempPathFactory, anyio_backend: str) -> Chained:
    assert anyio_backend
    folder = tmp_path_factory.mktemp("chained") / "data"
    return Chained(folder / FILE, await written(folder))


@pytest.fixture
def connection(chained: Chained) -> Iterator[sqlite3.Connection]:
    with closing(chained.copy()) as opened:
        yield opened


def rows(connection: sqlite3.Connection, table: str) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]


def keys(connection: sqlite3.Connection, table: str) -> list[str]:
    columns = connection.execute(f"PRAGMA table_info({table})").fetchall()
    return [row["name"] for row in columns if row["pk"]]


def replaced(
    connection: sqlite3.Connection, table: str, row: dict[str, Any], new: dict[str, Any]
) -> None:
    assignments = ", ".join(f"{name} = :new_{name}" for name in new)
    place = " AND ".join(f"{name} = :{name}" for name in keys(connection, table))
    values = row | {f"new_{name}": value for name, value in new.items()}
    connection.execute(f"UPDATE {table} SET {assignments} WHERE {place}", values)


def deleted(connection: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    place = " AND ".join(f"{name} = :{name}" for name in keys(connection, table))
    connection.execute(f"DELETE FROM {table} WHERE {place}", row)


def inserted(connection: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    names = ", ".join(f":{name}" for name in row)
    connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({names})", row)


@pytest.mark.requirement("HIST-52")
def test_what_was_written_is_whole(chained: Chained, connection: sqlite3.Connection) -> None:
    found = chained.looked_at(connection)

    assert [one.breaks for one in found] == [(), ()]
    assert [one.changes for one in found] == [19, 19]


@pytest.mark.requirement("HIST-50")
def test_a_digest_is_worked_out_from_the_texts_of_the_columns(
    connection: sqlite3.Connection,
) -> None:
    change = [
        "stack_id",
        "extraction_id",
        "revision",
        "ordinal",
        "document_id",
        "sequence",
        "action",
        "path",
        "user_id",
        "actor_kind",
        "actor_client",
        "at",
        "undoes_revision",
        "undoes_ordinal",
        "reason",
        "acknowledged",
    ]
    leaf = ["key", "touched", "before", "after", "locked_before", "locked_after"]
    here = "stack_id = ? AND extraction_id = ? AND revision = ? AND ordinal = ?"

    def text(names: Sequence[str]) -> str:
        return " || ".join(SQL_NETSTRING.format(name) for name in names)

    head: dict[str, str] = {}
    for row in connection.execute(
        f"SELECT *, {text(change)} AS said FROM changes ORDER BY sequence"
    ).fetchall():
        place = [row[name] for name in ("stack_id", "extraction_id", "revision", "ordinal")]
        leaves = [
            one["said"]
            for one in connection.execute(
                f"SELECT {text(leaf)} AS said FROM change_leaves WHERE {here} ORDER BY key", place
            )
        ]
        before, count = head.get(row["document_id"], ""), str(len(leaves))
        said = f"{len(before)}:{before},{row['said']}{len(count)}:{count},{''.join(leaves)}"
        head[row["document_id"]] = sha256(said.encode()).hexdigest()
        assert head[row["document_id"]] == row["digest"]

    for row in connection.execute("SELECT id, digest FROM documents").fetchall():
        assert head[row["id"]] == row["digest"]


def other_value(data: st.DataObject, found: list[dict[str, Any]], name: str, now: Any) -> Any:
    """Another value for the column that its type allows."""
    likely = [row[name] for row in found if row[name] != now]
    if isinstance(now, int):
        likely += [now + 1, now - 1, -now - 1, 0, 2**62]
    elif isinstance(now, str):
        likely += [f"{now}x", now[:-1], "", "é\u0301", '{"w":']
    return data.draw(st.sampled_from([one for one in likely if one != now]))


@pytest.mark.requirement("HIST-52")
@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_any_edit_of_any_row_is_found(chained: Chained, data: st.DataObject) -> None:
    with closing(chained.copy()) as connection:
        table = data.draw(st.sampled_from(TABLES))
        found = rows(connection, table)
        row = data.draw(st.sampled_from(found))
        other = data.draw(st.sampled_from(found))
        name = data.draw(st.sampled_from([one for one in row if (table, one) not in APART]))
        edit = data.draw(st.sampled_from(["edit", "delete", "insert", "swap"]))
        try:
            if edit == "edit":
                value = other_value(data, found, name, row[name])
                replaced(connection, table, row, {name: value})
            elif edit == "delete":
                assume(table != "extractions")
                deleted(connection, table, row)
            elif edit == "insert":
                # What belongs to no document, stack or extraction is nobody's history.
                assume(name not in {"stack_id", "document_id", "extraction_id"})
                assume(table != "extractions")
                new = {name: other_value(data, found, name, row[name])}
                inserted(connection, table, row | new)
            else:
                names = [one for one in row if one not in keys(connection, table)]
                names = [one for one in names if (table, one) not in APART]
                name = data.draw(st.sampled_from(names))
                assume(row[name] != other[name])
                replaced(connection, table, row, {name: other[name]})
                replaced(connection, table, other, {name: row[name]})
        except sqlite3.IntegrityError:
            assume(False)  # SQLite itself refuses it

        assert chained.breaks(connection)


@pytest.mark.requirement("HIST-52")
def test_a_history_whose_end_was_cut_off_is_found_by_its_document(
    chained: Chained, connection: sqlite3.Connection
) -> None:
    (*_, last) = sorted(rows(connection, "changes"), key=lambda row: int(row["sequence"]))
    for leaf in rows(connection, "change_leaves"):
        if (leaf["extraction_id"], leaf["revision"]) == (last["extraction_id"], last["revision"]):
            deleted(connection, "change_leaves", leaf)
    for change in rows(connection, "changes"):
        if (change["extraction_id"], change["revision"]) == (
            last["extraction_id"],
            last["revision"],
        ):
            deleted(connection, "changes", change)

    said = [one.what for one in chained.breaks(connection)]

    assert "its digest is not that of its last change: changes are missing at the end" in said


@pytest.mark.requirement("HIST-52")
def test_a_break_says_in_which_change_and_at_which_field(
    chained: Chained, connection: sqlite3.Connection
) -> None:
    first = rows(connection, "changes")[0]
    replaced(connection, "changes", first, {"actor_kind": "person"})
    field = next(row for row in rows(connection, "fields") if row["key"] == "/e")
    replaced(connection, "fields", field, {"leaf": '{"v":9,"e":["unchecked",null,[]]}'})

    found = chained.breaks(connection)

    said = "its digest is not that of what it says and of the change before"
    assert Break(said, ChangeId(f"{first['revision']}-{first['ordinal']}")) in found
    assert ("e",) in [one.path for one in found if one.what.startswith("a field is not what")]


@pytest.mark.requirement("HIST-52")
@pytest.mark.parametrize(
    "tamper",
    [
        lambda one: one.execute("UPDATE documents SET digest = ''"),
        lambda one: one.execute("UPDATE documents SET status = 'completed'"),
        lambda one: one.execute(
            "UPDATE documents SET extraction_id = (SELECT e.id FROM extractions AS e"
            " WHERE e.document_id = documents.id AND e.number = 1)"
        ),
        lambda one: one.execute("DELETE FROM fields"),
        lambda one: (one.execute("DELETE FROM change_leaves"), one.execute("DELETE FROM changes")),
    ],
)
def test_what_a_document_says_of_its_history_must_fit(
    chained: Chained, connection: sqlite3.Connection, tamper: Callable[[sqlite3.Connection], object]
) -> None:
    tamper(connection)

    assert all(found.breaks for found in chained.looked_at(connection))


@pytest.mark.requirement("HIST-53")
async def test_the_database_itself_refuses_to_alter_the_history(
    repo: StackStore, writer: sqlite3.Connection
) -> None:
    document = await ready(repo)
    await put(repo, document, "a", 1)
    columns = [row["name"] for row in writer.execute("PRAGMA table_info(changes)")]
    refused = [
        *(f"UPDATE changes SET {one} = {one}" for one in columns if one != "standing"),
        "UPDATE change_leaves SET before = NULL",
        "DELETE FROM changes",
        "DELETE FROM change_leaves",
    ]

    for statement in refused:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            writer.execute(statement)

    assert await values(repo, document) == {"a": 1}
    assert (await repo.verify(document.id)).breaks == ()
