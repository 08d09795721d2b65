"""Objects in the bucket of documents: sent, fetched and removed, each request as somebody.

All of it may be done twice: a key is made of the bytes, so nothing is ever replaced by another
thing. Bytes go to and from the disk in pieces; the client's own calls would hold them in memory,
and are used where none are moved.
"""

import json
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import anyio

from stackdocs_mcp.core.binding import Right, Role
from stackdocs_mcp.core.errors import MissingRight, StackdocsError
from stackdocs_mcp.core.model import Sha256
from stackdocs_mcp.stores.spooling import CHUNK
from stackdocs_mcp.stores.stacks import gone
from stackdocs_mcp.stores.supabase.calling import as_uuid
from stackdocs_mcp.stores.supabase.errors import key_refused
from stackdocs_mcp.stores.supabase.project import PROGRAM, Caller
from stackdocs_mcp.stores.supabase.rest import PAUSES, Rest
from stackdocs_mcp.stores.supabase.storage_errors import (
    BUSY,
    DENIED,
    NO_BUCKET,
    THERE_ALREADY,
    Refused,
    no_bucket,
    refused_access,
    refused_token,
    told,
    unreachable,
)
from stackdocs_mcp.stores.supabase.wire import CONNECT_SECONDS

if TYPE_CHECKING:
    import httpx
    from storage3 import AsyncStorageClient

BUCKET = "documents"
SECONDS = 60.0
"""Until some of an answer is there: Storage says nothing before all bytes have their place."""

_T = TypeVar("_T")
_Headers = Mapping[str, str]


def key_of(stack: str, sha256: Sha256) -> str:
    """Where a stack has these bytes."""
    own = as_uuid(stack)
    return f"{own}/{uuid.uuid5(uuid.UUID(own), sha256)}"


class Again(Exception):
    """It did not work; another time it may."""

    def __init__(self, told: StackdocsError) -> None:
        super().__init__()
        self.told = told


