"""The Supabase store: any number of processes on one project."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import cached_property
from pathlib import Path

import anyio
import anyio.to_thread

from stackdocs_mcp.core.binding import Binding, Right, Role, StackId, UserId
from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.core.events import Watch
from stackdocs_mcp.core.files import Files
from stackdocs_mcp.core.model import DocumentStatus
from stackdocs_mcp.core.ports import Clock, StackStore
from stackdocs_mcp.core.queue import Task
from stackdocs_mcp.core.quota import UNLIMITED, Left, Quotas
from stackdocs_mcp.core.stack import Policy, Stack, StackSummary
from stackdocs_mcp.core.tenancy import AuditRow, Denial, Membership
from stackdocs_mcp.stores.stacks import stack_of
from stackdocs_mcp.stores.supabase import erasing, refusals
from stackdocs_mcp.stores.supabase.bound import BoundStore
from stackdocs_mcp.stores.supabase.calling import as_uuid, micros
from stackdocs_mcp.stores.supabase.events import watching
from stackdocs_mcp.stores.supabase.files import SupabaseFiles
from stackdocs_mcp.stores.supabase.kept import Kept
from stackdocs_mcp.stores.supabase.limits import SupabaseCounters
from stackdocs_mcp.stores.supabase.memberships import Attentive, Memberships
from stackdocs_mcp.stores.supabase.objects import Objects
from stackdocs_mcp.stores.supabase.project import PROGRAM, Caller, Minter, PgRole, SigningKey
from stackdocs_mcp.stores.supabase.queue import SupabaseQueue
from stackdocs_mcp.stores.supabase.recent import Recent
from stackdocs_mcp.stores.supabase.rest import Rest
from stackdocs_mcp.stores.supabase.steps import known
from stackdocs_mcp.stores.supabase.version import check
from stackdocs_mcp.stores.usage import left_of

log = logging.getLogger(__name__)

COPIES = 4
"""Files that are written to this machine's disk at once."""


async def open_store(
    url: str,
    publishable_key: str,
    signing_key: SigningKey,
    *,
    clock: Clock,
    quotas: Quotas = UNLIMITED,
    folder: Path | None = None,
    database_url: str | None = None,
) -> "SupabaseStore":
    """The store in this project.

    ``folder`` is where this process keeps files that it reads; None for the system's own place.
    ``database_url`` is of the database itself, to listen there for what has changed: a role that
    may log in and nothing else is enough.

    Raises StoreTooNew when a newer program has brought its database up to date, StoreFailed when
    it cannot be used.
    """
    rest = Rest(url, publishable_key, Minter(signing_key))
    try:
        await check(rest, await anyio.to_thread.run_sync(known))
    except BaseException:
        with anyio.CancelScope(shield=True):
            await rest.close()
        raise
    store = SupabaseStore(rest, clock, quotas, folder, database_url)
    await anyio.to_thread.run_sync(store.tidy)
    with suppress(StoreFailed):  # what a process left that died over it; else at the next opening
        await erasing.erase(rest, store.empty)
    return store


