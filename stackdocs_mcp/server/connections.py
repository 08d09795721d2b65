"""Connections over HTTP: how they are taken, how long they may dally, how many there are.

uvicorn waits for ever for the rest of a request's head, and for a client that does not take its
answer. Here each wait has an end, and so has the number of connections.
"""

import asyncio
import os
import socket
import weakref
from dataclasses import dataclass
from enum import IntEnum
from itertools import chain
from typing import Any

import h11
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from stackdocs_mcp.http.brake import CONNECTION

BACKLOG = 2048
MOST = 4_096
"""Connections that one process holds; each takes some 20 KB."""
RESERVED = 256
"""Files that the rest of the process may have open."""

_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 2\r\ncontent-length: 0\r\n"
    b"connection: close\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a connection is waited for, in seconds, and how many there may be."""

    opening: float = 20.0
    """From its beginning to the end of its first request's head."""
    head: float = 10.0
    """From a head's first byte to its last."""
    idle: float = 30.0
    """From one request to the next."""
    rest: float = 10.0
    """For the rest of a body that was answered already, and for the answer before a close."""
    stuck: float = 60.0
    """For a client that takes nothing of its answer."""
    drain: float = 10.0
    """For calls that have begun when the server ends."""
    most: int = MOST


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections on one address. Raises OSError for one that is not free.

    It says that it is TCP: asyncio sends small packets at once only on sockets that do, and an
    answer of two packets would wait 40 ms for the client to acknowledge the first.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere it would take an address that another process has
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((host, port))
        bound.listen(BACKLOG)
    except BaseException:
        bound.close()
        raise
    return bound


def room() -> int:
    """How many connections this process may hold, after asking the system for enough files."""
    if os.name != "posix":
        return MOST
    import resource  # noqa: PLC0415  not everywhere

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST + RESERVED
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return MOST
    soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(1, soft - RESERVED)


class Rest(IntEnum):
    """Why a connection has nothing to do, in the order in which they have to go.

    Whoever is refused without being known comes before whoever has just come: a client needs
    moments to ask, and what fills the room is more likely one that has asked for nothing.
    """

    DROPPED = 0
    """It waits for its end."""
    REFUSED = 1
    """An outsider waits to be refused."""
    NEW = 2
    """It never asked anything."""
    IDLE = 3
    """It waits for another request, or its user for being told to ask later."""


class Crowd(ServerState):
    """All connections of a server. When there are too many, one that does nothing has to go.

    In the order of Rest, and among the same the one that has waited longest. A call is never ended
    for it.
    """

    def __init__(self, patience: Patience) -> None:
        super().__init__()
        self.patience = patience
        self._resting: tuple[dict[Connection, None], ...] = tuple({} for _ in Rest)

    def admit(self, newcomer: "Connection") -> bool:
        """Make room for a connection that has just been opened. False when all others are busy."""
        while len(self.connections) > self.patience.most:
            victim = next(chain.from_iterable(self._resting), None)
            if victim is None:
                return False
            self.leave(victim)
            self.connections.discard(victim)
            victim.transport.abort()
        self.rest(newcomer, Rest.NEW)
        return True

    def rest(self, connection: "Connection", why: Rest) -> None:
        """The connection has nothing to do from now on."""
        self.leave(connection)
        self._resting[why][connection] = None

    def leave(self, connection: "Connection") -> None:
        """It is gone, or has something to do."""
        for group in self._resting:
            group.pop(connection, None)


class Connection(H11Protocol):
    """One connection, with an end to each wait."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        app_state = {**app_state, CONNECTION: weakref.ref(self)}
        super().__init__(config, server_state, app_state, _loop)
        assert isinstance(server_state, Crowd)
        self._crowd = server_state
        self._patience = server_state.patience
        self._deadline: asyncio.TimerHandle | None = None
        self._stuck: asyncio.TimerHandle | None = None
        self._in_head = False
        self._held: Rest | None = None
        """Why the answer has to wait."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self._crowd.admit(self):
            self._close_after(self._patience.opening)
            return
        transport.write(_FULL)
        transport.close()
        self._close_after(self._patience.rest)

    def connection_lost(self, exc: Exception | None) -> None:
        self._crowd.leave(self)
        for timer in (self._deadline, self._stuck):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.transport.is_closing():
            self._close_after(self._patience.rest)
            return
        if self.conn.their_state is not h11.IDLE:  # the head is whole
            self._in_head = False
            if self._held is not None:  # more of a body gives it nothing to do
                return
            self._crowd.leave(self)
            if self.cycle is not None and not self.cycle.response_complete:
                self._close_after(None)
            return
        if not self._in_head:  # and never again until it is whole: one byte a second is not enough
            self._in_head = True
            self._close_after(self._patience.head)

    def hold(self, *, outsider: bool) -> None:
        """The answer has to wait, and the connection may be closed for a newcomer's meanwhile."""
        if self.transport.is_closing():
            return
        self._held = Rest.REFUSED if outsider else Rest.IDLE
        self._crowd.rest(self, self._held)

    def drop(self, seconds: float) -> None:
        """Answer nothing, read nothing, and close then; at once for a newcomer."""
        self.cycle.disconnected = True
        if self.transport.is_closing():
            return
        self._held = Rest.DROPPED
        self.flow.pause_reading()
        self._crowd.rest(self, self._held)
        self._close_after(seconds)

    def shutdown(self) -> None:
        if self._held is Rest.DROPPED:
            self.transport.abort()
            return
        super().shutdown()

    def on_response_complete(self) -> None:
        if self._held is not None:
            self._held = None
            self._crowd.leave(self)
        super().on_response_complete()
        if self.transport.is_closing():
            self._close_after(self._patience.rest)
        elif self.conn.their_state is h11.IDLE:  # uvicorn counts the idle seconds
            self._crowd.rest(self, Rest.IDLE)
        elif self.cycle.response_complete:  # more of a body may come, for nobody
            self._crowd.rest(self, Rest.IDLE)
            self._close_after(self._patience.rest)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._stuck is None:
            self._stuck = self.loop.call_later(self._patience.stuck, self.transport.abort)

    def resume_writing(self) -> None:
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._close_after(self._patience.rest)

    def _close_after(self, seconds: float | None) -> None:
        """Close without a word then, but not later than was said before; None takes it back."""
        if seconds is None:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None
            return
        when = self.loop.time() + seconds
        if self._deadline is not None:
            if self._deadline.when() <= when:
                return
            self._deadline.cancel()
        self._deadline = self.loop.call_at(when, self.transport.abort)
