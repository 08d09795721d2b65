"""Undo: what stood before is put back, and never over something that came later."""

import pytest

from stackdocs_mcp.core.errors import ChangeNotFound, NothingToUndo, UndoConflict
from stackdocs_mcp.core.model import Action, ChangeId, Document, DocumentStatus
from stackdocs_mcp.core.ports import StackStore
from tests.stores.builders import added, deleting, leaves_shown, put, setting, values
from tests.stores.test_completing import completed

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("STORE-90")
async def test_an_undo_puts_back_what_stood_before_as_a_new_change(
    repo: StackStore, document: Document
) -> None:
    await put(repo, document, "a", 1)
    await put(repo, document, "a", 2)

    (change,) = await repo.undo(document.id)

    assert await values(repo, document) == {"a": 1}
    assert (change.id, change.revision, change.action) == ("3-1", 3, Action.UNDO)
    assert (change.undoes, change.path) == ("2-1", ("a",))
    assert leaves_shown(change.before) == {"a": 2}
    assert leaves_shown(change.after) == {"a": 1}
    assert await repo.changes(document.id, limit=1) == [change]
    assert (await repo.document(document.id)).revision == 3


@pytest.mark.requirement("STORE-91")
async def test_undoing_again_and_again_walks_back_to_nothing(
    repo: StackStore, document: Document
) -> None:
    await repo.write(document.id, [setting("a", 1), setting("b", {"c": 2, "d": 3})])
    await repo.write(document.id, [setting("a", 4), deleting("b.c")])
    seen = [await values(repo, document)]

    for _ in range(4):
        await repo.undo(document.id)
        seen.append(await values(repo, document))
    with pytest.raises(NothingToUndo):
        await repo.undo(document.id)

    assert seen == [
        {"a": 4, "b.d": 3},
        {"a": 4, "b.c": 2, "b.d": 3},
        {"a": 1, "b.c": 2, "b.d": 3},
        {"a": 1},
        {},
    ]


@pytest.mark.requirement("STORE-91")
async def test_a_change_after_an_undo_is_the_next_to_be_undone(
    repo: StackStore, document: Document
) -> None:
    await put(repo, document, "a", 1)
    await put(repo, document, "a", 2)
    await repo.undo(document.id)
    await put(repo, document, "b", 3)

    assert (await repo.undo(document.id))[0].undoes == "4-1"
    assert (await repo.undo(document.id))[0].undoes == "1-1"


@pytest.mark.requirement("STORE-92")
async def test_one_change_of_a_batch_is_undone_alone(repo: StackStore, document: Document) -> None:
    await repo.write(document.id, [setting("a", 1), setting("b", 2), setting("c", 3)])

    await repo.undo(document.id, ChangeId("1-2"))

    assert await values(repo, document) == {"a": 1, "c": 3}
    await repo.undo(document.id)
    await repo.undo(document.id)
    assert await values(repo, document) == {}


@pytest.mark.requirement("STORE-92")
async def test_a_change_of_many_leaves_is_undone_as_one(
    repo: StackStore, document: Document
) -> None:
    await put(repo, document, "rows", [{"n": 1, "m": 1}, {"n": 2}])
    await put(repo, document, "rows", [{"n": 1}, {"n": 5}, {"n": 6}])

    (change,) = await repo.undo(document.id)

    assert await values(repo, document) == {"rows[0].m": 1, "rows[0].n": 1, "rows[1].n": 2}
    assert leaves_shown(change.after) == await values(repo, document)


@pytest.mark.requirement("STORE-92")
async def test_a_delete_is_undone(repo: StackStore, document: Document) -> None:
    await put(repo, document, "a", {"b": 1, "c": 2})
    await repo.write(document.id, [deleting("a")])

    await repo.undo(document.id)

    assert await values(repo, document) == {"a.b": 1, "a.c": 2}


@pytest.mark.requirement("STORE-93")
async def test_an_undo_is_undone_when_it_is_named(repo: StackStore, document: Document) -> None:
    await put(repo, document, "a", 1)
    (undone,) = await repo.undo(document.id)

    (redone,) = await repo.undo(document.id, undone.id)

    assert await values(repo, document) == {"a": 1}
    assert redone.undoes == undone.id
    assert (await repo.undo(document.id))[0].undoes == "1-1"
    assert await values(repo, document) == {}
    with pytest.raises(NothingToUndo):
        await repo.undo(document.id)


@pytest.mark.requirement("STORE-93")
async def test_undo_and_redo_can_alternate(repo: StackStore, document: Document) -> None:
    latest: ChangeId = ChangeId(await put(repo, document, "a", 1))
    for count in range(6):
        latest = (await repo.undo(document.id, latest))[0].id
        assert await values(repo, document) == ({} if count % 2 == 0 else {"a": 1})


@pytest.mark.requirement("STORE-94")
@pytest.mark.parametrize("change", ["9-1", "1-9", "", "9", "1-1x", "01-1", "-1-1", "1-0", "9" * 99])
async def test_a_change_that_is_not_there_is_not_found(
    repo: StackStore, document: Document, change: str
) -> None:
    await put(repo, document, "a", 1)

    with pytest.raises(ChangeNotFound):
        await repo.undo(document.id, ChangeId(change))


