"""Documents that wait to be read: what comes into the queue, who is given it, and when it goes."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import cast

import pytest

from stackdocs_mcp.core.binding import UserId
from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.core.model import Document
from stackdocs_mcp.core.queue import Task
from stackdocs_mcp.stores.supabase.project import PROGRAM, Caller, PgRole
from stackdocs_mcp.stores.supabase.store import SupabaseStore, open_store
from tests.stores.builders import ALICE, BOB, SteppingClock, binding, file
from tests.supabase.projects import Project
from tests.supabase.shared import rig

pytestmark = pytest.mark.anyio

LEASE = timedelta(seconds=60)
LATER = "update pgmq.q_stackdocs_reading set vt = vt - interval '1 hour'"


async def opened(project: Project) -> SupabaseStore:
    return await open_store(
        project.url, project.publishable_key, project.signing_key, clock=SteppingClock()
    )


@pytest.fixture
async def store() -> AsyncIterator[SupabaseStore]:
    await rig().clean()
    made = await opened(rig())
    yield made
    await made.close()


async def waiting(store: SupabaseStore, name: str, user: UserId = ALICE) -> Document:
    """A document of this name in the user's one stack."""
    stack = await store.open_stack(user, "invoices")
    document, _ = await store.bind(binding(user, stack.id)).add_document(file(name))
    return document


async def messages() -> list[object]:
    rows = await rig().sql("select message from pgmq.q_stackdocs_reading order by msg_id")
    return [json.loads(row["message"]) for row in rows]


async def set_status(document: Document, status: str) -> None:
    code = "crashed" if status == "failed" else None
    await rig().sql(
        "update public.documents set status = $1, failure_code = $2 where id = $3",
        status,
        code,
        document.id,
    )


async def taken(store: SupabaseStore) -> Task:
    task = await store.queue.take(LEASE)
    assert task is not None
    return task


@pytest.mark.requirement("PGQ-02")
async def test_an_added_document_waits_as_three_ids(store: SupabaseStore) -> None:
    stack = await store.open_stack(ALICE, "invoices")
    document = await waiting(store, "secret name.pdf")

    assert await messages() == [{"stack": stack.id, "owner": ALICE, "document": document.id}]


@pytest.mark.requirement("PGQ-01")
@pytest.mark.parametrize("status", ["failed", "completed", "ocr_complete"])
async def test_a_document_that_is_to_be_read_again_waits_again(
    store: SupabaseStore, status: str
) -> None:
    document = await waiting(store, "a.pdf")
    await set_status(document, status)
    assert await store.queue.take(LEASE) is None
    await set_status(document, "processing")

    assert (await taken(store)).document == document.id


@pytest.mark.requirement("PGQ-01")
async def test_the_same_bytes_again_and_what_is_rolled_back_put_nothing_into_the_queue(
    store: SupabaseStore,
) -> None:
    document = await waiting(store, "a.pdf")
    await waiting(store, "a.pdf")
    await rig().sql(
        "begin; update public.documents set status = 'completed';"
        "update public.documents set status = 'processing'; rollback"
    )
    await rig().sql("update public.documents set updated_at = now(), status = status")

    assert [one["document"] for one in cast("list[dict[str, str]]", await messages())] == [
        document.id
    ]


@pytest.mark.requirement("PGQ-03")
async def test_a_task_is_one_reader_s_until_its_lease_runs_out(store: SupabaseStore) -> None:
    document = await waiting(store, "a.pdf")
    other = await opened(rig())

    first = await taken(store)
    assert (first.document, first.owner, first.tries) == (document.id, ALICE, 1)
    assert await other.queue.take(LEASE) is None
    await rig().sql(LATER)
    second = await taken(other)
    assert (second.id, second.tries) == (first.id, 2)
    await other.close()


@pytest.mark.requirement("PGQ-03")
async def test_a_prolonged_task_stays_and_a_done_one_is_gone(store: SupabaseStore) -> None:
    await waiting(store, "a.pdf")
    task = await taken(store)
    await rig().sql(LATER)

    assert await store.queue.extend(task, LEASE)
    assert await store.queue.take(LEASE) is None
    assert await store.queue.depth() == 1
    await store.queue.done(task)
    await store.queue.done(task)
    assert await store.queue.depth() == 0
    assert not await store.queue.extend(task, LEASE)
    assert await rig().sql("select * from pgmq.a_stackdocs_reading") == []


@pytest.mark.requirement("PGQ-04")
async def test_whoever_slept_over_its_lease_changes_nothing(store: SupabaseStore) -> None:
    await waiting(store, "a.pdf")
    sleeper = await taken(store)
    await rig().sql(LATER)
    heir = await taken(store)

    assert not await store.queue.extend(sleeper, LEASE)
    await store.queue.release(sleeper)
    await store.queue.done(sleeper)

    assert await store.queue.depth() == 1
    assert await store.queue.take(LEASE) is None
    assert await store.queue.extend(heir, LEASE)


