"""What the tests of tokens share: a verifier over one provider that is there."""

from collections.abc import AsyncIterator

import pytest

from tests.auth.signing import signer
from tests.auth.site import Site, site


@pytest.fixture
async def plain() -> AsyncIterator[Site]:
    """Generic OpenID, with several keys, two of them of one kind."""
    async with site() as found:
        found.provider.publish(
            signer("ES256").jwk,
            signer("RS256", "k2").jwk,
            signer("EdDSA", "k3").jwk,
            signer("ES256", "k4", 4).jwk,
            {**signer("EdDSA", "k5", 5).jwk, "alg": "Ed25519"},
        )
        yield found


@pytest.fixture
async def one() -> AsyncIterator[Site]:
    """Generic OpenID with one key."""
    async with site() as found:
        yield found
