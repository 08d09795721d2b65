"""Pages on Postgres: at the same time, made again, paid for, and by the role that reads them in."""

import json
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import anyio
import asyncpg
import pytest

from stackdocs_mcp.core.binding import Binding, Right
from stackdocs_mcp.core.errors import MissingRight, StoreFailed
from stackdocs_mcp.core.model import Document, DocumentStatus
from stackdocs_mcp.core.ports import StackStore, Store
from stackdocs_mcp.core.quota import Quotas
from stackdocs_mcp.stores.supabase.bound import BoundStore
from stackdocs_mcp.stores.supabase.calling import micros
from stackdocs_mcp.stores.supabase.project import Caller, Minter
from stackdocs_mcp.stores.supabase.rest import Rest
from tests.stores.builders import ALICE, BOB, ENGINE, SteppingClock, added, binding, page
from tests.supabase.acting import acting
from tests.supabase.shared import open_shared, rig

pytestmark = pytest.mark.anyio

MINUTE = timedelta(minutes=1)
QUOTAS = Quotas(documents=10, pages=10, ocr_pages=10)


@pytest.fixture
def clock() -> SteppingClock:
    return SteppingClock()


@pytest.fixture
async def store(tmp_path: Path, clock: SteppingClock) -> AsyncIterator[Store]:
    opened = await open_shared(tmp_path, clock, QUOTAS)
    yield opened
    await opened.close()


@pytest.fixture
async def rest() -> AsyncIterator[Rest]:
    project = rig()
    made = Rest(project.url, project.publishable_key, Minter(project.signing_key))
    yield made
    await made.close()


async def in_stack(store: Store, name: str = "invoices") -> tuple[Binding, StackStore, Document]:
    """A stack of alice's, bound, with the one document."""
    bound = binding(ALICE, (await store.open_stack(ALICE, name)).id)
    repo = store.bind(bound)
    return bound, repo, await added(repo)


@pytest.mark.requirement("PGP-01")
async def test_pages_are_kept_by_number_in_whatever_order_they_came(store: Store) -> None:
    _, repo, document = await in_stack(store)

    await repo.save_pages(document.id, ENGINE, [page(3, "c"), page(1, "a"), page(2, "b")])

    kept = await rig().sql("select number from public.ocr_results order by id")
    assert [row["number"] for row in kept] == [1, 2, 3]


@pytest.mark.requirement("PGP-01")
async def test_the_same_bytes_kept_in_two_stacks_at_once_are_kept_once(store: Store) -> None:
    both = [await in_stack(store, name) for name in ("one", "two")]
    numbers = range(1, 31)

    async with anyio.create_task_group() as tasks:
        for (_, repo, document), order in zip(both, (numbers, reversed(numbers)), strict=True):
            tasks.start_soon(
                repo.save_pages, document.id, ENGINE, [page(number, "text") for number in order]
            )

    (kept,) = await rig().sql("select count(*) from public.ocr_results")
    assert kept["count"] == len(numbers)
    for _, repo, document in both:
        assert (await repo.document(document.id)).pages_done == len(numbers)
        assert len(await repo.search("text", limit=99)) == len(numbers)


@pytest.mark.requirement("PGP-02")
async def test_a_call_that_is_made_again_costs_once(
    store: Store, rest: Rest, clock: SteppingClock
) -> None:
    bound, repo, document = await in_stack(store)
    call = {"id": str(uuid.uuid4()), "now": micros(clock()), "kind": "agent", "client": "test"}
    about = {"p_call": call, "p_document": document.id}

    for _ in range(2):
        await rest.call(Caller.of(bound), "sd_reserve_recognition", {**about, "p_pages": 4})
        await rest.call(
            Caller.of(bound),
            "sd_save_pages",
            {**about, "p_engine": ENGINE, "p_pages": [], "p_billed": 3, "p_recognised": 1},
        )
    assert (await repo.document(document.id)).billed_pages == 3
    await repo.finish(document.id)

    left = await store.quota(ALICE)
    assert left is not None
    assert left.ocr_pages == 9


@pytest.mark.requirement("PGP-03")
async def test_of_two_who_claim_the_same_bytes_at_once_one_does(
    store: Store, clock: SteppingClock
) -> None:
    (bound, _, document), (_, other, same) = [
        await in_stack(store, name) for name in ("one", "two")
    ]
    now = clock.now
    claimed: list[bool] = []

    async def claim() -> None:
        claimed.append(await other.claim(same.id, "second", now + MINUTE))

    with anyio.fail_after(30):
        async with acting(bound) as first, anyio.create_task_group() as tasks:
            call = json.dumps({"now": micros(now)})
            until = micros(now + MINUTE)
            asked = "select public.sd_claim($1, $2, 'first', $3)"
            assert await first.fetchval(asked, call, document.id, until) == "true"
            tasks.start_soon(claim)
            while not await rig().sql("select 1 from pg_locks where not granted"):
                await anyio.lowlevel.checkpoint()
            await first.execute("commit")

    assert claimed == [False]


