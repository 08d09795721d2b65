"""A verifier over real providers, and the good token that every case starts from."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from stackdocs_mcp.auth.fetching import Fetcher
from stackdocs_mcp.auth.opening import open_verifier
from stackdocs_mcp.auth.providers import Provider as Accepted
from stackdocs_mcp.core.identity import Identity, IssuerUnavailable, TokenRefused, Verifier
from tests.auth.provider import HeldClock, Provider, serving
from tests.auth.signing import Part, Signer, signer

STACK = "5f0c1c1e-8f7e-4a55-9a39-8a2f7d3f0d11"
RESOURCE = f"https://stackdocs.example/stacks/{STACK}/mcp"
OTHER = "https://stackdocs.example/stacks/00000000-0000-4000-8000-000000000000/mcp"


@dataclass
class Site:
    """One provider, one verifier that takes its tokens, and a clock."""

    provider: Provider
    verifier: Verifier
    issuer: str
    clock: HeldClock = field(default_factory=HeldClock)
    usual: dict[str, Any] = field(default_factory=dict)

    def header(self, by: Signer, **changed: Any) -> dict[str, Any]:
        return _changed({"alg": by.algorithm, "typ": "at+jwt", "kid": by.kid}, changed)

    def claims(self, **changed: Any) -> dict[str, Any]:
        now = self.clock.seconds
        good = {
            "iss": self.issuer,
            "sub": "user-1",
            "aud": RESOURCE,
            "client_id": "agent",
            "scope": "openid stack:read stack:write",
            "jti": "1",
            "iat": now,
            "nbf": now,
            "exp": now + 600,
        }
        return _changed({**good, **self.usual}, changed)

    def token(
        self, by: Signer | None = None, header: Mapping[str, Any] | None = None, **changed: Any
    ) -> str:
        """A good token with these claims and header members changed; None leaves one out."""
        by = by or signer("ES256")
        return by.sign(self.header(by, **(header or {})), self.claims(**changed))

    def signed(self, claims: Part, **header: Any) -> str:
        """These claims, to the byte."""
        by = signer("ES256")
        return by.sign(self.header(by, **header), claims)

    async def verify(self, token: str, resource: str = RESOURCE) -> Identity:
        return await self.verifier.verify(token, resource)

    async def outcome(self, token: str, resource: str = RESOURCE) -> str:
        """``good``, ``unavailable``, or why it was refused."""
        try:
            await self.verifier.verify(token, resource)
        except TokenRefused as refused:
            return refused.reason
        except IssuerUnavailable:
            return "unavailable"
        return "good"


@asynccontextmanager
async def site(
    path: str = "", *others: Accepted, max_seconds: float = 20.0, **accepted: Any
) -> AsyncIterator[Site]:
    """A site whose provider has one ES256 key; ``accepted`` is how its tokens are taken."""
    async with serving() as provider:
        provider.publish(signer("ES256").jwk)
        issuer = provider.base + path
        clock = HeldClock()
        chosen = [Accepted(issuer, **accepted), *others]
        verifier = open_verifier(chosen, clock=clock, fetcher=Fetcher(max_seconds))
        try:
            yield Site(provider, verifier, issuer, clock)
        finally:
            await verifier.close()


def _changed(good: dict[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in {**good, **changed}.items() if one is not None}
