"""The history as it is recorded: who, in which call, chained; and found whole."""

import pytest

from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.core.errors import NotFound
from stackdocs_mcp.core.history import Verification
from stackdocs_mcp.core.model import Document, DocumentId
from stackdocs_mcp.core.ports import StackStore, Store
from tests.stores.builders import ALICE, BOB, binding, deleting, put, ready, setting
from tests.stores.test_completing import completed

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("HIST-01")
async def test_every_change_says_whose_call_it_was_and_what_made_it(
    store: Store, repo: StackStore, document: Document
) -> None:
    bound = binding(ALICE, (await repo.stack()).id)
    await put(repo, document, "a", 1)
    await put(store.bind(bound.acting_as(Actor("agent", "other 2.1"))), document, "a", 2)
    await put(store.bind(bound.acting_as(Actor("person", "review"))), document, "a", 3)

    history = await repo.changes(document.id, limit=9)

    assert [(one.user, one.actor) for one in history] == [
        (ALICE, Actor("person", "review")),
        (ALICE, Actor("agent", "other 2.1")),
        (ALICE, Actor("agent", "test")),
    ]


@pytest.mark.requirement("HIST-02")
async def test_the_changes_of_a_call_share_its_revision_and_are_numbered(
    repo: StackStore, document: Document
) -> None:
    await put(repo, document, "a", 1)
    await repo.write(document.id, [setting("a", 2), deleting("z"), setting("b", 3)])

    history = await repo.changes(document.id, limit=9)

    assert [(one.id, one.revision) for one in history] == [("2-2", 2), ("2-1", 2), ("1-1", 1)]
    assert history[0].at == history[1].at


@pytest.mark.requirement("HIST-50")
async def test_a_document_carries_the_digest_of_its_last_change(
    repo: StackStore, person: StackStore, document: Document
) -> None:
    other = await ready(repo, "other")
    assert await repo.verify(document.id) == Verification(0, "")
    seen = [document.digest]

    async def look() -> None:
        seen.append((await repo.document(document.id)).digest)
        (last,) = await repo.changes(document.id, limit=1)
        assert last.digest == seen[-1]

    await repo.write(document.id, [setting("a", 1), setting("b", {"c": 2, "d": 3})])
    await look()
    await put(repo, other, "a", 1)
    await put(person, document, "a", 2)
    await look()
    await person.undo(document.id)
    await look()
    await completed(repo, document)
    await look()
    await repo.start_extraction(document.id)
    await look()

    assert seen[0] == ""
    assert len({*seen}) == 6
    assert all(len(one) == 64 for one in seen[1:])
    assert await repo.verify(document.id) == Verification(6, seen[-1])
    history = await repo.changes(document.id, limit=9)
    assert [one for one in reversed(seen[1:]) if one not in {two.digest for two in history}] == []


@pytest.mark.requirement("HIST-50")
async def test_the_same_changes_of_two_documents_have_other_digests(
    repo: StackStore, document: Document
) -> None:
    other = await ready(repo, "other")
    for one in (document, other):
        await put(repo, one, "a", 1)

    first, second = [(await repo.document(one.id)).digest for one in (document, other)]

    assert first != second


@pytest.mark.requirement("HIST-50")
async def test_what_changes_nothing_leaves_the_digest(repo: StackStore, document: Document) -> None:
    await put(repo, document, "a", 1)
    before = await repo.document(document.id)

    await repo.write(document.id, [setting("a", 1), deleting("z")])
    await repo.write(document.id, [setting("a", 2)], dry_run=True)

    assert await repo.document(document.id) == before


@pytest.mark.requirement("HIST-51")
async def test_the_history_of_another_stack_is_not_looked_at(
    store: Store, repo: StackStore, document: Document
) -> None:
    await put(repo, document, "a", 1)
    stranger = store.bind(binding(BOB, (await repo.stack()).id))
    elsewhere = store.bind(binding(ALICE, (await store.open_stack(ALICE, "other")).id))

    for one in (stranger, elsewhere):
        with pytest.raises(NotFound):
            await one.verify(document.id)
    with pytest.raises(NotFound):
        await repo.verify(DocumentId("nowhere"))
