"""Refusals take their time, so that whoever asks for them again and again keeps nobody waiting.

A client that is told to come back later, or that its token is not valid, and asks again at once,
costs as much as one that is served. It waits for its answer, though: answers to it that come no
faster than this leave the processor to others, however many connections it asks on.
"""

import time
from collections.abc import Callable

import anyio

LONGEST = 1.0
"""Seconds that a refusal is held back at most."""
TOO_MANY = 429
LATER = 0.5
"""Seconds that who asks too often is held back, of those that it is told to wait."""


class Brake:
    """So many refusals a second, and as many at once; what is above that waits."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = 1 / per_second
        self._clock = clock
        self._next = 0.0

    def delay(self) -> float:
        """Seconds that the next refusal has to wait; it counts."""
        now = self._clock()
        self._next = min(max(self._next, now - 1.0) + self._interval, now + LONGEST)
        return max(0.0, self._next - now)

    async def keep(self, status: int) -> None:
        """Wait before an answer with this status, if it is a refusal."""
        if 400 <= status < 500:
            seconds = LATER if status == TOO_MANY else self.delay()
            if seconds:
                await anyio.sleep(seconds)
