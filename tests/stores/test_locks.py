"""What a person set: agents leave it as it is until a person releases it."""

from decimal import Decimal

import pytest

from stackdocs_mcp.core.errors import Locked
from stackdocs_mcp.core.model import (
    Action,
    ChangeId,
    Document,
    DocumentStatus,
    Evidence,
    FieldWrite,
    JsonValue,
    Leaf,
    Verdict,
    WriteResult,
)
from stackdocs_mcp.core.paths import dotted, parse
from stackdocs_mcp.core.ports import StackStore
from tests.stores.builders import deleting, leaves_shown, put, setting, shown, values
from tests.stores.test_completing import completed

pytestmark = pytest.mark.anyio


async def locks(repo: StackStore, document: Document) -> list[str]:
    return [dotted(one.leaf.path) for one in await repo.fields(document.id) if one.locked]


@pytest.mark.requirement("HIST-10")
async def test_the_leaves_that_a_person_writes_are_locked(
    repo: StackStore, person: StackStore, document: Document
) -> None:
    await put(repo, document, "a", {"x": 1, "y": 2})
    await put(person, document, "a.x", 3)
    await put(person, document, "b", {"z": [1, 2]})

    assert await locks(repo, document) == ["a.x", "b.z[0]", "b.z[1]"]


@pytest.mark.requirement("HIST-10")
async def test_a_person_locks_what_an_agent_wrote_by_writing_the_same(
    repo: StackStore, person: StackStore, document: Document
) -> None:
    await put(repo, document, "a", 1)

    (first,) = await person.write(document.id, [setting("a", 1)])
    (again,) = await person.write(document.id, [setting("a", 1)])

    assert (first.changed, first.revision) == (True, 2)
    assert again == WriteResult(changed=False, revision=2)
    assert await locks(repo, document) == ["a"]


@pytest.mark.requirement("HIST-11")
@pytest.mark.parametrize(
    ("there", "write"),
    [
        ("a", setting("a", 2)),
        ("a", deleting("a")),
        ("a", setting("a.b", 2)),
        ("a.b", setting("a", 2)),
        ("a.b", deleting("a")),
        ("a.b", setting("a", {"c": 1})),
        ("a[1].b", setting("a", [{"b": 0}])),
        ("a[1].b", setting("a", [{"b": 0}, {"b": 2}])),
        ("a[1].b", setting("a[1]", {"c": 5})),
        ("a.b.c.d", setting("a", None)),
    ],
)
async def test_an_agents_write_that_would_change_a_locked_leaf_is_refused_and_shown_it(
    repo: StackStore, person: StackStore, document: Document, there: str, write: FieldWrite
) -> None:
    await put(person, document, there, 1)
    before = await repo.document(document.id)

    other, refused = await repo.write(document.id, [setting("other", 1), write])

    assert other.changed  # the rest of the call is not lost
    assert (refused.changed, refused.conflict) == (False, "locked")
    assert shown(refused.current) == {there: 1}
    assert all(one.locked for one in refused.current)
    assert await values(repo, document) == {there: 1, "other": 1}
    assert before.revision == 1


@pytest.mark.requirement("HIST-11")
@pytest.mark.parametrize(("empty", "path"), [([], "a[0]"), ({}, "a.b")])
async def test_an_empty_list_that_a_person_set_gives_way_to_no_agent(
    repo: StackStore, person: StackStore, document: Document, empty: JsonValue, path: str
) -> None:
    await put(person, document, "a", empty)

    (refused,) = await repo.write(document.id, [setting(path, 1)])

    assert refused.conflict == "locked"
    assert await values(repo, document) == {"a": empty}
    await put(person, document, path, 1)
    assert await values(repo, document) == {path: 1}


@pytest.mark.requirement("HIST-11")
async def test_beside_a_locked_leaf_an_agent_writes_freely(
    repo: StackStore, person: StackStore, document: Document
) -> None:
    await put(person, document, "rows[0].n", 1)

    await put(repo, document, "rows[0].m", 2)
    await put(repo, document, "rows[1]", {"n": 3})
    await repo.write(document.id, [deleting("rows[1]")])

    assert await values(repo, document) == {"rows[0].m": 2, "rows[0].n": 1}
    assert await locks(repo, document) == ["rows[0].n"]


@pytest.mark.requirement("HIST-12")
async def test_an_agent_that_repeats_a_locked_value_leaves_it_as_it_is_evidence_and_all(
    repo: StackStore, person: StackStore, document: Document
) -> None:
    path = parse("rows[0].n")
    checked = Leaf(path, Decimal("1.50"), Evidence(Verdict.LOCATED), 1.0)
    await person.write(document.id, [FieldWrite(path, (checked,))])
    again = Leaf(path, Decimal("1.50"), Evidence(Verdict.NOT_FOUND), 0.5)
    beside = Leaf(parse("rows[0].m"), 7, Evidence(Verdict.NOT_FOUND))

    alone, row = await repo.write(
        document.id,
        [FieldWrite(path, (again,)), FieldWrite(parse("rows"), (again, beside))],
    )

    assert alone == WriteResult(changed=False, revision=2)
    assert (row.changed, row.conflict) == (True, None)
    fields = await repo.fields(document.id)
    assert [(one.leaf, one.locked) for one in fields] == [(beside, False), (checked, True)]
    assert fields[1].actor.kind == "person"


