"""A database of the original product, with the files that belong to it."""

import random
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from stackdocs_mcp.cli.from_stackdocs.files import Folder
from stackdocs_mcp.cli.from_stackdocs.importing import Importing, OriginalClock, import_all
from stackdocs_mcp.cli.from_stackdocs.report import Report
from stackdocs_mcp.core.binding import Actor, Binding, Right, UserId
from stackdocs_mcp.core.model import Change, Document
from stackdocs_mcp.core.paths import dotted
from stackdocs_mcp.core.ports import StackStore, Store
from stackdocs_mcp.stores.supabase.original import move_away
from stackdocs_mcp.stores.supabase.originals import Originals
from tests.supabase.databases import database, superuser
from tests.supabase.gateway import SECRET
from tests.supabase.rig import HERE, ROOT

DUMP = HERE / "original.sql"
ALICE, BOB = "user_2alice", "user_2bob"
MIGRATIONS = ROOT / "stackdocs_mcp/stores/supabase/migrations"
_ALIKE = range(101, 121)
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


async def upload_files(url: str) -> None:
    """The same in the bucket of the project at this address, as the original's server did."""
    headers = {"apikey": SECRET, "Authorization": f"Bearer {SECRET}"}
    async with httpx.AsyncClient(headers=headers) as http:
        for path, content in files().items():
            address = f"{url}/storage/v1/object/documents/{path}"
            answer = await http.post(
                address, content=content, headers={"content-type": "application/pdf"}
            )
            assert answer.status_code == 200, answer.text


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


async def imported(
    connection: asyncpg.Connection, store: Store, clock: OriginalClock, folder: Path
) -> Report:
    """Import into the store, with users called as they were."""
    work = Importing(
        originals=Originals(connection),
        store=store,
        source=Folder(folder),
        clock=clock,
        user_of=UserId,
        max_file_bytes=1_000_000,
        tell=lambda _count, _of: None,
    )
    return await import_all(work)


async def values(repo: StackStore, document: Document, number: int | None = None) -> dict[str, Any]:
    """The fields of the extraction with this number, or of the one that counts."""
    found = await repo.fields(document.id, extraction=number)
    return {dotted(one.leaf.path): one.leaf.value for one in found}


async def text(repo: StackStore, document: Document) -> list[list[str]]:
    """The lines of each page."""
    pages = await repo.pages(document.id, range(1, 10))
    return [[line.text for line in page.lines] for page in pages]


async def everything(
    store: Store, issuer: str = "", users: Iterable[str] = (ALICE, BOB)
) -> dict[str, Any]:
    """What a reader sees of all documents of these users, but for ids."""
    found: dict[str, Any] = {}
    for user in users:
        owner = UserId(issuer + user)
        for summary in await store.stacks(owner):
            binding = Binding(owner, summary.stack.id, frozenset(Right), Actor("person", "test"))
            repo = store.bind(binding)
            for document in await repo.documents(limit=1_000):
                extractions = range(1, document.extraction + 1)
                found[f"{user}/{summary.stack.name}/{document.filename}"] = [
                    document.status.value,
                    document.pages_done,
                    document.revision,
                    document.created_at,
                    document.media_type,
                    await text(repo, document),
                    [await values(repo, document, number) for number in extractions],
                    [_told(one) for one in await repo.changes(document.id, limit=1_000)],
                ]
    return found


def _told(change: Change) -> tuple[object, ...]:
    leaves = [(dotted(one.path), one.value, one.confidence) for one in change.after]
    return change.id, change.action.value, change.actor, change.at, leaves


def a_path(model: Any, chance: random.Random) -> list[str]:
    """A path to something in the value, or to what could be beside it."""
    path: list[str] = []
    while True:
        if isinstance(model, list):
            row = chance.choice([0, len(model) - 1, -1, 99]) if model else 0
            path.append(str(row))
            inside = model[row] if -len(model) <= row < len(model) else None
        else:
            name = chance.choice(["a", "b", "é/~#"])
            path.append(name)
            inside = model.get(name)
        if not isinstance(inside, (dict, list)) or chance.random() < 0.4:
            return path
        model = inside
