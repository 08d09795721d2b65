"""The bytes of documents: kept once, for one user, whole or not at all."""

import hashlib
import os
import stat
import sys
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Way:
    """A way to bring bytes in: as a file, from memory, or piece by piece."""

    folder: Path
    how: str

    async def put(
        self, files: Files, content: bytes, limit: int = LIMIT, *, name: str = "source.pdf"
    ) -> tuple[Sha256, int]:
        if self.how == "memory":
            return await files.put_bytes(content, limit)
        if self.how == "pieces":
            async with files.incoming(limit) as incoming:
                for start in range(0, len(content), 700_001):
                    await incoming.write(content[start : start + 700_001])
                assert await incoming.sha256() == hashlib.sha256(content).hexdigest()
                return await incoming.keep()
        source = self.folder / name
        source.write_bytes(content)
        kept = await files.put(source, limit)
        assert source.read_bytes() == content
        return kept


@pytest.fixture(params=["file", "memory", "pieces"])
def way(request: pytest.FixtureRequest, tmp_path: Path) -> Way:
    return Way(tmp_path, request.param)


@pytest.mark.requirement("STORE-110")
@pytest.mark.parametrize("content", [os.urandom(1 << 20) * 2 + b"x", b""])
async def test_a_file_comes_back_by_its_hash(files: Files, way: Way, content: bytes) -> None:
    sha256, size = await way.put(files, content)

    assert (sha256, size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert (await files.local(sha256)).read_bytes() == content


@pytest.mark.requirement("STORE-110")
async def test_the_same_bytes_are_kept_once(files: Files, way: Way, tmp_path: Path) -> None:
    first = await files.put_bytes(b"some bytes", LIMIT)

    assert await way.put(files, b"some bytes") == first == (digest("some bytes"), 10)
    assert await way.put(files, b"some bytes", name="copy.pdf") == first
    assert len(inside(tmp_path / "data" / "files")) == 1


@pytest.mark.requirement("STORE-110")
async def test_bytes_that_were_lost_are_there_again_when_they_are_added_again(
    files: Files, way: Way
) -> None:
    sha256, _ = await way.put(files, b"some bytes")
    (await files.local(sha256)).unlink()

    await way.put(files, b"some bytes")

    assert (await files.local(sha256)).read_bytes() == b"some bytes"


@pytest.mark.requirement("STORE-111")
async def test_a_file_above_the_limit_is_refused_and_leaves_nothing(
    files: Files, way: Way, tmp_path: Path
) -> None:
    assert (await way.put(files, b"some bytes", 10))[1] == 10

    with pytest.raises(FileRefused):
        await way.put(files, b"some bytes more", 14)

    assert len(inside(tmp_path / "data" / "files")) == 1


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


@pytest.mark.requirement("UPLOAD-01")
@pytest.mark.parametrize("size", [0, 10, 2 << 20])
async def test_what_is_not_kept_leaves_nothing_and_was_never_there(
    files: Files, tmp_path: Path, size: int
) -> None:
    content = os.urandom(size)
    async with files.incoming(LIMIT) as incoming:
        await incoming.write(content)
        sha256 = await incoming.sha256()
        assert len(inside(tmp_path / "data" / "files")) == 1
        with pytest.raises(StoreFailed):
            await files.local(sha256)

    assert inside(tmp_path / "data" / "files") == []


@pytest.mark.requirement("UPLOAD-01")
async def test_a_full_disk_while_bytes_arrive_is_a_failure_of_the_store(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    async with files.incoming(LIMIT) as incoming:
        await incoming.write(b"some bytes")
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(StoreFailed):
            await incoming.keep()

    assert inside(tmp_path / "data" / "files") == []


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
    store: Store, files: Files, way: Way
) -> None:
    sha256, _ = await way.put(files, b"some bytes")
    other = store.files(BOB)

    with pytest.raises(StoreFailed) as foreign:
        await other.local(sha256)
    with pytest.raises(StoreFailed) as nowhere:
        await other.local(digest("nothing"))

    assert foreign.value.message == nowhere.value.message
    assert await way.put(other, b"some bytes") == (sha256, 10)
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
    store: Store, way: Way, tmp_path: Path
) -> None:
    (tmp_path / "data" / "files").write_bytes(b"a file in the way")

    with pytest.raises(StoreFailed) as failed:
        await way.put(store.files(ALICE), b"some bytes")

    assert isinstance(failed.value.__cause__, OSError)
