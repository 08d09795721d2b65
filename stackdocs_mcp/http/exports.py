"""An export behind a one-time link."""

from contextlib import closing
from typing import cast

import anyio
from starlette.types import Message, Receive, Scope, Send

from stackdocs_mcp.core.binding import Right
from stackdocs_mcp.core.errors import LinkUsed, NotFound
from stackdocs_mcp.core.links import Download
from stackdocs_mcp.http.answers import not_allowed, not_found, refused
from stackdocs_mcp.http.body import Gone
from stackdocs_mcp.http.context import REQUEST
from stackdocs_mcp.http.disposition import attachment
from stackdocs_mcp.http.links import SealedLinks, Ticket
from stackdocs_mcp.http.redeeming import Redeeming
from stackdocs_mcp.workspace import Shared, Workspace
from stackdocs_mcp.workspace.exporting import Format
from stackdocs_mcp.workspace.handing_out import MEDIA_TYPES, Made, made
from stackdocs_mcp.workspace.uploading import REMEMBERED

PIECE_SECONDS = 30.0
"""How long a client may take to fetch 64 KiB."""
RENDERED_AT_ONCE = 2


class Exports:
    """The route that gives exports out: the whole stack as it stands then, once for each link.

    A link is spent before anything is made, so that one call of ``export`` costs one rendering at
    most. Who loses an answer on the way calls ``export`` again.
    """

    def __init__(self, shared: Shared, links: SealedLinks, redeeming: Redeeming) -> None:
        self._shared = shared
        self._links = links
        self._redeeming = redeeming
        self._turns = anyio.Semaphore(RENDERED_AT_ONCE)

    async def get(self, scope: Scope, _receive: Receive, send: Send, link: str) -> None:
        """``GET``: the file, as an attachment. Nothing else: a ``HEAD`` would spend the link."""
        if scope["method"] != "GET":
            raise not_allowed("GET")
        ticket = self._links.opened_download(link)
        redeemed = self._redeeming.binding(scope, ticket, Right.READ, "export")
        async with redeemed as binding:
            assert ticket is not None, "it was redeemed"
            try:
                export = await self._made(self._shared.workspace(binding), ticket, scope[REQUEST])
            except NotFound as error:  # membership or stack went meanwhile
                raise not_found() from error
            with closing(export.file):
                await _sent(send, export)

    async def _made(self, workspace: Workspace, ticket: Ticket[Download], request: str) -> Made:
        kept_until = ticket.expires_at + REMEMBERED
        if await workspace.store.use_link(ticket.nonce, request, kept_until) != request:
            raise refused(LinkUsed("a download", "Call export again for a new one."), 410)
        format_ = cast("Format", ticket.what.format)
        if format_ not in MEDIA_TYPES:  # sealed by a newer program
            raise not_found()
        async with self._turns:
            return await made(workspace, format_, evidence=ticket.what.evidence)


async def _sent(send: Send, export: Made) -> None:
    """The whole file. Raises Gone for a client that does not fetch it."""
    start: Message = {
        "type": "http.response.start",
        "status": 200,
        "headers": [
            (b"content-type", export.media_type.encode()),
            (b"content-length", str(export.size).encode()),
            (b"content-disposition", attachment(export.name)),
        ],
    }
    await send(start)
    async for piece in export.pieces():
        with anyio.move_on_after(PIECE_SECONDS) as patience:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        if patience.cancelled_caught:
            raise Gone
    await send({"type": "http.response.body", "body": b""})