@pytest.mark.requirement("PGQ-05")
async def test_a_task_that_is_given_up_is_there_at_once_and_counts_as_never_tried(
    store: SupabaseStore,
) -> None:
    document = await waiting(store, "a.pdf")
    for _ in range(20):
        await store.queue.release(await taken(store))

    again = await taken(store)
    assert (again.document, again.tries) == (document.id, 1)
    await store.queue.release(again, LEASE)
    assert await store.queue.take(LEASE) is None
    assert await store.queue.depth() == 1


@pytest.mark.requirement("PGQ-12")
@pytest.mark.parametrize("status", ["failed", "completed", "ocr_complete"])
async def test_what_was_read_by_whomever_is_out_of_the_queue_at_once(
    store: SupabaseStore, status: str
) -> None:
    document, other = await waiting(store, "a.pdf"), await waiting(store, "b.pdf")
    task = await taken(store)
    await set_status(document, status)

    assert [one["document"] for one in cast("list[dict[str, str]]", await messages())] == [other.id]
    assert not await store.queue.extend(task, LEASE)
    await set_status(document, "processing")
    assert await store.queue.depth() == 2


@pytest.mark.requirement("PGQ-06")
@pytest.mark.parametrize(
    "statement",
    [
        "update public.stacks set deleted_at = now()",
        """
        begin;
        set constraints all deferred;
        delete from public.extractions;
        delete from public.documents;
        commit
        """,
    ],
    ids=["stack deleted", "erased"],
)
async def test_a_message_without_a_document_to_be_read_is_dropped(
    store: SupabaseStore, statement: str
) -> None:
    await waiting(store, "a.pdf")
    await rig().sql(statement)

    assert await store.queue.take(LEASE) is None
    assert await store.queue.depth() == 0


@pytest.mark.requirement("PGQ-07")
async def test_a_message_that_is_not_true_does_nothing_and_goes(store: SupabaseStore) -> None:
    document = await waiting(store, "a.pdf")
    bobs = await store.open_stack(BOB, "invoices")
    stack = await store.open_stack(ALICE, "invoices")
    bogus: list[object] = [
        {"stack": bobs.id, "owner": BOB, "document": document.id},
        {"stack": stack.id, "owner": BOB, "document": document.id},
        {"stack": bobs.id, "owner": ALICE, "document": document.id},
        {"stack": stack.id, "owner": ALICE, "document": "'; drop table documents"},
        {"stack": stack.id, "owner": ALICE},
        {"stack": 7, "owner": [], "document": {}},
        "a text",
        None,
    ]
    task = await taken(store)
    for one in bogus:
        await rig().sql("select pgmq.send('stackdocs_reading', $1::jsonb)", json.dumps(one))

    assert await store.queue.take(LEASE) is None
    assert await store.queue.depth() == 1
    assert task.document == document.id


@pytest.mark.requirement("PGQ-08")
async def test_owners_take_turns_and_whoever_is_full_is_passed_over(store: SupabaseStore) -> None:
    for number in range(5):
        await waiting(store, f"{number}.pdf", ALICE)
    carol = UserId("carol@example.org")
    await waiting(store, "late.pdf", BOB)
    await waiting(store, "later.pdf", carol)

    served: list[UserId] = []
    for _ in range(4):
        task = await store.queue.take(LEASE, served=served[-2:])
        assert task is not None
        served.append(task.owner)

    assert served == [ALICE, BOB, carol, ALICE]
    assert await store.queue.take(LEASE, full={ALICE}) is None
    assert await store.queue.depth() == 7


@pytest.mark.requirement("PGQ-08")
async def test_one_owner_s_tasks_come_in_the_order_they_were_made(store: SupabaseStore) -> None:
    made = [(await waiting(store, f"{number}.pdf")).id for number in range(4)]

    assert [(await taken(store)).document for _ in made] == made


@pytest.mark.requirement("PGQ-09")
@pytest.mark.parametrize("stack", ["invoices", "another"])
async def test_what_is_being_read_is_not_given_out(store: SupabaseStore, stack: str) -> None:
    document = await waiting(store, "a.pdf")
    where = await store.open_stack(ALICE, stack)
    await store.bind(binding(ALICE, where.id)).add_document(file("a.pdf"))
    claim = "update public.documents set claimed_by = 'x', claimed_until = $1 where stack_id = $2"
    clock = SteppingClock()
    await rig().sql(claim, clock() + timedelta(hours=1), where.id)

    for _ in range(10):
        task = await store.queue.take(LEASE)
        assert task is None
        await rig().sql(LATER)
    await rig().sql(claim, clock() - timedelta(hours=1), where.id)

    task = await taken(store)
    assert (task.document, task.tries) == (document.id, 1)


