"""A server that listens, for each test of HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.server.harness import Era
from tests.web.site import Site, site


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path) as running:
        yield running


@pytest.fixture(params=["2026-07-28", "legacy"])
def era(request: pytest.FixtureRequest) -> Era:
    chosen: Era = request.param
    return chosen
