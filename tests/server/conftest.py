"""Sessions over each transport and era."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.server.harness import Era, Session, in_memory, over_stdio, settings


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[Session]:
    """A client in memory, on the newest protocol."""
    async with in_memory(settings(tmp_path)) as connected:
        yield connected


@pytest.fixture(params=["2026-07-28", "legacy"])
def era(request: pytest.FixtureRequest) -> Era:
    chosen: Era = request.param
    return chosen


@pytest.fixture(params=["memory", "stdio"])
async def any_session(
    request: pytest.FixtureRequest, era: Era, tmp_path: Path
) -> AsyncIterator[Session]:
    """The same client over each transport, in each era."""
    opened = in_memory if request.param == "memory" else over_stdio
    async with opened(settings(tmp_path), era) as connected:
        yield connected
