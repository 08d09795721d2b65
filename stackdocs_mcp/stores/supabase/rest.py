"""Calls of the database's functions through PostgREST, over one pool of connections.

A call is made again only where nothing can have been done, or where doing it twice is the same as
once. Tokens are refused for the time of day more often than for anything else: the project's time
comes with its answer, and a token minted by that is tried once.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import anyio

from stackdocs_mcp.stores.supabase.errors import UNSTORABLE, refused, unknown_outcome
from stackdocs_mcp.stores.supabase.project import Caller, Minter

if TYPE_CHECKING:
    import httpx

PAUSES = (0.05, 0.2, 0.8, 2.0)
"""Seconds before each further try: a database that restarts is back after about two."""
PATIENCE = 30.0
"""Seconds after which no further try is begun: one that times out takes its twenty."""


class Rest:
    """The project's functions, each called as somebody."""

    def __init__(self, url: str, publishable_key: str, minter: Minter) -> None:
        self.url = url.rstrip("/")
        self._key = publishable_key
        self.minter = minter

    @cached_property
    def http(self) -> "httpx.AsyncClient":
        """The one pool; PostgREST and Storage share it."""
        from stackdocs_mcp.stores.supabase import wire  # noqa: PLC0415  with the first call

        return wire.client(self._connections)

    @cached_property
    def _connections(self) -> "httpx.AsyncHTTPTransport":
        from stackdocs_mcp.stores.supabase import wire  # noqa: PLC0415  with the first call

        return wire.pool()

    @cached_property
    def _functions(self) -> "httpx.AsyncClient":
        from stackdocs_mcp.stores.supabase import wire  # noqa: PLC0415  with the first call

        return wire.client(wire.Answers(self._connections, self.minter.follow))

    async def call(
        self, caller: Caller, function: str, arguments: Mapping[str, Any], *, again: bool = True
    ) -> Any:
        """What the function answers. Without ``again`` a lost answer is not asked for twice.

        Raises the function's own errors, and StoreFailed.
        """
        from stackdocs_mcp.stores.supabase.wire import (  # noqa: PLC0415  with the first call
            Lost,
            NotDone,
            TokenRefused,
        )

        lost = moved = False
        no_more = anyio.current_time() + PATIENCE
        for pause in (*PAUSES, None):
            token = self.minter.token(caller)
            last = pause is None or anyio.current_time() > no_more
            try:
                return await self._once(token, function, arguments)
            except NotDone as error:
                if last:
                    raise unknown_outcome() if lost else error.told from None
            except Lost:
                lost = True
                if last or not again:
                    raise unknown_outcome() from None
            except TokenRefused as error:
                if moved or self.minter.token(caller) == token:
                    raise unknown_outcome() if lost else error.told from None
                moved = True  # it was refused for its time, and the next one has the project's
                continue
            await anyio.sleep(pause or 0)
        raise AssertionError("the last pause is none")

    async def close(self) -> None:
        """Give the connections back. Harmless twice."""
        if "_connections" in self.__dict__:
            await self._connections.aclose()

    def headers(self, caller: Caller) -> dict[str, str]:
        """What says who calls, for PostgREST and Storage alike."""
        return self._headers(self.minter.token(caller))

    def _headers(self, token: str) -> dict[str, str]:
        return {"apikey": self._key, "Authorization": f"Bearer {token}"}

    async def _once(self, token: str, function: str, arguments: Mapping[str, Any]) -> Any:
        from postgrest import AsyncPostgrestClient  # noqa: PLC0415  with the first call

        client = AsyncPostgrestClient(
            f"{self.url}/rest/v1",
            headers=self._headers(token),
            http_client=self._functions,
            retry_enabled=False,
        )
        try:
            return (await client.rpc(function, dict(arguments)).execute()).data
        except UnicodeEncodeError:  # a lone surrogate, which cannot even be sent
            raise refused(UNSTORABLE, None) from None
