"""Replicas that share one queue: each document is read once, also when some of them die."""

import queue
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stackdocs_mcp.core.binding import UserId
from stackdocs_mcp.core.errors import DocumentNotFound, StackdocsError, StoreFailed
from stackdocs_mcp.core.model import Document, DocumentStatus, NewDocument
from stackdocs_mcp.core.queue import Task
from stackdocs_mcp.stores.supabase.store import SupabaseStore, open_store
from stackdocs_mcp.workspace.intake import ABANDONED
from tests.stores.builders import ALICE, BOB, binding
from tests.supabase.replicas import PATIENCE, Replica
from tests.supabase.shared import rig

pytestmark = pytest.mark.anyio

DOCUMENTS = 200
CAROL = UserId("carol@example.org")
LATER = """
update pgmq.q_stackdocs_reading set vt = vt - interval '1 hour';
update public.documents set claimed_until = claimed_until - interval '1 hour';
"""
"""As after an hour in which nobody prolonged anything."""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SupabaseStore]:
    await rig().clean()
    made = await open_store(
        rig().url,
        rig().publishable_key,
        rig().signing_key,
        clock=lambda: datetime.now(UTC),
        folder=tmp_path / "here",
    )
    yield made
    await made.close()


async def add(store: SupabaseStore, text: str, user: UserId = ALICE) -> Document:
    """A file with this text, in the user's one stack."""
    stack = await store.open_stack(user, "letters")
    bound = binding(user, stack.id)
    sha256, size = await store.files(bound).put_bytes(text.encode(), 1_000)
    document, _ = await store.bind(bound).add_document(NewDocument(f"{text}.txt", sha256, size))
    return document


async def seen(store: SupabaseStore, document: Document, user: UserId = ALICE) -> Document:
    """The document as it stands now."""
    stack = await store.open_stack(user, "letters")
    return await store.bind(binding(user, stack.id)).document(document.id)


async def rows(statement: str) -> list[dict[str, Any]]:
    return [dict(row) for row in await rig().sql(statement)]


def read_by(*replicas: Replica) -> Counter[str]:
    """How often each page was begun to be read."""
    return Counter(
        line for one in replicas for line in one.lines if re.match(r"before .+ \d+$", line)
    )


@pytest.mark.requirement("PGQ-20")
async def test_two_replicas_read_200_documents_each_once(
    store: SupabaseStore, tmp_path: Path
) -> None:
    owners = (ALICE, BOB, CAROL)
    for number in range(DOCUMENTS):
        await add(store, f"letter-{number}", owners[number % 3])

    done: queue.SimpleQueue[str] = queue.SimpleQueue()
    with (
        Replica(rig(), tmp_path / "one", pages=2, done=done) as one,
        Replica(rig(), tmp_path / "two", pages=2, done=done) as two,
    ):
        for _ in range(DOCUMENTS):
            done.get(timeout=PATIENCE)
        for replica in (one, two):
            replica.process.send_signal(signal.SIGTERM)
        assert [one.ended(), two.ended()] == [0, 0]

    assert await store.queue.depth() == 0
    read = read_by(one, two)
    assert set(read.values()) == {1}
    assert len(read) == 2 * DOCUMENTS
    assert read_by(one)
    assert read_by(two)
    lines = [line for line in (*one.lines, *two.lines) if line.startswith("document ")]
    assert len(lines) == len(set(lines)) == DOCUMENTS
    assert all(
        re.fullmatch(r"document [0-9a-f-]{36}: 2 pages in \d+\.\d s", line) for line in lines
    )
    assert await rows(
        "select count(*), sum(pages_done)::int as pages, sum(billed_pages)::int as billed,"
        " sum(abandoned)::int as abandoned, count(claimed_by) as claimed,"
        " array_agg(distinct status) as statuses from public.documents"
    ) == [
        {
            "count": DOCUMENTS,
            "pages": 2 * DOCUMENTS,
            "billed": 2 * DOCUMENTS,
            "abandoned": 0,
            "claimed": 0,
            "statuses": ["ocr_complete"],
        }
    ]


