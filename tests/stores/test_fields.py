"""Writing and reading fields: every write answered, all in one revision, nothing lost."""

from decimal import Decimal

import pytest

from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.core.errors import BadValue
from stackdocs_mcp.core.model import (
    Action,
    Box,
    Document,
    DocumentStatus,
    Evidence,
    FieldWrite,
    JsonValue,
    Leaf,
    Place,
    Verdict,
    Warn,
    WriteResult,
)
from stackdocs_mcp.core.paths import key, parse
from stackdocs_mcp.core.ports import StackStore
from tests.stores.builders import (
    SteppingClock,
    deleting,
    leaves_shown,
    put,
    setting,
    shown,
    values,
)
from tests.stores.test_completing import completed

pytestmark = pytest.mark.anyio

PLACE = Place(3, (4, 5), 'Net "1.234,56" €', (Box(1.5, 2.25, 3.1, 4.0),))
WHOLE = Leaf(
    parse("vendor.name"),
    "Müller & Söhne",
    Evidence(Verdict.FUZZY, PLACE, (PLACE, Place(1, (), ""))),
    0.1,
    (Warn("ambiguous", "stands twice"), Warn("low", "a\nb")),
)


@pytest.mark.requirement("STORE-60")
async def test_a_leaf_comes_back_whole_with_author_and_time(
    repo: StackStore, document: Document, clock: SteppingClock
) -> None:
    await repo.write(document.id, [FieldWrite(WHOLE.path, (WHOLE,))])

    (field,) = await repo.fields(document.id)

    assert field.leaf == WHOLE
    assert (field.revision, field.actor) == (1, Actor("agent", "test"))
    assert document.updated_at < field.at <= clock.now


@pytest.mark.requirement("STORE-60")
@pytest.mark.parametrize(
    "value",
    [
        Decimal("12345678901234567890.1234567890123456789"),
        Decimal("0.10"),
        Decimal("-1E-30"),
        10**400,
        -(2**63) - 1,
        "",
        "00123",
        '"quoted" \\ \u2028 \U0001f4c4 \x1f',
        True,
        None,
        [],
        {},
    ],
)
async def test_every_value_is_kept_exactly(
    repo: StackStore, document: Document, value: JsonValue
) -> None:
    await put(repo, document, "a", value)

    (field,) = await repo.fields(document.id)

    assert field.leaf.value == value
    assert type(field.leaf.value) is type(value)


@pytest.mark.requirement("STORE-60")
@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("-Infinity"), "\ud800", "a\0b"])
async def test_a_value_that_no_store_can_keep_is_refused_and_changes_nothing(
    repo: StackStore, document: Document, value: JsonValue
) -> None:
    with pytest.raises(BadValue):
        await repo.write(document.id, [setting("a", 1), setting("b", value)])

    assert await repo.document(document.id) == document
    assert await values(repo, document) == {}


@pytest.mark.requirement("STORE-61")
async def test_fields_are_read_in_key_order_by_path_and_in_pieces(
    repo: StackStore, document: Document
) -> None:
    rows: list[JsonValue] = [{"n": count} for count in range(11)]
    writes = [setting("b", "x"), setting("a.z", 1), setting("a-b", 2), setting("a.b", rows)]
    await repo.write(document.id, writes)
    every = ["a-b", *(f"a.b[{count}].n" for count in range(11)), "a.z", "b"]

    assert list(await values(repo, document)) == every
    assert list(shown(await repo.fields(document.id, below=parse("a")))) == every[1:-1]
    assert list(shown(await repo.fields(document.id, below=parse("a.b[2]")))) == ["a.b[2].n"]
    assert list(shown(await repo.fields(document.id, below=parse("b")))) == ["b"]
    assert await repo.fields(document.id, below=parse("c")) == []

    pieces: list[str] = []
    after = None
    for _ in range(4):
        piece = await repo.fields(document.id, after=after, limit=4)
        pieces += shown(piece)
        after = key(piece[-1].leaf.path)
    assert pieces == every

    behind = await repo.fields(document.id, below=parse("a"), after=key(parse("a.b[9].n")), limit=9)
    assert list(shown(behind)) == ["a.b[10].n", "a.z"]
    assert await repo.fields(document.id, below=parse("b"), after=key(parse("b"))) == []
    later = await repo.fields(document.id, below=parse("b"), after=key(parse("a-b")))
    assert list(shown(later)) == ["b"]
    later = await repo.fields(document.id, below=parse("a.b[10]"), after=key(parse("a-b")))
    assert list(shown(later)) == ["a.b[10].n"]
    assert await repo.fields(document.id, limit=0) == []


