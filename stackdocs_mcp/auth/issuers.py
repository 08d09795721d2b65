"""All issuers whose tokens are accepted, as one ``Verifier``."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from stackdocs_mcp.auth.cache import Verified, VerifiedTokens, key_of
from stackdocs_mcp.auth.compact import MAX_TOKEN, Unverified, take_apart
from stackdocs_mcp.auth.fetching import Fetcher
from stackdocs_mcp.core.identity import Identity, TokenRefused
from stackdocs_mcp.core.ports import Clock


class Issuer(Protocol):
    """One of them."""

    @property
    def issuer(self) -> str:
        """What its tokens call it, exactly."""

    @property
    def generation(self) -> int | None:
        """A number that changes with its keys; None while an earlier decision does not count."""

    async def identify(self, token: Unverified, resource: str) -> Identity:
        """Who the token is of, by this issuer's rules and keys. As ``Verifier.verify``."""


class Issuers:
    """Implements ``Verifier``. A token goes to the one issuer that it names, and to no other."""

    def __init__(
        self, issuers: Iterable[Issuer], addresses: Sequence[str], fetcher: Fetcher, clock: Clock
    ) -> None:
        self._by_name = {one.issuer: one for one in issuers}
        self._addresses = tuple(addresses)
        self._fetcher = fetcher
        self._clock = clock
        self._verified = VerifiedTokens()

    @property
    def issuers(self) -> Sequence[str]:
        """Those that clients can get a token from."""
        return self._addresses

    async def verify(self, token: str, resource: str) -> Identity:
        """As ``Verifier.verify``: known tokens first, then what costs least."""
        if len(token) > MAX_TOKEN:  # hashing a long one would cost more than all that follows
            raise TokenRefused("size")
        key = key_of(token, resource)
        known = self._known(key)
        if known is not None:
            return known

        found = take_apart(token)
        named = found.claims.get("iss")
        if not isinstance(named, str) or named not in self._by_name:
            raise TokenRefused("issuer")
        issuer = self._by_name[named]
        generation = issuer.generation
        identity = await issuer.identify(found, resource)
        # With other keys after than before nobody can say which of them have verified it.
        if generation is not None and generation == issuer.generation:
            entry = Verified(identity, named, generation, self._now())
            self._verified.keep(key, entry)
        return identity

    async def close(self) -> None:
        """As ``Verifier.close``."""
        await self._fetcher.close()

    def _known(self, key: bytes) -> Identity | None:
        kept = self._verified.get(key, self._now())
        if kept is None:
            return None
        if self._by_name[kept.issuer].generation != kept.generation:
            self._verified.drop(key)
            return None
        return kept.identity

    def _now(self) -> float:
        return self._clock().timestamp()
