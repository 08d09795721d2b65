"""The folder that the embedded store keeps bytes in."""

import os
import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stackdocs_mcp.core.binding import UserId
from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.core.files import Files
from stackdocs_mcp.core.model import Sha256
from stackdocs_mcp.stores.embedded import EmbeddedStore, open_store
from tests.stores.builders import ALICE, BOB, SteppingClock, binding
from tests.stores.test_files import LIMIT, Way

pytestmark = pytest.mark.anyio

posix = pytest.mark.skipif(sys.platform == "win32", reason="rights and pipes are POSIX")


def inside(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def files(store: EmbeddedStore) -> Files:
    return store.files_of(ALICE)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.pdf"
    path.write_bytes(b"some bytes")
    return path


@pytest.fixture(params=["file", "memory", "pieces"])
def way(request: pytest.FixtureRequest, tmp_path: Path) -> Way:
    return Way(tmp_path, request.param)


@pytest.mark.requirement("STORE-110")
async def test_the_same_bytes_are_one_file_for_all_stacks_of_their_owner(
    store: EmbeddedStore, way: Way, tmp_path: Path
) -> None:
    for name in ("invoices", "letters"):
        stack = await store.open_stack(ALICE, name)
        files = store.files(binding(ALICE, stack.id))
        await way.put(files, b"some bytes")
        await way.put(store.files(binding(BOB, stack.id)), b"some bytes")

    kept = inside(tmp_path / "data" / "files")
    assert len(kept) == 2
    assert await files.local(Sha256(kept[0].name)) in kept


@pytest.mark.requirement("STORE-117")
async def test_bytes_and_their_names_are_on_disk_before_they_count_as_kept(
    files: Files, way: Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    flush = os.fsync

    def noting(handle: int) -> None:
        synced.append(os.fstat(handle).st_ino)
        flush(handle)

    monkeypatch.setattr(os, "fsync", noting)
    sha256, _ = await way.put(files, b"some bytes")

    kept = await files.local(sha256)
    folders = [path for path in kept.parents if path.is_relative_to(tmp_path / "data" / "files")]
    assert synced.index(kept.stat().st_ino) < len(synced) - 1
    assert synced[-1] == kept.parent.stat().st_ino  # its name, after its bytes
    assert {folder.parent.stat().st_ino for folder in folders} <= set(synced)


@pytest.mark.requirement("STORE-113")
@pytest.mark.parametrize("user", ["../../alice", "/", "a\0b", "x" * 5000, "\ud800", ""])
async def test_no_name_of_a_user_leaves_the_folder(
    store: EmbeddedStore, source: Path, tmp_path: Path, user: str
) -> None:
    files = store.files_of(UserId(user))

    sha256, _ = await files.put(source, LIMIT)

    assert (await files.local(sha256)).is_relative_to(tmp_path / "data" / "files")


@posix
@pytest.mark.requirement("STORE-114")
async def test_files_and_folders_are_their_owners_alone(
    files: Files, way: Way, tmp_path: Path
) -> None:
    await way.put(files, b"some bytes")

    for path in (tmp_path / "data").rglob("*"):
        expected = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == expected, path


@pytest.mark.requirement("STORE-115")
async def test_a_copy_that_a_dead_process_left_is_removed(
    tmp_path: Path, clock: SteppingClock
) -> None:
    incoming = tmp_path / "data" / "files" / "incoming"
    incoming.mkdir(parents=True)
    left, growing = incoming / "left", incoming / "growing"
    clock.now = datetime.now(UTC) + timedelta(days=1)
    for path in (left, growing):
        path.write_bytes(b"half")
    os.utime(growing, (clock.now.timestamp(), clock.now.timestamp()))

    await (await open_store(tmp_path / "data", clock=clock)).close()

    assert inside(incoming) == [growing]


@pytest.mark.requirement("STORE-116")
async def test_a_folder_that_cannot_be_written_is_a_failure_of_the_store(
    store: EmbeddedStore, way: Way, tmp_path: Path
) -> None:
    (tmp_path / "data" / "files").write_bytes(b"a file in the way")

    with pytest.raises(StoreFailed) as failed:
        await way.put(store.files_of(ALICE), b"some bytes")

    assert isinstance(failed.value.__cause__, OSError)
