"""The bytes of documents: kept once, for one user, whole or not at all."""

import os
import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stackdocs_mcp.core.binding import UserId
from stackdocs_mcp.core.errors import FileRefused, StoreFailed
from stackdocs_mcp.core.model import Sha256
from stackdocs_mcp.core.ports import Files, Store
from stackdocs_mcp.stores.embedded import open_store
from tests.stores.builders import ALICE, BOB, SteppingClock, digest

pytestmark = pytest.mark.anyio

LIMIT = 3_000_000
posix = pytest.mark.skipif(sys.platform == "win32", reason="rights and pipes are POSIX")


def inside(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def files(store: Store) -> Files:
    return store.files(ALICE)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.pdf"
    path.write_bytes(b"some bytes")
    return path


@pytest.mark.requirement("STORE-110")
async def test_a_file_comes_back_by_its_hash(files: Files, tmp_path: Path) -> None:
    big = os.urandom(1 << 20) * 2 + b"x"
    source = tmp_path / "big"
    source.write_bytes(big)

    sha256, size = await files.put(source, LIMIT)

    assert size == len(big)
    assert (await files.local(sha256)).read_bytes() == big
    assert source.read_bytes() == big


@pytest.mark.requirement("STORE-110")
async def test_the_same_bytes_are_kept_once(files: Files, source: Path, tmp_path: Path) -> None:
    first = await files.put(source, LIMIT)
    copy = tmp_path / "copy.pdf"
    copy.write_bytes(source.read_bytes())

    assert await files.put(copy, LIMIT) == first == (digest("some bytes"), 10)
    assert len(inside(tmp_path / "data" / "files")) == 1


@pytest.mark.requirement("STORE-111")
async def test_a_file_above_the_limit_is_refused_and_leaves_nothing(
    files: Files, source: Path, tmp_path: Path
) -> None:
    assert (await files.put(source, 10))[1] == 10
    source.write_bytes(b"some bytes more")

    with pytest.raises(FileRefused):
        await files.put(source, 14)

    assert len(inside(tmp_path / "data" / "files")) == 1


@posix
@pytest.mark.requirement("STORE-112")
async def test_only_a_regular_file_is_copied(files: Files, source: Path, tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(source)
    refused = [pipe, link, tmp_path, Path("/dev/zero"), tmp_path / "missing", Path("a\0b")]

    for path in refused:
        with pytest.raises(FileRefused):
            await files.put(path, LIMIT)

    assert inside(tmp_path / "data" / "files") == []


@pytest.mark.requirement("STORE-113")
async def test_the_files_of_another_user_are_not_there(
    store: Store, files: Files, source: Path
) -> None:
    sha256, _ = await files.put(source, LIMIT)
    other = store.files(BOB)

    with pytest.raises(StoreFailed) as foreign:
        await other.local(sha256)
    with pytest.raises(StoreFailed) as nowhere:
        await other.local(digest("nothing"))

    assert foreign.value.message == nowhere.value.message
    await other.put(source, LIMIT)
    assert await other.local(sha256) != await files.local(sha256)


@pytest.mark.requirement("STORE-113")
@pytest.mark.parametrize("user", ["../../alice", "/", "a\0b", "x" * 5000, "\ud800", ""])
async def test_no_name_of_a_user_leaves_the_folder(
    store: Store, source: Path, tmp_path: Path, user: str
) -> None:
    files = store.files(UserId(user))

    sha256, _ = await files.put(source, LIMIT)

    assert (await files.local(sha256)).is_relative_to(tmp_path / "data" / "files")


@pytest.mark.requirement("STORE-113")
@pytest.mark.parametrize("sha256", ["../../../stackdocs.db", "", "A" * 64, "0" * 63])
async def test_what_is_no_hash_is_not_there(files: Files, sha256: str) -> None:
    with pytest.raises(StoreFailed):
        await files.local(Sha256(sha256))


@posix
@pytest.mark.requirement("STORE-114")
async def test_files_and_folders_are_their_owners_alone(
    files: Files, source: Path, tmp_path: Path
) -> None:
    await files.put(source, LIMIT)

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
    store: Store, source: Path, tmp_path: Path
) -> None:
    (tmp_path / "data" / "files").write_bytes(b"a file in the way")

    with pytest.raises(StoreFailed) as failed:
        await store.files(ALICE).put(source, LIMIT)

    assert isinstance(failed.value.__cause__, OSError)
