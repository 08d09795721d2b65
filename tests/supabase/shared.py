"""The one project that the tests of a run share, started with the first of them that needs it."""

import atexit
import functools
import hashlib
import json
import os
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio

from stackdocs_mcp.core.ports import Clock, Store
from stackdocs_mcp.core.quota import UNLIMITED, Quotas
from stackdocs_mcp.stores.supabase.limits import SupabaseCounters
from stackdocs_mcp.stores.supabase.project import Minter, SigningKey
from stackdocs_mcp.stores.supabase.rest import Rest
from stackdocs_mcp.stores.supabase.store import SupabaseStore, open_store
from tests.supabase.given import Given, is_given
from tests.supabase.projects import Project
from tests.supabase.rig import Rig


@functools.cache
def rig() -> Project:
    """The one of this run; or one that was given, see ``given.py``.

    Raises NotStarted, NotInstalled or NotOurs: nothing is skipped for it.
    """
    if is_given():
        given = Given(os.environ)
        with ThreadPoolExecutor(1) as thread:  # whoever asks may be in a loop already
            thread.submit(anyio.run, given.check).result()
        return given
    return own()


@functools.cache
def own() -> Rig:
    """Up, until the run ends, also beside a given one: for whoever looks behind its services."""
    made = Rig()
    atexit.register(made.stop)
    made.start()
    return made


def settings() -> dict[str, str]:
    """What names the shared project, by setting."""
    project = rig()
    return {
        "supabase_url": project.url,
        "supabase_publishable_key": project.publishable_key,
        "supabase_signing_key": json.dumps(project.key),
        "supabase_db_url": project.database_url,
    }


def variables() -> dict[str, str]:
    """The same, as a process is told."""
    return {f"STACKDOCS_{name.upper()}": value for name, value in settings().items()}


def sql(text: str) -> list[Any]:
    """As ``Rig.sql``, for whoever cannot wait for it."""
    with ThreadPoolExecutor(1) as thread:  # whoever asks may be in a loop already
        return thread.submit(anyio.run, rig().sql, text).result()


def digest() -> str:
    """Of every row of the shared project, but for what refused calls leave: a record, a count."""
    names = [one["name"] for one in sql(TABLES)]
    each = [f"select '{name} ' || t::text as row from {name} as t" for name in names]
    found = sorted(one["row"] for one in sql(" union all ".join(each)))
    return hashlib.sha256("\n".join(found).encode()).hexdigest()


TABLES = """
select format('%I.%I', schemaname, tablename) as name from pg_catalog.pg_tables
where schemaname in ('public', 'storage', 'pgmq', 'stackdocs')
    and tablename not in ('denials', 'limits')
order by 1
"""


async def open_shared(folder: Path, clock: Clock, quotas: Quotas = UNLIMITED) -> Store:
    """A process' store in the shared project, which is empty for a folder other than the last."""
    project = rig()
    if project.place != folder:
        await project.clean()
        project.place = folder
    return await open_store(
        project.url,
        project.publishable_key,
        project.signing_key,
        clock=clock,
        quotas=quotas,
        folder=folder,
    )


@asynccontextmanager
async def replicas(
    clock: Clock, count: int = 2, database_url: str | None = None
) -> AsyncIterator[list[SupabaseStore]]:
    """Stores of so many processes in the shared project, which is empty."""
    project = rig()
    await project.clean()
    async with AsyncExitStack() as stack:
        opened = []
        for _ in range(count):
            store = await open_store(
                project.url,
                project.publishable_key,
                project.signing_key,
                clock=clock,
                database_url=database_url,
            )
            stack.push_async_callback(store.close)
            opened.append(store)
        yield opened


class OwnCounters(SupabaseCounters):
    """Counters with connections of their own."""

    def __init__(self, rest: Rest) -> None:
        super().__init__(rest)
        self._connections = rest

    async def close(self) -> None:
        await super().close()
        await self._connections.close()


def counters(folder: Path) -> OwnCounters:
    """A process' counters in the shared project, which is empty for a new folder.

    In the folder stands where the project is: for the processes of a test, which did not start it.
    """
    told = folder / "project.json"
    if not told.exists():
        project = rig()
        with ThreadPoolExecutor(1) as thread:  # whoever asks may be in a loop already
            thread.submit(anyio.run, project.clean).result()
        folder.mkdir(parents=True, exist_ok=True)
        told.write_text(json.dumps([project.url, project.publishable_key, project.key]), "utf-8")
    url, publishable_key, key = json.loads(told.read_text("utf-8"))
    return OwnCounters(Rest(url, publishable_key, Minter(SigningKey(json.dumps(key)))))
