"""Who is told what happens in a stack, and until when."""

import math
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import anyio
import pytest
from anyio.abc import TaskGroup

from stackdocs_mcp.core.binding import Binding, Right, Role, StackId, UserId
from stackdocs_mcp.core.errors import MissingRight, StoreFailed, TooManyListeners
from stackdocs_mcp.core.events import About, Event, Watch
from stackdocs_mcp.core.ports import StackStore, Store
from stackdocs_mcp.stores.embedded import open_store
from stackdocs_mcp.workspace import listening
from stackdocs_mcp.workspace.listening import Listeners
from tests.stores.builders import ALICE, BOB, added, binding, ready, setting

pytestmark = pytest.mark.anyio

PATIENCE = 30


def now() -> datetime:
    return datetime.now(UTC)


def every(event: Event) -> Iterable[Event]:
    return (event,)


class Ear:
    """A listener in a task of its own, and what it is told."""

    def __init__(self) -> None:
        self.heard: list[Event] = []
        self.over = anyio.Event()
        self._more = anyio.Event()

    async def deliver(self, event: Event) -> None:
        self.heard.append(event)
        self._more.set()

    async def hears(self) -> Event:
        """The next thing that it is told."""
        while not self.heard:
            await self._more.wait()
            self._more = anyio.Event()
        return self.heard.pop(0)


class Counting:
    """The part of a store that listening needs; ``watches`` is how many are open."""

    def __init__(self, store: Store) -> None:
        self.membership = store.membership
        self.watches = 0
        self._store = store

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[Watch]:
        async with self._store.watch() as watch:
            self.watches += 1
            try:
                yield watch
            finally:
                self.watches -= 1


@dataclass
class Place:
    """A store with listeners."""

    store: Store
    counting: Counting
    listeners: Listeners
    tasks: TaskGroup

    async def stack(self, user: UserId, name: str = "papers") -> StackStore:
        return self.store.bind(binding(user, (await self.store.open_stack(user, name)).id))

    async def ear(
        self, bound: Binding, expires_at: float | None = None, tasks: TaskGroup | None = None
    ) -> Ear:
        """A listener that has begun to listen, or is over already."""
        ear, begun = Ear(), anyio.Event()

        async def begin() -> None:
            begun.set()

        async def listen() -> None:
            try:
                await self.listeners.listen(bound, every, begin, ear.deliver, expires_at)
            finally:
                ear.over.set()
                begun.set()

        (tasks or self.tasks).start_soon(listen)
        await begun.wait()
        return ear


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    store = await open_store(tmp_path / "data", clock=now)
    counting = Counting(store)
    listeners = Listeners(cast("Store", counting), now)
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listeners.run)
            yield Place(store, counting, listeners, tasks)
            tasks.cancel_scope.cancel()
    await store.close()


async def bound_to(repo: StackStore, user: UserId = ALICE) -> Binding:
    return Binding(user, (await repo.stack()).id, frozenset({Right.READ}), owner=ALICE)


@pytest.mark.requirement("EVENT-10")
async def test_a_listener_hears_of_its_own_stack_alone(place: Place) -> None:
    mine, other, theirs = (
        await place.stack(ALICE),
        await place.stack(ALICE, "other"),
        await place.stack(BOB),
    )
    ear = await place.ear(await bound_to(mine))

    await added(other)
    await added(theirs)
    await ready(theirs, "b.pdf")
    document = await added(mine)
    await mine.finish(document.id)

    stack = (await mine.stack()).id
    heard = [await ear.hears() for _ in range(3)]
    assert {one.stack for one in heard} == {stack}
    assert {one.document for one in heard} == {None, document.id}


@pytest.mark.requirement("EVENT-10")
async def test_whoever_may_not_read_may_not_listen(place: Place) -> None:
    repo = await place.stack(ALICE)
    blind = Binding(ALICE, (await repo.stack()).id, frozenset({Right.WRITE}))

    with pytest.raises(MissingRight):
        await place.listeners.listen(blind, every, anyio.lowlevel.checkpoint, _ignored)


@pytest.mark.requirement("EVENT-11")
async def test_a_user_has_so_many_streams_and_one_that_is_closed_makes_room(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "PER_USER", 3)
    mine, other, theirs = (
        await place.stack(ALICE),
        await place.stack(ALICE, "other"),
        await place.stack(BOB),
    )
    await place.ear(await bound_to(mine))
    await place.ear(await bound_to(other))
    async with anyio.create_task_group() as closing:
        last = await place.ear(await bound_to(mine), tasks=closing)
        with pytest.raises(TooManyListeners):
            await place.listeners.listen(
                await bound_to(mine), every, anyio.lowlevel.checkpoint, _ignored
            )
        await place.ear(binding(BOB, (await theirs.stack()).id))
        closing.cancel_scope.cancel()
    await last.over.wait()

    assert not (await place.ear(await bound_to(mine))).over.is_set()


@pytest.mark.requirement("EVENT-11")
async def test_all_users_together_have_so_many_streams(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "IN_ALL", 2)
    for user in (ALICE, BOB):
        await place.ear(binding(user, (await (await place.stack(user)).stack()).id))

    with pytest.raises(TooManyListeners) as refused:
        await place.listeners.listen(
            binding(UserId("carol"), StackId("any")), every, anyio.lowlevel.checkpoint, _ignored
        )

    assert refused.value.advice


