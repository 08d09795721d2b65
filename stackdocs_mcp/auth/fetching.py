"""JSON from an issuer: a bounded answer in bounded time, from the address itself or not at all."""

import anyio
import httpx2

from stackdocs_mcp.core.strict import NotStrict, read

MAX_ANSWER = 256 * 1024
"""Bytes; a large key set has 20 KiB."""
MAX_SECONDS = 5.0
"""For one answer from the first byte sent to the last received."""

_HEADERS = {"accept": "application/json", "accept-encoding": "identity"}


class NotFetched(Exception):
    """No such answer, and one word of ours why; ``is_absent`` where the server is there."""

    def __init__(self, why: str, *, is_absent: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.is_absent = is_absent


class Fetcher:
    """One connection pool for all issuers. For one event loop; opened with the first fetch."""

    def __init__(self, max_seconds: float = MAX_SECONDS) -> None:
        self._max_seconds = max_seconds
        self._http: httpx2.AsyncClient | None = None

    async def json(self, address: str) -> object:
        """The JSON value at an address that the caller has found fit. Raises NotFetched.

        Redirects are not followed: they would lead wherever the other side likes, also inwards.
        """
        if self._http is None:
            self._http = httpx2.AsyncClient(timeout=self._max_seconds, follow_redirects=False)
        try:
            with anyio.fail_after(self._max_seconds):
                content = await self._content(self._http, address)
        except TimeoutError:
            raise NotFetched("slow") from None
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.CookieConflict):
            raise NotFetched("unreachable") from None
        try:
            return read(content.decode())
        except (UnicodeDecodeError, NotStrict):
            raise NotFetched("garbled", is_absent=True) from None

    async def close(self) -> None:
        """Give the connections back. Harmless twice."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def _content(self, http: httpx2.AsyncClient, address: str) -> bytes:
        content = bytearray()
        async with http.stream("GET", address, headers=_HEADERS) as answer:
            if answer.status_code != 200:
                raise NotFetched("status", is_absent=400 <= answer.status_code < 500)
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise NotFetched("compressed")  # was not asked for, and unpacks to any size
            async for piece in answer.aiter_raw():
                content += piece
                if len(content) > MAX_ANSWER:
                    raise NotFetched("size")
        return bytes(content)
