"""What the history costs: a call of 200 values in a new document and behind 10,000 changes.

Times are of the processor, the least of several calls: the disk and other programs are left out.
"""

import hashlib
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.quality.report import Row
from stackdocs_mcp.core.binding import Actor, Binding, Right, UserId
from stackdocs_mcp.core.model import (
    Document,
    Evidence,
    FieldWrite,
    Leaf,
    NewDocument,
    Sha256,
    Verdict,
)
from stackdocs_mcp.core.ports import StackStore
from stackdocs_mcp.stores.embedded import open_store

VALUES = 200
CHANGES = 10_000
UNDONE = 1_000
"""Rows of two leaves each that one change set and an undo takes back."""
LATER = 30
"""Lists as long that were written elsewhere after it."""
CALLS = 15
MOST = 1.25


async def run(_corpus: Path) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        store = await open_store(Path(folder), clock=lambda: datetime.now(UTC))
        user = UserId("benchmark")
        stack = await store.open_stack(user, "history")
        repo = store.bind(Binding(user, stack.id, frozenset(Right), Actor("agent", "benchmark")))
        new, long = [await _added(repo, name) for name in ("new", "long")]
        for call in range(CHANGES // VALUES):
            await repo.write(long.id, _writes(f"before{call}", call))

        few = await _least(lambda call: repo.write(new.id, _writes("rows", call)))
        many = await _least(lambda call: repo.write(long.id, _writes("rows", call)))
        alone = await _undo(repo, "alone", 0)
        behind = await _undo(repo, "behind", LATER)
        start = time.process_time()
        found = await repo.verify(long.id)
        speed = found.changes / (time.process_time() - start)
        await store.close()

    print(f"{few * 1e3:.1f} ms new, {many * 1e3:.1f} ms behind {CHANGES}", file=sys.stderr)
    ratio = many / few
    return [
        Row(
            f"a call of {VALUES} values, behind {CHANGES:,} changes against in a new document",
            f"<= {MOST} times",
            f"{ratio:.2f} times ({many * 1e3:.0f} ms)",
            ratio <= MOST,
        ),
        Row(
            f"an undo of {UNDONE * 2:,} leaves, behind {UNDONE * 2 * LATER:,} others against alone",
            f"<= {MOST} times",
            f"{behind / alone:.2f} times ({behind * 1e3:.0f} ms)",
            behind / alone <= MOST,
        ),
        Row(
            "changes whose chain and effect are verified in a second",
            "",
            f"{speed:,.0f}{'' if not found.breaks else ', with breaks'}",
        ),
    ]


async def _added(repo: StackStore, name: str) -> Document:
    sha256 = Sha256(hashlib.sha256(name.encode()).hexdigest())
    document, _ = await repo.add_document(NewDocument(f"{name}.pdf", sha256, 1))
    return await repo.finish(document.id)


def _writes(name: str, call: int) -> list[FieldWrite]:
    evidence = Evidence(Verdict.UNCHECKED)
    paths = [(name, row, "amount") for row in range(VALUES)]
    return [FieldWrite(path, (Leaf(path, f"{call}.{path[1]}", evidence),)) for path in paths]


async def _undo(repo: StackStore, name: str, later: int) -> float:
    """Seconds to undo a change of many leaves that this many others elsewhere came after."""
    document = await _added(repo, name)
    (change,) = await repo.write(document.id, [_list("rows")])
    for one in range(later):
        await repo.write(document.id, [_list(f"later{one}")])
    assert change.change is not None

    async def both_ways(_: int) -> None:
        (undone,) = await repo.undo(document.id, change.change)
        await repo.undo(document.id, undone.id, redo=True)

    return await _least(both_ways) / 2


def _list(name: str) -> FieldWrite:
    evidence = Evidence(Verdict.UNCHECKED)
    paths = [(name, row, part) for row in range(UNDONE) for part in ("n", "v")]
    return FieldWrite((name,), tuple(Leaf(one, one[1], evidence) for one in paths))


async def _least(work: Callable[[int], Awaitable[object]]) -> float:
    """Seconds of the processor that the cheapest of the calls took."""
    times = []
    for call in range(CALLS):
        start = time.process_time()
        await work(call)
        times.append(time.process_time() - start)
    return min(times)
