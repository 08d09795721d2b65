"""Completing, and the history that keeps who did what."""

import pytest

from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.core.errors import NotReady, StaleCheck, StaleRevision
from stackdocs_mcp.core.model import (
    Action,
    Completion,
    Document,
    DocumentStatus,
    Failure,
    JsonObject,
)
from stackdocs_mcp.core.ports import StackStore, Store
from stackdocs_mcp.core.stack import Policy
from tests.stores.builders import ALICE, added, binding, deleting, leaves_shown, put, ready, setting

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


@pytest.mark.requirement("STORE-86")
@pytest.mark.parametrize(
    ("schema", "policy"),
    [({"type": "object", "required": ["b"]}, Policy()), ({}, Policy(evidence="require"))],
)
async def test_nothing_is_completed_under_a_schema_or_policy_that_it_was_not_checked_by(
    repo: StackStore, document: Document, schema: JsonObject, policy: Policy
) -> None:
    checked = await repo.set_schema({}, "", Policy())
    replaced = await repo.set_schema(schema, "", policy)
    assert replaced.version not in {"", checked.version}

    with pytest.raises(StaleCheck):
        await repo.complete(
            document.id, revision=0, version=checked.version, completion=Completion()
        )
    assert await repo.document(document.id) == document

    await repo.set_schema({}, "other words for the same", Policy())
    after = await repo.complete(
        document.id, revision=0, version=checked.version, completion=Completion()
    )
    assert after.status is DocumentStatus.COMPLETED


@pytest.mark.requirement("STORE-87")
async def test_nothing_is_completed_on_pages_that_it_was_not_checked_on(
    repo: StackStore, document: Document
) -> None:
    await repo.reread(document.id)
    await repo.finish(document.id)

    with pytest.raises(StaleCheck):
        await repo.complete(
            document.id, revision=0, readings=document.readings, completion=Completion()
        )

    assert (await repo.document(document.id)).status is DocumentStatus.OCR_COMPLETE


@pytest.mark.requirement("STORE-88")
@pytest.mark.parametrize("dry_run", [False, True])
async def test_a_document_that_was_not_read_cannot_be_written(
    repo: StackStore, person: StackStore, document: Document, *, dry_run: bool
) -> None:
    await repo.reread(document.id)
    for call in (repo, person):
        with pytest.raises(NotReady):
            await call.write(document.id, [setting("a", 1)], dry_run=dry_run)
    await repo.fail(document.id, Failure("damaged", "damaged"))
    with pytest.raises(NotReady):
        await repo.write(document.id, [setting("a", 1)], dry_run=dry_run)

    assert await repo.changes(document.id, limit=9) == []


@pytest.mark.requirement("STORE-88")
async def test_what_was_looked_for_on_pages_that_are_given_up_is_not_written(
    repo: StackStore, document: Document
) -> None:
    await repo.reread(document.id)
    now = await repo.finish(document.id)

    with pytest.raises(StaleCheck):
        await repo.write(document.id, [setting("a", 1)], readings=document.readings)
    (written,) = await repo.write(document.id, [setting("a", 1)], readings=now.readings)

    assert written.change == "1-1"


@pytest.mark.requirement("STORE-82")
async def test_completing_twice_makes_no_new_entry(repo: StackStore, document: Document) -> None:
    first = await completed(repo, document)

    again = await repo.complete(document.id, revision=99, completion=Completion((), "again"))

    assert again == first
    assert [change.id for change in await repo.changes(document.id, limit=9)] == ["0-1"]


@pytest.mark.requirement("STORE-83")
async def test_a_document_that_was_not_read_cannot_be_completed(repo: StackStore) -> None:
    document = await added(repo)
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
    pieces = [await repo.changes(document.id, before=start, limit=2) for start in (None, 3, 1)]
    assert [change for piece in pieces for change in piece] == history


@pytest.mark.requirement("STORE-84")
async def test_whoever_reads_on_misses_nothing_and_reads_nothing_twice_while_others_write(
    repo: StackStore, document: Document
) -> None:
    for count in range(4):
        await put(repo, document, "a", count)
    first = await repo.changes(document.id, limit=2)

    await put(repo, document, "a", 5)
    rest = await repo.changes(document.id, before=first[-1].sequence, limit=9)

    assert [change.id for change in (*first, *rest)] == ["4-1", "3-1", "2-1", "1-1"]


@pytest.mark.requirement("HIST-75")
async def test_a_history_is_asked_whether_it_once_came_to_a_digest(
    repo: StackStore, document: Document
) -> None:
    other = await ready(repo, "other")
    for one in (document, other):
        await put(repo, one, "a", 1)
        await put(repo, one, "a", 2)

    for change in await repo.changes(limit=9):
        assert await repo.came_to(change.document, change.digest)
        for one_id in {document.id, other.id} - {change.document}:
            assert not await repo.came_to(one_id, change.digest)


@pytest.mark.requirement("STORE-84")
async def test_the_history_of_a_stack_holds_all_its_documents_in_order(
    store: Store, repo: StackStore, document: Document
) -> None:
    other = await ready(repo, "other")
    elsewhere = store.bind(binding(ALICE, (await store.open_stack(ALICE, "elsewhere")).id))
    await put(elsewhere, await ready(elsewhere), "x", 0)
    for target, path in ((document, "a"), (other, "b"), (document, "c")):
        await put(repo, target, path, 1)

    history = await repo.changes(limit=9)

    assert [(change.document, change.path) for change in history] == [
        (document.id, ("c",)),
        (other.id, ("b",)),
        (document.id, ("a",)),
    ]
    assert await repo.changes(before=history[0].sequence, limit=1) == history[1:2]


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
