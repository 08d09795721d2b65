"""Stacks: found or made, described, listed."""

from dataclasses import replace
from decimal import Decimal

import pytest

from stackdocs_mcp.core.binding import StackId
from stackdocs_mcp.core.errors import NotFound
from stackdocs_mcp.core.model import (
    Document,
    DocumentStatus,
)
from stackdocs_mcp.core.ports import StackStore, Store
from stackdocs_mcp.core.stack import Ocr, Policy, Stack
from tests.stores.builders import ALICE, BOB, ENGINE, added, binding, page, put, values

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("STORE-01")
async def test_a_stack_is_made_once_and_found_by_its_name(store: Store) -> None:
    made = await store.open_stack(ALICE, "invoices")

    assert await store.open_stack(ALICE, "invoices") == made
    assert made == Stack(made.id, "invoices", None, "", Policy(), version=made.version)


@pytest.mark.requirement("STORE-01")
async def test_a_folder_has_its_own_stack_whatever_its_name(store: Store) -> None:
    first = await store.open_stack(ALICE, "invoices", "/home/alice/invoices")
    named = await store.open_stack(ALICE, "invoices")
    second = await store.open_stack(ALICE, "invoices", "/home/alice/old/invoices")

    assert len({named.id, first.id, second.id}) == 3
    assert await store.open_stack(ALICE, "renamed", "/home/alice/invoices") == first


@pytest.mark.requirement("STORE-01")
async def test_users_have_stacks_of_the_same_name_apart(store: Store) -> None:
    assert (await store.open_stack(ALICE, "x")).id != (await store.open_stack(BOB, "x")).id


@pytest.mark.requirement("STORE-02")
async def test_stacks_are_listed_by_name_with_their_documents_by_status(store: Store) -> None:
    second = await store.open_stack(ALICE, "b")
    first = await store.open_stack(ALICE, "a")
    await store.open_stack(BOB, "c")
    repo = store.bind(binding(ALICE, second.id))
    await repo.finish((await added(repo, "1")).id)
    await added(repo, "2")
    await added(repo, "3")

    summaries = await store.stacks(ALICE)

    assert [summary.stack for summary in summaries] == [first, second]
    assert summaries[0].documents == {}
    assert summaries[1].documents == {
        DocumentStatus.OCR_COMPLETE: 1,
        DocumentStatus.PROCESSING: 2,
    }


@pytest.mark.requirement("STORE-03")
async def test_schema_instructions_and_policy_are_replaced_together(
    repo: StackStore, document: Document
) -> None:
    await put(repo, document, "total", Decimal("1.5"))
    schema = {"type": "object", "properties": {"total": {"type": "number", "multipleOf": 0.01}}}
    policy = Policy(evidence="require", min_confidence=0.8, acknowledgeable=[])

    changed = await repo.set_schema(schema, "Amounts in euros: 1 €", policy)

    assert (changed.schema, changed.instructions, changed.policy) == (
        schema,
        "Amounts in euros: 1 €",
        policy,
    )
    assert await repo.stack() == changed
    assert (await repo.set_schema(None, "", Policy())).schema is None
    assert await values(repo, document) == {"total": Decimal("1.5")}


@pytest.mark.requirement("STORE-06")
@pytest.mark.parametrize(
    "ocr",
    [
        Ocr(),
        Ocr("mistral"),
        Ocr(mode="never"),
        Ocr(languages=()),
        Ocr("local", "always", ("de", "ja")),
    ],
)
async def test_how_a_stack_is_read_comes_back_as_it_was_chosen(
    store: Store, repo: StackStore, document: Document, ocr: Ocr
) -> None:
    await repo.set_schema({"type": "object"}, "as before", Policy())
    before = await repo.stack()
    await repo.set_ocr(Ocr("mistral", "auto", ("fr",)))

    changed = await repo.set_ocr(ocr)

    assert changed == replace(before, ocr=ocr)
    assert await repo.stack() == changed
    assert await store.open_stack(ALICE, "invoices") == changed
    assert [summary.stack for summary in await store.stacks(ALICE)] == [changed]
    assert await repo.document(document.id) == document


@pytest.mark.requirement("STORE-06")
async def test_how_a_stack_is_read_is_for_its_user_alone_to_choose(
    store: Store, repo: StackStore, stack: Stack
) -> None:
    chosen = await repo.set_ocr(Ocr("local"))
    own = await store.open_stack(BOB, "invoices")

    with pytest.raises(NotFound):
        await store.bind(binding(BOB, stack.id)).set_ocr(Ocr("mistral"))
    await store.bind(binding(BOB, own.id)).set_ocr(Ocr(mode="never"))

    assert await repo.stack() == chosen


@pytest.mark.requirement("STORE-07")
async def test_a_stack_is_listed_with_all_that_its_documents_cost(
    store: Store, repo: StackStore
) -> None:
    documents = [await added(repo, name) for name in ("1", "2", "3", "free")]
    for count, document in enumerate(documents):
        await repo.save_pages(document.id, ENGINE, [page(1, "a")], billed=(20, 3, 100, 0)[count])
    await repo.finish(documents[0].id)
    await store.open_stack(ALICE, "empty")

    summaries = await store.stacks(ALICE)

    assert [one.billed_pages for one in summaries] == [0, 123]


@pytest.mark.requirement("STORE-04")
async def test_a_stack_that_is_not_there_is_not_found(store: Store) -> None:
    nowhere = store.bind(binding(ALICE, StackId("3b241101-e2bb-4255-8caf-4136c566a962")))

    with pytest.raises(NotFound):
        await nowhere.stack()
    with pytest.raises(NotFound):
        await nowhere.set_schema(None, "", Policy())
    with pytest.raises(NotFound):
        await nowhere.set_ocr(Ocr("local"))


@pytest.mark.requirement("STORE-05")
async def test_a_store_is_closed_twice_without_harm(store: Store) -> None:
    await store.close()
    await store.close()
