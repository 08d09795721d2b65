"""What a store says to whoever watches it."""

from collections.abc import AsyncIterator, Awaitable, Callable

import anyio
import pytest

from stackdocs_mcp.core.binding import Role
from stackdocs_mcp.core.events import NO_STACK, About, Event, Watch
from stackdocs_mcp.core.model import Completion, Document, Failure
from stackdocs_mcp.core.ports import StackStore, Store
from stackdocs_mcp.core.stack import Ocr, Policy, Stack
from stackdocs_mcp.stores.supabase import events
from tests.stores.builders import ALICE, BOB, ENGINE, added, binding, page, put, setting

pytestmark = pytest.mark.anyio

PATIENCE = 30


@pytest.fixture(autouse=True)
def _asked_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long a project is left alone is no promise, and a test need not wait for it."""
    monkeypatch.setattr(events, "EVERY_SECONDS", events.APART_SECONDS + 0.01)


@pytest.fixture
async def shared(repo: StackStore, document: Document) -> Document:
    """The document, in a stack with another member."""
    await repo.grant(BOB, Role.EDITOR)
    return document


@pytest.fixture
async def watch(store: Store, shared: Document) -> AsyncIterator[Watch]:
    """A watch that was entered after a document was read and the stack shared."""
    assert shared
    with anyio.fail_after(PATIENCE):
        async with store.watch() as entered:
            yield entered


async def told(watch: Watch, last: Event) -> list[Event]:
    """All events up to this one, which comes."""
    found: list[Event] = []
    while last not in found:
        found += await watch.changed()
    return found


Write = Callable[[StackStore, Document], Awaitable[object]]


async def _mark(repo: StackStore, document: Document) -> None:
    await repo.save_pages(document.id, ENGINE, [page(1, "x")])
    await repo.mark_read(document.id, [1])


async def _completed(repo: StackStore, document: Document) -> None:
    await repo.complete(document.id, revision=0, completion=Completion())


async def _failed(repo: StackStore, document: Document) -> None:
    await repo.reread(document.id)
    await repo.fail(document.id, Failure("x", "y"))


TEXT, EXTRACTION = {About.TEXT}, {About.EXTRACTION}
BOTH = TEXT | EXTRACTION
WRITES: dict[str, tuple[Write, set[About]]] = {
    "write": (lambda repo, one: put(repo, one, "a", 1), EXTRACTION),
    "start": (lambda repo, one: repo.start_extraction(one.id), EXTRACTION),
    "complete": (_completed, EXTRACTION),
    "save_pages": (lambda repo, one: repo.save_pages(one.id, ENGINE, [page(1, "x")]), TEXT),
    "mark_read": (_mark, BOTH),
    "set_outline": (lambda repo, one: repo.set_outline(one.id, "text/plain", 7), TEXT),
    "reread": (lambda repo, one: repo.reread(one.id), BOTH),
    "fail": (_failed, BOTH),
    "add": (lambda repo, _: added(repo, "new.pdf"), {About.DOCUMENTS}),
    "schema": (lambda repo, _: repo.set_schema({}, "", Policy()), {About.SCHEMA}),
    "instructions": (lambda repo, _: repo.set_schema(None, "do", Policy()), {About.SCHEMA}),
    "role": (lambda repo, _: repo.grant(BOB, Role.VIEWER), {About.MEMBERS}),
    "revoke": (lambda repo, _: repo.revoke(BOB), {About.MEMBERS}),
}


@pytest.mark.requirement("EVENT-03")
@pytest.mark.parametrize("name", WRITES)
async def test_a_write_says_what_has_to_be_looked_at_again(
    repo: StackStore, document: Document, watch: Watch, name: str
) -> None:
    write, about = WRITES[name]
    await write(repo, document)

    found = await watch.changed()

    stack = (await repo.stack()).id
    assert {*found} == {Event(stack, one, document.id if one in BOTH else None) for one in about}


@pytest.mark.requirement("EVENT-03")
async def test_a_write_that_changes_nothing_says_nothing(
    repo: StackStore, stack: Stack, document: Document, watch: Watch
) -> None:
    await put(repo, document, "a", 1)
    await watch.changed()

    await repo.write(document.id, [setting("a", 1)])
    await repo.write(document.id, [setting("b", 1)], dry_run=True)
    await added(repo)
    await repo.finish(document.id)
    await repo.set_schema(None, "", Policy())
    await repo.set_ocr(Ocr(mode="never"))
    await repo.revoke(BOB)

    assert await watch.changed() == [Event(stack.id, About.MEMBERS)]


@pytest.mark.requirement("EVENT-01")
async def test_what_was_there_before_is_not_said_and_all_that_comes_after_is(
    store: Store, repo: StackStore, stack: Stack, document: Document, watch: Watch
) -> None:
    await put(repo, document, "a", 1)
    async with store.watch() as later:
        await put(repo, document, "b", 1)
        theirs = store.bind(binding(BOB, (await store.open_stack(BOB, "theirs")).id))
        foreign = await added(theirs)

        said = await told(later, Event((await theirs.stack()).id, About.DOCUMENTS))
        assert said[0] == Event(stack.id, About.EXTRACTION, document.id)
        assert len(said) == 2
        assert Event(stack.id, About.EXTRACTION, document.id) in await told(
            watch, Event((await theirs.stack()).id, About.DOCUMENTS)
        )
    assert foreign.filename == "invoice.pdf"


@pytest.mark.requirement("EVENT-02")
async def test_what_changed_often_is_said_once_in_the_order_of_the_last_changes(
    repo: StackStore, stack: Stack, document: Document, watch: Watch
) -> None:
    for number in range(20):
        await put(repo, document, "a", number)
        await repo.set_schema(None, f"version {number}", Policy())
    await repo.write(document.id, [setting("b", 1)], dry_run=True)

    assert await watch.changed() == [
        Event(stack.id, About.EXTRACTION, document.id),
        Event(stack.id, About.SCHEMA),
    ]


@pytest.mark.requirement("EVENT-04")
async def test_a_cancelled_call_loses_nothing(
    repo: StackStore, stack: Stack, document: Document, watch: Watch
) -> None:
    for number in range(20):
        await put(repo, document, "a", number)
        with anyio.move_on_after(0.01 * number) as waited:
            said = await watch.changed()
        if waited.cancelled_caught:
            said = await watch.changed()
        assert said == [Event(stack.id, About.EXTRACTION, document.id)]


@pytest.mark.requirement("EVENT-05")
async def test_that_a_stack_is_gone_is_said_to_a_watch_that_looks_late(
    store: Store, stack: Stack, watch: Watch
) -> None:
    await store.delete_stack(ALICE, stack.id)

    assert await watch.changed() == [Event(NO_STACK, About.MEMBERS)]
