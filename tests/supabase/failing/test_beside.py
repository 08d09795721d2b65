"""Calls beside one another, and calls that are given up."""

import asyncio

import anyio
import pytest

from stackdocs_mcp.core.binding import StackId
from stackdocs_mcp.core.errors import DocumentNotFound
from stackdocs_mcp.core.model import DocumentId
from stackdocs_mcp.stores.supabase.store import SupabaseStore
from tests.stores.builders import ALICE, BOB, binding
from tests.supabase.between import (
    between,
)
from tests.supabase.failing.conftest import opened
from tests.supabase.rig import Rig

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("PGW-14")
async def test_more_calls_than_connections_wait_for_their_turn(store: SupabaseStore) -> None:
    stack = await store.open_stack(ALICE, "invoices")
    found: list[StackId] = []

    async def call() -> None:
        found.append((await store.bind(binding(ALICE, stack.id)).stack()).id)

    async with anyio.create_task_group() as tasks:
        for _ in range(300):
            tasks.start_soon(call)

    assert found == [stack.id] * 300


@pytest.mark.requirement("PGW-15")
async def test_a_cancelled_call_gives_its_answer_to_nobody(store: SupabaseStore) -> None:
    """A thousand calls of two users in turns, a third of them cancelled at some moment."""
    stacks = {user: await store.open_stack(user, f"of {user}") for user in (ALICE, BOB)}
    wrong: list[object] = []
    done: list[StackId] = []

    async def call(number: int) -> None:
        user = (ALICE, BOB)[number % 2]
        scope = anyio.CancelScope()
        async with anyio.create_task_group() as mine:
            if number % 3 == 0:
                mine.start_soon(cancel_after, scope, number % 97)
            with scope:
                found = await store.bind(binding(user, stacks[user].id)).stack()
                if found.name != f"of {user}":
                    wrong.append(found)
                done.append(found.id)

    async def cancel_after(scope: anyio.CancelScope, turns: int) -> None:
        for _ in range(turns * 5):
            await anyio.lowlevel.checkpoint()
        scope.cancel()

    async with anyio.create_task_group() as tasks:
        for number in range(1_000):
            tasks.start_soon(call, number)

    assert wrong == []
    assert 600 < len(done) < 1_000, "some were cancelled, and the others were not"


@pytest.mark.requirement("PGW-15")
async def test_an_answer_that_nobody_waits_for_any_more_is_not_the_next_ones(
    own: Rig, store: SupabaseStore
) -> None:
    """The answer stands at the door while its call is cancelled, and the next call comes."""
    first, second = [await store.open_stack(ALICE, name) for name in ("first", "second")]
    async with between(own.url) as wire, opened(own, wire.url) as other:
        await other.bind(binding(ALICE, first.id)).stack()
        for _ in range(20):
            wire.held = asyncio.Event()
            before = wire.answers
            with anyio.CancelScope() as scope:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(other.bind(binding(ALICE, first.id)).stack)
                    asked = len(wire.asked)
                    while len(wire.asked) == asked:
                        await anyio.lowlevel.checkpoint()
                    scope.cancel()
            wire.held.set()
            wire.held = None
            while wire.answers == before:
                await anyio.lowlevel.checkpoint()
            assert (await other.bind(binding(ALICE, second.id)).stack()).name == "second"


@pytest.mark.requirement("PGW-15")
async def test_a_document_of_nobody_is_told_as_it_was_asked_for(store: SupabaseStore) -> None:
    stack = await store.open_stack(ALICE, "invoices")

    with pytest.raises(DocumentNotFound, match="'x'"):
        await store.bind(binding(ALICE, stack.id)).document(DocumentId("x"))