@pytest.mark.requirement("STORE-62")
async def test_the_writes_of_a_call_share_one_revision_and_have_a_change_each(
    repo: StackStore, document: Document
) -> None:
    results = await repo.write(
        document.id, [setting("a", 1), setting("a", 2), setting("a", 2), setting("b", 3)]
    )

    assert [(one.changed, one.revision, one.change) for one in results] == [
        (True, 1, "1-1"),
        (True, 1, "1-2"),
        (False, 1, None),
        (True, 1, "1-3"),
    ]
    assert await values(repo, document) == {"a": 2, "b": 3}
    assert (await repo.document(document.id)).revision == 1
    history = await repo.changes(document.id, limit=9)
    assert [(one.id, one.action) for one in history] == [
        ("1-3", Action.SET),
        ("1-2", Action.SET),
        ("1-1", Action.SET),
    ]
    assert leaves_shown(history[1].before) == {"a": 1}
    assert leaves_shown(history[1].after) == {"a": 2}


@pytest.mark.requirement("STORE-63")
async def test_the_same_write_again_changes_nothing_even_when_it_is_stale(
    repo: StackStore, document: Document
) -> None:
    rows: list[JsonValue] = [{"n": 1}, {"n": 2}]
    await repo.write(document.id, [setting("rows", rows)])
    before = await repo.document(document.id)

    again = await repo.write(
        document.id, [setting("rows", rows, expected=0), setting("rows[1].n", 2)]
    )

    assert again == [WriteResult(changed=False, revision=1)] * 2
    assert await repo.document(document.id) == before
    assert len(await repo.changes(document.id, limit=9)) == 1


@pytest.mark.requirement("STORE-63")
@pytest.mark.parametrize(
    "other",
    [
        Leaf(WHOLE.path, "Mueller", WHOLE.evidence, WHOLE.confidence, WHOLE.warnings),
        Leaf(WHOLE.path, WHOLE.value, Evidence(Verdict.VERIFIED, PLACE), 0.1, WHOLE.warnings),
        Leaf(WHOLE.path, WHOLE.value, WHOLE.evidence, 0.2, WHOLE.warnings),
        Leaf(WHOLE.path, WHOLE.value, WHOLE.evidence, None, WHOLE.warnings),
        Leaf(WHOLE.path, WHOLE.value, WHOLE.evidence, 0.1, ()),
    ],
)
async def test_evidence_confidence_and_warnings_are_compared_too(
    repo: StackStore, document: Document, other: Leaf
) -> None:
    await repo.write(document.id, [FieldWrite(WHOLE.path, (WHOLE,))])

    (result,) = await repo.write(document.id, [FieldWrite(other.path, (other,))])

    assert result.changed
    assert [field.leaf for field in await repo.fields(document.id)] == [other]


@pytest.mark.requirement("STORE-66")
async def test_a_delete_takes_all_that_is_below_or_is_told_that_there_is_nothing(
    repo: StackStore, document: Document
) -> None:
    await repo.write(document.id, [setting("a", {"b": 1, "c": [2, 3]}), setting("ab", 4)])

    nothing, everything = await repo.write(document.id, [deleting("x"), deleting("a")])

    assert (nothing.changed, nothing.conflict) == (False, "field_not_found")
    assert (everything.changed, everything.change) == (True, "2-1")
    assert await values(repo, document) == {"ab": 4}
    (change, *_) = await repo.changes(document.id, limit=1)
    assert change.action is Action.DELETE
    assert leaves_shown(change.before) == {"a.b": 1, "a.c[0]": 2, "a.c[1]": 3}
    assert change.after == ()


