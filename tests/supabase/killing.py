"""Replicas that are killed at any moment, and what has to be true of the store after each kill.

Each function kills so many of them, one after the other, and gives how many calls had returned. All
that it finds wrong is an AssertionError.
"""

import hashlib
import queue
import random
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

from stackdocs_mcp.core.files import Files
from stackdocs_mcp.core.model import Action, Change, Document, DocumentId, DocumentStatus, Sha256
from stackdocs_mcp.core.paths import dotted
from stackdocs_mcp.core.ports import StackStore, Store
from stackdocs_mcp.stores.supabase.store import open_store
from tests.stores.builders import ALICE, binding, leaves_shown, setting, values
from tests.supabase.projects import Project
from tests.supabase.replicas import PATIENCE, Replica
from tests.supabase.working_process import now

Killing = Callable[[Project, Path, int, random.Random], Awaitable[int]]
PAGES = 3
LATER = """
update pgmq.q_stackdocs_reading set vt = vt - interval '1 hour';
update public.documents set claimed_until = claimed_until - interval '1 hour';
"""
"""As after an hour in which nobody prolonged anything."""
LEFT = """
select count(*) as locks from pg_catalog.pg_stat_activity as a
where a.usename = 'authenticator' and (
    (a.state like 'idle in transaction%' and a.state_change < now() - interval '5 seconds')
    or (a.state = 'idle' and exists (
        select from pg_catalog.pg_locks as l where l.pid = a.pid and l.locktype = 'advisory')))
"""
WITHOUT_FILE = """
select d.id from public.documents as d where not exists (
    select from storage.objects as o where o.bucket_id = 'documents' and o.name = d.file_path)
"""
ASTRAY = """
select coalesce(d.id::text, q.message ->> 'document') as document
from (select * from public.documents where status = 'processing') as d
full join pgmq.q_stackdocs_reading as q on q.message ->> 'document' = d.id::text
group by 1 having count(d.id) <> 1 or count(q.msg_id) <> 1
"""


@asynccontextmanager
async def reopened(
    project: Project, folder: Path, name: str
) -> AsyncIterator[tuple[StackStore, Files, list[Document]]]:
    """The stack of that name as a new process sees it, with its documents."""
    store = cast(
        "Store",
        await open_store(
            project.url, project.publishable_key, project.signing_key, clock=now, folder=folder
        ),
    )
    try:
        stack = await store.open_stack(ALICE, name)
        bound = binding(ALICE, stack.id)
        repo = store.bind(bound)
        yield repo, store.files(bound), list(await repo.documents(limit=10_000))
    finally:
        await store.close()


def killed(
    project: Project, folder: Path, what: str, moments: random.Random, most: int
) -> Sequence[str]:
    """What a replica said of calls that had returned, before and while it was killed."""
    with Replica(project, folder, program="doing", what=what) as victim:
        for _ in range(moments.randrange(1, most)):
            victim.until(lambda _: True)
        victim.killed()
    assert not [line for line in victim.lines if line.startswith("failed")]
    return victim.lines[1:]


async def whole(repo: StackStore, document: Document) -> list[Change]:
    """The document's history, oldest first, of which nothing is missing or out of place."""
    assert (await repo.verify(document.id)).breaks == ()
    document = await repo.document(document.id)  # what was on its way may be there by now
    changes = list(reversed(await repo.changes(document.id, limit=100_000)))
    seen = sorted({one.revision for one in changes if one.revision <= document.revision})
    assert seen == list(range(1, document.revision + 1))
    return changes


async def nothing_is_left(project: Project) -> None:
    """No lock of somebody who is dead, no document without its file or its place in the queue.

    And nothing in the queue that is not to be read.
    """
    assert [row["locks"] for row in await project.sql(LEFT)] == [0]
    assert await project.sql(WITHOUT_FILE) == []
    assert await project.sql(ASTRAY) == []


