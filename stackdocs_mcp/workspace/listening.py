"""Who listens to which stack, as long as they may; one watch of the store behind all of them."""

import logging
from collections.abc import Awaitable, Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any, Generic, TypeVar

import anyio

from stackdocs_mcp.core.binding import Binding, Right, StackId, UserId
from stackdocs_mcp.core.errors import StoreFailed, TooManyListeners
from stackdocs_mcp.core.events import NO_STACK, About, Event
from stackdocs_mcp.core.ports import Clock, Store

log = logging.getLogger(__name__)

PER_USER = 64
IN_ALL = 2_048
RETRY_SECONDS = 5.0
PATIENCE_SECONDS = 10.0
"""How long who begins to listen waits for the watch."""

SignalT = TypeVar("SignalT", bound=Hashable)
Signals = Callable[[Event], Iterable[SignalT]]
"""What an event means to a listener: nothing, or things that it is to be told."""


class Listeners:
    """The listeners of a process, by stack: an event reaches those of its own stack alone.

    The store is watched only while somebody listens.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._ears: dict[StackId, set[_Ear[Any]]] = {}
        self._by_user: dict[UserId, int] = {}
        self._count = 0
        self._closed = False
        self._arrived = anyio.Event()
        self._watching = anyio.Event()
        self._watch = anyio.CancelScope()

    async def run(self) -> None:
        """Watch the store for whoever listens, until cancelled."""
        while True:
            while not self._count:
                await self._arrived.wait()
            with anyio.CancelScope() as self._watch:
                try:
                    await self._watch_store()
                except StoreFailed as error:
                    await _waited(error)

    async def listen(
        self,
        binding: Binding,
        signals: Signals[SignalT],
        begun: Callable[[], Awaitable[None]],
        deliver: Callable[[SignalT], Awaitable[None]],
        expires_at: float | None = None,
    ) -> None:
        """Deliver the signals of what happens in the bound stack, until listening is over.

        It is over when the user may not read the stack any more, which is looked up before each
        delivery and when anybody's membership changes; at ``expires_at``, in seconds since 1970,
        whatever happens or not; and when the process ends. All that is written after ``begun`` was
        called is heard; what came several times before it could be delivered is delivered once.

        Raises TooManyListeners, and StoreFailed when nothing can be heard or looked up.
        """
        binding.require(Right.READ)
        if self._closed:
            return
        ear = _Ear(signals)
        with self._among(binding, ear), anyio.move_on_after(self._left(expires_at)):
            await self._watched()
            await begun()
            while await ear.hears() and await self._may(binding, expires_at):
                for signal in ear.next():
                    await deliver(signal)

    def close(self) -> None:
        """End all listening, now and from now on; each listener ends in its own task."""
        self._closed = True
        for ear in chain.from_iterable(self._ears.values()):
            ear.end()

    @contextmanager
    def _among(self, binding: Binding, ear: "_Ear[Any]") -> Iterator[None]:
        """Count the listener, and let it hear, for as long as this lasts."""
        user, stack = binding.user, binding.stack
        if self._by_user.get(user, 0) >= PER_USER or self._count >= IN_ALL:
            raise TooManyListeners
        self._count += 1
        self._by_user[user] = self._by_user.get(user, 0) + 1
        self._ears.setdefault(stack, set()).add(ear)
        self._arrived.set()
        try:
            yield
        finally:
            self._ears[stack].remove(ear)
            if not self._ears[stack]:
                del self._ears[stack]
            self._by_user[user] -= 1
            if not self._by_user[user]:
                del self._by_user[user]
            self._count -= 1
            if not self._count:
                self._arrived, self._watching = anyio.Event(), anyio.Event()
                self._watch.cancel()

    async def _watched(self) -> None:
        with anyio.move_on_after(PATIENCE_SECONDS):
            await self._watching.wait()
            return
        raise StoreFailed("changes cannot be listened to")

    async def _watch_store(self) -> None:
        async with self._store.watch() as watch:
            if not self._watch.cancel_called:
                self._watching.set()
            while True:
                try:
                    events = await watch.changed()
                except StoreFailed as error:
                    await _waited(error)
                    continue
                for event in events:
                    self._pass_on(event)

    def _pass_on(self, event: Event) -> None:
        if event.stack == NO_STACK:
            for ear in chain.from_iterable(self._ears.values()):
                ear.hear(event)
        for ear in self._ears.get(event.stack, ()):
            ear.hear(event)

    async def _may(self, binding: Binding, expires_at: float | None) -> bool:
        """The user may read the stack at this moment."""
        if expires_at is not None and not self._left(expires_at):
            return False
        found = await self._store.membership(binding.user, binding.stack)
        return (
            found is not None and found.owner == binding.owner and Right.READ in found.role.rights
        )

    def _left(self, expires_at: float | None) -> float | None:
        """Seconds until then; 0 when it is past."""
        if expires_at is None:
            return None
        return max(expires_at - self._clock().timestamp(), 0.0)


async def _waited(error: StoreFailed) -> None:
    """A full disk today is no reason to end the server."""
    log.warning("the store could not be watched: %s", error.code)
    await anyio.sleep(RETRY_SECONDS)


class _Ear(Generic[SignalT]):
    """What one listener has not been told yet: there is never more than what it asked for."""

    def __init__(self, signals: Signals[SignalT]) -> None:
        self._signals = signals
        self._pending: dict[SignalT, None] = {}
        self._over = False
        self._woken = anyio.Event()

    def hear(self, event: Event) -> None:
        """Remember what the event means to this listener."""
        found = dict.fromkeys(self._signals(event))
        self._pending |= found
        if found or event.about is About.MEMBERS:
            self._woken.set()

    async def hears(self) -> bool:
        """Wait for something, be it a doubt whether the listener may go on; False at the end."""
        if not self._pending:
            await self._woken.wait()
        self._woken = anyio.Event()
        return not self._over

    def next(self) -> list[SignalT]:
        """The signal that has waited longest, if there is one."""
        for signal in self._pending:
            del self._pending[signal]
            return [signal]
        return []

    def end(self) -> None:
        """Nothing more comes."""
        self._over = True
        self._woken.set()
