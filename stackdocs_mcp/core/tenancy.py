"""Who may do what in which stack, and the record of what was refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from stackdocs_mcp.core.binding import Role, StackId, UserId


@dataclass(frozen=True, slots=True)
class Membership:
    """A user's place in a stack: whose it is, and what the user may do at most."""

    stack: StackId
    owner: UserId
    role: Role


@dataclass(frozen=True, slots=True)
class Member:
    """A user of a stack, as its owner sees it."""

    user: UserId
    role: Role
    since: datetime


@dataclass(frozen=True, slots=True)
class Denial:
    """Something that was refused: an audit row. ``stack`` and ``subject`` are as they were asked.

    ``what`` is a tool, resource or route; ``code`` the code of the refusal; ``subject`` the id that
    was asked for, cut to 64 printable characters. No token, text or value is in it.
    """

    user: UserId
    stack: str
    request: str
    what: str
    code: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A denial with the time it happened."""

    at: datetime
    denial: Denial


class Members(Protocol):
    """The members of the bound stack. Every method raises NotFound as ``Documents.stack`` does."""

    async def members(self) -> Sequence[Member]:
        """All of them, the owner first, then by user."""

    async def grant(self, user: UserId, role: Role) -> None:
        """Make the user a member with this role, or give a member another one.

        Raises InvalidArgument for the owner's own role, and for a second owner.
        """

    async def revoke(self, user: UserId) -> bool:
        """End the membership; from then on the stack is not there for the user, whatever is open.

        False when there was none. Raises InvalidArgument for the owner.
        """


class Audit(Protocol):
    """The record of refusals."""

    async def record(self, denial: Denial) -> None:
        """Keep it. On disk when this returns."""

    async def denials(self, *, user: UserId | None = None, limit: int) -> Sequence[AuditRow]:
        """The newest refusals, of a user or of all."""
