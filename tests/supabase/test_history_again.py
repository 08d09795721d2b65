"""A call that is made again under its id, because its answer was lost."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import anyio
import pytest

from stackdocs_mcp.core.binding import Actor, Binding, Right, StackId, UserId
from stackdocs_mcp.core.errors import StaleCheck, StaleRevision
from stackdocs_mcp.core.model import Document
from stackdocs_mcp.core.ports import StackStore, Store
from stackdocs_mcp.stores.supabase.project import Caller, Minter
from stackdocs_mcp.stores.supabase.rest import Rest
from tests.stores.builders import ALICE, BOB, SteppingClock, binding, put, ready, values
from tests.supabase.shared import open_shared, rig

pytestmark = pytest.mark.anyio

NOW = 1_772_600_771_890_123
DAY = 86_400_000_000
ONE = [[{"path": "/a", "leaves": [["/a", '{"v":2,"e":["unchecked",null,[]]}']], "scalar": True}]]


@dataclass
class Calls:
    """Calls of the database's functions, with ids of one's own."""

    rest: Rest
    stack: StackId
    document: str

    async def __call__(
        self, function: str, call: str, user: UserId = ALICE, now: int = NOW, **arguments: Any
    ) -> Any:
        return await self.alone(function, call, user, now, document=self.document, **arguments)

    async def alone(
        self, function: str, call: str, user: UserId = ALICE, now: int = NOW, **arguments: Any
    ) -> Any:
        """The same, and about no document."""
        bound = Binding(user, self.stack, frozenset([Right.READ, Right.WRITE]), Actor("person"))
        told = {"id": call, "now": now, "kind": "person", "client": "test", "quotas": {}}
        named = {f"p_{name}": value for name, value in arguments.items()}
        return await self.rest.call(Caller.of(bound), f"sd_{function}", {"p_call": told, **named})

    async def write(self, call: str, user: UserId = ALICE, **other: Any) -> Any:
        given = {"runs": ONE, "readings": None, "dry_run": False} | other
        return await self("write", call, user, **given)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    await rig().clean()
    opened = await open_shared(tmp_path, SteppingClock())
    yield opened
    await opened.close()


@pytest.fixture
async def repo(store: Store) -> StackStore:
    return store.bind(binding(ALICE, (await store.open_stack(ALICE, "again")).id))


@pytest.fixture
async def document(repo: StackStore) -> Document:
    found = await ready(repo)
    await put(repo, found, "a", 1)
    return found


@pytest.fixture
async def calls(repo: StackStore, document: Document) -> AsyncIterator[Calls]:
    rest = Rest(rig().url, rig().publishable_key, Minter(rig().signing_key))
    yield Calls(rest, (await repo.stack()).id, document.id)
    await rest.close()


TWICE: dict[str, dict[str, Any]] = {
    "write": {"runs": ONE, "readings": None, "dry_run": False},
    "undo": {"revision": None, "ordinal": None, "redo": False},
    "unlock": {"path": ""},
    "start_extraction": {},
}


@pytest.mark.parametrize("function", list(TWICE))
@pytest.mark.requirement("PGH-10")
async def test_the_same_call_twice_has_one_effect_and_one_answer(
    repo: StackStore, document: Document, calls: Calls, function: str
) -> None:
    if function != "write":
        await calls.write(str(uuid4()))
    before = len(await repo.changes(document.id, limit=99))
    call = str(uuid4())

    first = await calls(function, call, **TWICE[function])
    made = len(await repo.changes(document.id, limit=99))
    again = await calls(function, call, **TWICE[function])

    assert made > before
    assert again == first
    assert len(await repo.changes(document.id, limit=99)) == made
    other = await calls("write", call, **TWICE["write"])
    assert "answers" in other, "an id answers for the function that it was made for"


@pytest.mark.requirement("PGH-10")
async def test_a_document_that_was_added_is_new_also_when_that_is_asked_for_again(
    calls: Calls,
) -> None:
    call, other = str(uuid4()), str(uuid4())
    given: dict[str, Any] = {
        "filename": "a.pdf",
        "folded": "a.pdf",
        "sha256": "a" * 64,
        "size": 1,
        "file_path": f"{calls.stack}/a",
        "part_of": None,
    }

    first = await calls.alone("add_document", call, **given)
    again = await calls.alone("add_document", call, **given)
    second = await calls.alone("add_document", other, **given)

    assert first["new"]
    assert again == first
    assert second == {**first, "new": False}


READ_ONCE_MORE = {"retry": "failed", "reread": "ocr_complete"}


@pytest.mark.parametrize("function", list(READ_ONCE_MORE))
@pytest.mark.requirement("PGH-10")
async def test_what_was_read_once_more_is_not_read_again_for_a_lost_answer(
    calls: Calls, function: str
) -> None:
    call, status = str(uuid4()), READ_ONCE_MORE[function]
    ended = f"""
        update public.documents set status = '{status}',
            failure_code = case '{status}' when 'failed' then 'code' end
    """
    await rig().sql(ended)

    first = await calls(function, call)
    await rig().sql(ended)
    again = await calls(function, call)

    assert first["status"] == "processing"
    assert again == first
    assert [row["status"] for row in await rig().sql(STATUSES)] == [status]


STATUSES = "select status from public.documents"


@pytest.mark.requirement("PGH-15")
@pytest.mark.parametrize("function", ["complete", "write_seen"])
async def test_what_names_no_revision_was_not_checked(calls: Calls, function: str) -> None:
    checked: dict[str, Any] = {"revision": None, "readings": 0, "version": "none"}
    more: dict[str, dict[str, Any]] = {
        "complete": {"reason": "", "acknowledged": "[]"},
        "write_seen": {"runs": ONE, "dry_run": False},
    }

    with pytest.raises((StaleRevision, StaleCheck)) as refused:
        await calls(function, str(uuid4()), **checked, **more[function])

    assert "rules" not in str(refused.value)
    assert await rig().sql("select from stackdocs.changes where action = 'complete'") == []


@pytest.mark.requirement("PGH-11")
async def test_the_same_call_ten_times_at_once_has_one_effect_and_one_answer(
    repo: StackStore, document: Document, calls: Calls
) -> None:
    call, answers = str(uuid4()), []

    async def undo() -> None:
        answers.append(await calls("undo", call, **TWICE["undo"]))

    async with anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(undo)

    assert [one[0]["action"] for one in answers] == ["undo"] * 10
    assert all(one == answers[0] for one in answers)
    assert [one.action.value for one in await repo.changes(document.id, limit=9)] == ["undo", "set"]


@pytest.mark.requirement("PGH-12")
async def test_another_users_call_id_says_nothing(calls: Calls) -> None:
    await rig().sql(
        "insert into stackdocs.members values ($1, $2, 'editor', now())", BOB, calls.stack
    )
    call = str(uuid4())
    (mine,) = (await calls.write(call))["answers"]

    (theirs,) = (await calls.write(call, BOB))["answers"]

    assert mine == [None, 1, []]
    assert theirs == [None, None, []], "it is his own: what he writes is there already"


@pytest.mark.requirement("PGH-13")
async def test_answers_older_than_a_day_go_a_few_at_a_time(calls: Calls) -> None:
    await rig().sql("delete from stackdocs.answers")
    old, young = [str(uuid4()) for _ in range(7)], str(uuid4())
    for call in (*old, young):
        await calls.write(call)
    await rig().sql(
        "update stackdocs.answers set at = at - interval '25 hours' where call_id = any ($1)", old
    )

    left = []
    for _ in range(3):
        await calls.write(str(uuid4()))
        rows = await rig().sql("select call_id::text as id from stackdocs.answers")
        left.append(len({row["id"] for row in rows} & set(old)))

    assert left == [5, 1, 0], "the oldest were of the document: it was added and written to"
    assert young in {row["id"] for row in rows}


@pytest.mark.requirement("PGS-43")
async def test_answers_of_users_who_never_call_again_go_with_anybodys(
    store: Store, calls: Calls
) -> None:
    await calls.write(str(uuid4()))
    await rig().sql("update stackdocs.answers set at = at - interval '25 hours'")
    elsewhere = store.bind(binding(BOB, (await store.open_stack(BOB, "b")).id))

    await elsewhere.revoke(ALICE)

    rows = await rig().sql("select user_id from stackdocs.answers")
    assert [row["user_id"] for row in rows] == [BOB]


@pytest.mark.requirement("PGS-43")
async def test_no_time_that_is_named_makes_an_answer_forgotten(calls: Calls) -> None:
    call = str(uuid4())
    first = await calls.write(call, now=NOW)

    await calls.write(str(uuid4()), now=NOW + 400 * DAY)

    assert await calls.write(call, now=NOW + 400 * DAY) == first


@pytest.mark.requirement("PGH-14")
async def test_a_dry_run_leaves_nothing_behind(
    repo: StackStore, document: Document, calls: Calls
) -> None:
    call = str(uuid4())

    rehearsed = await calls.write(call, dry_run=True)

    assert await values(repo, document) == {"a": 1}
    assert (await repo.document(document.id)).revision == 1
    assert await calls.write(call) == rehearsed
    assert await values(repo, document) == {"a": 2}
