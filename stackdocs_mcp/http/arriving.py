"""A large body: piece by piece, never above a size, and never slower than a pace."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

import anyio
from starlette.types import Receive, Scope

from stackdocs_mcp.core.errors import FileTooLarge
from stackdocs_mcp.http.answers import refusal
from stackdocs_mcp.http.body import Gone, check_plain
from stackdocs_mcp.http.headers import all_of


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a body may take: these seconds, and one more for each so many bytes of it.

    A slow line gets a large file through; a body of one byte per second ends with the grace.
    """

    grace: float = 20.0
    bytes_per_second: float = 16 * 1024

    def seconds(self, size: int) -> float:
        """How long the first ``size`` bytes, and the next one, may take."""
        return self.grace + size / self.bytes_per_second


def declared(scope: Scope) -> int | None:
    """The body's size as its sender says."""
    found = all_of(scope, b"content-length")
    return int(found[0]) if len(found) == 1 and found[0].isdigit() else None


async def pieces(
    scope: Scope, receive: Receive, *, limit: int, room: int = 0, pace: Pace
) -> AsyncGenerator[bytes, None]:
    """The body as it comes: a file of at most ``limit`` bytes, with ``room`` for what is around it.

    Raises FileTooLarge (at once, where the size is declared), Answered 408 for one that is slower
    than the pace, 415 for one that is encoded, and Gone when the client goes before its end.
    """
    check_plain(scope)
    if (declared(scope) or 0) > limit + room:
        raise FileTooLarge(limit)
    begun, size, more = anyio.current_time(), 0, True
    while more:
        deadline = begun + pace.seconds(size)
        with anyio.CancelScope(deadline=deadline) as patience:
            message = await receive()
        if patience.cancelled_caught:
            raise refusal(
                408, "body_late", "the body did not arrive in time", "Send the request again."
            )
        if message["type"] == "http.disconnect":
            raise Gone
        piece = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(piece)
        if size > limit + room:
            raise FileTooLarge(limit)
        yield piece
