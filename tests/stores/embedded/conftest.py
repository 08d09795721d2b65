"""The embedded store itself, with the connections that it works with."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stackdocs_mcp.core.ports import StackStore
from stackdocs_mcp.stores.embedded import EmbeddedStore, open_store
from tests.stores.builders import SteppingClock


@pytest.fixture
async def store(tmp_path: Path, clock: SteppingClock) -> AsyncIterator[EmbeddedStore]:
    opened = await open_store(tmp_path / "data", clock=clock)
    yield opened
    await opened.close()


@pytest.fixture
def writer(store: EmbeddedStore) -> sqlite3.Connection:
    return store._database._writer


@pytest.fixture
async def connections(store: EmbeddedStore, repo: StackStore) -> list[sqlite3.Connection]:
    """The writer, and the one reader that calls in sequence use."""
    await repo.stack()
    return [store._database._writer, *store._database._readers]
