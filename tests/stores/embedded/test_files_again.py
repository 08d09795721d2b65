"""Bytes that are added again, by several at once too, while somebody reads them."""

import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import anyio
import pytest

from stackdocs_mcp.core.files import Files
from stackdocs_mcp.core.model import Sha256
from stackdocs_mcp.stores.embedded import EmbeddedStore
from tests.stores.builders import ALICE

pytestmark = pytest.mark.anyio

LIMIT = 3_000_000
CONTENT = b"some bytes"

Add = Callable[[], Coroutine[Any, Any, Sha256]]


@pytest.fixture
def files(store: EmbeddedStore) -> Files:
    return store.files_of(ALICE)


@pytest.fixture(params=["file", "memory", "pieces"])
def add(request: pytest.FixtureRequest, files: Files, tmp_path: Path) -> Add:
    """Brings the content in, in one of the ways that there are."""
    source = tmp_path / "source.pdf"
    source.write_bytes(CONTENT)

    async def added() -> Sha256:
        if request.param == "file":
            return (await files.put(source, LIMIT))[0]
        if request.param == "memory":
            return (await files.put_bytes(CONTENT, LIMIT))[0]
        async with files.incoming(LIMIT) as incoming:
            await incoming.write(CONTENT)
            return (await incoming.keep())[0]

    return added


def arriving(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "data" / "files" / "incoming").iterdir())


@pytest.mark.requirement("FILE-50")
async def test_bytes_that_are_there_stay_the_very_same_file(
    files: Files, add: Add, tmp_path: Path
) -> None:
    kept = await files.local(await add())
    before = kept.stat()

    assert await files.local(await add()) == kept

    after = kept.stat()
    assert (after.st_ino, after.st_nlink, after.st_ctime_ns) == (
        before.st_ino,
        1,
        before.st_ctime_ns,
    )
    assert arriving(tmp_path) == []


@pytest.mark.requirement("FILE-50")
async def test_of_many_who_add_the_same_bytes_at_once_one_wins(
    files: Files, add: Add, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    won: list[int] = []
    link = os.link

    def noting(source: Path, target: Path, **given: bool) -> None:
        link(source, target, **given)
        won.append(target.stat().st_ino)

    monkeypatch.setattr(os, "link", noting)
    async with anyio.create_task_group() as tasks:
        for _ in range(16):
            tasks.start_soon(add)

    kept = await files.local(await add())
    assert won == [kept.stat().st_ino]
    assert kept.stat().st_nlink == 1
    assert arriving(tmp_path) == []


@pytest.mark.requirement("FILE-50")
async def test_a_writer_who_comes_second_by_a_hair_leaves_the_first_one_s_file(
    files: Files, add: Add, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link
    first: list[int] = []

    def late(source: Path, target: Path, **given: bool) -> None:
        if not first:
            target.write_bytes(CONTENT)
            first.append(target.stat().st_ino)
        link(source, target, **given)

    monkeypatch.setattr(os, "link", late)
    kept = await files.local(await add())

    assert [kept.stat().st_ino] == first
    assert arriving(tmp_path) == []


@pytest.mark.requirement("FILE-51")
@pytest.mark.parametrize("left", [b"", b"some", b"some bytes and more"])
async def test_a_file_of_another_size_is_made_whole_when_it_is_added_again(
    files: Files, add: Add, left: bytes, tmp_path: Path
) -> None:
    kept = await files.local(await add())
    kept.write_bytes(left)

    await add()

    assert kept.read_bytes() == CONTENT
    assert arriving(tmp_path) == []


@pytest.mark.requirement("FILE-51")
async def test_where_files_cannot_have_two_names_bytes_are_kept_all_the_same(
    files: Files, add: Add, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_given: object, **_other: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", unknown)
    kept = await files.local(await add())
    before = kept.stat().st_ino
    await add()

    assert kept.read_bytes() == CONTENT
    assert kept.stat().st_ino == before
    assert arriving(tmp_path) == []
