"""Storage away, slow, lossy or set otherwise: what is done again, and what is said of the rest."""

import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.from_thread
import pytest

from stackdocs_mcp.core.binding import Binding, Role
from stackdocs_mcp.core.errors import (
    FileRefused,
    FileUnsupported,
    MissingRight,
    NotFound,
    StackdocsError,
    StoreFailed,
)
from stackdocs_mcp.core.files import Files
from stackdocs_mcp.core.stack import Stack
from stackdocs_mcp.stores.supabase import objects as requests
from stackdocs_mcp.stores.supabase.project import Minter, SigningKey
from stackdocs_mcp.stores.supabase.store import SupabaseStore
from tests.stores.builders import ALICE, BOB, binding, digest
from tests.supabase import storing
from tests.supabase.rig import new_key
from tests.supabase.shared import rig
from tests.supabase.storing import CONTENT, SHA256, weather
from tests.supabase.test_storage import join, kept

pytestmark = pytest.mark.anyio

LIMIT = 1_000_000
TRIES = 5

Work = Callable[[Files], Awaitable[object]]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "PAUSES", (0.0,) * (TRIES - 1))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SupabaseStore]:
    async with storing.opened(tmp_path / "one") as opened:
        yield opened
    await weather("fine", 0)


@pytest.fixture
async def stack(store: SupabaseStore) -> Stack:
    return await store.open_stack(ALICE, "invoices")


@pytest.fixture
def files(store: SupabaseStore, stack: Stack) -> Files:
    return store.files(binding(ALICE, stack.id))


@pytest.fixture
async def elsewhere(files: Files, stack: Stack, tmp_path: Path) -> AsyncIterator[Files]:
    """The same files for a process that has to fetch them."""
    await files.put_bytes(CONTENT, LIMIT)
    other = await storing.another(tmp_path / "two")
    yield other.files(binding(ALICE, stack.id))
    await other.close()


async def sending(files: Files) -> object:
    return await files.put_bytes(b"other bytes", LIMIT)


async def fetching(files: Files) -> object:
    return (await files.local(SHA256)).read_bytes()


@pytest.mark.requirement("PGF-20")
@pytest.mark.parametrize(
    ("kind", "work"), [("down", sending), ("down", fetching), ("lossy", fetching)]
)
async def test_what_was_not_answered_is_asked_for_again(
    elsewhere: Files, work: Work, kind: str
) -> None:
    await weather(kind, TRIES - 1)

    await work(elsewhere)

    assert len(await storing.seen()) == TRIES


@pytest.mark.requirement("PGF-20")
async def test_a_file_whose_arrival_was_not_told_is_there_once(files: Files, stack: Stack) -> None:
    await weather("lossy", 1)

    await files.put_bytes(CONTENT, LIMIT)

    assert await storing.objects() == [storing.key(stack)]
    assert len(await storing.seen()) == 2


@pytest.mark.requirement("PGF-20")
@pytest.mark.parametrize(
    ("kind", "work"), [("down", sending), ("down", fetching), ("lossy", fetching)]
)
async def test_a_storage_that_stays_away_is_said_to_be_out_of_reach(
    elsewhere: Files, work: Work, kind: str, tmp_path: Path
) -> None:
    await weather(kind)

    await fails(work(elsewhere), StoreFailed, "Storage cannot be reached")

    assert kept(tmp_path / "two") == []


@pytest.mark.requirement("PGF-20")
async def test_a_storage_that_says_nothing_is_not_waited_for_without_end(
    elsewhere: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "SECONDS", 0.05)
    await weather("silent")

    await fails(fetching(elsewhere), StoreFailed, "Storage cannot be reached")


@pytest.mark.requirement("PGF-20")
async def test_a_project_that_is_not_there_is_said_to_be_out_of_reach(
    files: Files, store: SupabaseStore
) -> None:
    store._rest.url = "http://127.0.0.1:9"  # the port that discards

    await fails(sending(files), StoreFailed, "Storage cannot be reached")


@pytest.mark.requirement("PGF-21")
@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("work", [sending, fetching])
@pytest.mark.parametrize("minutes", [-120, 120])
async def test_a_clock_that_is_wrong_costs_one_more_request(
    stack: Stack, tmp_path: Path, work: Work, minutes: int
) -> None:
    store = await storing.another(tmp_path / "three")
    store._rest.minter = Minter(rig().signing_key, lambda: time.time() + 60 * minutes)
    files = store.files(binding(ALICE, stack.id))
    await weather("fine")

    await work(files)

    assert len(await storing.seen()) == 2
    await store.close()


@pytest.mark.requirement("PGF-21")
@pytest.mark.parametrize("work", [sending, fetching])
async def test_a_bucket_that_seems_gone_once_is_asked_for_with_another_token(
    elsewhere: Files, work: Work
) -> None:
    await weather("confused", 1)

    await work(elsewhere)

    assert len(await storing.seen()) == 2


@pytest.mark.requirement("PGF-21")
async def test_a_bucket_that_is_there_is_not_called_missing(elsewhere: Files) -> None:
    await weather("confused", 2)

    await fails(fetching(elsewhere), StoreFailed, "refused the token that this server signs")