FUNCTIONS: dict[str, dict[str, object]] = {
    "take": {"p_now": 0, "p_seconds": 60, "p_served": [], "p_full": []},
    "extend": {"p_id": 1, "p_tries": 1, "p_seconds": 1},
    "done": {"p_id": 1, "p_tries": 1},
    "release": {"p_id": 1, "p_tries": 1, "p_seconds": 1},
    "mend": {"p_stack": None, "p_document": None},
    "depth": {},
}


@pytest.mark.requirement("PGQ-10")
@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("role", ["authenticated", "stackdocs_worker"])
async def test_nobody_but_the_program_calls_the_queue_s_functions(
    store: SupabaseStore, role: PgRole, function: str
) -> None:
    stack = await store.open_stack(ALICE, "invoices")
    caller = Caller(role, ALICE, stack.id, ("stack:admin", "stack:read", "stack:write"))

    with pytest.raises(StoreFailed):
        await store._rest.call(caller, f"sd_queue_{function}", FUNCTIONS[function])


@pytest.mark.requirement("PGQ-10")
@pytest.mark.parametrize(
    "role", ["anon", "authenticated", "service_role", "stackdocs_worker", "stackdocs_server"]
)
async def test_nobody_reads_or_writes_the_queue_s_tables(role: str) -> None:
    rows = await rig().sql(
        """
        select has_table_privilege($1::name, t.oid, p) as may
        from pg_class as t, unnest(array['select', 'insert', 'update', 'delete']) as p
        where t.oid in
            ('pgmq.q_stackdocs_reading'::regclass, 'pgmq.a_stackdocs_reading'::regclass)
        """,
        role,
    )

    assert [row["may"] for row in rows] == [False] * 8


DEAD = """
select pgmq.send_batch('stackdocs_reading', array_agg(jsonb_build_object(
    'stack', gen_random_uuid(), 'owner', owner, 'document', gen_random_uuid())))
from unnest($1::text[]) as owner, generate_series(1, $2)
"""


@pytest.mark.requirement("PGQ-13")
@pytest.mark.parametrize("owner", ["", ALICE, "zoe@example.org"])
async def test_however_many_messages_are_there_for_nothing_the_next_task_is_given_out(
    store: SupabaseStore, owner: str
) -> None:
    await rig().sql(DEAD, [owner], 5_000)
    document = await waiting(store, "a.pdf")

    assert (await taken(store)).document == document.id


@pytest.mark.requirement("PGQ-13")
async def test_a_call_looks_at_a_thousand_messages_and_no_more(store: SupabaseStore) -> None:
    await rig().sql(DEAD, [f"{number}@example.org" for number in range(10)], 300)

    left = []
    while await store._rest.call(PROGRAM, "sd_queue_take", FUNCTIONS["take"]) is False:
        left.append(await store.queue.depth())

    assert left == [2000, 1000, 100]
    assert await store.queue.depth() == 0


@pytest.mark.requirement("PGQ-14")
@pytest.mark.parametrize("lost", ["drop_queue", "purge_queue"])
async def test_a_queue_that_is_made_again_has_what_waits(store: SupabaseStore, lost: str) -> None:
    made = [await waiting(store, f"{number}.pdf") for number in range(3)]
    await set_status(made[0], "completed")
    await rig().sql(f"select pgmq.{lost}('stackdocs_reading')")
    await rig().sql("call stackdocs.make_queue()")
    await rig().sql("call stackdocs.make_queue()")

    assert await store.queue.depth() == 2
    assert {(await taken(store)).document for _ in range(2)} == {one.id for one in made[1:]}


@pytest.mark.requirement("PGQ-14")
async def test_mending_looks_at_a_thousand_documents_in_a_call_and_in_the_end_at_all(
    store: SupabaseStore,
) -> None:
    document = await waiting(store, "a.pdf")
    await rig().sql(MANY, document.id)
    gone = await waiting(store, "gone.pdf", BOB)
    await rig().sql("update public.stacks set deleted_at = now() where user_id = $1", BOB)
    await rig().sql("select pgmq.purge_queue('stackdocs_reading')")

    depths = []
    for _ in range(5):
        await store.queue.mend()
        depths.append(await store.queue.depth())

    assert depths[1:] == [depths[1], 2501, 2501, 2501]
    assert depths[0] <= 1000
    assert gone.id not in {
        one["document"] for one in cast("list[dict[str, str]]", await messages())
    }


MANY = """
with made as (
    insert into public.documents (stack_id, user_id, extraction_id, filename, folded_name, sha256,
        file_size_bytes, added_by, uploaded_at, updated_at)
    select d.stack_id, d.user_id, gen_random_uuid(), d.filename, d.folded_name, d.sha256 || n,
        d.file_size_bytes, d.added_by, d.uploaded_at, d.updated_at
    from public.documents as d, generate_series(1, 2500) as n where d.id = $1
    returning stack_id, id, extraction_id, uploaded_at
)
insert into public.extractions (stack_id, id, document_id, number, created_at)
select stack_id, extraction_id, id, 1, uploaded_at from made
"""