class Objects:
    """The project's bucket. Every method raises StoreFailed in the words of ``storage_errors``."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def send(self, caller: Caller, key: str, file: Path, size: int) -> None:
        """Keep the file's bytes under this key, unless they are there.

        Raises FileRefused, MissingRight, and NotFound for whoever is no member of the stack.
        """

        async def once(headers: _Headers) -> None:
            sent = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
            answer = await self._rest.http.post(
                self._url(key),
                headers={**headers, **sent},
                content=_pieces(file),
                timeout=_timeout(),
            )
            _check(answer)

        try:
            await self._tried(caller, once)
        except Refused as refused:
            if not refused.is_one(THERE_ALREADY):
                raise told(refused) from None

    async def fetch(
        self, caller: Caller, key: str, receive: Callable[[AsyncIterator[bytes]], Awaitable[_T]]
    ) -> _T:
        """What ``receive`` makes of the bytes; it is called anew for each try."""

        async def once(headers: _Headers) -> _T:
            url, http = self._url(f"authenticated/{BUCKET}/{key}", whole=True), self._rest.http
            async with http.stream("GET", url, headers=headers, timeout=_timeout()) as answer:
                if not answer.is_success:
                    await answer.aread()
                    _check(answer)
                return await receive(answer.aiter_bytes(CHUNK))

        try:
            return await self._tried(caller, once)
        except Refused as refused:
            raise told(refused) from None

    async def remove(self, caller: Caller, keys: Sequence[str]) -> int:
        """Remove what there is of these, and may be removed; how many those were."""
        removed = await self._asked(caller, lambda own: own.from_(BUCKET).remove([*keys]))
        return len(removed)

    async def left(self, stack: str) -> list[str]:
        """Some of the keys that a deleted stack has, none if it has none."""
        found: list[str] = await self._rest.call(
            PROGRAM, "sd_left_files", {"p_stack": as_uuid(stack)}
        )
        return found

    async def _asked(
        self, caller: Caller, ask: Callable[["AsyncStorageClient"], Awaitable[_T]]
    ) -> _T:
        async def once(headers: _Headers) -> _T:
            async with _by_client():
                return await ask(self._client(headers))

        try:
            return await self._tried(caller, once)
        except Refused as refused:
            raise told(refused) from None

    async def _tried(self, caller: Caller, once: Callable[[_Headers], Awaitable[_T]]) -> _T:
        """Do it until it is done. Raises StackdocsError, and Refused for what is not about who."""
        renewed = False
        for pause in (*PAUSES, None):
            try:
                async with _over_the_wire():
                    return await once(self._rest.headers(caller))
            except Again as again:
                if pause is None:
                    raise again.told from None
            except Refused as refused:
                if not refused.is_one(DENIED | NO_BUCKET):
                    raise
                if renewed:
                    raise await self._why(caller, refused) from None
                self._renew(caller, refused)
                renewed = True
                continue
            await anyio.sleep(pause)
        raise AssertionError("the last pause is none")

    def _renew(self, caller: Caller, refused: Refused) -> None:
        """Have the next try made with another token, of the project's time."""
        if refused.date is not None:
            self._rest.minter.follow(parsedate_to_datetime(refused.date).timestamp())
        self._rest.minter.forget(caller)

    async def _why(self, caller: Caller, refused: Refused) -> StackdocsError:
        """What it is that a new token, too, was refused for: bucket, token, member or policy."""
        try:
            async with _over_the_wire(), _by_client():
                await self._client(self._rest.headers(caller)).get_bucket(BUCKET)
        except Again as again:
            return again.told
        except Refused as answer:
            return no_bucket() if answer.is_one(NO_BUCKET) else refused_token()
        if refused.is_one(NO_BUCKET):
            return refused_token()
        return await self._unauthorised(caller)

    async def _unauthorised(self, caller: Caller) -> StackdocsError:
        if caller.stack is None or caller.user is None:
            return refused_access()
        asking = Caller("authenticated", caller.user, caller.stack)
        found = await self._rest.call(asking, "sd_membership", {})
        if found is None:
            return gone()
        if not {Right.WRITE} <= Role(found["role"]).rights or Right.WRITE not in caller.rights:
            return MissingRight(Right.WRITE.value)
        return refused_access()

    def _url(self, key: str, *, whole: bool = False) -> str:
        path = key if whole else f"{BUCKET}/{key}"
        return f"{self._rest.url}/storage/v1/object/{path}"

    def _client(self, headers: _Headers) -> "AsyncStorageClient":
        from storage3 import AsyncStorageClient  # noqa: PLC0415  with the first call

        return AsyncStorageClient(
            f"{self._rest.url}/storage/v1/", dict(headers), http_client=self._rest.http
        )


async def _pieces(file: Path) -> AsyncGenerator[bytes, None]:
    async with await anyio.open_file(file, "rb") as source:
        while piece := await source.read(CHUNK):
            yield piece


def _timeout() -> "httpx.Timeout":
    import httpx  # noqa: PLC0415  with the first call

    return httpx.Timeout(SECONDS, connect=CONNECT_SECONDS)


def _check(answer: "httpx.Response") -> None:
    if answer.is_success:
        return
    try:
        body = answer.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        body = None
    refused = Refused(answer.status_code, body, answer.headers.get("date"))
    if refused.codes == {"401"}:  # nothing that Storage says: it did not come so far
        raise key_refused()
    raise Again(unreachable()) if refused.is_one(BUSY) else refused


@asynccontextmanager
async def _by_client() -> AsyncIterator[None]:
    """The client's errors quote what Storage said; what is wanted is the answer behind them."""
    import httpx  # noqa: PLC0415  with the first call
    from storage3.exceptions import StorageApiError  # noqa: PLC0415

    try:
        yield
    except StorageApiError as error:
        behind: BaseException | None = error
        while behind is not None and not isinstance(behind, httpx.HTTPStatusError):
            behind = behind.__cause__ or behind.__context__
        if behind is not None:
            _check(behind.response)
        raise Again(unreachable()) from None


@asynccontextmanager
async def _over_the_wire() -> AsyncIterator[None]:
    import httpx  # noqa: PLC0415  with the first call

    try:
        yield
    except httpx.HTTPError:
        raise Again(unreachable()) from None
