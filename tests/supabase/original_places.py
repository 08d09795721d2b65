"""A store, and an original database beside it that is imported into it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from stackdocs_mcp.cli.from_stackdocs.importing import OriginalClock
from stackdocs_mcp.cli.from_stackdocs.report import Report
from stackdocs_mcp.core.binding import Actor, Binding, Right, UserId
from stackdocs_mcp.core.model import Document
from stackdocs_mcp.core.ports import StackStore, Store
from stackdocs_mcp.stores.embedded import open_store
from tests.supabase.originals import (
    imported,
    moved,
    put_files,
)

S, R = "Invoices", "Belege 2025 \N{EN DASH} Zürich"


@dataclass
class Read:
    """A store, and what an import into it reported."""

    store: Store
    report: Report = field(default_factory=Report)

    async def stack(self, user: str, name: str) -> StackStore:
        stack = await self.store.open_stack(UserId(user), name)
        person = Actor("person", "test")
        return self.store.bind(Binding(UserId(user), stack.id, frozenset(Right), person))

    async def documents(self, user: str, name: str) -> dict[str, Document]:
        found = await (await self.stack(user, name)).documents(limit=100)
        return {one.filename: one for one in found}

    async def left_out(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for original, why in self.report.problems:
            found.setdefault(original, []).append(why)
        return found


@dataclass
class Place(Read):
    """An original and a store beside it."""

    connection: asyncpg.Connection = field(kw_only=True)
    clock: OriginalClock = field(kw_only=True)
    files: Path = field(kw_only=True)

    async def run(self, store: Store | None = None) -> Report:
        self.report = await imported(self.connection, store or self.store, self.clock, self.files)
        return self.report


@asynccontextmanager
async def placed(folder: Path) -> AsyncIterator[Place]:
    clock = OriginalClock()
    store = await open_store(folder / "data", clock=clock)
    try:
        async with moved() as connection:
            files = put_files(folder / "files")
            yield Place(store, connection=connection, clock=clock, files=files)
    finally:
        await store.close()