@pytest.mark.requirement("HIST-12")
@pytest.mark.parametrize(
    ("held", "written"), [(1, True), (0, False), ("1", 1), (Decimal("1.0"), Decimal("1.00"))]
)
async def test_a_value_that_only_looks_the_same_is_refused(
    repo: StackStore, person: StackStore, document: Document, held: JsonValue, written: JsonValue
) -> None:
    await put(person, document, "a", held)

    (refused,) = await repo.write(document.id, [setting("a", written)])

    assert refused.conflict == "locked"


@pytest.mark.requirement("HIST-13")
async def test_a_person_may_change_and_delete_what_is_locked(
    repo: StackStore, person: StackStore, document: Document
) -> None:
    await put(person, document, "a", {"x": 1, "y": 2})
    await put(person, document, "a.x", 3)
    await person.write(document.id, [deleting("a.y")])

    assert await values(repo, document) == {"a.x": 3}
    await put(repo, document, "a.y", 4)  # nothing is left there to be locked


@pytest.mark.requirement("HIST-14")
async def test_what_is_released_agents_may_write_and_the_history_says_so(
    repo: StackStore, person: StackStore, document: Document
) -> None:
    await put(person, document, "a", {"x": 1, "y": 2})
    await put(person, document, "b", 3)
    await put(repo, document, "c", 4)

    released = await person.unlock(document.id, parse("a"))

    assert released == WriteResult(changed=True, revision=4, change=ChangeId("4-1"))
    assert await locks(repo, document) == ["b"]
    (change, *_) = await repo.changes(document.id, limit=1)
    assert (change.action, change.path) == (Action.RELEASE, ("a",))
    assert leaves_shown(change.before) == leaves_shown(change.after) == {"a.x": 1, "a.y": 2}
    await put(repo, document, "a.x", 5)
    assert await values(repo, document) == {"a.x": 5, "a.y": 2, "b": 3, "c": 4}


@pytest.mark.requirement("HIST-14")
async def test_releasing_without_a_path_releases_everything(
    repo: StackStore, person: StackStore, document: Document
) -> None:
    await person.write(document.id, [setting("a", {"x": 1}), setting("b", 2)])

    assert (await person.unlock(document.id, ())).changed

    assert await locks(repo, document) == []


@pytest.mark.requirement("HIST-14")
async def test_releasing_what_is_not_locked_changes_nothing(
    repo: StackStore, person: StackStore, document: Document
) -> None:
    await put(repo, document, "a.x", 1)

    for path in ("a.x", "a"):
        assert await person.unlock(document.id, parse(path)) == WriteResult(
            changed=False, revision=1
        )
    nothing = await person.unlock(document.id, parse("b"))

    assert nothing == WriteResult(changed=False, revision=1, conflict="field_not_found")
    assert len(await repo.changes(document.id, limit=9)) == 1


@pytest.mark.requirement("HIST-14")
async def test_no_agent_releases_anything(
    repo: StackStore, person: StackStore, document: Document
) -> None:
    await put(person, document, "a", 1)

    with pytest.raises(Locked, match="'a' was set by a person"):
        await repo.unlock(document.id, parse("a"))

    assert await locks(repo, document) == ["a"]


@pytest.mark.requirement("HIST-14")
async def test_a_release_opens_a_completed_document(
    repo: StackStore, person: StackStore, document: Document
) -> None:
    await put(person, document, "a", 1)
    await completed(repo, document)

    await person.unlock(document.id, parse("a"))

    assert (await repo.document(document.id)).status is DocumentStatus.OCR_COMPLETE


@pytest.mark.requirement("HIST-15")
async def test_an_agent_undoes_nothing_that_is_locked_and_brings_nothing_locked_back(
    repo: StackStore, person: StackStore, document: Document
) -> None:
    await put(repo, document, "a", 1)
    await put(person, document, "a", 2)
    with pytest.raises(Locked):
        await repo.undo(document.id)
    await person.undo(document.id)
    with pytest.raises(Locked):
        await repo.undo(document.id, redo=True)
    await put(person, document, "b", 3)
    await person.unlock(document.id, parse("b"))
    with pytest.raises(Locked):
        await repo.undo(document.id)
    await person.write(document.id, [setting("c", 4), deleting("b")])
    for change in ("6-1", "6-2", "6"):
        if change != "6-2":
            with pytest.raises(Locked):
                await repo.undo(document.id, ChangeId(change))

    assert await values(repo, document) == {"a": 1, "c": 4}
    await repo.undo(document.id, ChangeId("6-2"))  # it was free when the person deleted it
    assert await values(repo, document) == {"a": 1, "b": 3, "c": 4}


@pytest.mark.requirement("HIST-15")
async def test_a_person_who_undoes_a_write_also_unlocks_what_was_free_before(
    repo: StackStore, person: StackStore, document: Document
) -> None:
    await put(repo, document, "a", 1)
    await put(person, document, "a", 2)

    await person.undo(document.id)
    assert await locks(repo, document) == []
    await person.undo(document.id, redo=True)
    assert await locks(repo, document) == ["a"]
    await person.unlock(document.id, parse("a"))
    await person.undo(document.id)
    assert await locks(repo, document) == ["a"]
    assert await values(repo, document) == {"a": 2}


@pytest.mark.requirement("HIST-11")
async def test_a_stale_write_of_an_agent_is_shown_the_locked_value_too(
    repo: StackStore, person: StackStore, document: Document
) -> None:
    await put(person, document, "a", 1)

    (stale,) = await repo.write(document.id, [setting("a", 2, expected=0)])
    (tried,) = await repo.write(document.id, [setting("a", 2)], dry_run=True)

    assert (stale.conflict, shown(stale.current)) == ("stale_revision", {"a": 1})
    assert [one.locked for one in stale.current] == [True]
    assert tried.conflict == "locked"
