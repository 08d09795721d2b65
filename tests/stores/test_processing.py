"""Reading files in: one process at a time, to the end or to a failure."""

from datetime import timedelta

import pytest

from stackdocs_mcp.core.model import Completion, Document, DocumentStatus, Failure
from stackdocs_mcp.core.ports import StackStore
from tests.stores.builders import ENGINE, SteppingClock, added, page, put, values, with_text

pytestmark = pytest.mark.anyio


@pytest.fixture
async def document(repo: StackStore) -> Document:
    """One that is being read."""
    return await added(repo)


MINUTE = timedelta(minutes=1)
DAMAGED = Failure("damaged", "the file is damaged", "Send another.")


@pytest.mark.requirement("STORE-20")
async def test_one_owner_holds_a_document_until_its_claim_runs_out(
    repo: StackStore, document: Document, clock: SteppingClock
) -> None:
    clock.step = timedelta(0)
    until = clock.now + MINUTE

    assert await repo.claim(document.id, "first", until)
    assert not await repo.claim(document.id, "second", until)

    clock.now = until
    assert await repo.claim(document.id, "second", until + MINUTE)
    assert not await repo.claim(document.id, "first", until + MINUTE)


@pytest.mark.requirement("STORE-20")
async def test_claiming_again_prolongs(
    repo: StackStore, document: Document, clock: SteppingClock
) -> None:
    clock.step = timedelta(0)
    start = clock.now
    await repo.claim(document.id, "first", start + MINUTE)

    assert await repo.claim(document.id, "first", start + 3 * MINUTE)

    clock.now = start + 2 * MINUTE
    assert not await repo.claim(document.id, "second", start + 9 * MINUTE)


@pytest.mark.requirement("STORE-21")
async def test_only_a_document_to_be_read_can_be_claimed(
    repo: StackStore, document: Document, clock: SteppingClock
) -> None:
    until = clock.now + MINUTE
    await repo.finish(document.id)
    failed = await added(repo, "other")
    await repo.fail(failed.id, DAMAGED)

    assert not await repo.claim(document.id, "first", until)
    assert not await repo.claim(failed.id, "first", until)


@pytest.mark.requirement("STORE-22")
async def test_unclaimed_documents_are_those_that_wait_for_a_reader(
    repo: StackStore, clock: SteppingClock
) -> None:
    made = [await added(repo, str(count)) for count in range(5)]
    now = clock.now
    await repo.claim(made[1].id, "first", now + MINUTE)
    await repo.finish(made[2].id)

    waiting = [made[0], made[3], made[4]]
    assert await repo.unclaimed(now, 9) == waiting
    assert await repo.unclaimed(now, 2) == waiting[:2]
    later = await repo.unclaimed(now + MINUTE, 9)
    assert [document.id for document in later] == [made[index].id for index in (0, 1, 3, 4)]


@pytest.mark.requirement("STORE-23")
async def test_the_outline_says_what_the_file_is(repo: StackStore, document: Document) -> None:
    await repo.set_outline(document.id, "application/pdf", 12)

    after = await repo.document(document.id)
    assert (after.media_type, after.pages, after.pages_done) == ("application/pdf", 12, 0)


@pytest.mark.requirement("STORE-24")
async def test_a_finished_document_is_read_and_free(
    repo: StackStore, document: Document, clock: SteppingClock
) -> None:
    await repo.claim(document.id, "first", clock.now + MINUTE)

    finished = await repo.finish(document.id)

    assert finished.status is DocumentStatus.OCR_COMPLETE
    assert await repo.finish(document.id) == finished
    assert await repo.document(document.id) == finished


@pytest.mark.requirement("STORE-25")
async def test_a_failed_document_says_why_and_keeps_its_pages(
    repo: StackStore, document: Document
) -> None:
    await repo.save_pages(document.id, ENGINE, [page(1, "one")])

    failed = await repo.fail(document.id, DAMAGED)

    assert (failed.status, failed.error, failed.pages_done) == (DocumentStatus.FAILED, DAMAGED, 1)
    assert await repo.document(document.id) == failed


