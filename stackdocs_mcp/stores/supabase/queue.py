"""The queue of documents to be read: pgmq, which is what Supabase Queues runs."""

from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from typing import Any

from stackdocs_mcp.core.binding import StackId, UserId
from stackdocs_mcp.core.files import Files
from stackdocs_mcp.core.model import DocumentId
from stackdocs_mcp.core.ports import Clock, StackStore
from stackdocs_mcp.core.queue import Task
from stackdocs_mcp.stores.supabase.calling import micros
from stackdocs_mcp.stores.supabase.project import Caller
from stackdocs_mcp.stores.supabase.rest import Rest

PROGRAM = Caller("stackdocs_server")


class SupabaseQueue:
    """``core.queue.Queue``; the sentences of the port hold."""

    def __init__(
        self, rest: Rest, clock: Clock, reader: Callable[[Task], tuple[StackStore, Files]]
    ) -> None:
        self._rest = rest
        self._clock = clock
        self.reader = reader
        self._mended: dict[str, Any] | None = None

    async def take(
        self, lease: timedelta, *, served: Sequence[UserId] = (), full: Collection[UserId] = ()
    ) -> Task | None:
        found: Any = False
        while found is False:  # it has dropped some that are there for nothing, and goes on
            # A lost answer is not asked for again: what it gave out comes back when its lease ends.
            found = await self._call(
                "take",
                now=micros(self._clock()),
                seconds=_seconds(lease),
                served=list(served),
                full=list(full),
                again=False,
            )
        return None if found is None else _task(found)

    async def extend(self, task: Task, lease: timedelta) -> bool:
        held = await self._call("extend", id=task.id, tries=task.tries, seconds=_seconds(lease))
        return bool(held)

    async def done(self, task: Task) -> None:
        await self._call("done", id=task.id, tries=task.tries)

    async def release(self, task: Task, after: timedelta = timedelta()) -> None:
        await self._call("release", id=task.id, tries=task.tries, seconds=_seconds(after))

    async def mend(self) -> None:
        behind = self._mended or {}
        self._mended = await self._call(
            "mend", stack=behind.get("stack"), document=behind.get("document")
        )

    async def depth(self) -> int:
        return int(await self._call("depth"))

    async def _call(self, function: str, *, again: bool = True, **arguments: Any) -> Any:
        named = {f"p_{name}": value for name, value in arguments.items()}
        return await self._rest.call(PROGRAM, f"sd_queue_{function}", named, again=again)


def _task(found: dict[str, Any]) -> Task:
    return Task(
        found["id"],
        found["tries"],
        StackId(found["stack"]),
        UserId(found["owner"]),
        DocumentId(found["document"]),
    )


def _seconds(length: timedelta) -> int:
    return int(length.total_seconds())
