"""Memberships that were found moments ago, so that not every call asks for one before it begins.

What a member may do is decided by the transaction that does it, whatever is remembered here: a
membership that was ended, or a role that was lowered, is refused there, and forgotten with that.
That there is none is never remembered.

So, on another replica than the one that ended it, the first call of those seconds passes the gate
and is refused by its transaction: an MCP call has a tool's error where the gate answers 404, and
whose role was lowered lacks a right also where they only read. The next call meets the gate. Asked
anew before each answer, the membership would be one more round trip for every call.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

import anyio
import anyio.to_thread

from stackdocs_mcp.core.binding import StackId, UserId
from stackdocs_mcp.core.events import NO_STACK, About, Event, Watch
from stackdocs_mcp.core.tenancy import Membership
from stackdocs_mcp.stores.supabase.kept import Kept

SECONDS = 5.0
MOST = 10_000


class Memberships:
    """Of one process. What it does itself, or hears of, is forgotten at once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._found: OrderedDict[tuple[UserId, StackId], tuple[Membership, float]] = OrderedDict()
        self.forgotten = 0
        """How often something was: what was asked for before that is not kept after it."""

    def find(self, user: UserId, stack: StackId) -> Membership | None:
        """What was found of late."""
        membership, until = self._found.get((user, stack), (None, 0.0))
        return membership if self._clock() < until else None

    def keep(self, user: UserId, membership: Membership, forgotten: int) -> None:
        """Remember it, unless something was forgotten since it was asked for."""
        if forgotten != self.forgotten:
            return
        self._found[user, membership.stack] = (membership, self._clock() + SECONDS)
        self._found.move_to_end((user, membership.stack))
        if len(self._found) > MOST:
            self._found.popitem(last=False)

    def forget(self, stack: StackId) -> None:
        """Everybody's in the stack; in all stacks for ``NO_STACK``."""
        self.forgotten += 1
        gone = [key for key in self._found if stack in (NO_STACK, key[1])]
        for key in gone:
            del self._found[key]


class Attentive:
    """A watch that has memberships forgotten when they may be others.

    And copies of files, which may be of a stack that was erased.
    """

    def __init__(self, watch: Watch, memberships: Memberships, kept: Kept) -> None:
        self._watch = watch
        self._memberships = memberships
        self._kept = kept

    async def changed(self) -> Sequence[Event]:
        """See the port."""
        events = await self._watch.changed()
        for event in events:
            if event.about is About.MEMBERS:
                self._memberships.forget(event.stack)
                stack = None if event.stack == NO_STACK else event.stack
                await anyio.to_thread.run_sync(self._kept.forget_all, stack)
        return events
