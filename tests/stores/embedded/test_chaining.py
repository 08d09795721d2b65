"""Histories from before there was a chain: chained when the store is brought up to date."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from stackdocs_mcp.core.binding import StackId
from stackdocs_mcp.core.history import Verification
from stackdocs_mcp.core.model import Change
from stackdocs_mcp.stores.embedded import FILE, open_store
from stackdocs_mcp.stores.migrate import known, migrate
from stackdocs_mcp.stores.sqlite import connect, create
from tests.stores.builders import ALICE, SteppingClock, binding, values

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
