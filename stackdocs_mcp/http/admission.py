"""How much one user may ask for: a rate that all replicas share, and calls at the same time."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from math import ceil
from typing import Protocol

import anyio

from stackdocs_mcp.core.binding import UserId
from stackdocs_mcp.http.answers import Answered, refusal

WAIT_SECONDS = 5.0
"""How long a call waits for another of its user's to end."""
QUEUE = 4
"""So many times the calls that are served may wait."""


class Rate(Protocol):
    """Requests per user and time, over all replicas together."""

    async def spend(self, user: UserId, /) -> float | None:
        """Count one request. None when it may go on, else the seconds to wait for the next."""


class _Place:
    """A user's calls: those that are being served, and those that wait."""

    def __init__(self, at_once: int) -> None:
        self.free = anyio.Semaphore(at_once)
        self.calls = 0


class Admission:
    """Lets a user's request in, or says when to come again."""

    def __init__(self, rate: Rate, at_once: int) -> None:
        """``at_once`` calls of one user are served by this process at the same time."""
        self._rate = rate
        self._at_once = at_once
        self._places: dict[UserId, _Place] = {}

    @property
    def users(self) -> int:
        """How many users have a call here now."""
        return len(self._places)

    async def rate(self, user: UserId) -> None:
        """Raise Answered 429 for a user who has asked too often."""
        wait = await self._rate.spend(user)
        if wait is not None:
            raise _too_many("too many requests", wait)

    @asynccontextmanager
    async def turn(self, user: UserId) -> AsyncGenerator[None, None]:
        """One of the user's calls at the same time; what comes above that waits a little.

        Clients send calls side by side, and few of them try again when they are refused. Raises
        Answered 429 after ``WAIT_SECONDS``, and at once where too many wait already.
        """
        place = self._places.setdefault(user, _Place(self._at_once))
        if place.calls >= self._at_once * (1 + QUEUE):
            raise self._full()
        place.calls += 1
        try:
            await self._take(place.free)
            try:
                yield
            finally:
                place.free.release()
        finally:
            place.calls -= 1
            if not place.calls:
                del self._places[user]

    async def _take(self, free: anyio.Semaphore) -> None:
        try:
            free.acquire_nowait()
        except anyio.WouldBlock:
            with anyio.move_on_after(WAIT_SECONDS) as patience:
                await free.acquire()
            if patience.cancelled_caught:
                raise self._full() from None

    def _full(self) -> Answered:
        return _too_many(f"{self._at_once} calls of this user are being served", 1.0)


def _too_many(message: str, wait: float) -> Answered:
    seconds = max(1, ceil(wait))
    return refusal(
        429,
        "too_many_requests",
        message,
        f"Wait {seconds} s and send the request again.",
        [(b"retry-after", str(seconds).encode())],
    )
