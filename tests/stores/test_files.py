"""The bytes of documents: kept once, for one stack alone, whole or not at all."""

import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import anyio
import pytest

from stackdocs_mcp.core.errors import FileRefused, StoreFailed
from stackdocs_mcp.core.files import Files
from stackdocs_mcp.core.model import Sha256
from stackdocs_mcp.core.ports import Store
from stackdocs_mcp.core.stack import Stack
from tests.stores.builders import ALICE, BOB, binding, digest

pytestmark = pytest.mark.anyio

LIMIT = 3_000_000
posix = pytest.mark.skipif(sys.platform == "win32", reason="rights and pipes are POSIX")


def arriving(place: Path) -> list[Path]:
    """What a store that works in this place has of files that are not kept."""
    return [path for path in place.rglob("incoming/*") if path.is_file()]


@pytest.fixture
def files(store: Store, stack: Stack) -> Files:
    return store.files(binding(ALICE, stack.id))


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
    assert (await files.local(first[0])).read_bytes() == b"some bytes"
    assert arriving(tmp_path) == []


@pytest.mark.requirement("FILE-50")
async def test_many_may_add_the_same_bytes_at_once(files: Files, way: Way, tmp_path: Path) -> None:
    async def add(number: int) -> None:
        assert (await way.put(files, b"some bytes", name=f"{number}.pdf"))[1] == 10

    async with anyio.create_task_group() as tasks:
        for number in range(8):
            tasks.start_soon(add, number)

    assert (await files.local(digest("some bytes"))).read_bytes() == b"some bytes"
    assert arriving(tmp_path) == []


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

    assert arriving(tmp_path) == []
    with pytest.raises(StoreFailed):
        await files.local(digest("some bytes more"))


@pytest.mark.requirement("UPLOAD-01")
@pytest.mark.parametrize("size", [0, 10, 2 << 20])
async def test_what_is_not_kept_leaves_nothing_and_was_never_there(
    files: Files, tmp_path: Path, size: int
) -> None:
    content = os.urandom(size)
    async with files.incoming(LIMIT) as incoming:
        await incoming.write(content)
        sha256 = await incoming.sha256()
        assert len(arriving(tmp_path)) == 1
        with pytest.raises(StoreFailed):
            await files.local(sha256)

    assert arriving(tmp_path) == []


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

    assert arriving(tmp_path) == []


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

    assert arriving(tmp_path) == []


@pytest.mark.requirement("STORE-113")
async def test_the_files_of_another_user_are_not_there(
    store: Store, files: Files, way: Way
) -> None:
    sha256, _ = await way.put(files, b"some bytes")
    other = store.files(binding(BOB, (await store.open_stack(BOB, "own")).id))

    with pytest.raises(StoreFailed) as foreign:
        await other.local(sha256)
    with pytest.raises(StoreFailed) as nowhere:
        await other.local(digest("nothing"))

    assert foreign.value.message == nowhere.value.message
    assert await way.put(other, b"some bytes") == (sha256, 10)
    assert await other.local(sha256) != await files.local(sha256)


@pytest.mark.requirement("STORE-113")
@pytest.mark.parametrize("sha256", ["../../../stackdocs.db", "", "A" * 64, "0" * 63])
async def test_what_is_no_hash_is_not_there(files: Files, sha256: str) -> None:
    with pytest.raises(StoreFailed):
        await files.local(Sha256(sha256))