@pytest.mark.requirement("PGF-21")
@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("work", [sending, fetching])
async def test_a_key_that_the_project_does_not_know_is_named(
    stack: Stack, tmp_path: Path, work: Work
) -> None:
    store = await storing.another(tmp_path / "three")
    store._rest.minter = Minter(SigningKey(json.dumps(new_key("another"))))

    error = await fails(
        work(store.files(binding(ALICE, stack.id))),
        StoreFailed,
        "refused the token that this server signs",
    )

    assert "STACKDOCS_SUPABASE_SIGNING_KEY" in error.advice
    await store.close()


@pytest.mark.requirement("PGF-21")
@pytest.mark.parametrize("work", [sending, fetching])
async def test_a_publishable_key_that_is_not_the_project_s_is_named(
    store: SupabaseStore, files: Files, work: Work
) -> None:
    store._rest._key = "sb_publishable_another"

    error = await fails(work(files), StoreFailed, "refused the publishable key")

    assert "STACKDOCS_SUPABASE_PUBLISHABLE_KEY" in error.advice


@pytest.mark.requirement("PGF-21")
async def test_who_is_no_member_or_may_not_write_is_told_that(
    store: SupabaseStore, stack: Stack
) -> None:
    bobs = store.files(binding(BOB, stack.id))

    await fails(sending(bobs), NotFound, "no longer there")
    await join(stack, Role.VIEWER)
    await fails(sending(bobs), MissingRight, "stack:write")
    reading = Binding(ALICE, stack.id, Role.VIEWER.rights)
    await fails(sending(store.files(reading)), MissingRight, "stack:write")


@pytest.mark.requirement("PGF-21")
async def test_policies_that_are_missing_are_what_is_blamed(files: Files) -> None:
    async with changed(
        "alter policy stackdocs_files_insert on storage.objects to stackdocs_worker",
        "alter policy stackdocs_files_insert on storage.objects to authenticated, stackdocs_worker",
    ):
        error = await fails(sending(files), StoreFailed, "does not let this server at the bucket")

    assert "stackdocs-mcp migrate" in error.advice


@pytest.mark.requirement("PGF-22")
@pytest.mark.parametrize("work", [sending, fetching])
async def test_a_missing_bucket_is_named_with_the_command_that_makes_it(
    files: Files, work: Work
) -> None:
    async with changed(
        "update storage.buckets set id = 'elsewhere'", "update storage.buckets set id = 'documents'"
    ):
        error = await fails(work(files), StoreFailed, "has no bucket 'documents'")

    assert "stackdocs-mcp migrate" in error.advice


@pytest.mark.requirement("PGF-22")
async def test_what_the_bucket_does_not_take_is_refused_with_its_reason(
    files: Files, tmp_path: Path
) -> None:
    async with changed(
        "update storage.buckets set file_size_limit = 5",
        "update storage.buckets set file_size_limit = null",
    ):
        await fails(sending(files), FileRefused, "takes no files of this size")
    async with changed(
        "update storage.buckets set allowed_mime_types = '{image/png}'",
        "update storage.buckets set allowed_mime_types = null",
    ):
        await fails(sending(files), FileUnsupported, "does not take this kind of file")

    assert await storing.objects() == []
    assert kept(tmp_path / "one") == []


@pytest.mark.requirement("PGF-22")
async def test_a_file_that_is_gone_is_missing_and_not_a_secret_of_anybody(
    elsewhere: Files,
) -> None:
    await rig().sql("truncate storage.objects")

    gone = await fails(fetching(elsewhere), StoreFailed, "missing from the store")
    never = await fails(elsewhere.local(digest("never")), StoreFailed, "missing from the store")

    assert (gone.message, gone.advice) == (never.message, never.advice)


@pytest.mark.requirement("PGF-22")
async def test_bytes_that_are_not_those_that_were_added_are_never_given_out(
    elsewhere: Files, tmp_path: Path
) -> None:
    await weather("damaged", TRIES)
    await fails(fetching(elsewhere), StoreFailed, "not the one that was added")
    assert kept(tmp_path / "two") == []

    await weather("damaged", TRIES - 1)
    assert await fetching(elsewhere) == CONTENT


@pytest.mark.requirement("PGF-22")
@pytest.mark.parametrize("work", [sending, fetching])
async def test_a_full_disk_of_this_machine_is_said_to_be_full(
    elsewhere: Files, work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    await fails(work(elsewhere), StoreFailed, "the disk of this server is full")

    assert kept(tmp_path / "two") == []


@pytest.mark.requirement("PGF-22")
async def test_a_call_that_is_cancelled_leaves_nothing_of_its_file(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with anyio.CancelScope() as scope:
        monkeypatch.setattr(os, "fsync", lambda _: anyio.from_thread.run_sync(scope.cancel))
        await files.put_bytes(CONTENT, LIMIT)

    assert scope.cancelled_caught
    assert kept(tmp_path / "one") == []
    assert await storing.objects() == []


async def fails(work: Awaitable[object], kind: type[StackdocsError], saying: str) -> StackdocsError:
    """The error, which says this, and nothing of what Storage or the key say."""
    with pytest.raises(kind) as failed:
        await work
    error = failed.value
    assert saying in error.message
    assert "row-level" not in str(error)
    assert SHA256 not in str(error)
    return error


@asynccontextmanager
async def changed(there: str, back: str) -> AsyncIterator[None]:
    """The project otherwise for a while."""
    await rig().sql(there)
    try:
        yield
    finally:
        await rig().sql(back)
