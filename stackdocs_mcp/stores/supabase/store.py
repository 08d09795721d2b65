"""The Supabase store: any number of processes on one project."""

from collections.abc import Sequence

from stackdocs_mcp.core.binding import Binding, Role, StackId, UserId
from stackdocs_mcp.core.model import DocumentStatus
from stackdocs_mcp.core.ports import Clock
from stackdocs_mcp.core.quota import UNLIMITED, Left, Quotas
from stackdocs_mcp.core.stack import Policy, Stack, StackSummary
from stackdocs_mcp.core.tenancy import Membership
from stackdocs_mcp.stores.supabase.bound import BoundStore
from stackdocs_mcp.stores.supabase.calling import as_uuid, micros
from stackdocs_mcp.stores.supabase.documents import stack_of
from stackdocs_mcp.stores.supabase.project import Caller, Minter, SigningKey
from stackdocs_mcp.stores.supabase.rest import Rest
from stackdocs_mcp.stores.usage import left_of

PROGRAM = Caller("stackdocs_server")


async def open_store(
    url: str,
    publishable_key: str,
    signing_key: SigningKey,
    *,
    clock: Clock,
    quotas: Quotas = UNLIMITED,
) -> "SupabaseStore":
    """The store in this project. Raises StoreFailed when it cannot be used."""
    rest = Rest(url, publishable_key, Minter(signing_key))
    return SupabaseStore(rest, clock, quotas)


class SupabaseStore:
    """``core.ports.Store`` on Supabase."""

    def __init__(self, rest: Rest, clock: Clock, quotas: Quotas = UNLIMITED) -> None:
        self._rest = rest
        self._clock = clock
        self._quotas = quotas

    def bind(self, binding: Binding) -> BoundStore:
        return BoundStore(self._rest, binding, self._clock, self._quotas)

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
        caller = Caller("authenticated", user, as_uuid(stack))
        found = await self._rest.call(caller, "sd_membership", {})
        if found is None:
            return None
        return Membership(stack, UserId(found["owner"]), Role(found["role"]))

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

    async def close(self) -> None:
        await self._rest.close()