@pytest.mark.requirement("STORE-67")
async def test_an_object_or_list_replaces_what_was_below_it(
    repo: StackStore, document: Document
) -> None:
    await put(repo, document, "rows", [{"n": 1, "m": 1}, {"n": 2}])

    await put(repo, document, "rows", [{"n": 1}])

    assert await values(repo, document) == {"rows[0].n": 1}
    (kept,) = await repo.fields(document.id)
    assert kept.revision == 1  # a leaf that stayed as it was keeps its author
    await put(repo, document, "rows", [])
    assert await values(repo, document) == {"rows": []}
    (change, *_) = await repo.changes(document.id, limit=1)
    assert leaves_shown(change.before) == {"rows[0].n": 1}
    assert leaves_shown(change.after) == {"rows": []}


@pytest.mark.requirement("STORE-68")
async def test_a_refused_write_stops_nothing_else(repo: StackStore, document: Document) -> None:
    results = await repo.write(
        document.id,
        [
            setting("a", 1),
            setting("a.b", 2),
            deleting("z"),
            setting("b", 3, expected=7),
            setting("c", 4),
        ],
    )

    assert [one.changed for one in results] == [True, False, False, False, True]
    assert {one.revision for one in results} == {1}
    assert await values(repo, document) == {"a": 1, "c": 4}


@pytest.mark.requirement("STORE-68")
async def test_a_call_that_changes_nothing_makes_no_revision(
    repo: StackStore, document: Document
) -> None:
    assert await repo.write(document.id, []) == []
    await repo.write(document.id, [deleting("z")])

    assert await repo.document(document.id) == document
    assert await repo.changes(document.id, limit=9) == []


@pytest.mark.requirement("STORE-69")
async def test_a_completed_document_that_is_changed_is_open_again(
    repo: StackStore, document: Document
) -> None:
    await put(repo, document, "a", 1)
    await completed(repo, document)

    await repo.write(document.id, [setting("a", 1)])
    assert (await repo.document(document.id)).status is DocumentStatus.COMPLETED

    await repo.write(document.id, [setting("a", 2)])
    assert (await repo.document(document.id)).status is DocumentStatus.OCR_COMPLETE


@pytest.mark.requirement("STORE-70")
async def test_a_dry_run_answers_the_same_and_changes_nothing(
    repo: StackStore, document: Document
) -> None:
    await put(repo, document, "a", 1)
    before = await repo.document(document.id)
    writes = [setting("a", 2), setting("b", 1, flagged=True), setting("a.x", 1), deleting("z")]

    tried = await repo.write(document.id, writes, dry_run=True)

    assert await repo.document(document.id) == before
    assert await values(repo, document) == {"a": 1}
    assert len(await repo.changes(document.id, limit=9)) == 1
    done = await repo.write(document.id, writes)
    assert [(one.changed, one.revision, one.change, one.conflict) for one in tried] == [
        (one.changed, one.revision, one.change, one.conflict) for one in done
    ]


@pytest.mark.requirement("STORE-71")
async def test_leaves_and_flagged_leaves_are_counted(repo: StackStore, document: Document) -> None:
    async def counted() -> tuple[int, int]:
        after = await repo.document(document.id)
        return after.fields, after.flagged

    await repo.write(
        document.id, [setting("a", {"x": 1, "y": [2, 3]}), setting("b", 1, flagged=True)]
    )
    assert await counted() == (4, 1)
    await repo.write(document.id, [setting("a", {"x": 1}, flagged=True)])
    assert await counted() == (2, 2)
    await repo.write(document.id, [setting("b", 1)])
    assert await counted() == (2, 1)
    await repo.undo(document.id)
    assert await counted() == (2, 2)
    await repo.write(document.id, [deleting("a"), deleting("b")])
    assert await counted() == (0, 0)
    assert await repo.documents(limit=1) == [await repo.document(document.id)]