class SupabaseStore:
    """``core.ports.Store`` on Supabase."""

    def __init__(
        self,
        rest: Rest,
        clock: Clock,
        quotas: Quotas = UNLIMITED,
        folder: Path | None = None,
        database_url: str | None = None,
    ) -> None:
        self._rest = rest
        self._clock = clock
        self._quotas = quotas
        self._objects = Objects(rest)
        self._kept = Kept(folder)
        self._recent = Recent()
        self._memberships = Memberships()
        self._database_url = database_url
        self._copies = anyio.CapacityLimiter(COPIES)

    def tidy(self) -> None:
        """Remove copies of files that processes which died have left on this machine; blocks."""
        self._kept.tidy()

    def bind(self, binding: Binding) -> BoundStore:
        return BoundStore(
            self._rest,
            binding,
            self._clock,
            self._quotas,
            kept=self._kept,
            recent=self._recent,
            memberships=self._memberships,
        )

    def files(self, binding: Binding) -> SupabaseFiles:
        return SupabaseFiles(self._objects, self._kept, binding, self._copies)

    @cached_property
    def queue(self) -> SupabaseQueue:
        return SupabaseQueue(self._rest, self._clock, self._reader)

    def _reader(self, task: Task) -> tuple[StackStore, Files]:
        binding = Binding(task.owner, task.stack, frozenset({Right.READ, Right.WRITE}))
        role: PgRole = "stackdocs_worker"
        return (
            BoundStore(self._rest, binding, self._clock, self._quotas, role, kept=self._kept),
            SupabaseFiles(self._objects, self._kept, binding, self._copies, role),
        )

    async def open_stack(self, user: UserId, name: str, folder: str | None = None) -> Stack:
        made = await self._rest.call(
            Caller("authenticated", user),
            "sd_open_stack",
            {
                "p_now": micros(self._clock()),
                "p_name": name,
                "p_folder": folder,
                "p_policy": Policy().model_dump_json(),
            },
        )
        return stack_of(made)

    async def stacks(self, user: UserId) -> Sequence[StackSummary]:
        found = await self._rest.call(Caller("authenticated", user), "sd_stacks", {})
        return [
            StackSummary(
                stack_of(one),
                {DocumentStatus(status): count for status, count in one["documents"].items()},
                one["billed"],
            )
            for one in found
        ]

    async def membership(self, user: UserId, stack: StackId) -> Membership | None:
        if (known := self._memberships.find(user, stack)) is not None:
            return known
        forgotten = self._memberships.forgotten
        caller = Caller("authenticated", user, as_uuid(stack))
        found = await self._rest.call(caller, "sd_membership", {})
        if found is None:
            return None
        membership = Membership(stack, UserId(found["owner"]), Role(found["role"]))
        self._memberships.keep(user, membership, forgotten)
        return membership

    async def delete_stack(self, user: UserId, stack: StackId) -> bool:
        if not await erasing.mark(self._rest, user, stack, self._clock()):
            return False
        self._memberships.forget(stack)
        await anyio.to_thread.run_sync(self._kept.forget_all, stack)
        try:
            await erasing.erase(self._rest, self.empty)
        except StoreFailed as error:  # it is gone for everybody; the rest at the next opening
            log.warning("a deleted stack is not erased yet: %s", error.code)
        return True

    async def empty(self, stack: StackId) -> None:
        """Remove all files of a stack that was deleted. Raises StoreFailed where some are left."""
        before: list[str] = []
        while keys := await self._objects.left(stack):
            if keys == before:
                raise StoreFailed("the files of a deleted stack could not be removed")
            await self._objects.remove(PROGRAM, keys)  # none where another process was faster
            before = keys

    async def quota(self, user: UserId) -> Left | None:
        if self._quotas == UNLIMITED:
            return None
        now = self._clock()
        used = await self._rest.call(
            Caller("authenticated", user), "sd_used", {"p_now": micros(now)}
        )
        return left_of(self._quotas, used or {}, now)

    async def unread(self) -> Sequence[tuple[UserId, StackId]]:
        found = await self._rest.call(PROGRAM, "sd_unread", {})
        return [(UserId(owner), StackId(stack)) for owner, stack in found]

    async def ready(self) -> None:
        await self._rest.call(PROGRAM, "sd_ready", {})

    async def record(self, denial: Denial) -> None:
        await refusals.record(self._rest, denial, self._clock())

    async def denials(
        self, *, user: UserId | None = None, stack: str | None = None, limit: int
    ) -> Sequence[AuditRow]:
        return await refusals.denials(self._rest, user, stack, limit)

    def counters(self) -> SupabaseCounters:
        """How often something may happen, counted by all processes on the project together."""
        return SupabaseCounters(self._rest)

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[Watch]:
        async with watching(self._rest, self._database_url) as watch:
            yield Attentive(watch, self._memberships, self._kept)

    async def close(self) -> None:
        await self._rest.close()
        await anyio.to_thread.run_sync(self._kept.close)
