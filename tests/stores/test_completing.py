"""Completing, and the history that keeps who did what."""

import pytest

from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.core.errors import NotReady, StaleRevision
from stackdocs_mcp.core.model import Action, Completion, Document, DocumentStatus, Failure
from stackdocs_mcp.core.ports import StackStore, Store
from tests.stores.builders import ALICE, added, binding, deleting, leaves_shown, put, setting

pytestmark = pytest.mark.anyio


async def completed(repo: StackStore, document: Document) -> Document:
    """Finish and complete the document as it stands."""
    revision = (await repo.finish(document.id)).revision
    return await repo.complete(document.id, revision=revision, completion=Completion())


@pytest.mark.requirement("STORE-80")
async def test_completing_leaves_the_revision_and_an_entry_with_its_reason(
    repo: StackStore, document: Document
) -> None:
    await repo.finish(document.id)
    await repo.write(document.id, [setting("a", 1), setting("b", 2)])

    after = await repo.complete(
        document.id,
        revision=1,
        completion=Completion(["page_without_text"], 'the back is "empty"'),
    )

    assert (after.status, after.revision) == (DocumentStatus.COMPLETED, 1)
    assert await repo.document(document.id) == after
    (entry, *_) = await repo.changes(document.id, limit=1)
    assert (entry.id, entry.action, entry.path) == ("1-3", Action.COMPLETE, ())
    assert (entry.before, entry.after) == ((), ())
    assert entry.acknowledged == ("page_without_text",)
    assert entry.reason == 'the back is "empty"'


@pytest.mark.requirement("STORE-81")
async def test_what_was_not_checked_is_not_completed(repo: StackStore, document: Document) -> None:
    await repo.finish(document.id)
    await put(repo, document, "a", 1)

    with pytest.raises(StaleRevision):
        await repo.complete(document.id, revision=0, completion=Completion())

    assert (await repo.document(document.id)).status is DocumentStatus.OCR_COMPLETE
    assert len(await repo.changes(document.id, limit=9)) == 1


@pytest.mark.requirement("STORE-82")
async def test_completing_twice_makes_no_new_entry(repo: StackStore, document: Document) -> None:
    first = await completed(repo, document)

    again = await repo.complete(document.id, revision=99, completion=Completion((), "again"))

    assert again == first
    assert [change.id for change in await repo.changes(document.id, limit=9)] == ["0-1"]


@pytest.mark.requirement("STORE-83")
async def test_a_document_that_was_not_read_cannot_be_completed(
    repo: StackStore, document: Document
) -> None:
    with pytest.raises(NotReady):
        await repo.complete(document.id, revision=0, completion=Completion())
    await repo.fail(document.id, Failure("damaged", "damaged"))
    with pytest.raises(NotReady):
        await repo.complete(document.id, revision=0, completion=Completion())

    assert await repo.changes(document.id, limit=9) == []


@pytest.mark.requirement("STORE-84")
async def test_the_history_of_a_document_is_newest_first_in_pieces(
    repo: StackStore, document: Document
) -> None:
    await repo.write(document.id, [setting("a", 1), setting("b", 2)])
    await repo.write(document.id, [deleting("a")])
    await repo.undo(document.id)

    history = await repo.changes(document.id, limit=9)

    assert [change.id for change in history] == ["3-1", "2-1", "1-2", "1-1"]
    assert [change.document for change in history] == [document.id] * 4
    assert history[0].undoes == "2-1"
    assert leaves_shown(history[0].after) == {"a": 1}
    pieces = [await repo.changes(document.id, after=start, limit=2) for start in (0, 2, 4)]
    assert [change for piece in pieces for change in piece] == history


@pytest.mark.requirement("STORE-84")
async def test_the_history_of_a_stack_holds_all_its_documents_in_order(
    store: Store, repo: StackStore, document: Document
) -> None:
    other = await added(repo, "other")
    elsewhere = store.bind(binding(ALICE, (await store.open_stack(ALICE, "elsewhere")).id))
    await put(elsewhere, await added(elsewhere), "x", 0)
    for target, path in ((document, "a"), (other, "b"), (document, "c")):
        await put(repo, target, path, 1)

    history = await repo.changes(limit=9)

    assert [(change.document, change.path) for change in history] == [
        (document.id, ("c",)),
        (other.id, ("b",)),
        (document.id, ("a",)),
    ]
    assert await repo.changes(after=1, limit=1) == history[1:2]


@pytest.mark.requirement("STORE-85")
async def test_every_change_carries_the_author_of_its_binding(
    store: Store, repo: StackStore, document: Document
) -> None:
    bound = binding(ALICE, (await repo.stack()).id)
    person = store.bind(bound.acting_as(Actor("person", "review")))
    await put(repo, document, "a", 1)
    await person.undo(document.id)

    history = await repo.changes(document.id, limit=9)

    assert [change.actor for change in history] == [
        Actor("person", "review"),
        Actor("agent", "test"),
    ]
