"""Who may do what in which stack, and the record of what was refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from stackdocs_mcp.core.binding import Role, StackId, UserId

PER_MINUTE, PER_DAY, KEPT_DAYS = 20, 200, 90
LONGEST_TEXT, LONGEST_USER = 64, 512
MORE = "more"


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
    """A denial with the time it happened, or the last time of those that the row counts."""

    at: datetime
    denial: Denial
    count: int = 1


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
    """The record of refusals, which nobody can make large, or push something out of.

    The first 20 refusals of a user in a minute, and the first 200 in a day (UTC), have rows of
    their own. One row for each user and day counts the others: it names the user, and has the
    code ``more``. Rows are removed when they are older than 90 days, at most 20 of them with each
    refusal that is recorded. Texts are cut to 64 characters, and the user's id to 512. So a user's
    refusals take up some 30 MB at most, and however many there are, the first ones of each day are
    there for 90 days.
    """

    async def record(self, denial: Denial) -> None:
        """Keep it, or count it. On disk when this returns."""

    async def denials(
        self, *, user: UserId | None = None, stack: str | None = None, limit: int
    ) -> Sequence[AuditRow]:
        """At most so many rows of a user or of all, in a stack or in all, the newest first.

        Rows that count others are of no stack.
        """
