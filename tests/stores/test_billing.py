"""What a paid engine has charged for: added to the document, with its pages or not at all."""

from pathlib import Path

import pytest

from stackdocs_mcp.core.errors import InvalidArgument
from stackdocs_mcp.core.model import Document, Failure
from stackdocs_mcp.core.ports import StackStore, Store
from tests.stores.builders import ALICE, ENGINE, SteppingClock, added, binding, page
from tests.stores.conftest import FACTORIES, Factory

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("STORE-170")
async def test_a_document_adds_up_what_reading_it_cost(
    repo: StackStore, document: Document
) -> None:
    assert document.billed_pages == 0

    await repo.save_pages(document.id, ENGINE, [page(1, "a"), page(2, "b")], billed=2)
    await repo.save_pages(document.id, ENGINE, [page(3, "free")])
    await repo.save_pages(document.id, ENGINE, [page(4, "c")], billed=1)
    await repo.fail(document.id, Failure("timed_out", "it took too long"))

    after = await repo.retry(document.id)
    assert (after.billed_pages, after.pages_done) == (3, 4)
    assert [one.billed_pages for one in await repo.documents(limit=9)] == [3]


@pytest.mark.requirement("STORE-170")
async def test_what_was_charged_counts_also_for_pages_that_were_there_already(
    repo: StackStore, document: Document
) -> None:
    await repo.save_pages(document.id, ENGINE, [page(1, "first")], billed=1)

    await repo.save_pages(document.id, ENGINE, [page(1, "second")], billed=1)
    await repo.save_pages(document.id, ENGINE, [], billed=5)

    assert (await repo.document(document.id)).billed_pages == 7
    assert await repo.pages(document.id, [1]) == [page(1, "first")]


@pytest.mark.requirement("STORE-170")
@pytest.mark.parametrize("factory", FACTORIES.values(), ids=list(FACTORIES))
async def test_of_two_stores_on_one_place_the_seconds_pages_stay_out_and_its_bill_is_added(
    factory: Factory, tmp_path: Path, clock: SteppingClock
) -> None:
    stores = [await factory(tmp_path / "both", clock) for _ in range(2)]
    stack = await stores[0].open_stack(ALICE, "invoices")
    repo, other = (store.bind(binding(ALICE, stack.id)) for store in stores)
    document = await added(repo)

    await repo.save_pages(document.id, ENGINE, [page(1, "first")], billed=1)
    await other.save_pages(document.id, ENGINE, [page(1, "second"), page(2, "new")], billed=2)

    after = await repo.document(document.id)
    assert (after.billed_pages, after.pages_done) == (3, 2)
    assert await repo.pages(document.id, [1, 2]) == [page(1, "first"), page(2, "new")]
    for store in stores:
        await store.close()


@pytest.mark.requirement("STORE-170")
async def test_a_save_that_fails_adds_neither_pages_nor_bill(
    repo: StackStore, document: Document
) -> None:
    with pytest.raises(InvalidArgument):
        await repo.save_pages(document.id, ENGINE, [page(1, "a"), page(2, "\ud800")], billed=2)

    assert await repo.document(document.id) == document
    assert await repo.outlines(document.id) == []


@pytest.mark.requirement("STORE-171")
async def test_the_same_bytes_cost_nothing_in_another_stack(
    store: Store, repo: StackStore, document: Document
) -> None:
    await repo.save_pages(document.id, ENGINE, [page(1, "a"), page(2, "b")], billed=2)
    other = store.bind(binding(ALICE, (await store.open_stack(ALICE, "other")).id))
    same = await added(other)

    assert await other.stored_pages(same.id, ENGINE) == [1, 2]

    assert (await other.document(same.id)).billed_pages == 0
