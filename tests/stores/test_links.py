"""One-time links: of all that use one, exactly one is the first."""

from datetime import timedelta

import anyio
import pytest

from stackdocs_mcp.core.errors import NotFound
from stackdocs_mcp.core.ports import StackStore, Store
from stackdocs_mcp.core.stack import Stack
from tests.stores.builders import ALICE, BOB, SteppingClock, binding

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("LINK-01")
async def test_a_link_is_for_what_it_was_used_for_first(
    repo: StackStore, clock: SteppingClock
) -> None:
    until = clock() + timedelta(hours=1)

    assert await repo.use_link("nonce", "a", until) == "a"
    assert await repo.use_link("nonce", "b", until) == "a"
    assert await repo.use_link("nonce", "a", until) == "a"
    assert await repo.use_link("other", "b", until) == "b"


@pytest.mark.requirement("LINK-01")
async def test_of_many_at_the_same_time_one_is_the_first(
    repo: StackStore, clock: SteppingClock
) -> None:
    until, firsts = clock() + timedelta(hours=1), list[str]()

    async def use(number: int) -> None:
        firsts.append(await repo.use_link("nonce", str(number), until))

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(use, number)

    assert len(firsts) == 20
    assert len(set(firsts)) == 1


@pytest.mark.requirement("LINK-01")
async def test_a_use_is_forgotten_when_the_link_has_expired(
    repo: StackStore, clock: SteppingClock
) -> None:
    await repo.use_link("nonce", "a", clock() + timedelta(hours=1))
    clock.now += timedelta(hours=2)
    await repo.use_link("other", "x", clock() + timedelta(hours=1))

    assert await repo.use_link("nonce", "b", clock() + timedelta(hours=1)) == "b"


@pytest.mark.requirement("LINK-01")
async def test_links_of_another_stack_are_others(
    store: Store, repo: StackStore, stack: Stack, clock: SteppingClock
) -> None:
    until = clock() + timedelta(hours=1)
    await repo.use_link("nonce", "a", until)
    other = store.bind(binding(ALICE, (await store.open_stack(ALICE, "other")).id))

    assert await other.use_link("nonce", "b", until) == "b"
    with pytest.raises(NotFound):
        await store.bind(binding(BOB, stack.id)).use_link("nonce", "c", until)
