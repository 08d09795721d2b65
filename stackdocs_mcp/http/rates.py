"""What a user may ask for per second, shared with all replicas, for next to nothing per request.

A process takes a few from the shared bucket at a time, spends them here, and lets the rest go soon:
what is taken is never above the limit, and all replicas together hold back a tenth of the burst
each, for moments. While the shared counters cannot be used, each process counts by itself.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

import anyio

from stackdocs_mcp.core.binding import UserId
from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.core.limits import Counters

MOST_USERS = 10_000
"""Remembered at once: whoever asked last. Of the others there is nothing left to spend."""
SHARE = 10
"""A chunk is this part of the burst."""
APART_SECONDS = 5.0
"""After the shared counters have failed, nobody waits for them for so long."""


@dataclass(slots=True)
class _Purse:
    """What one user has left here."""

    since: float = 0.0
    """When the shared bucket was last asked; a clock that was put back is before it."""
    left: int = 0
    expires: float = 0.0
    refused_until: float = 0.0
    held: float = 0.0
    """Of the process's own bucket, and since when."""
    at: float = 0.0
    turn: anyio.Lock = field(default_factory=anyio.Lock)


class Rates:
    """Requests per user and second. Bounded in memory, and never unlimited."""

    def __init__(
        self,
        counters: Counters,
        per_second: float,
        burst: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``clock`` gives seconds since 1970: other processes' clocks must say the same."""
        self._counters = counters
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._chunk = max(1, burst // SHARE)
        self._lasting = max(1.0, self._chunk / per_second)
        self._purses: OrderedDict[UserId, _Purse] = OrderedDict()
        self._apart_until = 0.0

    async def spend(self, user: UserId) -> float | None:
        """Count one request. None when it may go on, else the seconds to wait for the next."""
        purse = self._purse(user)
        async with purse.turn:  # one of many requests at once takes for all
            now = self._clock()
            if purse.left and purse.since <= now < purse.expires:
                purse.left -= 1
                return None
            if purse.since <= now < purse.refused_until:
                return purse.refused_until - now
            if now >= self._apart_until:
                try:
                    return await self._take(user, purse, now)
                except StoreFailed:
                    self._apart_until = now + APART_SECONDS
            return self._alone(purse, now)

    async def _take(self, user: UserId, purse: _Purse, now: float) -> float | None:
        # Whoever comes seldom takes one at a time, and so loses none.
        want = self._chunk if purse.since <= now < purse.expires else 1
        granted = await self._counters.take(
            user, want, per_second=self._per_second, burst=self._burst, now=now
        )
        purse.since, purse.at = now, 0.0
        if not granted.count:
            purse.left = 0
            purse.refused_until = now + granted.retry_after
            return granted.retry_after
        purse.left = granted.count - 1
        purse.expires = now + self._lasting
        return None

    def _alone(self, purse: _Purse, now: float) -> float | None:
        """Count here: from a chunk on, as if the rest of the burst had been spent elsewhere."""
        if not purse.at:
            purse.held = float(self._chunk)
        gained = max(0.0, now - purse.at) * self._per_second if purse.at else 0.0
        purse.held = min(float(self._burst), purse.held + gained)
        purse.at = now
        if purse.held < 1:
            return (1 - purse.held) / self._per_second
        purse.held -= 1
        return None

    def _purse(self, user: UserId) -> _Purse:
        purse = self._purses.get(user)
        if purse is None:
            purse = self._purses[user] = _Purse()
            while len(self._purses) > MOST_USERS:
                self._purses.popitem(last=False)
        self._purses.move_to_end(user)
        return purse