@pytest.mark.requirement("STORE-94")
async def test_a_change_of_another_document_is_not_found(
    repo: StackStore, document: Document
) -> None:
    other = await added(repo, "other")
    await put(repo, document, "a", 1)

    with pytest.raises(ChangeNotFound):
        await repo.undo(other.id, ChangeId("1-1"))


@pytest.mark.requirement("STORE-95")
async def test_there_is_nothing_to_undo_in_an_empty_history(
    repo: StackStore, document: Document
) -> None:
    with pytest.raises(NothingToUndo):
        await repo.undo(document.id)


@pytest.mark.requirement("STORE-95")
async def test_a_completion_set_no_value_that_could_be_undone(
    repo: StackStore, document: Document
) -> None:
    await completed(repo, document)

    for change in (None, ChangeId("0-1")):
        with pytest.raises(NothingToUndo):
            await repo.undo(document.id, change)


@pytest.mark.requirement("STORE-96")
async def test_a_later_change_at_the_same_leaf_must_be_undone_first(
    repo: StackStore, document: Document
) -> None:
    await put(repo, document, "a", 1)
    await put(repo, document, "b", 1)
    await put(repo, document, "a", 2)

    with pytest.raises(UndoConflict, match="'1-1' was followed by '3-1'"):
        await repo.undo(document.id, ChangeId("1-1"))

    assert await values(repo, document) == {"a": 2, "b": 1}
    await repo.undo(document.id, ChangeId("3-1"))
    await repo.undo(document.id, ChangeId("1-1"))
    assert await values(repo, document) == {"b": 1}


@pytest.mark.requirement("STORE-96")
async def test_an_undone_change_is_not_undone_twice(repo: StackStore, document: Document) -> None:
    await put(repo, document, "a", 1)
    await repo.undo(document.id)

    with pytest.raises(UndoConflict, match="'1-1' is already undone by '2-1'"):
        await repo.undo(document.id, ChangeId("1-1"))


@pytest.mark.requirement("STORE-96")
async def test_what_was_undone_after_a_redo_is_said_to_be_undone_already(
    repo: StackStore, document: Document
) -> None:
    await repo.write(document.id, [setting("a", 1), setting("b", 1), setting("c", 1)])
    await repo.undo(document.id, ChangeId("1"))
    await repo.undo(document.id, redo=True)
    await repo.undo(document.id, ChangeId("1"))

    with pytest.raises(UndoConflict, match="'1-1' is already undone by '4-3'") as caught:
        await repo.undo(document.id, ChangeId("1-1"))

    assert "redo '4-3'" in caught.value.advice
    await repo.undo(document.id, ChangeId("4-3"), redo=True)
    assert await values(repo, document) == {"a": 1}


@pytest.mark.requirement("STORE-96")
async def test_a_change_that_was_redone_stands_in_the_way_again(
    repo: StackStore, document: Document
) -> None:
    await put(repo, document, "a", 1)
    await put(repo, document, "a", 2)
    (undone,) = await repo.undo(document.id)
    await repo.undo(document.id, undone.id)

    with pytest.raises(UndoConflict, match="'1-1' was followed by '2-1'"):
        await repo.undo(document.id, ChangeId("1-1"))


@pytest.mark.requirement("STORE-96")
async def test_a_later_change_elsewhere_in_the_same_list_is_no_conflict(
    repo: StackStore, document: Document
) -> None:
    await put(repo, document, "rows", [{"n": 1}, {"n": 2}])
    await put(repo, document, "rows", [{"n": 1}, {"n": 3}])
    await put(repo, document, "rows[0].n", 9)

    await repo.undo(document.id, ChangeId("2-1"))

    assert await values(repo, document) == {"rows[0].n": 9, "rows[1].n": 2}


@pytest.mark.requirement("STORE-96")
@pytest.mark.parametrize(
    ("was", "now"), [("a.b", "a"), ("a", "a.b"), ("a[0]", "a.b"), ("a.b", "a[0]")]
)
async def test_a_value_is_not_put_back_where_another_makes_it_impossible(
    repo: StackStore, document: Document, was: str, now: str
) -> None:
    await put(repo, document, was, 1)
    await repo.write(document.id, [deleting(was)])
    await put(repo, document, now, 2)

    with pytest.raises(UndoConflict, match="'2-1' was followed by '3-1'"):
        await repo.undo(document.id, ChangeId("2-1"))

    assert await values(repo, document) == {now: 2}
    assert (await repo.document(document.id)).revision == 3


@pytest.mark.requirement("STORE-97")
async def test_undoing_a_completed_document_opens_it(repo: StackStore, document: Document) -> None:
    await put(repo, document, "a", 1)
    await completed(repo, document)

    await repo.undo(document.id)

    assert (await repo.document(document.id)).status is DocumentStatus.OCR_COMPLETE


@pytest.mark.requirement("STORE-96")
async def test_a_redo_waits_for_later_changes_that_it_could_not_stand_beside(
    repo: StackStore, document: Document
) -> None:
    await put(repo, document, "a", 1)
    (undone,) = await repo.undo(document.id)
    await put(repo, document, "a.x", 2)
    await repo.write(document.id, [deleting("a.x")])

    with pytest.raises(UndoConflict, match="'2-1' was followed by '4-1'"):
        await repo.undo(document.id, undone.id)
