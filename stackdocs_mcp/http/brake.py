"""Refusals have a pace, so that whoever asks for them again and again keeps nobody waiting.

What is refused before it is known who asks costs as much as a call, and anybody can ask for it on
as many connections as there may be. It is answered in turn, ``per_second`` and never more; what
would wait longer than ``LONGEST`` is never answered. Whose token is valid has no part in that:
refusals to a user are bounded by the user's rate, and what is refused because of that rate waits
a moment, for each user apart. What waits here takes no place from others: its connection may be
closed for a newcomer's.

This holds back answers, not work. A token must be checked before it is refused, for some 80 us of
a processor if its signature is wrong; a connection that waits cannot ask for that again.
"""

import time
from collections.abc import Callable
from typing import Any, Protocol

import anyio
from starlette.types import Scope

LONGEST = 1.0
"""Seconds that an outsider's refusal waits at most."""
TOO_MANY = 429
LATER = 0.5
"""Seconds that a user waits to be told of having asked too often."""
EACH = 64
"""So many of one user wait for that at the same time; what is above is never answered."""
DROPPED = 5.0
"""Seconds until a connection is closed on which nothing is answered. Whoever opens another one at
once costs more than one that waits."""
CONNECTION = "stackdocs.connection"
"""Where the state of a request's scope has a weak reference to its Connection."""


class Connection(Protocol):
    """What a request came on."""

    def hold(self, *, outsider: bool) -> None:
        """The answer has to wait: this may be closed for a newcomer, an outsider's first."""

    def drop(self, seconds: float) -> None:
        """Nothing will be answered: this is closed then, and before all others for a newcomer."""


class Brake:
    """Outsiders' refusals one after the other, and what users are told of their rate."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = 1 / per_second
        self._clock = clock
        self._next = 0.0
        self._users: dict[str, int] = {}

    def delay(self) -> float | None:
        """Seconds that the next refusal has to wait, which then counts; None: it has no turn.

        So ``per_second`` of them wait at the same time, for each second of ``LONGEST``.
        """
        now = self._clock()
        seconds = max(0.0, self._next - now)
        if seconds > LONGEST:
            return None
        self._next = now + seconds + self._interval
        return seconds

    async def turn(self, scope: Scope, status: int, user: str) -> bool:
        """Wait until a refusal may be answered. False: never, and the connection is dropped.

        ``user`` is whoever asks, in any form that tells users apart; "" for an outsider.
        """
        connection = _connection(scope)
        if not user:
            return await self._wait(connection, self.delay(), outsider=True)
        if status != TOO_MANY:
            return True
        waiting = self._users.get(user, 0)
        if waiting >= EACH:
            return await self._wait(connection, None, outsider=False)
        self._users[user] = waiting + 1
        try:
            return await self._wait(connection, LATER, outsider=False)
        finally:
            self._users[user] -= 1
            if not self._users[user]:
                del self._users[user]

    async def _wait(
        self, connection: Connection | None, seconds: float | None, *, outsider: bool
    ) -> bool:
        if seconds is None and connection is not None:
            connection.drop(DROPPED)
            return False
        if seconds is None:  # another server than ours, which closes nothing
            seconds = LONGEST
        if seconds:
            if connection is not None:
                connection.hold(outsider=outsider)
            await anyio.sleep(seconds)
        return True


def _connection(scope: Scope) -> Connection | None:
    state: dict[str, Any] = scope.get("state") or {}
    reference: Callable[[], Connection | None] = state.get(CONNECTION, lambda: None)
    return reference()
