"""A stack is erased with everything in it, and nothing else is."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from stackdocs_mcp.core.binding import Role, UserId
from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.core.model import Document
from stackdocs_mcp.core.ports import StackStore, Store
from stackdocs_mcp.core.stack import FolderFile, Stack
from stackdocs_mcp.core.tenancy import Denial
from tests.stores.builders import (
    ALICE,
    BOB,
    ENGINE,
    SteppingClock,
    added,
    binding,
    files_of,
    page,
    person_of,
    put,
    setting,
)
from tests.stores.conftest import FACTORIES, Factory
from tests.stores.test_completing import completed
from tests.stores.test_members import CALLS, NOWHERE, refusal

pytestmark = pytest.mark.anyio


async def lived_in(store: Store, repo: StackStore, content: bytes = b"invoice") -> Document:
    """A document in the stack that everything has happened to, with its file."""
    sha256, _ = await (await files_of(store, repo)).put_bytes(content, 99)
    document = await added(repo, "old.pdf", content.decode())
    assert document.sha256 == sha256
    await repo.set_outline(document.id, "application/pdf", 2)
    await repo.save_pages(document.id, "other engine", [page(1, "Acme Inc")])
    await repo.finish(document.id)
    await repo.reread(document.id)
    await repo.save_pages(document.id, ENGINE, [page(1, "Acme Inc"), page(2, "Total 5")])
    await repo.finish(document.id)
    await put(repo, document, "a", 1)
    await repo.undo(document.id)
    await repo.undo(document.id, redo=True)
    person = await person_of(store, repo)
    await put(person, document, "rows", [{"n": 1}, {"n": 2}])
    await completed(repo, document)
    await repo.start_extraction(document.id)
    await repo.write(document.id, [setting("b", 1), setting("c", 2)])
    await repo.remember_file(FolderFile("old.pdf", 1, 1, document.id))
    newer = await added(repo, "new.pdf", content.decode() + " newer")
    await repo.remember_file(FolderFile("old.pdf", 2, 2, newer.id))
    return document


@pytest.mark.requirement("TENANT-20")
@pytest.mark.parametrize("call", CALLS.values(), ids=list(CALLS))
async def test_a_deleted_stack_is_one_that_never_was(
    store: Store,
    repo: StackStore,
    stack: Stack,
    call: Callable[[StackStore, Document], Awaitable[object]],
) -> None:
    document = await lived_in(store, repo)
    nowhere = store.bind(binding(ALICE, NOWHERE))

    assert await store.delete_stack(ALICE, stack.id)

    assert await store.membership(ALICE, stack.id) is None
    assert await refusal(call(repo, document)) == await refusal(call(nowhere, document))


@pytest.mark.requirement("TENANT-20")
async def test_a_member_of_a_deleted_stack_has_lost_it(
    store: Store, repo: StackStore, stack: Stack
) -> None:
    await repo.grant(BOB, Role.EDITOR)

    await store.delete_stack(ALICE, stack.id)

    assert await store.membership(BOB, stack.id) is None


@pytest.mark.requirement("TENANT-21")
async def test_only_the_owner_can_delete_and_only_once(
    store: Store, repo: StackStore, stack: Stack
) -> None:
    await repo.grant(BOB, Role.EDITOR)

    assert not await store.delete_stack(BOB, stack.id)
    assert not await store.delete_stack(ALICE, NOWHERE)
    assert await repo.stack() == stack
    assert await store.delete_stack(ALICE, stack.id)
    assert not await store.delete_stack(ALICE, stack.id)


@pytest.mark.requirement("TENANT-22")
@pytest.mark.parametrize("folder", [None, "/data/invoices"])
async def test_a_stack_of_the_same_name_or_folder_is_another_one_and_empty(
    store: Store, folder: str | None
) -> None:
    stack = await store.open_stack(ALICE, "mine", folder)
    repo = store.bind(binding(ALICE, stack.id))
    document = await lived_in(store, repo)
    files = await files_of(store, repo)

    await store.delete_stack(ALICE, stack.id)
    again = await store.open_stack(ALICE, "mine", folder)

    assert again.id != stack.id
    new = store.bind(binding(ALICE, again.id))
    assert await new.documents(limit=9) == []
    assert [one.stack.id for one in await store.stacks(ALICE)] == [again.id]
    for left in (files, await files_of(store, new)):
        with pytest.raises(StoreFailed):
            await left.local(document.sha256)
    assert await new.stored_pages((await added(new, "x", "invoice")).id, ENGINE) == []


@pytest.mark.requirement("TENANT-23")
async def test_other_stacks_keep_what_they_have_of_the_same_bytes(
    store: Store, repo: StackStore, stack: Stack
) -> None:
    document = await lived_in(store, repo)
    other = store.bind(binding(ALICE, (await store.open_stack(ALICE, "other")).id))
    same = await lived_in(store, other)
    bobs = await store.open_stack(BOB, "own")
    foreign = store.bind(binding(BOB, bobs.id))
    await (await files_of(store, foreign, BOB)).put_bytes(b"invoice", 99)
    theirs = await added(foreign, "x", "invoice")
    await foreign.save_pages(theirs.id, ENGINE, [page(1, "Acme Inc")])

    await store.delete_stack(ALICE, stack.id)

    for repo_left, left, user in ((other, same, ALICE), (foreign, theirs, BOB)):
        assert (await repo_left.verify(left.id)).breaks == ()
        assert await repo_left.pages(left.id, [1]) == [page(1, "Acme Inc")]
        hits = await repo_left.search("acme", limit=9)
        assert [hit.document for hit in hits] == [left.id]
        kept = await (await files_of(store, repo_left, user)).local(document.sha256)
        assert kept.read_bytes() == b"invoice"


@pytest.mark.requirement("TENANT-23")
async def test_the_last_stack_with_the_bytes_takes_them_along(
    store: Store, repo: StackStore, stack: Stack
) -> None:
    document = await lived_in(store, repo)
    other = await store.open_stack(ALICE, "other")
    await lived_in(store, store.bind(binding(ALICE, other.id)))

    await store.delete_stack(ALICE, stack.id)
    await store.delete_stack(ALICE, other.id)

    for deleted in (stack, other):
        with pytest.raises(StoreFailed):
            await store.files(binding(ALICE, deleted.id)).local(document.sha256)


@pytest.mark.requirement("TENANT-24")
async def test_refusals_stay_in_the_record_when_their_stack_is_deleted(
    store: Store, stack: Stack
) -> None:
    denial = Denial(BOB, stack.id, "req-1", "read_ocr", "not_found")
    await store.record(denial)

    await store.delete_stack(ALICE, stack.id)

    assert [row.denial for row in await store.denials(limit=9)] == [denial]


@pytest.mark.requirement("TENANT-22")
@pytest.mark.parametrize("factory", FACTORIES.values(), ids=list(FACTORIES))
async def test_a_stack_that_is_deleted_stays_so_when_the_store_is_opened_again(
    factory: Factory, tmp_path: Path, clock: SteppingClock
) -> None:
    first = await factory(tmp_path / "data", clock)
    stack = await first.open_stack(ALICE, "mine")
    await lived_in(first, first.bind(binding(ALICE, stack.id)))
    await first.delete_stack(ALICE, stack.id)
    await first.close()

    second = await factory(tmp_path / "data", clock)

    assert await second.stacks(ALICE) == []
    assert await second.unread() == []
    assert await second.membership(ALICE, stack.id) is None
    await second.close()


@pytest.mark.requirement("TENANT-25")
async def test_documents_that_are_being_read_stop_no_other_stack(
    store: Store, repo: StackStore, stack: Stack, clock: SteppingClock
) -> None:
    document = await added(repo, "x", "invoice")
    other = store.bind(binding(ALICE, (await store.open_stack(ALICE, "other")).id))
    same = await added(other, "x", "invoice")
    later = clock.now.replace(year=2099)
    assert await repo.claim(document.id, "reader", later)
    assert not await other.claim(same.id, "another", later)

    await store.delete_stack(ALICE, stack.id)

    assert await other.claim(same.id, "another", later)
    assert [stack for _, stack in await store.unread()] == [(await other.stack()).id]
    assert await store.membership(UserId("nobody"), stack.id) is None
