"""A server with a fault: it calls the store for one binding under the token of another.

Every method of the port is called, found from the port itself: for another stack of the same user,
for another user's, and as another user. The database gives nothing and changes nothing.
"""

import inspect
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from stackdocs_mcp.core.binding import Binding, Right, Role, StackId
from stackdocs_mcp.core.errors import StackdocsError
from stackdocs_mcp.core.model import (
    ChangeId,
    Completion,
    DocumentId,
    Failure,
)
from stackdocs_mcp.core.ports import StackStore
from stackdocs_mcp.core.quota import UNLIMITED
from stackdocs_mcp.core.stack import FolderFile, Ocr, Policy
from stackdocs_mcp.stores.supabase.bound import BoundStore
from stackdocs_mcp.stores.supabase.kept import Kept
from stackdocs_mcp.stores.supabase.project import Caller, Minter
from stackdocs_mcp.stores.supabase.rest import Rest
from stackdocs_mcp.stores.supabase.store import SupabaseStore
from tests.stores.builders import (
    ALICE,
    BOB,
    ENGINE,
    added,
    binding,
    file,
    page,
    put,
    setting,
)
from tests.supabase import shared

pytestmark = pytest.mark.anyio
CANARY = "canaryforeign"
LATER = datetime(2030, 1, 1, tzinfo=UTC)


def arguments(document: DocumentId) -> Mapping[str, Mapping[str, Any]]:
    """Of each method of the port; a method that is not here fails the test."""
    failure = Failure("damaged", "damaged", "Send another.")
    folder_file = FolderFile("a.pdf", 1, 1, document)
    of_document = {"document": document}
    return {
        "stack": {},
        "set_schema": {"schema": {"type": "object"}, "instructions": "x", "policy": Policy()},
        "set_ocr": {"ocr": Ocr("local", "never")},
        "add_document": {"new": file("mine.pdf"), "part_of": document},
        "document": of_document,
        "documents": {"limit": 100},
        "outlines": of_document,
        "pages": {**of_document, "numbers": [1, 2]},
        "mark_read": {**of_document, "numbers": [1]},
        "search": {"query": CANARY, "limit": 10},
        "claim": {**of_document, "owner": "me", "until": LATER},
        "release": {**of_document, "owner": "me"},
        "unclaimed": {"now": LATER, "limit": 10},
        "set_outline": {**of_document, "media_type": "text/plain", "pages": 3},
        "reserve_recognition": {**of_document, "pages": 1},
        "stored_pages": {**of_document, "engine": ENGINE},
        "save_pages": {**of_document, "engine": ENGINE, "pages": [page(2, "x")]},
        "finish": of_document,
        "fail": {**of_document, "failure": failure},
        "retry": of_document,
        "reread": of_document,
        "folder_files": {},
        "remember_file": {"file": folder_file},
        "fields": of_document,
        "extractions": of_document,
        "start_extraction": of_document,
        "write": {**of_document, "writes": [setting("total", 7)]},
        "unlock": {**of_document, "path": ()},
        "undo": {**of_document, "change": ChangeId("1-1")},
        "complete": {**of_document, "revision": 1, "completion": Completion()},
        "changes": {"limit": 100},
        "came_to": {**of_document, "digest": "0" * 64},
        "verify": of_document,
        "opened": {**of_document, "recent": True},
        "standing": of_document,
        "shown": {**of_document, "numbers": [1]},
        "members": {},
        "grant": {"user": BOB, "role": Role.VIEWER},
        "revoke": {"user": ALICE},
        "use_link": {"nonce": "n", "use": "u", "expires_at": LATER},
    }


METHODS = sorted(
    name
    for name, member in inspect.getmembers(StackStore, inspect.isfunction)
    if not name.startswith("_")
)


OF_READERS = {"mark_read", "use_link"}
"""What whoever may only read may write."""


