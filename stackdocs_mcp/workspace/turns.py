"""A few places to work in, given to owners in turn: nobody waits behind all that another wants."""

from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio

from stackdocs_mcp.core.binding import UserId


class FairTurns:
    """``places`` turns at the same time, of which one owner never has more than ``each``.

    A place that becomes free goes to the next owner of those that wait, round and round, and among
    one owner's to who has waited longest. As long as ``each`` is below ``places``, no owner can
    have them all, however long its turns take. Each step costs the same however many wait, and an
    owner with no turn and none waiting is not remembered.
    """

    def __init__(self, places: int, each: int) -> None:
        self._free = places
        self._each = each
        self._taken: dict[UserId, int] = {}
        self._waiting: dict[UserId, OrderedDict[anyio.Event, None]] = {}
        self._next: OrderedDict[UserId, None] = OrderedDict()
        """Owners that wait and may have another place, in the order in which they get one."""

    @property
    def owners(self) -> int:
        """How many owners have a turn or wait for one."""
        return len(self._taken.keys() | self._waiting.keys())

    @asynccontextmanager
    async def take(self, owner: UserId) -> AsyncGenerator[None, None]:
        """A turn of the owner's, for as long as this lasts."""
        await self._begun(owner)
        try:
            yield
        finally:
            self._end(owner)

    async def _begun(self, owner: UserId) -> None:
        turn = anyio.Event()
        self._waiting.setdefault(owner, OrderedDict())[turn] = None
        self._line_up(owner)
        self._give()
        try:
            await turn.wait()
        except BaseException:  # cancelled: also when the turn had come, but nobody was there yet
            if turn.is_set():
                self._end(owner)
            else:
                self._no_more(owner, turn)
            raise

    def _end(self, owner: UserId) -> None:
        self._free += 1
        self._taken[owner] -= 1
        if not self._taken[owner]:
            del self._taken[owner]
        self._line_up(owner)
        self._give()

    def _line_up(self, owner: UserId) -> None:
        """Behind all others, unless it is in the line, does not wait, or has all it may have."""
        if owner in self._waiting and self._taken.get(owner, 0) < self._each:
            self._next.setdefault(owner)

    def _give(self) -> None:
        while self._free and self._next:
            owner, _ = self._next.popitem(last=False)
            turn = next(iter(self._waiting[owner]))
            self._free -= 1
            self._taken[owner] = self._taken.get(owner, 0) + 1
            self._no_more(owner, turn)
            self._line_up(owner)
            turn.set()

    def _no_more(self, owner: UserId, turn: anyio.Event) -> None:
        """It does not wait any more."""
        waiting = self._waiting[owner]
        del waiting[turn]
        if not waiting:
            del self._waiting[owner]
            self._next.pop(owner, None)
