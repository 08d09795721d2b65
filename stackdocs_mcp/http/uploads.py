"""Files over HTTP: to a stack with a token, and to a one-time link."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from math import ceil
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from stackdocs_mcp.core.binding import Binding, Right
from stackdocs_mcp.core.errors import (
    MissingRight,
    NotFound,
    SizeDiffers,
    StackdocsError,
)
from stackdocs_mcp.core.ports import Clock
from stackdocs_mcp.core.quota import QuotaExceeded
from stackdocs_mcp.http.answers import not_allowed, send_json
from stackdocs_mcp.http.arriving import Pace, declared, pieces
from stackdocs_mcp.http.context import REQUEST, Admitted
from stackdocs_mcp.http.disposition import filename
from stackdocs_mcp.http.headers import all_of
from stackdocs_mcp.http.links import SealedLinks
from stackdocs_mcp.http.multipart import ROOM, OneFile, boundary_of
from stackdocs_mcp.http.redeeming import Redeeming
from stackdocs_mcp.http.statuses import answer_to
from stackdocs_mcp.workspace import Shared
from stackdocs_mcp.workspace.adding import Added
from stackdocs_mcp.workspace.auditing import refused as audited
from stackdocs_mcp.workspace.browsing import as_listed
from stackdocs_mcp.workspace.uploading import Once, take_in


class Uploads:
    """The two routes that take files in."""

    def __init__(
        self,
        shared: Shared,
        links: SealedLinks,
        redeeming: Redeeming,
        *,
        clock: Clock,
        pace: Pace | None = None,
    ) -> None:
        self._shared = shared
        self._links = links
        self._redeeming = redeeming
        self._clock = clock
        self._pace = pace or Pace()

    async def documents(
        self, scope: Scope, receive: Receive, send: Send, admitted: Admitted
    ) -> None:
        """``POST``: a file as the body, or as the one file in a form."""
        if scope["method"] != "POST":
            raise not_allowed(["POST"])
        binding = admitted.binding
        workspace = self._shared.workspace(binding)
        async with self._said(binding, admitted.request, "documents"):
            binding.require(Right.WRITE)
            boundary = boundary_of(b"".join(all_of(scope, b"content-type")))
            room = 0 if boundary is None else ROOM
            limit = self._shared.max_file_bytes
            async with aclosing(
                pieces(scope, receive, limit=limit, room=room, pace=self._pace)
            ) as body:
                name, content = _named(scope), body
                if boundary is not None:
                    file = OneFile(body, boundary)
                    name, content = await file.name(), file.content()
                added = await take_in(workspace, name, content)
        await _answer(send, added)

    async def put(self, scope: Scope, receive: Receive, send: Send, link: str) -> None:
        """``PUT`` alone: the file that the link was made for, and its permission is the link."""
        ticket = self._links.opened_upload(link)
        redeemed = self._redeeming.binding(scope, ticket, Right.WRITE, "upload")
        async with redeemed as binding:
            assert ticket is not None, "it was redeemed"
            once = Once(ticket.nonce, ticket.what.size, ticket.expires_at)
            async with self._said(binding, scope[REQUEST], "upload"):
                size = declared(scope)
                if size is not None and size != once.size:
                    raise SizeDiffers(once.size, size)
                body = pieces(scope, receive, limit=once.size, pace=self._pace)
                workspace = self._shared.workspace(binding)
                added = await take_in(workspace, ticket.what.filename, body, once)
        await _answer(send, added)

    @asynccontextmanager
    async def _said(self, binding: Binding, request: str, what: str) -> AsyncIterator[None]:
        """What goes wrong is answered with a status of its own."""
        try:
            yield
        except (NotFound, MissingRight) as error:  # or it is so since the file began to come
            await audited(self._shared.store, binding, request, what, error)
            raise answer_to(error) from error
        except QuotaExceeded as error:
            wait = max(1, ceil((error.resets_at - self._clock()).total_seconds()))
            raise answer_to(error, [(b"retry-after", str(wait).encode())]) from error
        except StackdocsError as error:
            raise answer_to(error) from error


def _named(scope: Scope) -> str:
    """The file's name, in the query or in the header; "" where there is none."""
    query: bytes = scope["query_string"]
    for name, value in parse_qsl(query.decode("ascii", "replace")):
        if name == "filename":
            return value
    for header in all_of(scope, b"content-disposition"):
        if found := filename(header):
            return found
    return ""


async def _answer(send: Send, added: Added) -> None:
    body: dict[str, object] = {"document": as_listed(added.document), "new": added.new}
    if added.quota is not None:
        body["quota"] = added.quota.told()
    await send_json(send, 201 if added.new else 200, body)
