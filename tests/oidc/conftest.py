"""One provider for all tests, and a server that takes its tokens for each."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.node.environment import installed
from tests.oidc.provider import Provider, provider_process
from tests.server.harness import Era
from tests.web.site import Site, site

Scripts = Callable[[str], Sequence[str]]
"""The command for one of our scripts."""


@pytest.fixture(scope="session")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Scripts:
    node = installed()
    folder = node.beside(tmp_path_factory.mktemp("scripts"))
    return lambda name: (str(node.program), str(folder / name))


@pytest.fixture(scope="session")
def provider(scripts: Scripts) -> Iterator[Provider]:
    with provider_process([*scripts("provider.mjs"), "ES256"]) as running:
        yield running


@pytest.fixture
def rsa_provider(scripts: Scripts) -> Iterator[Provider]:
    """Another one, with a key of another kind."""
    with provider_process([*scripts("provider.mjs"), "RS256"]) as running:
        yield running


@pytest.fixture
async def served(provider: Provider, tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path, auth_issuer=provider.issuer) as running:
        yield running


@pytest.fixture(params=["2026-07-28", "legacy"])
def era(request: pytest.FixtureRequest) -> Era:
    chosen: Era = request.param
    return chosen