@pytest.mark.requirement("STORE-25")
async def test_a_document_that_was_read_does_not_fail_any_more(
    repo: StackStore, document: Document
) -> None:
    finished = await repo.finish(document.id)

    assert await repo.fail(document.id, DAMAGED) == finished


@pytest.mark.requirement("STORE-184")
@pytest.mark.parametrize("by", ["finish", "fail"])
async def test_who_lost_the_claim_ends_nothing(
    repo: StackStore, document: Document, clock: SteppingClock, by: str
) -> None:
    async def ended(owner: str) -> Document:
        if by == "finish":
            return await repo.finish(document.id, owner)
        return await repo.fail(document.id, DAMAGED, owner)

    assert (await ended("first")).status is DocumentStatus.PROCESSING
    await repo.claim(document.id, "first", clock.now)
    await repo.claim(document.id, "second", clock.now + MINUTE)
    before = await repo.document(document.id)

    assert await ended("first") == before
    assert await repo.document(document.id) == before
    assert not await repo.claim(document.id, "third", clock.now + MINUTE)
    assert (await ended("second")).status is not DocumentStatus.PROCESSING


@pytest.mark.requirement("STORE-184")
@pytest.mark.parametrize("by", ["finish", "fail"])
async def test_a_claim_that_ran_out_is_its_owner_s_until_another_takes_over(
    repo: StackStore, document: Document, clock: SteppingClock, by: str
) -> None:
    await repo.claim(document.id, "first", clock.now)
    clock.now += MINUTE

    if by == "finish":
        ended = await repo.finish(document.id, "first")
    else:
        ended = await repo.fail(document.id, DAMAGED, "first")

    assert ended.status is not DocumentStatus.PROCESSING


@pytest.mark.requirement("STORE-185")
async def test_a_document_with_pages_missing_is_not_finished(
    repo: StackStore, document: Document, clock: SteppingClock
) -> None:
    await repo.claim(document.id, "first", clock.now + MINUTE)
    await repo.set_outline(document.id, "application/pdf", 2)
    await repo.save_pages(document.id, ENGINE, [page(1, "one")])
    before = await repo.document(document.id)

    assert await repo.finish(document.id, "first") == before
    assert await repo.finish(document.id) == before
    assert not await repo.claim(document.id, "second", clock.now + MINUTE)

    await repo.save_pages(document.id, ENGINE, [page(2, "two")])
    assert (await repo.finish(document.id, "first")).status is DocumentStatus.OCR_COMPLETE


@pytest.mark.requirement("STORE-26")
async def test_only_a_failed_document_is_tried_again(
    repo: StackStore, document: Document, clock: SteppingClock
) -> None:
    await repo.claim(document.id, "first", clock.now + 99 * MINUTE)
    await repo.fail(document.id, DAMAGED)

    again = await repo.retry(document.id)

    assert (again.status, again.error) == (DocumentStatus.PROCESSING, None)
    assert await repo.claim(document.id, "second", clock.now + MINUTE)
    assert await repo.retry(document.id) == again
    finished = await repo.finish(document.id)
    assert await repo.retry(document.id) == finished


@pytest.mark.requirement("STORE-27")
async def test_a_claim_that_ran_out_counts_as_abandoned(
    repo: StackStore, document: Document, clock: SteppingClock
) -> None:
    for count, owner in enumerate(("first", "second", "third")):
        assert await repo.claim(document.id, owner, clock.now)
        assert await repo.claim(document.id, owner, clock.now)  # prolonging is no new attempt
        assert (await repo.document(document.id)).abandoned == count


@pytest.mark.requirement("STORE-27")
@pytest.mark.parametrize("by", ["page", "retry"])
async def test_a_new_page_or_a_retry_starts_the_count_anew(
    repo: StackStore, document: Document, clock: SteppingClock, by: str
) -> None:
    await repo.claim(document.id, "first", clock.now)
    await repo.claim(document.id, "second", clock.now)

    if by == "page":
        await repo.save_pages(document.id, ENGINE, [page(1, "one")])
    else:
        await repo.fail(document.id, DAMAGED)
        await repo.retry(document.id)

    assert (await repo.document(document.id)).abandoned == 0


