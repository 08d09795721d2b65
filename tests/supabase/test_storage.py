"""Files of documents in the project's Storage: kept once, sent once, in pieces, and taken along."""

import os
import tracemalloc
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from stackdocs_mcp.core.binding import Binding, Role
from stackdocs_mcp.core.errors import NotFound, StoreFailed
from stackdocs_mcp.core.model import NewDocument
from stackdocs_mcp.core.stack import Stack
from stackdocs_mcp.stores.supabase import objects as requests
from stackdocs_mcp.stores.supabase.store import SupabaseStore
from tests.stores.builders import ALICE, BOB, added, binding, digest
from tests.supabase import storing
from tests.supabase.shared import rig
from tests.supabase.storing import CONTENT, SHA256, TEXT

pytestmark = pytest.mark.anyio

LIMIT = 100_000_000
MEGABYTE = 1 << 20
MORE = """
insert into storage.objects (bucket_id, name, version)
select 'documents', $1::text || '/' || gen_random_uuid(), gen_random_uuid()
from generate_series(1, 250)
"""
"""More files of a stack than one request names."""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SupabaseStore]:
    async with storing.opened(tmp_path / "one") as opened:
        yield opened


@pytest.fixture
async def stack(store: SupabaseStore) -> Stack:
    return await store.open_stack(ALICE, "invoices")


@pytest.mark.requirement("PGF-01")
async def test_the_same_bytes_are_one_object_of_a_stack_and_another_one_of_another(
    store: SupabaseStore, stack: Stack
) -> None:
    other = await store.open_stack(ALICE, "other")
    files = store.files(binding(ALICE, stack.id))

    await files.put_bytes(CONTENT, LIMIT)
    await files.put_bytes(CONTENT, LIMIT)
    await store.files(binding(ALICE, other.id)).put_bytes(CONTENT, LIMIT)

    keys = await storing.objects()
    assert keys == sorted([storing.key(stack), storing.key(other)])
    assert [key.split("/")[0] for key in keys] == sorted([stack.id, other.id])
    assert len({uuid.UUID(key.split("/")[1]) for key in keys}) == 2
    assert not any(SHA256 in key for key in keys)


@pytest.mark.requirement("PGF-02")
async def test_taking_a_file_in_is_one_request_to_storage_and_one_call(
    store: SupabaseStore, stack: Stack
) -> None:
    files, repo = store.files(binding(ALICE, stack.id)), store.bind(binding(ALICE, stack.id))
    await storing.weather("fine")

    async with files.incoming(LIMIT) as incoming:
        await incoming.write(CONTENT)
        sha256, size = await incoming.keep()
        await repo.add_document(NewDocument("a.pdf", sha256, size))
        await files.local(sha256)

    assert await storing.seen() == [
        f"POST /storage/v1/object/documents/{storing.key(stack)}",
        "POST /rest/v1/rpc/sd_add_document",
    ]


@pytest.mark.requirement("PGF-02")
async def test_another_process_fetches_a_file_once_however_many_read_it(
    store: SupabaseStore, stack: Stack, tmp_path: Path
) -> None:
    await store.files(binding(ALICE, stack.id)).put_bytes(CONTENT, LIMIT)
    other = await storing.another(tmp_path / "two")
    files = other.files(binding(ALICE, stack.id))
    await storing.weather("fine")

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(files.local, SHA256)

    assert (await files.local(SHA256)).read_bytes() == CONTENT
    key = storing.key(stack)
    assert await storing.seen() == [f"GET /storage/v1/object/authenticated/documents/{key}"]
    await other.close()


@pytest.mark.requirement("PGF-03")
async def test_a_large_file_is_never_in_memory_as_a_whole(
    store: SupabaseStore, stack: Stack, tmp_path: Path
) -> None:
    source = tmp_path / "large.pdf"
    source.write_bytes(os.urandom(MEGABYTE) * 24)
    other = await storing.another(tmp_path / "two")
    await store.files(binding(ALICE, stack.id)).put_bytes(b"warm", LIMIT)

    tracemalloc.start()
    sha256, size = await store.files(binding(ALICE, stack.id)).put(source, LIMIT)
    fetched = await other.files(binding(ALICE, stack.id)).local(sha256)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert size == fetched.stat().st_size == 24 * MEGABYTE
    assert most < 12 * MEGABYTE
    await other.close()


@pytest.mark.requirement("PGF-14")
async def test_the_file_of_who_is_no_member_any_more_is_removed(
    store: SupabaseStore, stack: Stack
) -> None:
    bobs = Binding(BOB, stack.id, Role.EDITOR.rights, owner=ALICE)
    await join(stack, Role.EDITOR)
    await store.files(bobs).put_bytes(CONTENT, LIMIT)
    await rig().sql("delete from stackdocs.members where user_id = $1", BOB)

    with pytest.raises(NotFound):
        await store.bind(bobs).add_document(NewDocument("a.pdf", SHA256, len(CONTENT)))

    assert await storing.objects() == []
    with pytest.raises(StoreFailed):
        await store.files(binding(ALICE, stack.id)).local(SHA256)


@pytest.mark.requirement("PGF-14")
async def test_a_file_that_a_document_has_stays_whoever_is_refused(
    store: SupabaseStore, stack: Stack
) -> None:
    await store.files(binding(ALICE, stack.id)).put_bytes(CONTENT, LIMIT)
    await added(store.bind(binding(ALICE, stack.id)), "a.pdf", TEXT)

    with pytest.raises(NotFound):
        await store.bind(binding(BOB, stack.id)).add_document(NewDocument("b.pdf", SHA256, 10))

    assert await storing.objects() == [storing.key(stack)]


@pytest.mark.requirement("PGF-14")
async def test_that_a_refused_file_cannot_be_removed_hides_no_refusal(
    store: SupabaseStore, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "PAUSES", (0.0,))
    await storing.weather("down")

    with pytest.raises(NotFound):
        await store.bind(binding(BOB, stack.id)).add_document(NewDocument("b.pdf", SHA256, 10))


@pytest.mark.requirement("PGF-13")
async def test_all_files_of_a_deleted_stack_are_cleared_away_and_no_others(
    store: SupabaseStore, stack: Stack, tmp_path: Path
) -> None:
    other = await store.open_stack(ALICE, "other")
    await store.files(binding(ALICE, stack.id)).put_bytes(b"a", LIMIT)
    await rig().sql(MORE, stack.id)
    await added(store.bind(binding(ALICE, stack.id)), "a.pdf", "a")
    await store.files(binding(ALICE, other.id)).put_bytes(b"a", LIMIT)
    await store.empty(stack.id)
    assert len(await storing.objects()) == 252  # it is not deleted

    await store.delete_stack(ALICE, stack.id)
    await store.empty(stack.id)

    assert await storing.objects() == [storing.key(other, "a")]
    with pytest.raises(StoreFailed):
        await store.files(binding(ALICE, stack.id)).local(digest("a"))
    assert len(kept(tmp_path / "one")) == 1


def kept(place: Path) -> list[Path]:
    """Files that a process has on this machine."""
    return [path for path in place.rglob("*") if path.is_file() and path.name != "lock"]


async def join(stack: Stack, role: Role) -> None:
    await rig().sql(
        "insert into stackdocs.members values ($1, $2, $3, now())", BOB, stack.id, role.value
    )