class Confused(BoundStore):
    """What the binding says goes into the arguments, and another binding's token goes along."""

    def __init__(self, rest: Rest, said: Binding, minted: Binding) -> None:
        super().__init__(rest, said, now, UNLIMITED, kept=Kept())
        self._caller = Caller.of(minted)


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Confusion:
    """Two users' stacks with a document in each, and what the token is good for."""

    rest: Rest
    own: Binding
    sibling: Binding
    foreign: Binding
    documents: Mapping[StackId, DocumentId]

    def of(self, binding: Binding) -> DocumentId:
        """The document of the binding's stack."""
        return self.documents[binding.stack]


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def confusion() -> AsyncIterator[Confusion]:
    project = shared.rig()
    await project.clean()
    rest = Rest(project.url, project.publishable_key, Minter(project.signing_key))
    store = SupabaseStore(rest, now)
    bindings, documents = [], {}
    for user, name in ((ALICE, "own"), (ALICE, "sibling"), (BOB, "foreign")):
        bound = binding(user, (await store.open_stack(user, name)).id)
        repo = store.bind(bound)
        canary = "own" if name == "own" else CANARY
        document = await added(repo, f"{canary}.pdf", f"{name}")
        await repo.save_pages(document.id, ENGINE, [page(1, f"{canary} line")])
        await repo.finish(document.id)
        await put(repo, document, canary, canary)
        bindings.append(bound)
        documents[bound.stack] = document.id
    own, sibling, foreign = bindings
    yield Confusion(rest, own, sibling, foreign, documents)
    await store.close()


@pytest.mark.requirement("PGW-16")
def test_every_method_of_the_port_has_arguments_here() -> None:
    assert set(METHODS) == set(arguments(DocumentId("x")))
    assert len(METHODS) > 30


@pytest.mark.requirement("PGW-16")
@pytest.mark.parametrize("method", METHODS)
async def test_another_binding_under_ones_own_token_gives_nothing_of_it(
    confusion: Confusion, method: str
) -> None:
    as_another = replace(confusion.own, user=BOB)
    before = rows(apart_from=confusion.own.stack)
    for said in (confusion.sibling, confusion.foreign, as_another):
        for document in (confusion.of(confusion.sibling), confusion.of(confusion.foreign)):
            answer = await asked(Confused(confusion.rest, said, confusion.own), method, document)
            assert CANARY not in answer

    assert rows(apart_from=confusion.own.stack) == before


@pytest.mark.requirement("PGW-16")
@pytest.mark.parametrize("method", METHODS)
async def test_a_token_for_a_stack_that_is_not_its_users_is_good_for_nothing(
    confusion: Confusion, method: str
) -> None:
    crossed = replace(confusion.foreign, user=ALICE)
    before = rows()
    for said in (confusion.own, confusion.foreign, crossed):
        for document in confusion.documents.values():
            answer = await asked(Confused(confusion.rest, said, crossed), method, document)
            assert answer.startswith("refused: NotFound"), answer

    assert rows() == before


@pytest.mark.requirement("PGW-16")
@pytest.mark.parametrize("method", sorted(set(METHODS) - OF_READERS))
async def test_rights_that_a_token_lacks_change_nothing_whatever_the_binding_says(
    confusion: Confusion, method: str
) -> None:
    """The owner's own token, minted for reading alone."""
    reading = replace(confusion.own, rights=frozenset({Right.READ}))
    before = rows()
    await asked(
        Confused(confusion.rest, confusion.own, reading),
        method,
        confusion.of(confusion.own),
    )

    assert rows() == before


async def asked(repo: BoundStore, method: str, document: DocumentId) -> str:
    """All that came back, as text."""
    try:
        return repr(await getattr(repo, method)(**arguments(document)[method]))
    except StackdocsError as error:
        return f"refused: {type(error).__name__} {error.message} {error.advice}"


def rows(*, apart_from: str | None = None) -> set[str]:
    """Every row of the project, but those of a stack."""
    names = [one["name"] for one in shared.sql(shared.TABLES)]
    each = [f"select '{name} ' || t::text as row from {name} as t" for name in names]
    found = {one["row"] for one in shared.sql(" union all ".join(each))}
    return {one for one in found if apart_from is None or apart_from not in one}
