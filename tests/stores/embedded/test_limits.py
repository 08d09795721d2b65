"""The file of the shared counters."""

import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path

import pytest

from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.core.limits import Granted
from stackdocs_mcp.core.ports import StackStore
from stackdocs_mcp.stores import limits
from stackdocs_mcp.stores.limits import FILE, SharedCounters
from tests.stores.builders import added
from tests.stores.test_limits import take

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("LIMIT-05")
@pytest.mark.skipif(sys.platform == "win32", reason="rights are POSIX")
async def test_the_counters_are_their_owners_alone(tmp_path: Path) -> None:
    counters = SharedCounters(tmp_path / "data")
    await take(counters, 1)

    for file in (tmp_path / "data").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    await counters.close()


@pytest.mark.requirement("LIMIT-06")
async def test_documents_are_written_while_the_counters_are_held_and_the_reverse(
    repo: StackStore, tmp_path: Path
) -> None:
    counters = SharedCounters(tmp_path / "data")
    await take(counters, 1)
    with closing(sqlite3.connect(tmp_path / "data" / FILE, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")

        await added(repo)
        with pytest.raises(StoreFailed):
            await take(counters, 1)

    with closing(sqlite3.connect(tmp_path / "data" / "stackdocs.db", isolation_level=None)) as held:
        held.execute("BEGIN IMMEDIATE")
        assert await take(counters, 1) == Granted(1)
    await counters.close()


@pytest.mark.requirement("LIMIT-07")
async def test_a_damaged_file_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database at all" * 1_000)
    counters = SharedCounters(tmp_path)

    assert await take(counters, 99) == Granted(10)
    await counters.close()


@pytest.mark.requirement("LIMIT-07")
async def test_counters_that_are_closed_cannot_be_used(tmp_path: Path) -> None:
    counters = SharedCounters(tmp_path)
    await counters.close()
    await counters.close()

    with pytest.raises(StoreFailed):
        await take(counters, 1)


@pytest.mark.requirement("LIMIT-08")
async def test_buckets_that_are_full_again_are_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FORGET_EVERY", 10)
    counters = SharedCounters(tmp_path)
    for number in range(9):
        await take(counters, 10, key=f"user {number}")

    await take(counters, 1, 3_601.0)

    with closing(sqlite3.connect(tmp_path / FILE)) as other:
        assert other.execute("SELECT key FROM buckets").fetchall() == [("alice",)]
    await counters.close()