@pytest.mark.requirement("STORE-28")
async def test_a_claim_that_is_given_up_is_free_and_not_abandoned(
    repo: StackStore, document: Document, clock: SteppingClock
) -> None:
    await repo.claim(document.id, "first", clock.now + MINUTE)

    await repo.release(document.id, "second")
    assert not await repo.claim(document.id, "second", clock.now + MINUTE)
    await repo.release(document.id, "first")

    assert [one.id for one in await repo.unclaimed(clock.now, 9)] == [document.id]
    assert await repo.claim(document.id, "second", clock.now + MINUTE)
    assert (await repo.document(document.id)).abandoned == 0


@pytest.mark.requirement("STORE-182")
async def test_a_document_to_be_read_anew_gives_up_its_pages_and_keeps_its_fields(
    repo: StackStore, document: Document
) -> None:
    await repo.save_pages(document.id, ENGINE, [page(1, "total 1.00"), page(2)])
    await repo.finish(document.id)
    await put(repo, document, "total", 1)
    await repo.complete(document.id, revision=1, completion=Completion())
    before = await repo.changes(document.id, limit=9)

    anew = await repo.reread(document.id)

    assert (anew.status, anew.readings) == (DocumentStatus.PROCESSING, 1)
    assert (anew.pages_done, anew.pages_without_text) == (0, 0)
    assert await repo.pages(document.id, [1, 2]) == []
    assert await repo.search("total", limit=9) == []
    assert await values(repo, document) == {"total": 1}
    assert await repo.changes(document.id, limit=9) == before


@pytest.mark.requirement("STORE-182")
async def test_what_is_read_then_is_found_and_what_was_read_before_is_not(
    repo: StackStore, document: Document
) -> None:
    other = await with_text(repo, "other", "first words")
    await repo.save_pages(document.id, ENGINE, [page(1, "first words", hidden=["unseen"])])
    await repo.finish(document.id)

    await repo.reread(document.id)
    assert await repo.stored_pages(document.id, "engine-2") == []
    await repo.save_pages(document.id, "engine-2", [page(1, "second words")])

    assert [hit.document for hit in await repo.search("first", limit=9)] == [other.id]
    assert [hit.snippet for hit in await repo.search("second", limit=9)] == ["second words"]
    after = await repo.finish(document.id)
    assert (after.pages_done, after.pages_without_text) == (1, 0)


@pytest.mark.requirement("STORE-183")
async def test_the_same_engine_has_nothing_to_read_anew(
    repo: StackStore, document: Document
) -> None:
    await repo.save_pages(document.id, ENGINE, [page(1, "one"), page(2, "two")])
    before = await repo.finish(document.id)

    await repo.reread(document.id)

    assert await repo.stored_pages(document.id, ENGINE) == [1, 2]
    after = await repo.finish(document.id)
    assert after.pages_done == before.pages_done
    assert len(await repo.search("one", limit=9)) == 1


@pytest.mark.requirement("STORE-182")
async def test_a_document_that_is_being_read_keeps_its_pages(
    repo: StackStore, document: Document, clock: SteppingClock
) -> None:
    await repo.claim(document.id, "first", clock.now + MINUTE)
    await repo.save_pages(document.id, ENGINE, [page(1, "one")])

    anew = await repo.reread(document.id)

    assert (anew.pages_done, anew.readings) == (1, 0)
    assert not await repo.claim(document.id, "second", clock.now + MINUTE)


@pytest.mark.requirement("STORE-182")
async def test_a_failed_document_is_read_anew_without_its_failure(
    repo: StackStore, document: Document
) -> None:
    await repo.fail(document.id, DAMAGED)

    anew = await repo.reread(document.id)

    assert (anew.status, anew.error) == (DocumentStatus.PROCESSING, None)
