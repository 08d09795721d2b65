"""The world of the matrix on each transport."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.isolation.places import PLACES, Place, empty
from tests.isolation.speakers import TRANSPORTS, Transport, over_http, over_stdio
from tests.isolation.world import World, plant
from tests.server.harness import Era
from tests.web.site import ALICE, BOB, site

ENOUGH: dict[str, Any] = {"rate_per_second": 10_000, "rate_burst": 100_000}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """The same loop for all tests of a module, which share a world."""
    return "asyncio"


@pytest.fixture(scope="module", params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> Transport:
    chosen: Transport = request.param
    return chosen


@pytest.fixture(scope="module", params=PLACES)
async def place(request: pytest.FixtureRequest) -> Place:
    """Where the data is, with nothing in it."""
    return await empty(request.param)


@pytest.fixture(scope="module")
async def world(
    tmp_path_factory: pytest.TempPathFactory, transport: Transport, place: Place
) -> AsyncIterator[World]:
    tmp_path = tmp_path_factory.mktemp("world")
    async with site(tmp_path, **ENOUGH, **place.settings) as served:
        user = served.app.user if transport == "stdio" else ALICE
        own = await plant(served, user, "default", "canaryown", documents=2)
        sibling = await plant(served, user, "sibling", "canarysibling", documents=2)
        foreign = await plant(served, BOB, "default", "canaryforeign", documents=2)
        if transport == "stdio":
            speaking = over_stdio(tmp_path, **place.variables)
        else:
            era: Era = "legacy" if transport == "http 2025-11-25" else "2026-07-28"
            speaking = over_http(served, user, own.stack, era)
        async with speaking as speaker:
            yield World(served, place, speaker, own, sibling, foreign)


@pytest.fixture(params=["2026-07-28", "legacy"])
def era(request: pytest.FixtureRequest) -> Era:
    chosen: Era = request.param
    return chosen
