"""Pages: read once for a user's bytes, shown in order, remembered as read."""

from dataclasses import replace

import pytest

from stackdocs_mcp.core.errors import InvalidArgument
from stackdocs_mcp.core.model import (
    Box,
    Cell,
    Document,
    DocumentStatus,
    Line,
    Page,
    PageOutline,
    PageSource,
    Table,
)
from stackdocs_mcp.core.ports import StackStore, Store
from tests.stores.builders import ALICE, BOB, ENGINE, added, binding, page

pytestmark = pytest.mark.anyio

FULL = Page(
    2,
    595.276,
    841.89,
    PageSource.HYBRID,
    (
        Line(
            1,
            'Größe "M" \\ 12 €',
            Box(10.1, 20.25, 100.0, 30.333333333333332),
            0.987,
            words=((10.1, 31.07), (33.0, 41.5), (44, 46.25), (50.0, 60.0), (61.3, 66.66)),
        ),
        Line(2, "unseen", Box(0.0, 0.0, 1.0, 1.0), None, hidden=True, raw="un\u202eseen\0"),
        Line(3, "請求書", raw=""),
    ),
    270,
    (
        Table(
            (
                (Cell("Both", (1,), Box(10.1, 20.25, 100.0, 30.0), columns=2),),
                (Cell("a", (1, 3)), Cell("")),
            ),
            Box(10.0, 20.0, 100.5, 60.0),
            header_rows=1,
        ),
        Table(((Cell("alone"),),)),
        Table(()),
    ),
    ("contradicted", "not_recognised"),
)


@pytest.mark.requirement("STORE-30")
async def test_a_page_comes_back_exactly_as_it_was_saved(
    repo: StackStore, document: Document
) -> None:
    await repo.save_pages(document.id, ENGINE, [FULL, page(1, "one")])

    assert await repo.pages(document.id, [2, 1, 7, 2]) == [page(1, "one"), FULL]


@pytest.mark.requirement("STORE-31")
async def test_a_page_that_is_there_already_stays_as_it_is(
    repo: StackStore, document: Document
) -> None:
    await repo.save_pages(document.id, ENGINE, [page(1, "first")])

    await repo.save_pages(document.id, ENGINE, [page(1, "second"), page(2, "new")])
    await repo.save_pages(document.id, "engine-2", [page(1, "third")])

    assert await repo.pages(document.id, [1, 2]) == [page(1, "first"), page(2, "new")]
    assert (await repo.document(document.id)).pages_done == 2


@pytest.mark.requirement("STORE-32")
async def test_outlines_are_in_order_and_within_their_bounds(
    repo: StackStore, document: Document
) -> None:
    await repo.save_pages(document.id, ENGINE, [FULL])
    await repo.save_pages(document.id, ENGINE, [page(3), page(1, "ab", "c", hidden=["no"])])

    one = PageOutline(1, PageSource.TEXT, 3, 3, 1, read=False)
    two = PageOutline(2, PageSource.HYBRID, 3, 19, 1, read=False, notes=FULL.notes)
    three = PageOutline(3, PageSource.NONE, 0, 0, 0, read=False)
    assert await repo.outlines(document.id) == [one, two, three]
    assert await repo.outlines(document.id, first=2) == [two, three]
    assert await repo.outlines(document.id, first=2, last=2) == [two]


@pytest.mark.requirement("STORE-33")
async def test_pages_are_counted_with_those_that_have_no_text_to_see(
    repo: StackStore, document: Document
) -> None:
    await repo.save_pages(document.id, ENGINE, [page(1, "a"), page(2), page(3, hidden=["b"])])

    after = await repo.document(document.id)
    assert (after.pages_done, after.pages_without_text) == (3, 2)
    assert after.updated_at > document.updated_at


@pytest.mark.requirement("STORE-34")
async def test_pages_that_were_shown_are_remembered(repo: StackStore, document: Document) -> None:
    await repo.save_pages(document.id, ENGINE, [page(1, "a"), page(2, "b"), page(3, "c")])

    await repo.mark_read(document.id, [1, 3, 9])
    await repo.mark_read(document.id, [3])

    assert [outline.read for outline in await repo.outlines(document.id)] == [True, False, True]