async def writers(project: Project, folder: Path, kills: int, moments: random.Random) -> int:
    """Killed while they set fields."""
    said = 0
    for number in range(kills):
        lines = killed(project, folder / f"w{number}", "writing", moments, 25)
        async with reopened(project, folder / "after", "writing") as (repo, _, (document,)):
            changes = await whole(repo, document)
            written = {
                (change.revision, dotted(change.path)): list(leaves_shown(change.after).values())
                for change in changes
            }
            for line in lines:
                match = re.fullmatch(r"(\d+) ((\S+?)\.\S+) (\d+)", line)
                assert match is not None
                revision, value = int(match[1]), int(match[4])
                assert written[revision, match[2]] == [value]
                assert written[revision, "shared"] == [f"{match[3]} {value}"]
            (mine,) = await repo.write(document.id, [setting("after", number)])
            assert (mine.changed, (await values(repo, document))["after"]) == (True, number)
        await nothing_is_left(project)
        said += len(lines)
    return said


async def completers(project: Project, folder: Path, kills: int, moments: random.Random) -> int:
    """Killed while they add, write and complete documents."""
    said, known = 0, set[DocumentId]()
    for number in range(kills):
        lines = killed(project, folder / f"c{number}", "completing", moments, 8)
        async with reopened(project, folder / "after", "completing") as (repo, _, documents):
            fresh = {one.id: one for one in documents if one.id not in known}
            assert set(lines) <= fresh.keys()
            for document in fresh.values():
                changes = await whole(repo, document)
                ends = [change for change in changes if change.action is Action.COMPLETE]
                if document.status is DocumentStatus.COMPLETED or document.id in lines:
                    assert len(ends) == 1
                    assert list(await values(repo, document)) == ["total"]
                after = await repo.document(document.id)
                assert not ends or after.status is DocumentStatus.COMPLETED
            known |= fresh.keys()
        await nothing_is_left(project)
        said += len(lines)
    return said


async def uploaders(project: Project, folder: Path, kills: int, moments: random.Random) -> int:
    """Killed while they send files."""
    said = 0
    for number in range(kills):
        lines = killed(project, folder / f"u{number}", "uploading", moments, 15)
        async with reopened(project, folder / f"after{number}", "uploading") as (repo, files, _):
            for line in lines:
                found, sha256 = line.split()
                assert (await repo.document(DocumentId(found))).sha256 == sha256
                content = (await files.local(Sha256(sha256))).read_bytes()
                assert hashlib.sha256(content).hexdigest() == sha256
        await nothing_is_left(project)
        said += len(lines)
    return said


async def readers(project: Project, folder: Path, kills: int, moments: random.Random) -> int:
    """Killed while they read documents; at the end another reads what is left."""
    async with reopened(project, folder / "adding", "uploading") as (repo, _, documents):
        waiting = [one.id for one in documents if one.status is DocumentStatus.PROCESSING]
    assert waiting
    said = 0
    for number in range(kills):
        with Replica(project, folder / f"r{number}", pages=PAGES) as victim:
            for _ in range(moments.randrange(6, 20)):
                if (await _waiting(project)) == 0:
                    break
                victim.until(lambda _: True)
            victim.killed()
            said += sum(line.startswith("document ") for line in victim.lines)
        await project.sql(LATER)
        await nothing_is_left(project)

    done: queue.SimpleQueue[str] = queue.SimpleQueue()
    left = await _waiting(project)
    with Replica(project, folder / "heir", pages=PAGES, done=done):
        for _ in range(left):
            done.get(timeout=PATIENCE)
    async with reopened(project, folder / "after", "uploading") as (repo, _, documents):
        for one in documents:
            assert (one.status, one.pages_done, one.billed_pages) == (
                DocumentStatus.OCR_COMPLETE,
                PAGES,
                PAGES,
            )
            assert [page.number for page in await repo.outlines(one.id)] == [1, 2, 3]
    return said + left


async def _waiting(project: Project) -> int:
    (row,) = await project.sql("select count(*) from public.documents where status = 'processing'")
    return int(row["count"])


KINDS: dict[str, Killing] = {
    "set_field": writers,
    "complete": completers,
    "upload": uploaders,
    "OCR": readers,
}
"""In this order: what is uploaded is read."""
