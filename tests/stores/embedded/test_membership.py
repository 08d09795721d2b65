"""Membership in SQLite: one indexed look-up, in the transaction that does the work."""

import sqlite3
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from stackdocs_mcp.core.binding import Binding, Role
from stackdocs_mcp.core.errors import NotFound
from stackdocs_mcp.core.model import Document
from stackdocs_mcp.core.ports import StackStore, Store
from stackdocs_mcp.core.stack import Stack
from stackdocs_mcp.stores import members
from stackdocs_mcp.stores.embedded import FILE
from tests.stores.builders import ALICE, BOB, setting

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("TENANT-13")
async def test_a_membership_is_looked_up_by_two_keys_and_no_scan(
    writer: sqlite3.Connection,
) -> None:
    sql = f"EXPLAIN QUERY PLAN {members._FIND}"
    plan = writer.execute(sql, {"user": BOB, "stack": "x"}).fetchall()

    steps = [row["detail"] for row in plan]
    assert steps == [
        "SEARCH m USING PRIMARY KEY (user_id=? AND stack_id=?)",
        "SEARCH s USING PRIMARY KEY (id=?)",
    ]


@pytest.mark.requirement("TENANT-14")
async def test_a_membership_that_ends_while_a_write_waits_stops_the_write(
    store: Store, repo: StackStore, stack: Stack, document: Document, tmp_path: Path
) -> None:
    await repo.grant(BOB, Role.EDITOR)
    editor = store.bind(Binding(BOB, stack.id, Role.EDITOR.rights, owner=ALICE))
    raised: list[Exception] = []

    async def write() -> None:
        try:
            await editor.write(document.id, [setting("a", "planted")])
        except NotFound as error:
            raised.append(error)

    with closing(sqlite3.connect(tmp_path / "data" / FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM members WHERE user_id = ?", (BOB,))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(write)
            await anyio.wait_all_tasks_blocked()
            assert await store.membership(BOB, stack.id) is not None  # it has not ended yet
            other.execute("COMMIT")

    assert len(raised) == 1
    assert await repo.fields(document.id) == []
    assert await repo.changes(document.id, limit=9) == []
