"""A project to break, which nobody else uses, and processes on it."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime

import pytest

from stackdocs_mcp.stores.supabase.project import Minter
from stackdocs_mcp.stores.supabase.rest import Rest
from stackdocs_mcp.stores.supabase.store import SupabaseStore
from tests.supabase.rig import Rig, running


@pytest.fixture(scope="package")
def own() -> Iterator[Rig]:
    """What it has acknowledged it has after a crash."""
    with running(durable=True) as rig:
        yield rig


@pytest.fixture(autouse=True)
async def _empty(own: Rig) -> None:
    await own.clean()


@pytest.fixture
async def store(own: Rig) -> AsyncIterator[SupabaseStore]:
    async with opened(own) as made:
        yield made


def now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def opened(
    rig: Rig, url: str | None = None, minter: Minter | None = None, key: str | None = None
) -> AsyncIterator[SupabaseStore]:
    """A process of its own on the project."""
    rest = Rest(url or rig.url, key or rig.publishable_key, minter or Minter(rig.signing_key))
    store = SupabaseStore(rest, now)
    try:
        yield store
    finally:
        await store.close()


async def count(rig: Rig, what: str) -> int:
    """Rows of a table."""
    (row,) = await rig.sql(f"select count(*) as count from {what}")
    found: int = row["count"]
    return found


@contextmanager
def trusting(rig: Rig, keys: list[dict[str, str]]) -> Iterator[None]:
    """Meanwhile PostgREST trusts these keys."""
    server = rig.postgrest

    def trust(text: str) -> None:
        server.stop()
        server._env["PGRST_JWT_SECRET"] = text
        server.start()

    trust(json.dumps({"keys": keys}))
    try:
        yield
    finally:
        trust(json.dumps(rig.jwks))
