"""What changed last, for all processes on a project: see core/events.py.

What changed is read from one table with one question, whoever asks and however it was woken. So a
wake-up that is lost, or comes twice, loses nothing: there are two ways to be woken, and the one
only makes news fresher.

* **LISTEN/NOTIFY**, where the database can be reached directly: one connection for each watch, and
  a process has one. A change is heard of in milliseconds, and while nothing happens nothing is
  asked but every ten seconds, against a connection that is dead and does not know. The
  notification says nothing, and the role that hears it may read nothing: ``create role
  stackdocs_listener login noinherit password '...'`` is all that there is to one. The address is
  the database's own or that of a pooler in session mode: one in transaction mode passes nothing
  on, and leaves what the ten seconds find.
* **Asking every second** through the REST API without that, and while the connection is lost.

Realtime, Supabase's own service, was not chosen: it keeps a socket to another service for each
client and decides there who may read which row, while this program has decided that already; what
it sends to somebody who is away for a moment is gone, so that the same table had to be asked all
the same; and it runs only in a whole project, so that nothing of it could be tested here. The price
of NOTIFY is that transactions that notify commit one after the other, a sixth fewer in a second
where that was measured.
"""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol

import anyio

from stackdocs_mcp.core.binding import StackId
from stackdocs_mcp.core.events import NO_STACK, About, Event
from stackdocs_mcp.core.model import DocumentId
from stackdocs_mcp.stores.supabase.calling import NOWHERE
from stackdocs_mcp.stores.supabase.project import PROGRAM
from stackdocs_mcp.stores.supabase.rest import Rest

if TYPE_CHECKING:
    import asyncpg

CHANNEL = "stackdocs_news"
APART_SECONDS = 0.25
"""Between one batch and the next."""
EVERY_SECONDS = 1.0
"""Between two questions, where nobody wakes us."""
AT_LEAST_EVERY_SECONDS = 10.0
CONNECT_SECONDS = 5.0

NOT_LISTENING = (
    "the database of STACKDOCS_SUPABASE_DB_URL cannot be listened to: changes are heard of within "
    "a second all the same; `stackdocs-mcp doctor` says more"
)

_log = logging.getLogger(__name__)


class Bell(Protocol):
    """What says that it is time to look."""

    async def rung(self) -> None:
        """Wait until there may be news."""


class Ticking:
    """A bell that rings every second."""

    async def rung(self) -> None:
        await anyio.sleep(EVERY_SECONDS - APART_SECONDS)


class Listening:
    """A bell that Postgres rings; while there is no connection it rings every second."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: asyncpg.Connection | None = None
        self._ringing = anyio.Event()
        self._told = False

    async def rung(self) -> None:
        """Rings also when a lost connection is there again: somebody may have called meanwhile."""
        if self._connection is None:
            if not await self.connect():
                await anyio.sleep(EVERY_SECONDS - APART_SECONDS)
            return
        with anyio.move_on_after(AT_LEAST_EVERY_SECONDS):
            await self._ringing.wait()
        self._ringing = anyio.Event()

    async def connect(self) -> bool:
        """Whether there is a connection that listens; that there is none is logged once."""
        import asyncpg  # noqa: PLC0415  only where a database is named

        connection = None
        try:
            connection = await asyncpg.connect(self._url, timeout=CONNECT_SECONDS)
            await connection.add_listener(CHANNEL, self._ring)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            if connection is not None:
                connection.terminate()
            if not self._told:
                _log.warning(NOT_LISTENING)
            self._told = True
            return False
        connection.add_termination_listener(self._ended)
        self._connection = connection
        self._told = False
        return True

    async def close(self) -> None:
        """Give the connection back. Harmless twice."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with anyio.CancelScope(shield=True), suppress(Exception):
                await connection.close(timeout=CONNECT_SECONDS)

    def _ring(self, *_: object) -> None:
        self._ringing.set()

    def _ended(self, _: object) -> None:
        self._connection = None
        self._ringing.set()


@asynccontextmanager
async def watching(rest: Rest, database_url: str | None) -> AsyncIterator["SupabaseWatch"]:
    """A watch, with a connection of its own where a database is named. Raises StoreFailed."""
    bell: Bell = Ticking()
    async with AsyncExitStack() as stack:
        if database_url is not None:
            bell = listening = Listening(database_url)
            stack.push_async_callback(listening.close)
            await listening.connect()
        yield SupabaseWatch(rest, bell, (await _news(rest, None))["now"])


class SupabaseWatch:
    """``core.events.Watch``: what is visible now, and was not when it last looked."""

    def __init__(self, rest: Rest, bell: Bell, since: str) -> None:
        self._rest = rest
        self._bell = bell
        self._since = since
        self._due = True

    async def changed(self) -> Sequence[Event]:
        """What changed since the last call; waits until there is something."""
        while True:
            await anyio.sleep(APART_SECONDS)
            if not self._due:
                await self._bell.rung()
            self._due = True  # until it was answered, also where this is cancelled or fails
            answer = await _news(self._rest, self._since)
            self._since, self._due = answer["now"], False
            if answer["news"]:
                return [_event(*one) for one in answer["news"]]


async def _news(rest: Rest, since: str | None) -> dict[str, Any]:
    answer: dict[str, Any] = await rest.call(PROGRAM, "sd_news", {"p_since": since})
    return answer


def _event(stack: str, about: str, document: str) -> Event:
    return Event(
        NO_STACK if stack == NOWHERE else StackId(stack),
        About(about),
        None if document == NOWHERE else DocumentId(document),
    )