@pytest.mark.requirement("EVENT-12")
async def test_the_store_is_watched_only_while_somebody_listens(place: Place) -> None:
    mine = await place.stack(ALICE)
    assert place.counting.watches == 0

    for number in range(5):  # the last one leaves as another comes
        async with anyio.create_task_group() as closing:
            ears = [await place.ear(await bound_to(mine), tasks=closing) for _ in range(3)]
            assert place.counting.watches == 1
            await mine.finish((await added(mine, f"{number}.pdf")).id)
            for ear in ears:
                assert (await ear.hears()).about is About.DOCUMENTS
            closing.cancel_scope.cancel()

    while place.counting.watches:
        await anyio.lowlevel.checkpoint()


@pytest.mark.requirement("EVENT-12")
async def test_whoever_cannot_be_told_of_anything_is_told_so(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "PATIENCE_SECONDS", 0.01)
    idle = Listeners(place.store, now)  # nobody runs it
    mine = await place.stack(ALICE)

    with pytest.raises(StoreFailed):
        await idle.listen(await bound_to(mine), every, anyio.lowlevel.checkpoint, _ignored)


@pytest.mark.requirement("EVENT-13")
async def test_all_listening_ends_when_the_process_is_to_end(place: Place) -> None:
    mine = await place.stack(ALICE)
    ears = [await place.ear(await bound_to(mine)) for _ in range(3)]

    place.listeners.close()

    for ear in ears:
        await ear.over.wait()
    late = await place.ear(await bound_to(mine))
    await late.over.wait()


@pytest.mark.requirement("EVENT-14")
async def test_a_stream_ends_with_the_membership_though_nothing_happens(place: Place) -> None:
    mine = await place.stack(ALICE)
    await mine.grant(BOB, Role.VIEWER)
    ear, kept = await place.ear(await bound_to(mine, BOB)), await place.ear(await bound_to(mine))

    await mine.revoke(BOB)

    await ear.over.wait()
    assert not kept.over.is_set()


@pytest.mark.requirement("EVENT-14")
async def test_a_former_member_is_not_told_what_happens_after(place: Place) -> None:
    mine = await place.stack(ALICE)
    await mine.grant(BOB, Role.VIEWER)
    ear, kept = await place.ear(await bound_to(mine, BOB)), await place.ear(await bound_to(mine))

    await mine.revoke(BOB)
    await added(mine)

    await ear.over.wait()
    assert ear.heard == []
    assert {(await kept.hears()).about for _ in range(2)} == {About.MEMBERS, About.DOCUMENTS}


@pytest.mark.requirement("EVENT-14")
async def test_a_member_with_another_role_that_reads_goes_on_listening(place: Place) -> None:
    mine = await place.stack(ALICE)
    await mine.grant(BOB, Role.EDITOR)
    ear = await place.ear(await bound_to(mine, BOB))

    await mine.grant(BOB, Role.VIEWER)
    await added(mine)

    found = {(await ear.hears()).about for _ in range(2)}
    assert found == {About.MEMBERS, About.DOCUMENTS}


@pytest.mark.requirement("EVENT-14")
async def test_a_stream_ends_with_its_stack(place: Place) -> None:
    mine, other = await place.stack(ALICE), await place.stack(ALICE, "other")
    await added(mine)
    ear, kept = await place.ear(await bound_to(mine)), await place.ear(await bound_to(other))

    await place.store.delete_stack(ALICE, (await mine.stack()).id)

    await ear.over.wait()
    assert not kept.over.is_set()


@pytest.mark.requirement("EVENT-15")
async def test_a_stream_ends_with_its_token_though_nothing_happens(place: Place) -> None:
    mine = await place.stack(ALICE)

    ear = await place.ear(await bound_to(mine), now().timestamp() + 0.3)

    await ear.over.wait()


@pytest.mark.requirement("EVENT-15")
async def test_a_stream_of_a_token_that_has_expired_never_begins(place: Place) -> None:
    mine = await place.stack(ALICE)
    for expired in (0.0, now().timestamp(), -math.inf):
        ear = await place.ear(await bound_to(mine), expired)
        await ear.over.wait()

    assert place.counting.watches <= 1


@pytest.mark.requirement("EVENT-15")
async def test_a_client_that_takes_nothing_does_not_outlive_its_token(place: Place) -> None:
    mine = await place.stack(ALICE)
    stuck = anyio.Event()

    async def deliver(_: Event) -> None:
        stuck.set()
        await anyio.sleep_forever()

    async def listen() -> None:
        await place.listeners.listen(
            await bound_to(mine), every, anyio.lowlevel.checkpoint, deliver, now().timestamp() + 1
        )

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listen)
        while not stuck.is_set():
            await mine.set_schema({}, f"{now()}", (await mine.stack()).policy)
            with anyio.move_on_after(0.3):
                await stuck.wait()


@pytest.mark.requirement("EVENT-21")
async def test_a_slow_listener_is_told_each_thing_once(place: Place) -> None:
    mine = await place.stack(ALICE)
    document = await ready(mine)
    heard: list[Event] = []
    begun, first, go_on = anyio.Event(), anyio.Event(), anyio.Event()

    async def begin() -> None:
        begun.set()

    async def deliver(event: Event) -> None:
        heard.append(event)
        first.set()
        await go_on.wait()

    async def listen() -> None:
        await place.listeners.listen(await bound_to(mine), every, begin, deliver)

    place.tasks.start_soon(listen)
    await begun.wait()
    watcher = await place.ear(await bound_to(mine))
    for number in range(4):
        await mine.write(document.id, [setting("a", number)])
        await watcher.hears()  # so it was passed on to the slow one as well
        await first.wait()
    await added(mine, "last.pdf")
    await watcher.hears()
    go_on.set()
    while len(heard) < 3:
        await anyio.lowlevel.checkpoint()

    assert [one.about for one in heard] == [About.EXTRACTION, About.EXTRACTION, About.DOCUMENTS]


async def _ignored(_: Event) -> None:
    """Nobody listens."""
