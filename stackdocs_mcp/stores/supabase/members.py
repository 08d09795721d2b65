"""Who may do what in the bound stack, and which of its one-time links were used."""

from collections.abc import Sequence
from datetime import datetime

from stackdocs_mcp.core.binding import Role, UserId
from stackdocs_mcp.core.tenancy import Member
from stackdocs_mcp.stores.supabase.calling import Calling, micros, moment


class BoundMembers(Calling):
    """``core.tenancy.Members`` and ``core.links.UsedLinks``; the sentences of the ports hold."""

    async def members(self) -> Sequence[Member]:
        found = await self._call("members")
        return [
            Member(UserId(one["user"]), Role(one["role"]), moment(one["since"])) for one in found
        ]

    async def grant(self, user: UserId, role: Role) -> None:
        try:
            await self._call("grant", user=user, role=role.value)
        finally:
            self._memberships.forget(self._binding.stack)

    async def revoke(self, user: UserId) -> bool:
        try:
            ended: bool = await self._call("revoke", user=user)
        finally:
            self._memberships.forget(self._binding.stack)
        return ended

    async def use_link(self, nonce: str, use: str, expires_at: datetime) -> str:
        first: str = await self._call(
            "use_link", nonce=nonce, use=use, expires_at=micros(expires_at)
        )
        return first
