"""Token buckets in the project's database, shared by all processes on it."""

from contextlib import suppress

import anyio

from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.core.limits import Granted
from stackdocs_mcp.stores.limits import CLOCK_SKEW, FORGET_EVERY, IDLE_SECONDS, granted
from stackdocs_mcp.stores.supabase.project import PROGRAM
from stackdocs_mcp.stores.supabase.rest import Rest

PATIENCE_SECONDS = 1.0
"""A call that waits longer fails: whoever counts has another way then."""


class SupabaseCounters:
    """``core.limits.Counters`` in a project. What was taken and not heard of stays taken."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self._taken = 0
        self._closed = False

    async def take(
        self, key: str, want: int, *, per_second: float, burst: int, now: float
    ) -> Granted:
        if self._closed:
            raise StoreFailed("the store is closed")
        asked = {
            "p_key": key,
            "p_want": want,
            "p_per_second": per_second,
            "p_burst": burst,
            "p_now": now,
            "p_skew": CLOCK_SKEW,
        }
        try:
            with anyio.fail_after(PATIENCE_SECONDS):
                count, held, at = await self._rest.call(PROGRAM, "sd_take", asked, again=False)
        except TimeoutError:
            raise StoreFailed("the counters took too long to answer") from None
        await self._forget(now)
        return granted(count, held, at, per_second=per_second, now=now)

    async def close(self) -> None:
        self._closed = True

    async def _forget(self, now: float) -> None:
        """Once in a while, buckets that have long been full."""
        self._taken += 1
        if self._taken % FORGET_EVERY == 0:
            asked = {"p_before": now - IDLE_SECONDS}
            with suppress(StoreFailed):  # there is a next time; what was taken was taken
                await self._rest.call(PROGRAM, "sd_forget_limits", asked, again=False)
