"""What comes back from a project: whole answers within a bound, and each failure as one of three.

Loaded with the first call: it brings httpx. Classified by status and codes alone, see ``errors``.
"""

import functools
import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from stackdocs_mcp.core.errors import StackdocsError
from stackdocs_mcp.stores.supabase.errors import (
    BROKEN_OFF,
    NOT_BEGUN,
    TOKEN,
    UNDONE,
    UNKNOWN_FUNCTION,
    does_not_answer,
    key_refused,
    nobody_there,
    paused,
    refused,
    too_much,
    unreachable,
)

CONNECTIONS = 64
_LENGTHS = frozenset({"content-length", "transfer-encoding"})
READ_SECONDS = 20.0
CONNECT_SECONDS = 5.0
MOST_BYTES = 64 * 1024 * 1024
"""Of one answer; the largest that is asked for is a few pages of OCR, or a long table."""


class NotDone(Exception):
    """Nothing was done: it may be tried again."""

    def __init__(self, told: StackdocsError) -> None:
        super().__init__()
        self.told = told


class Lost(Exception):
    """It may have been done."""


class TokenRefused(Exception):
    """The token was not good enough; nothing was done."""

    def __init__(self, told: StackdocsError) -> None:
        super().__init__()
        self.told = told


def pool() -> httpx.AsyncHTTPTransport:
    """The connections of one process, for PostgREST and Storage alike."""
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    return httpx.AsyncHTTPTransport(verify=_trusted(), limits=limits)


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Whom this process takes for a project; reading all of the authorities takes a while."""
    return httpx.create_ssl_context()


def client(transport: httpx.AsyncBaseTransport) -> httpx.AsyncClient:
    """A client over these connections; closing it closes them."""
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    return httpx.AsyncClient(transport=transport, timeout=timeout)


class Answers(httpx.AsyncBaseTransport):
    """Answers of PostgREST that came whole, and are of success. Whatever else comes is raised here.

    An answer is read to its end before anybody sees it, and a connection whose answer was not is
    closed: nobody ever gets the rest of what somebody else gave up waiting for.
    """

    def __init__(
        self, connections: httpx.AsyncBaseTransport, heard: Callable[[float], None]
    ) -> None:
        """``heard`` is told the project's time, in seconds since 1970, where it refuses."""
        self._connections = connections
        self._heard = heard

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Raises NotDone, Lost, TokenRefused, and what the port says."""
        async with _over_the_wire():
            answer = await self._connections.handle_async_request(request)
            try:
                body = await _whole(answer)
            finally:
                await answer.aclose()
        if not answer.is_success:
            if answer.status_code == httpx.codes.UNAUTHORIZED:
                self._tell(answer.headers.get_list("date"))
            raise _failure(answer.status_code, body)
        empty = answer.status_code == httpx.codes.NO_CONTENT  # of a function that answers nothing
        if not (empty or _LENGTHS & answer.headers.keys() or _is_json(body)):
            raise Lost  # who wrote it ends answers by closing: nothing else says that it is whole
        return httpx.Response(answer.status_code, content=body, request=request)

    def _tell(self, dates: list[str]) -> None:
        for date in dates[:1]:
            try:
                theirs = parsedate_to_datetime(date).timestamp()
            except ValueError:
                return
            self._heard(theirs)


async def _whole(answer: httpx.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in answer.aiter_bytes():
        size += len(part)
        if size > MOST_BYTES:
            raise too_much()
        parts.append(part)
    return b"".join(parts)


@asynccontextmanager
async def _over_the_wire() -> AsyncIterator[None]:
    """Whatever the connection did, as one of two things: not sent, or sent and not answered."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
        raise NotDone(unreachable()) from None
    except httpx.HTTPError:
        raise Lost from None


def _failure(status: int, body: bytes) -> Exception:
    """What an answer that is none of success means."""
    told = _told(body)
    code = told.get("code")
    if not isinstance(code, str) or not code:
        return _of_gateway(status)
    if code in TOKEN:
        return TokenRefused(refused(code, None))
    if code in NOT_BEGUN:
        return NotDone(does_not_answer())
    if code in UNDONE | UNKNOWN_FUNCTION:
        return NotDone(refused(code, None))
    if code in BROKEN_OFF:
        return Lost()
    return refused(code, told.get("details"))


def _of_gateway(status: int) -> Exception:
    """For an answer that PostgREST did not write: something before it did."""
    match status:
        case httpx.codes.UNAUTHORIZED:
            return key_refused()
        case httpx.codes.TOO_MANY_REQUESTS:
            return NotDone(does_not_answer())
        case 540:  # https://supabase.com/docs/guides/troubleshooting/http-status-codes
            return paused()
        case _ if status >= httpx.codes.INTERNAL_SERVER_ERROR:
            return Lost()  # whether it had passed the call on, it does not say
        case _:
            return nobody_there()


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


def _told(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
