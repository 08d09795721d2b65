"""Calls of the database's functions through PostgREST, over one pool of connections.

A call is made again only where nothing can have been done, or where doing it twice is the same as
once. Tokens are refused for the time of day more often than for anything else: the project's time
comes with its answer, and a token minted by that is tried once.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import anyio

from stackdocs_mcp.core.errors import StackdocsError
from stackdocs_mcp.stores.supabase.errors import (
    BROKEN_OFF,
    NOT_BEGUN,
    TOKEN,
    UNDONE,
    UNKNOWN_FUNCTION,
    UNSTORABLE,
    refused,
    unknown_outcome,
    unreachable,
)
from stackdocs_mcp.stores.supabase.project import Caller, Minter

if TYPE_CHECKING:
    import httpx

PAUSES = (0.05, 0.2, 0.8, 2.0)
"""Seconds before each further try: a database that restarts is back after about two."""
TIMEOUT_SECONDS = 20.0
CONNECT_SECONDS = 5.0
CONNECTIONS = 64


class Rest:
    """The project's functions, each called as somebody."""

    def __init__(self, url: str, publishable_key: str, minter: Minter) -> None:
        self.url = url.rstrip("/")
        self._key = publishable_key
        self.minter = minter

    @cached_property
    def http(self) -> "httpx.AsyncClient":
        """The one pool; PostgREST and Storage share it."""
        import httpx  # noqa: PLC0415  with the first call

        return httpx.AsyncClient(
            timeout=httpx.Timeout(TIMEOUT_SECONDS, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
            event_hooks={"response": [self._heard]},
        )

    async def call(
        self, caller: Caller, function: str, arguments: Mapping[str, Any], *, again: bool = True
    ) -> Any:
        """What the function answers. Without ``again`` a lost answer is not asked for twice.

        Raises the function's own errors, and StoreFailed.
        """
        lost = moved = False
        for pause in (*PAUSES, None):
            token = self.minter.token(caller)
            try:
                return await self._once(caller, function, arguments)
            except _NotDone as error:
                if pause is None:
                    raise unknown_outcome() if lost else error.told from None
            except _Lost:
                lost = True
                if pause is None or not again:
                    raise unknown_outcome() from None
            except _Refused as error:
                if moved or self.minter.token(caller) == token:
                    raise error.told from None
                moved = True  # it was refused for its time, and the next one has the project's
                continue
            await anyio.sleep(pause)
        raise AssertionError("the last pause is none")

    async def close(self) -> None:
        """Give the connections back. Harmless twice."""
        if "http" in self.__dict__:
            await self.http.aclose()

    def headers(self, caller: Caller) -> dict[str, str]:
        """What says who calls, for PostgREST and Storage alike."""
        return {"apikey": self._key, "Authorization": f"Bearer {self.minter.token(caller)}"}

    async def _once(self, caller: Caller, function: str, arguments: Mapping[str, Any]) -> Any:
        from postgrest import AsyncPostgrestClient  # noqa: PLC0415  with the first call
        from postgrest.exceptions import APIError  # noqa: PLC0415

        client = AsyncPostgrestClient(
            f"{self.url}/rest/v1",
            headers=self.headers(caller),
            http_client=self.http,
            retry_enabled=False,
        )
        async with _over_the_wire():
            try:
                return (await client.rpc(function, dict(arguments)).execute()).data
            except APIError as error:
                code = error.code or ""
                raise _classified(code, error.details) from None
            except UnicodeEncodeError:  # a lone surrogate, which cannot even be sent
                raise refused(UNSTORABLE, None) from None

    async def _heard(self, response: "httpx.Response") -> None:
        """Follow the project's clock where it refused a token, perhaps for its time."""
        if response.status_code == 401 and (date := response.headers.get("date")):
            self.minter.follow(parsedate_to_datetime(date).timestamp())


class _NotDone(Exception):
    """Nothing was done: it may be tried again."""

    def __init__(self, told: StackdocsError) -> None:
        super().__init__()
        self.told = told


class _Lost(Exception):
    """It may have been done."""


class _Refused(Exception):
    """The token was not good enough."""

    def __init__(self, told: StackdocsError) -> None:
        super().__init__()
        self.told = told


def _classified(code: str, details: object) -> Exception:
    if code in TOKEN:
        return _Refused(refused(code, details))
    if code in NOT_BEGUN or code == "503":
        return _NotDone(unreachable())
    if code in UNDONE | UNKNOWN_FUNCTION:
        return _NotDone(refused(code, details))
    if code in BROKEN_OFF or code in {"500", "502", "504", "520", "522", "524"}:
        return _Lost()
    return refused(code, details)


@asynccontextmanager
async def _over_the_wire() -> AsyncIterator[None]:
    """Whatever the connection did, as one of two things: not sent, or sent and not answered."""
    import httpx  # noqa: PLC0415  with the first call

    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
        raise _NotDone(unreachable()) from None
    except httpx.HTTPError:
        raise _Lost from None