@pytest.mark.requirement("PGQ-21")
async def test_when_a_worker_is_killed_another_reads_what_is_missing(
    store: SupabaseStore, tmp_path: Path
) -> None:
    document = await add(store, "long")
    with Replica(rig(), tmp_path / "one", pages=3, manner="paced") as victim:
        victim.tell(2)
        victim.says("before long 3")
        assert victim.killed() == -signal.SIGKILL
    assert (await seen(store, document)).pages_done == 2
    assert await store.queue.depth() == 1
    await rig().sql(LATER)

    with Replica(rig(), tmp_path / "two", pages=3) as heir:
        heir.says(f"document {document.id}: 3 pages")

    assert [line for line in heir.lines if line.startswith("before")] == ["before long 3"]
    after = await seen(store, document)
    assert (after.status, after.pages_done, after.billed_pages) == (
        DocumentStatus.OCR_COMPLETE,
        3,
        3,
    )
    assert await store.queue.depth() == 0


@pytest.mark.requirement("PGQ-22")
async def test_a_worker_that_is_asked_to_end_leaves_its_document_to_others_at_once(
    store: SupabaseStore, tmp_path: Path
) -> None:
    document = await add(store, "long")
    with Replica(rig(), tmp_path / "one", pages=3, manner="paced") as first:
        first.tell(1)
        first.says("before long 2")
        first.process.send_signal(signal.SIGTERM)
        assert first.ended() == 0
    with Replica(rig(), tmp_path / "two", pages=3) as second:
        second.says(f"document {document.id}: 3 pages")

    assert [line for line in second.lines if line.startswith("before")] == [
        "before long 2",
        "before long 3",
    ]
    assert (await seen(store, document)).abandoned == 0


@pytest.mark.requirement("PGQ-23")
async def test_a_document_that_always_ends_its_worker_fails_and_can_be_retried(
    store: SupabaseStore, tmp_path: Path
) -> None:
    document = await add(store, "bomb")
    for number in range(ABANDONED):
        with Replica(rig(), tmp_path / str(number), pages=1, manner="deadly") as victim:
            assert victim.ended() == -signal.SIGKILL
        await rig().sql(LATER)

    with Replica(rig(), tmp_path / "last", pages=1) as worker:
        worker.says(f"document {document.id}: 0 pages")
        failed = await seen(store, document)
        assert failed.error is not None
        assert (failed.status, failed.error.code) == (DocumentStatus.FAILED, "crashed")
        assert read_by(worker) == Counter()
        assert await store.queue.depth() == 0

        stack = await store.open_stack(ALICE, "letters")
        await store.bind(binding(ALICE, stack.id)).retry(document.id)
        worker.says(f"document {document.id}: 1 pages")
    assert (await seen(store, document)).status is DocumentStatus.OCR_COMPLETE


@pytest.mark.requirement("PGQ-24")
async def test_a_task_whose_answer_is_lost_again_and_again_is_read(
    store: SupabaseStore, tmp_path: Path
) -> None:
    document = await add(store, "letter")
    for _ in range(9):
        assert await store.queue.take(timedelta(seconds=60)) is not None
        assert await store.queue.take(timedelta(seconds=60)) is None
        await rig().sql(LATER)

    with Replica(rig(), tmp_path / "last", pages=1) as worker:
        worker.says(f"document {document.id}: 1 pages")

    assert (await seen(store, document)).status is DocumentStatus.OCR_COMPLETE
    assert await store.queue.depth() == 0


@pytest.mark.requirement("PGQ-31")
async def test_a_worker_reads_what_has_lost_its_place_in_the_queue(
    store: SupabaseStore, tmp_path: Path
) -> None:
    document = await add(store, "lost")
    await rig().sql("select pgmq.purge_queue('stackdocs_reading')")

    with Replica(rig(), tmp_path / "one", pages=1) as worker:
        worker.says(f"document {document.id}: 1 pages")


