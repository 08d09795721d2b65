"""What a user may use in a month: counted with the work, given back where none was done."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest

from stackdocs_mcp.core.binding import Binding, Role
from stackdocs_mcp.core.errors import DocumentNotFound, StoreFailed
from stackdocs_mcp.core.model import DocumentId, Failure
from stackdocs_mcp.core.ports import StackStore, Store
from stackdocs_mcp.core.quota import Left, QuotaExceeded, Quotas
from tests.stores.builders import (
    ALICE,
    BOB,
    ENGINE,
    SteppingClock,
    added,
    binding,
    file,
    files_of,
    page,
)
from tests.stores.conftest import FACTORIES

pytestmark = pytest.mark.anyio

MARCH = datetime(2026, 4, 1, tzinfo=UTC)
"""When the month ends in which the clock begins."""
FAILED = Failure("timed_out", "it took too long")
Opened = Callable[..., AbstractAsyncContextManager[Store]]


@pytest.fixture(params=list(FACTORIES))
def opened(request: pytest.FixtureRequest, tmp_path: Path, clock: SteppingClock) -> Opened:
    """Opens the one place with quotas."""

    @asynccontextmanager
    async def open_(
        documents: int | None = None, pages: int | None = None, ocr_pages: int | None = None
    ) -> AsyncIterator[Store]:
        quotas = Quotas(documents, pages, ocr_pages)
        store = await FACTORIES[request.param](tmp_path / "data", clock, quotas)
        yield store
        await store.close()

    return open_


async def alices(store: Store, name: str = "invoices") -> StackStore:
    return store.bind(binding(ALICE, (await store.open_stack(ALICE, name)).id))


async def left(store: Store) -> tuple[int | None, int | None, int | None]:
    found = await store.quota(ALICE)
    assert found is not None
    return found.documents, found.pages, found.ocr_pages


@pytest.mark.requirement("QUOTA-01")
async def test_without_a_quota_nothing_is_said_and_nothing_refused(opened: Opened) -> None:
    async with opened() as store:
        repo = await alices(store)
        document = await added(repo)
        await repo.set_outline(document.id, "application/pdf", 1_000_000)
        await repo.reserve_recognition(document.id, 1_000_000)

        assert await store.quota(ALICE) is None


@pytest.mark.requirement("QUOTA-01")
async def test_what_was_used_without_a_quota_counts_when_there_is_one(opened: Opened) -> None:
    async with opened() as store:
        repo = await alices(store)
        document = await added(repo)
        await repo.set_outline(document.id, "application/pdf", 3)

    async with opened(5, 10) as store:
        assert await store.quota(ALICE) == Left(4, 7, None, MARCH)
        assert await store.quota(BOB) == Left(5, 10, None, MARCH)


@pytest.mark.requirement("QUOTA-02")
async def test_documents_are_counted_once_and_refused_when_there_are_too_many(
    opened: Opened,
) -> None:
    async with opened(documents=2) as store:
        repo = await alices(store)
        first = await added(repo, "1")
        await added(repo, "1")  # the same bytes
        await added(repo, "2")

        with pytest.raises(QuotaExceeded) as refused:
            await added(repo, "3")

        assert refused.value.code == "quota_exceeded"
        assert "2 documents a month has 0 left" in refused.value.message
        assert "2026-04-01T00:00:00+00:00" in refused.value.advice
        assert len(await repo.documents(limit=9)) == 2
        assert await added(repo, "1") == first  # what is there costs nothing
        assert await left(store) == (0, None, None)


@pytest.mark.requirement("QUOTA-02")
async def test_the_bytes_of_a_document_that_is_refused_are_removed(opened: Opened) -> None:
    async with opened(documents=1) as store:
        repo, other = await alices(store), await alices(store, "other")
        files, others = await files_of(store, repo), await files_of(store, other)
        kept, _ = await files.put_bytes(b"1", 9)
        await added(repo, "1")
        await others.put_bytes(b"1", 9)
        refused, _ = await others.put_bytes(b"2", 9)

        for content in "12":
            with pytest.raises(QuotaExceeded):
                await added(other, content)

        assert (await files.local(kept)).read_bytes() == b"1"
        with pytest.raises(StoreFailed):
            await others.local(refused)


@pytest.mark.requirement("QUOTA-03")
async def test_pages_are_reserved_as_a_whole_before_they_are_read(opened: Opened) -> None:
    async with opened(pages=10) as store:
        repo = await alices(store)
        large, small = await added(repo, "large"), await added(repo, "small")
        await repo.set_outline(large.id, "application/pdf", 7)
        assert await left(store) == (None, 3, None)

        with pytest.raises(QuotaExceeded, match="10 pages a month has 3 left, and this needs 4"):
            await repo.set_outline(small.id, "application/pdf", 4)

        assert (await repo.document(small.id)).pages == 0
        await repo.set_outline(small.id, "application/pdf", 3)
        assert await left(store) == (None, 0, None)


@pytest.mark.requirement("QUOTA-03")
async def test_the_same_document_begun_again_reserves_nothing_twice(opened: Opened) -> None:
    async with opened(pages=10) as store:
        repo = await alices(store)
        document = await added(repo)
        for _ in range(3):
            await repo.set_outline(document.id, "application/pdf", 7)
        await repo.save_pages(document.id, ENGINE, [page(1, "a"), page(2, "b")])

        await repo.set_outline(document.id, "application/pdf", 7)

        assert await left(store) == (None, 3, None)


@pytest.mark.requirement("QUOTA-04")
@pytest.mark.parametrize(
    ("end", "after"),
    [
        (lambda _, repo, one: repo.fail(one, FAILED), (None, 7, 8)),
        (lambda _, repo, one: finished(repo, one), (None, 3, 8)),
        (lambda store, repo, _: deleted(store, repo), (None, 7, 8)),
    ],
    ids=["failed", "finished", "deleted"],
)
async def test_what_was_reserved_and_not_used_is_given_back(
    opened: Opened,
    end: Callable[[Store, StackStore, str], Awaitable[object]],
    after: tuple[int | None, int, int],
) -> None:
    async with opened(pages=10, ocr_pages=10) as store:
        repo = await alices(store)
        document = await added(repo)
        await repo.set_outline(document.id, "application/pdf", 7)
        await repo.reserve_recognition(document.id, 3)
        await repo.reserve_recognition(document.id, 2)
        await repo.save_pages(document.id, ENGINE, [page(1, "text")])
        await repo.save_pages(document.id, ENGINE, [page(2, "a"), page(3, "b")], recognised=2)
        assert await left(store) == (None, 3, 5)

        await end(store, repo, document.id)

        assert await left(store) == after


async def finished(repo: StackStore, document: DocumentId) -> None:
    """Read to its end: the pages that were missing needed no recognising."""
    await repo.save_pages(document, ENGINE, [page(number, "text") for number in range(4, 8)])
    await repo.finish(document)


async def deleted(store: Store, repo: StackStore) -> None:
    await store.delete_stack(ALICE, (await repo.stack()).id)


@pytest.mark.requirement("QUOTA-04")
async def test_a_document_that_failed_is_charged_for_the_rest_when_it_is_tried_again(
    opened: Opened,
) -> None:
    async with opened(pages=10) as store:
        repo = await alices(store)
        document = await added(repo)
        await repo.set_outline(document.id, "application/pdf", 7)
        await repo.save_pages(document.id, ENGINE, [page(1, "text")])
        await repo.fail(document.id, FAILED)

        await repo.retry(document.id)
        await repo.set_outline(document.id, "application/pdf", 7)

        assert await left(store) == (None, 3, None)


@pytest.mark.requirement("QUOTA-05")
async def test_pages_that_the_user_has_already_cost_nothing(opened: Opened) -> None:
    async with opened(pages=3) as store:
        repo = await alices(store)
        document = await added(repo, "same")
        await repo.set_outline(document.id, "application/pdf", 3)
        await repo.save_pages(document.id, ENGINE, [page(number, "a") for number in (1, 2, 3)])
        await repo.finish(document.id)
        other = await alices(store, "other")
        same = await added(other, "same")

        await other.stored_pages(same.id, ENGINE)
        await other.set_outline(same.id, "application/pdf", 3)
        await other.finish(same.id)

        assert await left(store) == (None, 0, None)


@pytest.mark.requirement("QUOTA-06")
async def test_pages_are_recognised_only_while_there_are_some_left(opened: Opened) -> None:
    async with opened(ocr_pages=4) as store:
        repo = await alices(store)
        document = await added(repo)
        await repo.set_outline(document.id, "application/pdf", 9)
        await repo.reserve_recognition(document.id, 3)

        with pytest.raises(QuotaExceeded, match="4 OCR pages a month has 1 left, and this needs 2"):
            await repo.reserve_recognition(document.id, 2)

        await repo.reserve_recognition(document.id, 1)
        assert await left(store) == (None, None, 0)


@pytest.mark.requirement("QUOTA-07")
async def test_another_month_begins_anew_and_gives_back_only_its_own(
    opened: Opened, clock: SteppingClock
) -> None:
    async with opened(2, 10, 10) as store:
        repo = await alices(store)
        document = await added(repo)
        await repo.set_outline(document.id, "application/pdf", 7)
        await repo.reserve_recognition(document.id, 7)
        clock.now = datetime(2026, 3, 31, 23, 59, 50, tzinfo=UTC)
        assert await left(store) == (1, 3, 3)
        clock.now = datetime(2026, 12, 1, tzinfo=UTC)
        assert await store.quota(ALICE) == Left(2, 10, 10, datetime(2027, 1, 1, tzinfo=UTC))
        await repo.reserve_recognition(document.id, 0)

        await repo.fail(document.id, FAILED)

        assert await left(store) == (2, 10, 10)
        clock.now = datetime(2026, 3, 31, 23, 59, 50, tzinfo=UTC)
        assert await left(store) == (1, 10, 10)


@pytest.mark.requirement("QUOTA-08")
async def test_charged_is_the_member_who_added_a_document_and_what_is_attached_to_it(
    opened: Opened,
) -> None:
    async with opened(10, 10, 10) as store:
        repo = await alices(store)
        stack = await repo.stack()
        await repo.grant(BOB, Role.EDITOR)
        editor = store.bind(Binding(BOB, stack.id, Role.EDITOR.rights, owner=ALICE))
        mail = await added(editor, "mail")

        await repo.set_outline(mail.id, "message/rfc822", 2)  # read by whom it may be
        attached, _ = await repo.add_document(file("attached"), part_of=mail.id)
        await repo.set_outline(attached.id, "application/pdf", 3)
        await repo.reserve_recognition(attached.id, 3)

        assert await left(store) == (10, 10, 10)
        assert await store.quota(BOB) == Left(8, 5, 7, MARCH)


@pytest.mark.requirement("QUOTA-08")
async def test_a_document_is_a_part_of_one_in_its_stack(opened: Opened) -> None:
    async with opened() as store:
        repo, other = await alices(store), await alices(store, "other")
        mail = await added(other, "mail")

        with pytest.raises(DocumentNotFound):
            await repo.add_document(file("attached"), part_of=mail.id)

        assert await repo.documents(limit=9) == []


@pytest.mark.requirement("QUOTA-09")
async def test_two_at_the_same_time_cannot_spend_the_same(opened: Opened) -> None:
    async with opened(documents=20) as one, opened(documents=20) as two:
        refused: list[QuotaExceeded] = []

        async def add(store: Store, name: str) -> None:
            repo = await alices(store)
            for number in range(15):
                try:
                    await added(repo, f"{name} {number}")
                except QuotaExceeded as error:
                    refused.append(error)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(add, one, "one")
            tasks.start_soon(add, two, "two")

        assert len(refused) == 10
        assert len(await (await alices(one)).documents(limit=99)) == 20
        assert await left(two) == (0, None, None)
