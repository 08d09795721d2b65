"""Every store there is, each opened on a place of its own and closed again."""

from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Protocol

import pytest

from stackdocs_mcp.core.model import Document
from stackdocs_mcp.core.ports import Clock, StackStore, Store
from stackdocs_mcp.core.quota import UNLIMITED, Quotas
from stackdocs_mcp.core.stack import Stack
from tests.stores.builders import ALICE, SteppingClock, binding, person_of, ready


class Factory(Protocol):
    """Opens a store in a place."""

    def __call__(self, folder: Path, clock: Clock, quotas: Quotas = ...) -> Awaitable[Store]: ...


async def embedded(folder: Path, clock: Clock, quotas: Quotas = UNLIMITED) -> Store:
    from stackdocs_mcp.stores.embedded import open_store

    return await open_store(folder, clock=clock, quotas=quotas)


async def supabase(folder: Path, clock: Clock, quotas: Quotas = UNLIMITED) -> Store:
    """On the one project of this run; ``folder`` has what a process keeps on its own machine."""
    from tests.supabase.shared import open_shared

    return await open_shared(folder, clock, quotas)


FACTORIES: dict[str, Factory] = {"embedded": embedded, "supabase": supabase}


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture(params=list(FACTORIES))
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, clock: SteppingClock
) -> AsyncIterator[Store]:
    opened = await FACTORIES[request.param](tmp_path / "data", clock)
    yield opened
    await opened.close()


@pytest.fixture
async def stack(store: Store) -> Stack:
    return await store.open_stack(ALICE, "invoices")


@pytest.fixture
async def repo(store: Store, stack: Stack) -> StackStore:
    return store.bind(binding(ALICE, stack.id))


@pytest.fixture
async def person(store: Store, repo: StackStore) -> StackStore:
    """The same stack for a person; ``repo`` is an agent's."""
    return await person_of(store, repo)


@pytest.fixture
async def document(repo: StackStore) -> Document:
    """One that has been read, so that it can be written."""
    return await ready(repo)
