"""The signing keys of one issuer, fetched when they are needed and kept for a bounded time.

A key that the issuer removes is refused within FRESH. A token that names a key nobody knows makes
the keys be fetched again, at most once in PAUSE whatever arrives. While the issuer cannot be
reached, keys that are known go on counting for STALE.
"""

import logging
import math
from collections.abc import Sequence, Set as AbstractSet

import anyio

from stackdocs_mcp.auth import discovery, keys
from stackdocs_mcp.auth.fetching import Fetcher, NotFetched
from stackdocs_mcp.auth.keys import Key
from stackdocs_mcp.core.identity import IssuerUnavailable
from stackdocs_mcp.core.ports import Clock

log = logging.getLogger(__name__)

FRESH = 300.0
"""Seconds for which fetched keys are not asked for again."""
STALE = 3_600.0
"""Seconds after a fetch for which its keys count while no later one succeeds."""
PAUSE = 30.0
"""Seconds between two fetches."""
COLD_PAUSE = 5.0
"""The same as long as there are no keys at all, and so nothing can be told."""
_METADATA = 3_600.0
"""Seconds for which the address of the keys is not asked for again."""


class IssuerKeys:
    """Fetches, keeps and finds keys. ``address`` where it is known without discovery."""

    def __init__(
        self,
        issuer: str,
        algorithms: AbstractSet[str],
        fetcher: Fetcher,
        clock: Clock,
        address: str | None = None,
    ) -> None:
        self.issuer = issuer
        self._algorithms = algorithms
        self._fetcher = fetcher
        self._clock = clock
        self._known_address = address
        self._found_address: str | None = None
        self._keys: tuple[Key, ...] = ()
        self._generation = 0
        self._fetched = self._tried = self._discovered = -math.inf
        self._failed = False
        self._turn = anyio.Lock()

    @property
    def generation(self) -> int | None:
        """A number that changes with the keys; None while they are not fresh."""
        return self._generation if self._is_within(self._fetched, FRESH) else None

    async def candidates(self, key_id: str | None, algorithm: str, issued: float) -> Sequence[Key]:
        """The keys that a token of this header can be signed with; empty when there is none.

        Without a name it must be clear which: only where one key has the algorithm. Raises
        IssuerUnavailable where a later answer of the issuer could have the key: also for a token
        that says it was ``issued`` after the keys were fetched, while they are not fetched again.
        Its key may be new. An older one is refused all the same, whoever keeps us from fetching.
        """
        if not self._is_within(self._fetched, FRESH):
            await self._refresh(wait=not self._is_usable())
        if not self._is_usable():
            raise IssuerUnavailable
        found = self._matching(key_id, algorithm)
        if not found and key_id is not None:
            await self._refresh(wait=True)
            found = self._matching(key_id, algorithm)
            if not found and (self._failed or self._fetched < issued):
                raise IssuerUnavailable
        return found

    def at_hand(self, key_id: str | None, algorithm: str) -> Sequence[Key]:
        """The same of the keys that are known already; nothing is fetched."""
        return self._matching(key_id, algorithm) if self._is_usable() else ()

    def _matching(self, key_id: str | None, algorithm: str) -> Sequence[Key]:
        found = [key for key in self._keys if algorithm in key.algorithms]
        if key_id is None:
            return found if len(found) == 1 else ()
        return [key for key in found if key.id == key_id]

    def _is_usable(self) -> bool:
        return bool(self._keys) and self._is_within(self._fetched, STALE)

    def _is_within(self, moment: float, seconds: float) -> bool:
        """False also where the clock was set back: nothing lives longer for that."""
        return 0 <= self._now() - moment < seconds

    def _now(self) -> float:
        return self._clock().timestamp()

    def _may_try(self) -> bool:
        return not self._is_within(self._tried, PAUSE if self._is_usable() else COLD_PAUSE)

    async def _refresh(self, *, wait: bool) -> None:
        """Fetch the keys, one call at a time, unless that was done or tried a moment ago."""
        if not self._may_try() and not self._turn.locked():
            return
        if self._turn.locked() and not wait:
            return
        async with self._turn:
            if not self._may_try():
                return  # somebody else did while this call waited
            self._tried = self._now()
            with anyio.CancelScope(shield=True):  # bounded; a caller who leaves spoils no attempt
                await self._fetch()

    async def _fetch(self) -> None:
        try:
            found = await self._usable()
        except NotFetched as error:
            self._failed = True
            self._found_address = None
            log.warning("no keys from the issuer %s: %s", self.issuer, error.why)
            return

        self._failed = False
        self._fetched = self._now()
        if found != self._keys:
            self._keys = found
            self._generation += 1

    async def _usable(self) -> tuple[Key, ...]:
        """The keys as the issuer has them now. Raises NotFetched also where none can be used."""
        listed = await self._fetcher.json(await self._address())
        found = keys.usable(listed, self._algorithms)
        if not found:
            raise NotFetched("no_keys")
        return found

    async def _address(self) -> str:
        if self._known_address is not None:
            return self._known_address
        if self._found_address is None or not self._is_within(self._discovered, _METADATA):
            self._found_address = await discovery.key_address(self.issuer, self._fetcher)
            self._discovered = self._now()
        return self._found_address
