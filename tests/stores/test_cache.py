"""The same bytes are read by one at a time, for one user, and another user senses nothing of it."""

from datetime import timedelta

import pytest

from stackdocs_mcp.core.binding import UserId
from stackdocs_mcp.core.model import Document, Failure
from stackdocs_mcp.core.ports import StackStore, Store
from tests.stores.builders import ALICE, BOB, ENGINE, SteppingClock, added, binding, files_of, page

pytestmark = pytest.mark.anyio


@pytest.fixture
async def document(repo: StackStore) -> Document:
    """One that is being read."""
    return await added(repo)


MINUTE = timedelta(minutes=1)


async def twin(store: Store, user: UserId = ALICE) -> tuple[StackStore, Document]:
    """A document with the bytes of ``document``, in another stack."""
    stack = await store.open_stack(user, "other")
    repo = store.bind(binding(user, stack.id))
    return repo, await added(repo)


@pytest.mark.requirement("STORE-172")
@pytest.mark.parametrize("owner", ["first", "second"])
async def test_bytes_that_are_read_in_another_stack_wait(
    store: Store, repo: StackStore, document: Document, clock: SteppingClock, owner: str
) -> None:
    clock.step = timedelta(0)
    until = clock.now + MINUTE
    other, same = await twin(store)
    elsewhere = await added(other, "different bytes")

    assert await repo.claim(document.id, "first", until)
    assert not await other.claim(same.id, owner, until)
    assert await other.unclaimed(clock.now, 9) == [elsewhere]
    assert await other.claim(elsewhere.id, owner, until)
    assert await repo.claim(document.id, "first", until)  # who waits hinders nobody


@pytest.mark.requirement("STORE-172")
@pytest.mark.parametrize("end", ["finish", "fail", "release", "run out"])
async def test_bytes_that_waited_are_next_however_the_first_reading_ended(
    store: Store, repo: StackStore, document: Document, clock: SteppingClock, end: str
) -> None:
    clock.step = timedelta(0)
    other, same = await twin(store)
    await repo.claim(document.id, "first", clock.now + MINUTE)
    await repo.save_pages(document.id, ENGINE, [page(1, "a")], billed=1)

    if end == "finish":
        await repo.finish(document.id)
    elif end == "fail":
        await repo.fail(document.id, Failure("timed_out", "it took too long"))
    elif end == "release":
        await repo.claim(document.id, "first", clock.now)
    else:
        clock.now += MINUTE

    assert await other.unclaimed(clock.now, 9) == [same]
    assert await other.claim(same.id, "second", clock.now + MINUTE)
    assert await other.stored_pages(same.id, ENGINE) == [1]
    assert (await other.document(same.id)).billed_pages == 0


@pytest.mark.requirement("STORE-172")
async def test_a_claim_that_ran_out_is_not_prolonged_while_the_bytes_are_read_elsewhere(
    store: Store, repo: StackStore, document: Document, clock: SteppingClock
) -> None:
    clock.step = timedelta(0)
    other, same = await twin(store)
    await repo.claim(document.id, "first", clock.now + MINUTE)
    clock.now += MINUTE
    await other.claim(same.id, "second", clock.now + MINUTE)

    assert not await repo.claim(document.id, "first", clock.now + MINUTE)


@pytest.mark.requirement("STORE-173")
async def test_another_users_same_bytes_make_no_difference_to_anything(
    store: Store, repo: StackStore, document: Document, clock: SteppingClock
) -> None:
    async def seen(user: UserId) -> str:
        """All that reading the bytes shows to a user, but for ids and times."""
        clock.now, clock.step = start, timedelta(0)
        bound, same = await twin(store, user)
        waiting = await bound.unclaimed(clock.now, 9)
        claimed = await bound.claim(same.id, "me", clock.now + MINUTE)
        have = await bound.stored_pages(same.id, ENGINE)
        await bound.save_pages(same.id, ENGINE, [page(1, "own")], billed=1)
        after = await bound.document(same.id)
        files = await files_of(store, bound, user)
        kept = await files.put_bytes(b"invoice", 99)
        path = await files.local(kept[0])
        cost = [summary.billed_pages for summary in await store.stacks(user)]
        shown = [
            waiting,
            claimed,
            have,
            after,
            kept,
            path.read_bytes(),
            cost,
            await bound.pages(same.id, [1]),
        ]
        return repr(shown).replace(same.id, "DOCUMENT")

    start = clock.now
    await repo.claim(document.id, "first", clock.now + 9 * MINUTE)
    await repo.save_pages(document.id, ENGINE, [page(1, "alice's"), page(2, "more")], billed=2)
    await (await files_of(store, repo)).put_bytes(b"invoice", 99)

    beside_alice = await seen(BOB)
    await repo.finish(document.id)
    alone = await seen(UserId("carol@example.org"))

    assert "own" in beside_alice
    assert beside_alice == alone.replace("carol", "bob")
