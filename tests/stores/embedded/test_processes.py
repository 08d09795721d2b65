"""Several processes on one file, and processes that die."""

import random
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from stackdocs_mcp.core.model import Change, Document
from stackdocs_mcp.core.paths import dotted
from stackdocs_mcp.core.ports import StackStore, Store
from stackdocs_mcp.stores.embedded import FILE, open_store
from tests.stores.builders import ALICE, SteppingClock, added, binding, leaves_shown, values
from tests.stores.embedded.saving_process import BATCH

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[3]
KILLS = 8


def start(folder: Path, *rest: str | int, program: str = "writing") -> subprocess.Popen[str]:
    module = f"tests.stores.embedded.{program}_process"
    return subprocess.Popen(
        [sys.executable, "-m", module, str(folder), *map(str, rest)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


async def reopened(folder: Path) -> tuple[Store, StackStore, Document]:
    store = await open_store(folder, clock=SteppingClock())
    stack = await store.open_stack(ALICE, "shared")
    repo = store.bind(binding(ALICE, stack.id))
    return store, repo, await added(repo, "shared.pdf")


async def history(repo: StackStore, document: Document) -> list[Change]:
    """All changes, oldest first."""
    return list(reversed(await repo.changes(document.id, limit=100_000)))


def replayed(changes: list[Change]) -> dict[str, object]:
    """The fields that a history ends with; each change must start from what stood before it."""
    fields: dict[str, object] = {}
    for change in changes:
        for path, value in leaves_shown(change.before).items():
            assert fields.pop(path) == value
        assert dotted(change.path) not in fields
        fields |= leaves_shown(change.after)
    return fields


@pytest.mark.requirement("STORE-130")
async def test_two_processes_lose_no_write_and_make_one_history(tmp_path: Path) -> None:
    folder, count = tmp_path / "data", 60
    processes = [start(folder, name, count) for name in ("left", "right")]

    said = [process.communicate(timeout=60)[0].splitlines() for process in processes]

    assert [process.returncode for process in processes] == [0, 0]
    acknowledged = sorted(int(line.split()[0]) for lines in said for line in lines)
    assert acknowledged == list(range(1, 2 * count + 1))  # every revision once
    store, repo, document = await reopened(folder)
    try:
        assert document.revision == 2 * count
        changes = await history(repo, document)
        assert len(changes) == 4 * count
        assert replayed(changes) == await values(repo, document)
        assert (await repo.verify(document.id)).breaks == ()
    finally:
        await store.close()


@pytest.mark.requirement("STORE-131")
async def test_every_acknowledged_write_survives_kill_9(tmp_path: Path) -> None:
    folder, moments = tmp_path / "data", random.Random(4711)
    acknowledged: dict[int, tuple[str, int]] = {}
    for _ in range(KILLS):
        with start(folder, "victim", 1_000_000) as process:
            assert process.stdout is not None
            for _ in range(moments.randrange(1, 40)):
                note(acknowledged, process.stdout.readline())
            process.kill()
            for line in process.stdout:  # what it said before it died counts as well
                if line.endswith("\n"):
                    note(acknowledged, line)

        store, repo, document = await reopened(folder)
        try:
            changes = await history(repo, document)
            written = {
                (change.revision, dotted(change.path)): list(leaves_shown(change.after).values())
                for change in changes
            }
            for revision, (path, number) in acknowledged.items():
                # A process that starts anew may write what stands already: that is no change.
                assert written.get((revision, path), [number]) == [number]
                assert written[revision, "shared"] == [f"victim {number}"]
            assert max(acknowledged) <= document.revision <= max(acknowledged) + 1
            assert sorted({change.revision for change in changes}) == list(
                range(1, document.revision + 1)
            )
            assert replayed(changes) == await values(repo, document)
            assert (await repo.verify(document.id)).breaks == ()
        finally:
            await store.close()
        assert sound(folder / FILE)


@pytest.mark.requirement("STORE-174")
async def test_pages_and_what_they_cost_survive_kill_9_together(tmp_path: Path) -> None:
    folder, moments, last = tmp_path / "data", random.Random(1213), 0
    for _ in range(KILLS):
        with start(folder, last + 1, program="saving") as process:
            assert process.stdout is not None
            for _ in range(moments.randrange(1, 30)):
                last = int(process.stdout.readline())
            process.kill()
            for line in process.stdout:  # what it said before it died counts as well
                last = int(line) if line.endswith("\n") else last

        store, repo, document = await reopened(folder)
        try:
            numbers = [outline.number for outline in await repo.outlines(document.id)]
            assert numbers == list(range(1, document.pages_done + 1))
            assert document.billed_pages == document.pages_done
            assert document.pages_done - last in {0, BATCH}  # saved, and not yet said
            hits = await repo.search("word", limit=10_000)
            assert sorted(hit.page for hit in hits) == numbers
            last = document.pages_done
        finally:
            await store.close()
        assert sound(folder / FILE)


def note(acknowledged: dict[int, tuple[str, int]], line: str) -> None:
    match = re.fullmatch(r"(\d+) (\S+) (\d+)\n", line)
    assert match is not None
    acknowledged[int(match[1])] = (match[2], int(match[3]))


def sound(file: Path) -> bool:
    connection = sqlite3.connect(file)
    try:
        whole = connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return whole and connection.execute("PRAGMA foreign_key_check").fetchall() == []
    finally:
        connection.close()
