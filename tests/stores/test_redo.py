"""Redo, and undo of whole calls: what was undone is made again, all of a call or none of it."""

import pytest

from stackdocs_mcp.core.errors import NothingToRedo, NothingToUndo, UndoConflict
from stackdocs_mcp.core.model import Action, ChangeId, Document, DocumentStatus, FieldWrite, Leaf
from stackdocs_mcp.core.paths import parse
from stackdocs_mcp.core.ports import StackStore
from tests.stores.builders import deleting, put, setting, values
from tests.stores.test_completing import completed
from tests.stores.test_fields import WHOLE

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("HIST-20")
async def test_a_redo_makes_again_what_was_undone_with_its_evidence(
    repo: StackStore, document: Document
) -> None:
    await repo.write(document.id, [FieldWrite(WHOLE.path, (WHOLE,))])
    (undone,) = await repo.undo(document.id)

    (redone,) = await repo.undo(document.id, redo=True)

    assert (redone.action, redone.undoes, redone.id) == (Action.REDO, undone.id, "3-1")
    assert [one.leaf for one in await repo.fields(document.id)] == [WHOLE]
    assert await repo.changes(document.id, limit=1) == [redone]


@pytest.mark.requirement("HIST-20")
async def test_redoing_again_and_again_walks_forward_to_the_last_write(
    repo: StackStore, document: Document
) -> None:
    for value in (1, 2, 3):
        await put(repo, document, "a", value)
    for _ in range(3):
        await repo.undo(document.id)
    seen = []
    for _ in range(3):
        await repo.undo(document.id, redo=True)
        seen.append(await values(repo, document))

    assert seen == [{"a": 1}, {"a": 2}, {"a": 3}]
    with pytest.raises(NothingToRedo):
        await repo.undo(document.id, redo=True)
    await repo.undo(document.id)
    assert await values(repo, document) == {"a": 2}


@pytest.mark.requirement("HIST-20")
async def test_after_a_new_write_there_is_nothing_to_redo(
    repo: StackStore, document: Document
) -> None:
    with pytest.raises(NothingToRedo):
        await repo.undo(document.id, redo=True)
    await put(repo, document, "a", 1)
    (undone,) = await repo.undo(document.id)
    await put(repo, document, "b", 1)

    with pytest.raises(NothingToRedo):
        await repo.undo(document.id, redo=True)

    await repo.undo(document.id, undone.id, redo=True)  # by name it is still possible
    assert await values(repo, document) == {"a": 1, "b": 1}


@pytest.mark.requirement("HIST-21")
async def test_only_an_undo_is_redone(repo: StackStore, document: Document) -> None:
    await put(repo, document, "a", 1)
    await repo.undo(document.id)
    (redone,) = await repo.undo(document.id, redo=True)

    for change in ("1-1", "1", redone.id):
        with pytest.raises(NothingToRedo, match="is not an undo"):
            await repo.undo(document.id, ChangeId(change), redo=True)

    (undone,) = await repo.undo(document.id, redone.id)
    assert undone.action is Action.UNDO
    assert await values(repo, document) == {}


@pytest.mark.requirement("HIST-22")
async def test_a_whole_call_is_undone_in_one_revision_and_redone_as_one(
    repo: StackStore, document: Document
) -> None:
    await put(repo, document, "a", 1)
    writes = [setting("a", 2), setting("b.x", 3), setting("a", 4), deleting("b")]
    await repo.write(document.id, [*writes, setting("c", 5)])

    undone = await repo.undo(document.id, ChangeId("2"))

    assert [(one.id, one.undoes, one.action) for one in undone] == [
        (f"3-{count}", f"2-{6 - count}", Action.UNDO) for count in (1, 2, 3, 4, 5)
    ]
    assert await values(repo, document) == {"a": 1}
    redone = await repo.undo(document.id, redo=True)
    assert [(one.id, one.undoes) for one in redone] == [
        (f"4-{count}", f"3-{6 - count}") for count in (1, 2, 3, 4, 5)
    ]
    assert await values(repo, document) == {"a": 4, "c": 5}
    await repo.undo(document.id, ChangeId("4"))
    assert await values(repo, document) == {"a": 1}


@pytest.mark.requirement("HIST-22")
async def test_a_call_is_undone_whole_or_not_at_all(repo: StackStore, document: Document) -> None:
    await repo.write(document.id, [setting("a", 1), setting("b", 1), setting("c", 1)])
    await put(repo, document, "a", 2)
    before = await repo.document(document.id)

    with pytest.raises(UndoConflict, match="'1-1' was followed by '2-1'"):
        await repo.undo(document.id, ChangeId("1"))

    assert await repo.document(document.id) == before
    assert await values(repo, document) == {"a": 2, "b": 1, "c": 1}
    assert len(await repo.changes(document.id, limit=9)) == 4


@pytest.mark.requirement("HIST-22")
async def test_of_a_call_only_what_still_stands_is_undone(
    repo: StackStore, document: Document
) -> None:
    await repo.write(document.id, [setting("a", 1), setting("b", 1), setting("c", 1)])
    await repo.undo(document.id, ChangeId("1-2"))

    undone = await repo.undo(document.id, ChangeId("1"))

    assert [one.undoes for one in undone] == ["1-3", "1-1"]
    assert await values(repo, document) == {}
    with pytest.raises(UndoConflict, match="'1-3' is already undone by '3-1'"):
        await repo.undo(document.id, ChangeId("1"))


@pytest.mark.requirement("HIST-22")
async def test_a_call_that_only_completed_holds_nothing_to_undo(
    repo: StackStore, document: Document
) -> None:
    await completed(repo, document)
    with pytest.raises(NothingToUndo):
        await repo.undo(document.id, ChangeId("0"))
    await put(repo, document, "a", 1)
    await completed(repo, document)

    (undone,) = await repo.undo(document.id, ChangeId("1"))

    assert undone.undoes == "1-1"
    assert (await repo.document(document.id)).status is DocumentStatus.OCR_COMPLETE


@pytest.mark.requirement("HIST-23")
async def test_a_release_is_undone_like_a_write(
    repo: StackStore, person: StackStore, document: Document
) -> None:
    await put(person, document, "a", 1)
    await person.unlock(document.id, parse("a"))

    (first,) = await person.undo(document.id)
    (second,) = await person.undo(document.id)

    assert (first.undoes, second.undoes) == ("2-1", "1-1")
    assert await values(repo, document) == {}


@pytest.mark.requirement("HIST-20")
async def test_who_undoes_is_the_author_of_what_is_put_back(
    repo: StackStore, person: StackStore, document: Document
) -> None:
    await put(repo, document, "a", 1)
    await person.undo(document.id)
    await person.undo(document.id, redo=True)

    (field,) = await repo.fields(document.id)

    assert (field.actor.kind, field.revision, field.locked) == ("person", 3, False)
    assert isinstance(field.leaf, Leaf)
