"""Where the original's files come from: what is missing is told from what cannot be had."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from stackdocs_mcp.cli.from_stackdocs.files import FileMissing, Folder, Storage
from stackdocs_mcp.core.errors import FileTooLarge, StoreFailed
from tests.supabase.gateway import SECRET
from tests.supabase.shared import rig

pytestmark = pytest.mark.anyio
PATH = "user_2alice/d0000000-0000-4000-8000-000000000001/Rechnung 1.pdf"
LIMIT = 100


@pytest.fixture
async def storage() -> AsyncIterator[Storage]:
    await rig().clean()
    headers = {"apikey": SECRET, "Authorization": f"Bearer {SECRET}"}
    async with httpx.AsyncClient(headers=headers) as http:
        sent = await http.post(
            f"{rig().url}/storage/v1/object/documents/{PATH}",
            content=b"bytes",
            headers={"content-type": "application/pdf"},
        )
        assert sent.status_code == 200
    made = Storage(rig().url, SECRET)
    yield made
    await made.aclose()


@pytest.mark.requirement("PGL-45")
async def test_storage_gives_the_file_of_a_path(storage: Storage) -> None:
    assert await storage.fetch(PATH, LIMIT) == b"bytes"
    with pytest.raises(FileTooLarge):
        await storage.fetch(PATH, 4)


@pytest.mark.requirement("PGL-45")
@pytest.mark.parametrize("path", ["user_2alice/none.pdf", "", "/", "a//b", "../documents/x", "a/."])
async def test_a_path_that_storage_has_nothing_at_is_a_missing_file(
    storage: Storage, path: str
) -> None:
    with pytest.raises(FileMissing):
        await storage.fetch(path, LIMIT)


@pytest.mark.requirement("PGL-45")
async def test_storage_that_refuses_or_is_down_is_not_a_missing_file(storage: Storage) -> None:
    refused = Storage(rig().url, "sb_secret_another")
    with pytest.raises(StoreFailed, match="HTTP 401"):
        await refused.fetch(PATH, LIMIT)
    await refused.aclose()

    async with httpx.AsyncClient() as http:
        await http.post(f"{rig().url}/tests/storage", json={"kind": "down", "times": 1})
    with pytest.raises(StoreFailed, match="HTTP 503"):
        await storage.fetch(PATH, LIMIT)

    gone = Storage("http://127.0.0.1:1", SECRET)
    with pytest.raises(StoreFailed, match="cannot be reached"):
        await gone.fetch(PATH, LIMIT)
    await gone.aclose()

    await rig().sql("update storage.objects set bucket_id = null")
    await rig().sql("update storage.buckets set id = 'other' where id = 'documents'")
    try:
        with pytest.raises(StoreFailed):  # "Bucket not found" is an HTTP 400 too
            await storage.fetch(PATH, LIMIT)
    finally:
        await rig().sql("update storage.buckets set id = 'documents' where id = 'other'")


@pytest.mark.requirement("PGL-45")
async def test_a_folder_gives_what_is_below_it_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    (folder / "user").mkdir(parents=True)
    (folder / "user" / "a.pdf").write_bytes(b"bytes")
    (tmp_path / "outside.pdf").write_bytes(b"secret")
    (folder / "link.pdf").symlink_to(tmp_path / "outside.pdf")
    source = Folder(folder)

    assert await source.fetch("user/a.pdf", LIMIT) == b"bytes"
    with pytest.raises(FileTooLarge):
        await source.fetch("user/a.pdf", 4)
    outside = str(tmp_path / "outside.pdf")
    for path in ("../outside.pdf", outside, "link.pdf", "user", "", "a\0b", "x" * 5_000):
        with pytest.raises(FileMissing):
            await source.fetch(path, LIMIT)