@pytest.mark.requirement("PGQ-25")
async def test_a_worker_reaches_the_stack_of_its_task_and_no_other(store: SupabaseStore) -> None:
    mine, foreign = await add(store, "mine"), await add(store, "foreign", BOB)
    stack = await store.open_stack(ALICE, "letters")
    repo, files = store.queue.reader(Task(1, 1, stack.id, ALICE, mine.id))

    assert (await repo.document(mine.id)).id == mine.id
    assert [one.id for one in await repo.documents(limit=10)] == [mine.id]
    assert (await files.local(mine.sha256)).read_bytes() == b"mine"
    with pytest.raises(DocumentNotFound):
        await repo.document(foreign.id)
    with pytest.raises(DocumentNotFound):
        await repo.claim(foreign.id, "me", datetime.now(UTC) + timedelta(hours=1))
    with pytest.raises(StoreFailed):
        await files.local(foreign.sha256)
    bobs = await store.open_stack(BOB, "letters")
    lying, _ = store.queue.reader(Task(1, 1, bobs.id, ALICE, foreign.id))
    with pytest.raises(StackdocsError):
        await lying.document(foreign.id)


@pytest.mark.requirement("PGQ-29")
async def test_a_worker_takes_no_more_than_it_can_begin_and_leaves_a_place_to_others(
    store: SupabaseStore, tmp_path: Path
) -> None:
    for number in range(5):
        await add(store, f"alice-{number}")
    with Replica(rig(), tmp_path / "one", pages=1, manner="paced") as worker:
        worker.says("before alice-")
        worker.says("before alice-")
        await add(store, "bob", BOB)
        worker.says("before bob")
        tasks = await rows("select read_ct, count(*) from pgmq.q_stackdocs_reading group by 1")

    assert {row["read_ct"]: row["count"] for row in tasks} == {0: 3, 1: 3}


@pytest.mark.requirement("PGQ-30")
async def test_a_queue_that_cannot_be_asked_for_a_while_ends_no_worker(
    store: SupabaseStore, tmp_path: Path
) -> None:
    await rig().sql("alter table pgmq.q_stackdocs_reading rename to q_elsewhere")
    try:
        with Replica(rig(), tmp_path / "one", pages=1) as worker:
            worker.says("the queue cannot be asked: the Supabase project has no queue")
            await rig().sql("alter table pgmq.q_elsewhere rename to q_stackdocs_reading")
            worker.says("the queue can be asked again")
            document = await add(store, "late")
            worker.says(f"document {document.id}: 1 pages")
    finally:
        await rig().sql("alter table if exists pgmq.q_elsewhere rename to q_stackdocs_reading")


NEEDED = {
    "public.documents",
    "public.extractions",
    "public.ocr_results",
    "public.stacks",
    "stackdocs.answers",
    "stackdocs.document_pages",
    "stackdocs.line_index",
}
"""What a worker gets at, and no other table; each verb of it is tried by test_matrix.py."""


@pytest.mark.requirement("PGQ-25")
async def test_a_worker_reads_and_writes_what_reading_needs_and_no_field() -> None:
    found = await rows(
        """
        select distinct n.nspname || '.' || t.relname as name
        from pg_class as t join pg_namespace as n on n.oid = t.relnamespace,
            unnest(array['SELECT', 'INSERT', 'UPDATE']) as p (verb)
        where n.nspname in ('public', 'stackdocs') and t.relkind in ('r', 'v', 'm', 'p')
            and (has_table_privilege('stackdocs_worker', t.oid, 'DELETE')
                or has_any_column_privilege('stackdocs_worker', t.oid, p.verb))
        """
    )
    assert {row["name"] for row in found} == NEEDED
