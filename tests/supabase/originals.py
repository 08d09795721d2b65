"""A database of the original product, with the files that belong to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from stackdocs_mcp.stores.supabase.original import move_away
from tests.supabase.databases import database, superuser
from tests.supabase.rig import HERE, ROOT

DUMP = HERE / "original.sql"
ALICE, BOB = "user_2alice", "user_2bob"
MIGRATIONS = ROOT / "stackdocs_mcp/stores/supabase/migrations"
_ALIKE = range(101, 141)
_FILES = {
    1: (ALICE, "invoice.pdf", b"invoice 00123"),
    2: (ALICE, "rechnung.pdf", "Rechnung Müller".encode()),
    3: (ALICE, "contract.pdf", b"contract"),
    4: (ALICE, "broken.pdf", b"broken"),
    5: (ALICE, "waiting.txt", b"Waiting\nto be read\n"),
    7: (BOB, "invoice.pdf", b"invoice 00123"),
    8: (ALICE, "again.pdf", b"invoice 00123"),
    9: (ALICE, "odd.pdf", b"odd"),
    10: (ALICE, "list.pdf", b"list"),
    11: (BOB, "smuggled.pdf", b"smuggled"),
}
"""Owner, stored name and bytes of each document's file; that of document 6 is missing."""


def original_id(number: int) -> str:
    return f"d0000000-0000-4000-8000-{number:012}"


def files() -> dict[str, bytes]:
    """Bytes by the paths that the rows have."""
    alike = {n: (ALICE, "receipt.pdf", f"receipt {n}".encode()) for n in _ALIKE}
    return {
        f"{owner}/{original_id(number)}/{name}": content
        for number, (owner, name, content) in (_FILES | alike).items()
    }


def put_files(folder: Path) -> Path:
    """The same in a folder."""
    for path, content in files().items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder


@asynccontextmanager
async def original() -> AsyncIterator[str]:
    """The address of a database that is the original's."""
    async with database() as url, superuser(url) as connection:
        await connection.execute(DUMP.read_text("utf-8"))
        yield url


@asynccontextmanager
async def moved() -> AsyncIterator[asyncpg.Connection]:
    """A connection to one whose tables were moved, with this program's beside them."""
    async with original() as url, superuser(url) as connection:
        await move_away(connection)
        await migrated(connection)
        yield connection


async def migrated(connection: asyncpg.Connection) -> None:
    """Apply the program's own migrations."""
    for migration in sorted(MIGRATIONS.glob("*.sql")):
        await connection.execute(migration.read_text("utf-8"))
