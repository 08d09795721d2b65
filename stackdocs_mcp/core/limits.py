"""How often something may happen, counted by all processes together."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Granted:
    """How many of those asked for there are, and else in how many seconds there is one."""

    count: int
    retry_after: float = 0.0


class Counters(Protocol):
    """Token buckets by name. The prose is the contract: each sentence is a test.

    Whoever uses the same place shares the buckets. Losing them is harmless: they are full again.
    They are kept apart from documents, whose writes never wait for them, nor they for those.
    """

    async def take(
        self, key: str, want: int, *, per_second: float, burst: int, now: float
    ) -> Granted:
        """Take at most ``want`` from the bucket, in one step, whoever else takes from it.

        It holds at most ``burst`` and gains ``per_second``; a new one is full. So of one bucket
        never more is taken than ``burst`` and ``per_second`` times the time that has passed. With
        less than one in it nothing is taken, and ``retry_after`` says in how many seconds one is
        there. ``now`` is in seconds since 1970. A clock that was a little behind another's gains
        nothing; one that was put back by minutes starts anew from there. Raises StoreFailed when
        the counters cannot be used.
        """

    async def close(self) -> None:
        """Give everything back. Harmless twice."""