@pytest.mark.requirement("STORE-35")
async def test_pages_of_the_same_bytes_count_at_once_in_another_stack(
    store: Store, repo: StackStore
) -> None:
    document = await added(repo, "a.pdf", "bytes")
    await repo.save_pages(document.id, ENGINE, [page(1, "hello"), page(2)])
    await repo.mark_read(document.id, [1])
    other_stack = await store.open_stack(ALICE, "other")
    other = store.bind(binding(ALICE, other_stack.id))
    same = await added(other, "b.pdf", "bytes")

    assert await other.stored_pages(same.id, ENGINE) == [1, 2]

    after = await other.document(same.id)
    assert (after.pages_done, after.pages_without_text) == (2, 1)
    assert await other.pages(same.id, [1]) == [page(1, "hello")]
    assert [hit.filename for hit in await other.search("hello", limit=9)] == ["b.pdf"]
    assert not (await other.outlines(same.id))[0].read


@pytest.mark.requirement("STORE-35")
async def test_asking_for_stored_pages_again_counts_nothing_twice(
    repo: StackStore, document: Document
) -> None:
    await repo.save_pages(document.id, ENGINE, [page(1, "hello")])

    assert await repo.stored_pages(document.id, ENGINE) == [1]
    assert await repo.stored_pages(document.id, ENGINE) == [1]
    assert (await repo.document(document.id)).pages_done == 1
    assert len(await repo.search("hello", limit=9)) == 1


@pytest.mark.requirement("STORE-36")
async def test_pages_of_another_engine_do_not_count_for_another_document(
    store: Store, repo: StackStore, document: Document
) -> None:
    await repo.save_pages(document.id, ENGINE, [page(1, "hello")])
    other = store.bind(binding(ALICE, (await store.open_stack(ALICE, "other")).id))
    same = await added(other)

    assert await other.stored_pages(same.id, "engine-2") == []
    assert (await other.document(same.id)).pages_done == 0


@pytest.mark.requirement("STORE-37")
async def test_what_a_document_has_need_not_be_read_whichever_engine_is_next(
    store: Store, repo: StackStore, document: Document
) -> None:
    await repo.save_pages(document.id, ENGINE, [page(3, "c"), page(1, "a")])
    other = store.bind(binding(ALICE, (await store.open_stack(ALICE, "other")).id))
    same = await added(other)
    await other.save_pages(same.id, "engine-2", [page(1, "not this"), page(2, "b")])

    assert await repo.stored_pages(document.id, "engine-2") == [1, 2, 3]

    assert await repo.pages(document.id, [1, 2, 3]) == [page(1, "a"), page(2, "b"), page(3, "c")]
    assert (await repo.document(document.id)).pages_done == 3


@pytest.mark.requirement("STORE-38")
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
async def test_a_page_with_a_number_that_is_none_is_refused_with_all_of_its_batch(
    repo: StackStore, document: Document, bad: float
) -> None:
    box = Box(0.0, 0.0, bad, 1.0)
    for poor in (
        replace(page(2), lines=(Line(1, "x", box),)),
        replace(page(2), lines=(Line(1, "x", words=((0.0, bad),)),)),
        replace(page(2), tables=(Table(((Cell("x", box=box),),)),)),
    ):
        with pytest.raises(InvalidArgument):
            await repo.save_pages(document.id, ENGINE, [page(1, "a"), poor], billed=2)

    assert await repo.document(document.id) == document
    assert await repo.stored_pages(document.id, ENGINE) == []


@pytest.mark.requirement("STORE-36")
async def test_pages_of_another_user_never_count(store: Store, repo: StackStore) -> None:
    document = await added(repo, "a.pdf", "bytes")
    await repo.save_pages(document.id, ENGINE, [page(1, "alice reads")])
    stack = await store.open_stack(BOB, "invoices")
    other = store.bind(binding(BOB, stack.id))
    same = await added(other, "a.pdf", "bytes")

    assert await other.stored_pages(same.id, ENGINE) == []
    await other.save_pages(same.id, ENGINE, [page(1, "bob reads")])

    assert await other.pages(same.id, [1]) == [page(1, "bob reads")]
    assert await repo.pages(document.id, [1]) == [page(1, "alice reads")]
    assert (await other.document(same.id)).status is DocumentStatus.PROCESSING
