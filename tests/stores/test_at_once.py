"""What a use case needs, fetched at once; and writes that hold to what was seen."""

import pytest

from stackdocs_mcp.core.at_once import Seen
from stackdocs_mcp.core.errors import DocumentNotFound, NotReady, StaleCheck
from stackdocs_mcp.core.model import Document, DocumentId
from stackdocs_mcp.core.ports import StackStore, Store
from stackdocs_mcp.core.stack import Policy, Stack
from tests.stores.builders import (
    ALICE,
    BOB,
    ENGINE,
    added,
    binding,
    page,
    put,
    setting,
    shown,
    values,
)

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("PGW-17")
async def test_a_document_is_opened_with_its_stack(repo: StackStore, document: Document) -> None:
    for recent in (False, True, True):
        assert await repo.opened(document.id, recent=recent) == (document, await repo.stack())

    with pytest.raises(DocumentNotFound):
        await repo.opened(DocumentId("x"), recent=True)


@pytest.mark.requirement("PGW-17")
async def test_where_a_document_stands_is_what_its_parts_say(
    repo: StackStore, document: Document
) -> None:
    await put(repo, document, "rows", [{"a": 1}, {"a": 2}])

    found = await repo.standing(document.id)

    assert found.document == await repo.document(document.id)
    assert found.stack == await repo.stack()
    assert list(found.outlines) == list(await repo.outlines(document.id))
    assert list(found.fields) == list(await repo.fields(document.id))
    assert shown(found.fields) == {"rows[0].a": 1, "rows[1].a": 2}
    with pytest.raises(DocumentNotFound):
        await repo.standing(DocumentId("x"))


@pytest.mark.requirement("PGW-17")
async def test_pages_are_shown_with_the_document_and_which_were_read(repo: StackStore) -> None:
    document = await added(repo)
    await repo.set_outline(document.id, "text/plain", 3)
    await repo.save_pages(document.id, ENGINE, [page(1, "one"), page(3, "three")])
    await repo.mark_read(document.id, [3])

    found = await repo.shown(document.id, [3, 2, 1])

    assert found.document == await repo.document(document.id)
    assert list(found.pages) == list(await repo.pages(document.id, [1, 2, 3]))
    assert found.read == {3}
    assert (await repo.shown(document.id, [1])).read == frozenset()
    assert list((await repo.shown(document.id, [])).pages) == []
    with pytest.raises(DocumentNotFound):
        await repo.shown(DocumentId("x"), [1])


@pytest.mark.requirement("PGW-17")
async def test_what_is_of_others_is_opened_by_nobody(
    store: Store, repo: StackStore, document: Document
) -> None:
    other = store.bind(binding(BOB, (await store.open_stack(BOB, "theirs")).id))
    await repo.opened(document.id, recent=True)

    for recent in (True, False):
        with pytest.raises(DocumentNotFound):
            await other.opened(document.id, recent=recent)
    with pytest.raises(DocumentNotFound):
        await other.shown(document.id, [1])
    with pytest.raises(DocumentNotFound):
        await other.standing(document.id)


@pytest.mark.requirement("PGW-18")
async def test_a_write_holds_to_the_revision_that_was_seen(
    store: Store, repo: StackStore, stack: Stack, document: Document
) -> None:
    """The other one is another process: what it does is not seen here."""
    opened, seen_stack = await repo.opened(document.id)
    seen = Seen(opened.revision, seen_stack.version)
    await put(store.bind(binding(ALICE, stack.id, "another")), document, "number", "other")

    with pytest.raises(StaleCheck):
        await repo.write(document.id, [setting("total", 1)], seen=seen)

    assert await values(repo, document) == {"number": "other"}
    opened, _ = await repo.opened(document.id)
    seen = Seen(opened.revision, seen_stack.version)
    (result,) = await repo.write(document.id, [setting("total", 1)], seen=seen)
    assert result.changed
    assert (await repo.opened(document.id, recent=True))[0] == await repo.document(document.id)


@pytest.mark.requirement("PGW-18")
async def test_a_write_holds_to_the_rules_that_were_seen(
    repo: StackStore, document: Document
) -> None:
    opened, stack = await repo.opened(document.id)
    seen = Seen(opened.revision, stack.version)
    await repo.set_schema({"type": "object"}, "", Policy())

    with pytest.raises(StaleCheck):
        await repo.write(document.id, [setting("total", 1)], seen=seen)
    with pytest.raises(StaleCheck):
        await repo.write(document.id, [], seen=seen, dry_run=True)

    assert await values(repo, document) == {}
    assert (await repo.opened(document.id))[1].version != stack.version


@pytest.mark.requirement("PGW-18")
async def test_a_dry_run_that_was_seen_changes_nothing_of_what_is_seen_next(
    repo: StackStore, document: Document
) -> None:
    opened, stack = await repo.opened(document.id)
    seen = Seen(opened.revision, stack.version)

    (result,) = await repo.write(document.id, [setting("total", 1)], seen=seen, dry_run=True)

    assert result.changed
    assert await repo.opened(document.id, recent=True) == (opened, stack)
    (result,) = await repo.write(document.id, [setting("total", 1)], seen=seen)
    assert result.changed


@pytest.mark.requirement("PGW-18")
async def test_what_is_being_read_is_not_remembered_as_such(repo: StackStore) -> None:
    document = await added(repo)
    reading, stack = await repo.opened(document.id, recent=True)
    with pytest.raises(NotReady):
        await repo.write(document.id, [], seen=Seen(reading.revision, stack.version))

    done = await repo.finish(document.id)

    assert (await repo.opened(document.id, recent=True))[0].status == done.status
