"""How much one user may ask for: a rate that all replicas share, and calls at the same time."""

from collections.abc import Iterator
from contextlib import contextmanager
from math import ceil
from typing import Protocol

from stackdocs_mcp.core.binding import UserId
from stackdocs_mcp.http.answers import Answered, refusal


class Rate(Protocol):
    """Requests per user and time, over all replicas together."""

    async def spend(self, user: UserId, /) -> float | None:
        """Count one request. None when it may go on, else the seconds to wait for the next."""


class Admission:
    """Lets a user's request in, or says when to come again."""

    def __init__(self, rate: Rate, at_once: int) -> None:
        """``at_once`` calls of one user are served by this process at the same time."""
        self._rate = rate
        self._at_once = at_once
        self._running: dict[UserId, int] = {}

    async def rate(self, user: UserId) -> None:
        """Raise Answered 429 for a user who has asked too often."""
        wait = await self._rate.spend(user)
        if wait is not None:
            raise _too_many("too many requests", wait)

    @contextmanager
    def turn(self, user: UserId) -> Iterator[None]:
        """One of the user's calls at the same time. Raises Answered 429 when there are enough."""
        running = self._running.get(user, 0)
        if running >= self._at_once:
            raise _too_many(f"{self._at_once} calls of this user are being served", 1.0)
        self._running[user] = running + 1
        try:
            yield
        finally:
            left = self._running[user] - 1
            if left:
                self._running[user] = left
            else:
                del self._running[user]


def _too_many(message: str, wait: float) -> Answered:
    seconds = max(1, ceil(wait))
    return refusal(
        429,
        "too_many_requests",
        message,
        f"Wait {seconds} s and send the request again.",
        [(b"retry-after", str(seconds).encode())],
    )
