"""A program of an older version that is open while the store is brought up to date."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from stackdocs_mcp.core.binding import Role, StackId
from stackdocs_mcp.core.model import NewDocument
from stackdocs_mcp.core.ports import Store
from stackdocs_mcp.core.quota import Quotas
from stackdocs_mcp.core.stack import Policy
from stackdocs_mcp.stores.embedded import FILE, open_store
from stackdocs_mcp.stores.migrate import known, migrate
from stackdocs_mcp.stores.sqlite import connect, create
from tests.stores.builders import ALICE, SteppingClock, binding, digest

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("KEYS-08")]

QUOTAS = Quotas(documents=5, pages=5)


@pytest.fixture
def old(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """The connection of a program that knows the store up to version 6."""
    path = tmp_path / "data" / FILE
    create(path)
    with closing(connect(path)) as connection:
        migrate(connection, known()[:6], 0)
        yield connection


@pytest.fixture
async def written(
    old: sqlite3.Connection, tmp_path: Path, when: str
) -> AsyncIterator[tuple[Store, sqlite3.Connection]]:
    """The store of today, with what the old program wrote before or after the last step."""
    if when == "before":
        migrate(old, known()[:12], 0)
        write(old)
    store = await open_store(tmp_path / "data", clock=SteppingClock(), quotas=QUOTAS)
    if when == "after":
        write(old)
    yield store, old
    await store.close()


@pytest.fixture(params=["before", "after"])
def when(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


def write(connection: sqlite3.Connection) -> None:
    """A stack with a document, by the statements of version 6."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(
        "INSERT INTO stacks (id, user_id, name, folder, field_schema, instructions, policy,"
        " created_at) VALUES ('s', ?, 'old', NULL, NULL, '', ?, 1)",
        (ALICE, Policy().model_dump_json()),
    )
    connection.execute(
        "INSERT INTO documents (stack_id, id, extraction_id, filename, folded_name, sha256, size,"
        " status, created_at, updated_at)"
        " VALUES ('s', 'd', 'e', 'a.pdf', 'a.pdf', 'f00d', 7, 'processing', 1, 1)"
    )
    connection.execute(
        "INSERT INTO extractions (stack_id, id, document_id, created_at) VALUES ('s', 'e', 'd', 1)"
    )
    connection.execute("COMMIT")


async def test_a_stack_of_an_old_program_has_its_owner(
    written: tuple[Store, sqlite3.Connection],
) -> None:
    store, _ = written

    stack = await store.open_stack(ALICE, "old")
    repo = store.bind(binding(ALICE, stack.id))
    found = await store.membership(ALICE, stack.id)

    assert found is not None
    assert (stack.id, found.role) == (StackId("s"), Role.OWNER)
    assert [(one.user, one.role) for one in await repo.members()] == [(ALICE, Role.OWNER)]
    assert [one.filename for one in await repo.documents(limit=9)] == ["a.pdf"]


async def test_a_document_of_an_old_program_is_its_owners_for_the_quota(
    written: tuple[Store, sqlite3.Connection],
) -> None:
    store, old = written
    repo = store.bind(binding(ALICE, StackId("s")))
    (document,) = await repo.documents(limit=9)

    await repo.add_document(NewDocument("part.txt", digest("part"), 4), part_of=document.id)
    left = await store.quota(ALICE)

    assert left is not None
    assert left.documents == 4
    adders = old.execute("SELECT DISTINCT added_by FROM documents").fetchall()
    charged = old.execute("SELECT DISTINCT user_id FROM usage").fetchall()
    assert [tuple(one) for one in adders] == [tuple(one) for one in charged] == [(ALICE,)]


@pytest.mark.parametrize("when", ["after"], indirect=False)
async def test_a_stack_of_today_has_one_owner_and_is_made_once(
    written: tuple[Store, sqlite3.Connection],
) -> None:
    store, old = written

    made = [await store.open_stack(ALICE, "new") for _ in range(2)]

    assert made[0].id == made[1].id
    rows = old.execute("SELECT role FROM members WHERE stack_id = ?", (made[0].id,)).fetchall()
    assert [row["role"] for row in rows] == ["owner"]


async def test_what_was_reserved_for_nobody_is_given_back_to_nobody(
    old: sqlite3.Connection, tmp_path: Path
) -> None:
    migrate(old, known()[:12], 0)
    write(old)
    old.execute("UPDATE documents SET reserved_pages = 3, reserved_pages_in = 202611")
    old.execute("INSERT INTO usage (user_id, month, pages) VALUES ('', 202611, 3)")

    await (await open_store(tmp_path / "data", clock=SteppingClock())).close()

    (row,) = old.execute("SELECT reserved_pages, added_by FROM documents").fetchall()
    assert tuple(row) == (0, ALICE)
    assert old.execute("SELECT count(*) FROM usage").fetchone()[0] == 0
