"""The database's shape: numbered ``.sql`` files, each applied and recorded in one transaction.

What SQL cannot do to the rows that are there, a function does after the file's statements.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from stackdocs_mcp.core.errors import StoreFailed, StoreTooNew
from stackdocs_mcp.stores.chain import chain_all
from stackdocs_mcp.stores.sqlite import is_busy, patient, transact

PATIENCE = 600.0
"""How many seconds whoever opens a store waits for another process that brings it up to date."""
_THEN = {"history": chain_all}  # SQLite has no SHA-256
_RECORD = """
CREATE TABLE IF NOT EXISTS migrations (
    number     INTEGER NOT NULL PRIMARY KEY,
    name       TEXT NOT NULL,
    applied_at INTEGER NOT NULL
) STRICT
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: ``0001_first.sql`` is number 1, named ``first``."""

    number: int
    name: str
    script: str
    then: Callable[[sqlite3.Connection], None] | None = None


def known() -> list[Migration]:
    """The steps that this program has, in order."""
    from importlib import resources  # noqa: PLC0415  only when a store is opened

    files = [
        file
        for file in resources.files("stackdocs_mcp.stores").joinpath("migrations").iterdir()
        if file.name.endswith(".sql")
    ]
    steps = [
        Migration(int(file.name[:4]), name, file.read_text(encoding="utf-8"), _THEN.get(name))
        for file in files
        for name in [file.name[5:-4]]
    ]
    return sorted(steps, key=lambda step: step.number)


def migrate(
    connection: sqlite3.Connection,
    steps: Sequence[Migration],
    now: int,
    patience: float = PATIENCE,
) -> None:
    """Apply the steps that the database does not have. Two processes may do so at once.

    Each step waits ``patience`` seconds for another process's. Raises StoreTooNew when the database
    has steps that this program does not know, StoreFailed otherwise.
    """
    latest = steps[-1].number
    if transact(connection, "BEGIN", version, "COMMIT") == latest:
        return

    def apply(step: Migration, connection: sqlite3.Connection) -> None:
        has = version(connection)
        if has > latest:
            raise StoreTooNew(
                f"the store has version {has}; this program knows versions up to {latest}",
                "Install the newer stackdocs-mcp that wrote it, or use another data folder.",
            )
        if step.number <= has:  # another process was faster
            return
        for statement in statements(step.script):
            connection.execute(statement)
        if step.then is not None:
            step.then(connection)
        connection.execute(_RECORD)
        connection.execute(
            "INSERT INTO migrations (number, name, applied_at) VALUES (?, ?, ?)",
            (step.number, step.name, now),
        )

    try:
        with patient(connection, patience):
            for step in steps:
                transact(connection, "BEGIN IMMEDIATE", partial(apply, step), "COMMIT")
    except StoreFailed as error:
        if not is_busy(error.__cause__):
            raise
        raise StoreFailed(
            "another process is bringing the store up to date",
            "Nothing was changed. Try again when it is done: a long history takes minutes.",
        ) from error


def version(connection: sqlite3.Connection) -> int:
    """The number of the last step that was applied, 0 for an empty database."""
    table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migrations'"
    if connection.execute(table).fetchone() is None:
        return 0
    (number,) = connection.execute("SELECT coalesce(max(number), 0) FROM migrations").fetchone()
    return int(number)


def statements(script: str) -> Iterator[str]:
    """The statements of a script, one by one: ``executescript`` would commit between them.

    A statement ends with a line; SQLite itself says where, so triggers and quotes may hold ``;``.
    """
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""

    if pending.strip():
        yield pending