@pytest.mark.requirement("PGP-09")
async def test_who_reads_a_page_and_who_has_it_read_anew_do_not_wait_for_each_other(
    store: Store,
) -> None:
    bound, repo, document = await in_stack(store)
    await repo.save_pages(document.id, ENGINE, [page(1, "one")])
    await repo.finish(document.id)
    waiting = "select count(*) from pg_locks where not granted and pid <> pg_backend_pid()"

    async def waits(count: int) -> None:
        while (await rig().sql(waiting))[0]["count"] < count:
            await anyio.lowlevel.checkpoint()

    with anyio.fail_after(60):
        async with acting(bound) as first, anyio.create_task_group() as tasks:
            await first.execute("update stackdocs.document_pages set read = true")
            tasks.start_soon(repo.mark_read, document.id, [1])
            await waits(1)
            tasks.start_soon(repo.reread, document.id)
            await waits(2)
            await first.execute("rollback")

    assert (await repo.document(document.id)).status is DocumentStatus.PROCESSING


@pytest.mark.requirement("PGP-04")
@pytest.mark.parametrize("role", ["authenticated", "stackdocs_worker"])
@pytest.mark.parametrize(
    "change",
    [
        "update public.documents set reserved_pages = 9",
        "update public.documents set reserved_ocr = 9",
        "update public.documents set added_by = 'mallory'",
        "update stackdocs.usage set pages = 0",
        "delete from stackdocs.usage",
    ],
)
async def test_what_is_reserved_and_used_is_written_by_nobody(
    store: Store, role: str, change: str
) -> None:
    bound, _, _ = await in_stack(store)

    async with acting(
        bound, "authenticated" if role == "authenticated" else "stackdocs_worker"
    ) as it:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await it.execute(change)


@pytest.mark.requirement("PGP-05")
async def test_the_workers_role_reads_a_document_in_and_does_nothing_else(
    store: Store, rest: Rest, clock: SteppingClock
) -> None:
    bound, repo, document = await in_stack(store)
    worker = BoundStore(rest, bound, clock, QUOTAS, "stackdocs_worker")

    assert await worker.claim(document.id, "worker", clock.now + MINUTE)
    await worker.set_outline(document.id, "application/pdf", 2)
    await worker.reserve_recognition(document.id, 1)
    assert await worker.stored_pages(document.id, ENGINE) == []
    await worker.save_pages(document.id, ENGINE, [page(1, "one"), page(2, "two")], recognised=1)
    assert (await worker.finish(document.id)).status is DocumentStatus.OCR_COMPLETE

    assert await repo.pages(document.id, [1, 2]) == [page(1, "one"), page(2, "two")]
    for refused in (
        worker.search("one", limit=1),
        worker.mark_read(document.id, [1]),
        worker.reread(document.id),
        worker.retry(document.id),
        worker.folder_files(),
        worker.changes(limit=1),
    ):
        with pytest.raises(StoreFailed):
            await refused
    async with acting(bound, "stackdocs_worker") as it:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await it.execute("delete from stackdocs.document_pages")


@pytest.mark.requirement("PGP-06")
async def test_a_document_outside_the_bound_stack_is_neither_told_of_nor_changed(
    store: Store, clock: SteppingClock
) -> None:
    _, repo, document = await in_stack(store, "one")
    _, _, same = await in_stack(store, "two")
    await repo.set_outline(document.id, "application/pdf", 5)
    await repo.claim(document.id, "first", clock.now + MINUTE)
    before = await rig().sql("select * from public.documents order by id")
    stack = await store.open_stack(BOB, "invoices")
    answers: list[object] = []

    for bound in (
        binding(BOB, stack.id),  # of another stack
        binding(BOB, (await repo.stack()).id),  # of one that is not his
    ):
        async with acting(bound) as it:
            elsewhere = "select stackdocs.read_elsewhere($1, $2)"
            answers.append(await it.fetchval(elsewhere, same.id, clock.now))
            await it.fetch("select stackdocs.give_back($1)", document.id)
            await it.fetch("select stackdocs.settle($1, 5, 5)", document.id)
            await it.execute("savepoint before")
            with pytest.raises(asyncpg.PostgresError) as refused:
                await it.fetch(
                    "select stackdocs.reserve($1, 'pages', 1, row('', null, '', now(), '', '',"
                    " '{}')::stackdocs.caller)",
                    document.id,
                )
            assert refused.value.sqlstate == "SD001"
            await it.execute("rollback to before")
            await it.execute("commit")

    assert answers == [False, False]
    assert await rig().sql("select * from public.documents order by id") == before
    left = await store.quota(ALICE)
    assert left is not None
    assert left.pages == 5


@pytest.mark.requirement("PGP-07")
async def test_however_many_pages_are_stored_all_become_the_documents(store: Store) -> None:
    _, repo, document = await in_stack(store, "one")
    for start in (1, 76, 151):
        await repo.save_pages(
            document.id, ENGINE, [page(number, "text") for number in range(start, start + 75)]
        )
    _, other, same = await in_stack(store, "two")

    assert await other.stored_pages(same.id, ENGINE) == list(range(1, 226))

    assert (await other.document(same.id)).pages_done == 225
    (made,) = await rig().sql(
        "select count(distinct xmin::text) from stackdocs.document_pages where document_id = $1",
        uuid.UUID(same.id),
    )
    assert made["count"] == 3


@pytest.mark.requirement("PGP-08")
async def test_who_may_only_read_keeps_no_pages(store: Store) -> None:
    bound, repo, document = await in_stack(store)
    reader = store.bind(Binding(ALICE, bound.stack, frozenset({Right.READ})))

    with pytest.raises(MissingRight, match="stack:write"):
        await reader.save_pages(document.id, ENGINE, [page(1, "one")])

    assert await repo.outlines(document.id) == []
