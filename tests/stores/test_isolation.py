"""Two users, three stacks, one store: what is not in the binding is nowhere."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from stackdocs_mcp.core.binding import Role, UserId
from stackdocs_mcp.core.errors import StackdocsError
from stackdocs_mcp.core.model import (
    ChangeId,
    Completion,
    Document,
    DocumentId,
    Failure,
)
from stackdocs_mcp.core.ports import StackStore, Store
from stackdocs_mcp.core.stack import FolderFile, Ocr, Policy, Stack
from tests.stores.builders import ALICE, BOB, ENGINE, added, binding, file, page, put, setting

pytestmark = pytest.mark.anyio

UNKNOWN = DocumentId("3b241101-e2bb-4255-8caf-4136c566a962")
LATE = datetime(2099, 1, 1, tzinfo=UTC)

BY_DOCUMENT: dict[str, Callable[[StackStore, DocumentId], Awaitable[object]]] = {
    "document": lambda repo, one: repo.document(one),
    "documents": lambda repo, one: repo.documents(after=one, limit=9),
    "outlines": lambda repo, one: repo.outlines(one),
    "pages": lambda repo, one: repo.pages(one, [1]),
    "mark_read": lambda repo, one: repo.mark_read(one, [1]),
    "search": lambda repo, one: repo.search("secret", document=one, limit=9),
    "claim": lambda repo, one: repo.claim(one, "thief", LATE),
    "release": lambda repo, one: repo.release(one, "thief"),
    "set_outline": lambda repo, one: repo.set_outline(one, "text/plain", 9),
    "reserve_recognition": lambda repo, one: repo.reserve_recognition(one, 3),
    "part_of": lambda repo, one: repo.add_document(file("planted"), part_of=one),
    "stored_pages": lambda repo, one: repo.stored_pages(one, ENGINE),
    "save_pages": lambda repo, one: repo.save_pages(one, ENGINE, [page(2, "planted")], billed=5),
    "finish": lambda repo, one: repo.finish(one),
    "fail": lambda repo, one: repo.fail(one, Failure("damaged", "planted")),
    "retry": lambda repo, one: repo.retry(one),
    "reread": lambda repo, one: repo.reread(one),
    "remember_file": lambda repo, one: repo.remember_file(FolderFile("a", 1, 1, one)),
    "fields": lambda repo, one: repo.fields(one),
    "write": lambda repo, one: repo.write(one, [setting("a", "planted")]),
    "undo": lambda repo, one: repo.undo(one),
    "undo a change": lambda repo, one: repo.undo(one, ChangeId("1-1")),
    "redo": lambda repo, one: repo.undo(one, redo=True),
    "unlock": lambda repo, one: repo.unlock(one, ()),
    "fields of a number": lambda repo, one: repo.fields(one, extraction=1),
    "extractions": lambda repo, one: repo.extractions(one),
    "start_extraction": lambda repo, one: repo.start_extraction(one),
    "verify": lambda repo, one: repo.verify(one),
    "complete": lambda repo, one: repo.complete(one, revision=1, completion=Completion()),
    "changes": lambda repo, one: repo.changes(one, limit=9),
    "came_to": lambda repo, one: repo.came_to(one, "0" * 64),
}
OF_STACK: dict[str, Callable[[StackStore], Awaitable[object]]] = {
    "stack": lambda repo: repo.stack(),
    "set_schema": lambda repo: repo.set_schema({"title": "planted"}, "planted", Policy()),
    "set_ocr": lambda repo: repo.set_ocr(Ocr("mistral")),
    "add_document": lambda repo: added(repo, "secret.pdf"),
    "documents": lambda repo: repo.documents(limit=9),
    "search": lambda repo: repo.search("secret", limit=9),
    "unclaimed": lambda repo: repo.unclaimed(LATE, 9),
    "folder_files": lambda repo: repo.folder_files(),
    "changes": lambda repo: repo.changes(limit=9),
    "members": lambda repo: repo.members(),
    "grant": lambda repo: repo.grant(BOB, Role.EDITOR),
    "revoke": lambda repo: repo.revoke(UserId("carol")),
}


async def answer(call: Awaitable[object], document: str, stack: str) -> str:
    """What a caller sees, but for the ids that it named itself."""
    try:
        seen = repr(await call)
    except StackdocsError as error:
        seen = repr((type(error), error.code, error.message, error.advice))
    return seen.replace(document, "DOCUMENT").replace(stack, "STACK")


async def state(repo: StackStore, document: Document) -> str:
    """All that there is of the stack."""
    return repr(
        [
            await repo.stack(),
            await repo.documents(limit=99),
            await repo.outlines(document.id),
            await repo.pages(document.id, range(1, 9)),
            await repo.search("secret planted", limit=99),
            await repo.unclaimed(LATE, 99),
            await repo.folder_files(),
            await repo.fields(document.id),
            await repo.extractions(document.id),
            await repo.changes(limit=99),
            await repo.members(),
        ]
    )


async def filled(repo: StackStore) -> Document:
    document = await added(repo, "secret.pdf")
    await repo.save_pages(document.id, ENGINE, [page(1, "secret text")])
    await repo.remember_file(FolderFile("secret.pdf", 1, 1, document.id))
    await repo.finish(document.id)
    await put(repo, document, "a", "secret value")
    await repo.reread(document.id)
    await repo.save_pages(document.id, ENGINE, [page(1, "secret text")])
    return document


@pytest.mark.requirement("STORE-100")
@pytest.mark.parametrize("method", list(BY_DOCUMENT))
@pytest.mark.parametrize("user", [ALICE, BOB])
async def test_a_document_of_another_binding_answers_as_one_that_is_nowhere(
    store: Store, repo: StackStore, method: str, user: UserId
) -> None:
    document = await filled(repo)
    before = await state(repo, document)
    own = await store.open_stack(user, "own")
    other = store.bind(binding(user, own.id))
    await added(other, "mine.pdf")
    call = BY_DOCUMENT[method]

    foreign = await answer(call(other, document.id), document.id, own.id)
    nowhere = await answer(call(other, UNKNOWN), UNKNOWN, own.id)

    assert foreign == nowhere
    assert "secret" not in foreign
    assert await state(repo, document) == before


@pytest.mark.requirement("STORE-101")
@pytest.mark.parametrize("method", list(BY_DOCUMENT))
async def test_the_right_ids_with_the_wrong_user_reach_no_document(
    store: Store, repo: StackStore, stack: Stack, method: str
) -> None:
    document = await filled(repo)
    before = await state(repo, document)
    call = BY_DOCUMENT[method]
    nowhere_stack = "99b3a8a0-0000-4000-8000-000000000000"
    intruder = store.bind(binding(BOB, stack.id))
    lost = store.bind(binding(BOB, type(stack.id)(nowhere_stack)))

    foreign = await answer(call(intruder, document.id), document.id, stack.id)
    nowhere = await answer(call(lost, UNKNOWN), UNKNOWN, nowhere_stack)

    assert foreign == nowhere
    assert await state(repo, document) == before


@pytest.mark.requirement("STORE-101")
@pytest.mark.parametrize("method", list(OF_STACK))
async def test_the_right_stack_with_the_wrong_user_answers_as_one_that_is_nowhere(
    store: Store, repo: StackStore, stack: Stack, method: str
) -> None:
    document = await filled(repo)
    before = await state(repo, document)
    call = OF_STACK[method]
    nowhere_stack = "99b3a8a0-0000-4000-8000-000000000000"
    intruder = store.bind(binding(BOB, stack.id))
    lost = store.bind(binding(BOB, type(stack.id)(nowhere_stack)))

    foreign = await answer(call(intruder), document.id, stack.id)
    nowhere = await answer(call(lost), UNKNOWN, nowhere_stack)

    assert foreign == nowhere
    assert await state(repo, document) == before


@pytest.mark.requirement("STORE-102")
@pytest.mark.parametrize("user", [ALICE, BOB])
async def test_what_a_stack_lists_is_its_own(store: Store, repo: StackStore, user: UserId) -> None:
    await filled(repo)
    own = await store.open_stack(user, "own")
    other = store.bind(binding(user, own.id))

    mine = await filled(other)

    assert [one.id for one in await other.documents(limit=9)] == [mine.id]
    assert [hit.document for hit in await other.search("secret", limit=9)] == [mine.id]
    assert [change.document for change in await other.changes(limit=9)] == [mine.id]
    assert [one.id for one in await other.unclaimed(LATE, 9)] == [mine.id]
    assert [file.document for file in await other.folder_files()] == [mine.id]


@pytest.mark.requirement("STORE-103")
async def test_ids_are_made_by_the_server_and_are_not_guessable(repo: StackStore) -> None:
    made = [await added(repo, str(count)) for count in range(3)]

    ids = {one.id for one in made}
    assert len(ids) == 3
    assert all(len(one) == 36 and one[14] == "4" for one in ids)  # version 4: random
