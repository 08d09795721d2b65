"""Extracting a document anew: a new extraction counts, the old ones stay readable."""

import pytest

from stackdocs_mcp.core.errors import (
    ChangeNotFound,
    EarlierExtraction,
    ExtractionNotFound,
    NothingToUndo,
    StaleRevision,
)
from stackdocs_mcp.core.history import ExtractionOutline
from stackdocs_mcp.core.model import Action, ChangeId, Completion, Document, DocumentStatus
from stackdocs_mcp.core.paths import parse
from stackdocs_mcp.core.ports import StackStore
from tests.stores.builders import SteppingClock, leaves_shown, put, setting, shown, values
from tests.stores.test_completing import completed

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("HIST-30")
async def test_a_new_extraction_is_empty_and_the_old_one_stays_as_it_was(
    repo: StackStore, document: Document, clock: SteppingClock
) -> None:
    await repo.write(document.id, [setting("a", 1), setting("b", 2, flagged=True)])
    before = await repo.fields(document.id)

    after = await repo.start_extraction(document.id)

    assert (after.extraction, after.revision, after.fields, after.flagged) == (2, 2, 0, 0)
    assert after == await repo.document(document.id)
    assert await values(repo, document) == {}
    await put(repo, document, "a", 3)
    assert await repo.fields(document.id, extraction=1) == before
    assert shown(await repo.fields(document.id, extraction=1, below=parse("b"))) == {"b": 2}
    assert shown(await repo.fields(document.id, extraction=2)) == {"a": 3}
    first, second = await repo.extractions(document.id)
    assert first == ExtractionOutline(1, document.created_at, 1, 2, current=False)
    assert (second.number, second.revision, second.fields, second.current) == (2, 3, 1, True)
    assert document.created_at < second.started_at < clock.now


@pytest.mark.requirement("HIST-30")
@pytest.mark.parametrize("number", [0, -1, 3, 2**31, 2**70])
async def test_an_extraction_that_is_not_there_is_not_found(
    repo: StackStore, document: Document, number: int
) -> None:
    await repo.start_extraction(document.id)

    with pytest.raises(ExtractionNotFound):
        await repo.fields(document.id, extraction=number)


@pytest.mark.requirement("HIST-31")
async def test_what_a_person_locked_is_carried_over_with_its_lock(
    repo: StackStore, person: StackStore, document: Document
) -> None:
    await put(repo, document, "rows", [{"n": 1, "m": 2}, {"n": 3, "m": 4}])
    await put(person, document, "rows[1].m", 5)
    await put(person, document, "a", 6)

    await repo.start_extraction(document.id)

    fields = await repo.fields(document.id)
    assert shown(fields) == {"a": 6, "rows[1].m": 5}
    assert [(one.locked, one.revision, one.actor.kind) for one in fields] == [
        (True, 4, "person")
    ] * 2
    changes = await repo.changes(document.id, limit=3)
    assert [(one.id, one.action, one.extraction) for one in changes] == [
        ("4-3", Action.SET, 2),
        ("4-2", Action.SET, 2),
        ("4-1", Action.START, 2),
    ]
    assert leaves_shown(changes[0].after) == {"rows[1].m": 5}
    assert [one.actor.kind for one in changes] == ["person", "person", "agent"]
    assert (await repo.verify(document.id)).breaks == ()
    (refused,) = await repo.write(document.id, [setting("a", 7)])
    assert refused.conflict == "locked"


@pytest.mark.requirement("HIST-32")
async def test_no_revision_or_change_of_the_old_extraction_fits_the_new_one(
    repo: StackStore, document: Document
) -> None:
    await put(repo, document, "a", 1)
    await put(repo, document, "a", 2)
    await repo.finish(document.id)
    await repo.start_extraction(document.id)

    (stale,) = await repo.write(document.id, [setting("a", 3, expected=2)])
    with pytest.raises(StaleRevision):
        await repo.complete(document.id, revision=2, completion=Completion())
    for change in ("2-1", "2", "1-1"):
        with pytest.raises(EarlierExtraction):
            await repo.undo(document.id, ChangeId(change))
    with pytest.raises(ChangeNotFound):
        await repo.undo(document.id, ChangeId("4-1"))

    assert stale.conflict == "stale_revision"
    assert await values(repo, document) == {}


@pytest.mark.requirement("HIST-32")
async def test_undoing_walks_back_to_the_start_of_the_extraction_and_no_further(
    repo: StackStore, person: StackStore, document: Document
) -> None:
    await put(person, document, "a", 1)
    await repo.start_extraction(document.id)
    await put(person, document, "b", 2)

    await person.undo(document.id)
    await person.undo(document.id)
    for change in (None, ChangeId("2-1")):
        with pytest.raises(NothingToUndo):
            await person.undo(document.id, change)

    assert await values(repo, document) == {}
    assert shown(await repo.fields(document.id, extraction=1)) == {"a": 1}


@pytest.mark.requirement("HIST-33")
async def test_starting_anew_opens_a_completed_document(
    repo: StackStore, document: Document
) -> None:
    await put(repo, document, "a", 1)
    await completed(repo, document)

    after = await repo.start_extraction(document.id)

    assert after.status is DocumentStatus.OCR_COMPLETE
    assert (await repo.start_extraction(document.id)).extraction == 3


@pytest.mark.requirement("HIST-33")
async def test_the_history_of_a_document_holds_all_its_extractions(
    repo: StackStore, document: Document
) -> None:
    await put(repo, document, "a", 1)
    await repo.start_extraction(document.id)
    await put(repo, document, "a", 2)

    changes = await repo.changes(document.id, limit=9)

    assert [(one.id, one.extraction) for one in changes] == [("3-1", 2), ("2-1", 2), ("1-1", 1)]
