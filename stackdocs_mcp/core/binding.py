"""Who a call acts for, decided before any tool runs and never changed afterwards."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal, NewType, Self

from stackdocs_mcp.core.errors import MissingRight

UserId = NewType("UserId", str)
StackId = NewType("StackId", str)
_SELF = UserId("")


class Right(StrEnum):
    """What a binding may do; each right stands alone."""

    READ = "stack:read"
    WRITE = "stack:write"
    ADMIN = "stack:admin"


class Role(StrEnum):
    """What a member of a stack may do there, at most; a token's scopes can only narrow it."""

    VIEWER = "viewer"
    EDITOR = "editor"
    OWNER = "owner"

    @property
    def rights(self) -> frozenset[Right]:
        """The rights of this role."""
        return _RIGHTS[self]


_RIGHTS = {
    Role.VIEWER: frozenset({Right.READ}),
    Role.EDITOR: frozenset({Right.READ, Right.WRITE}),
    Role.OWNER: frozenset(Right),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who writes: a person at a command line or review page, or an agent with its client's name."""

    kind: Literal["agent", "person"]
    client: str = ""


@dataclass(frozen=True, slots=True)
class Binding:
    """One user, one stack, and the rights there. Everything a tool can reach hangs off this.

    ``owner`` is whose stack it is, and under whose name its files and pages are kept: the user,
    unless the user is a member of somebody else's stack.
    """

    user: UserId
    stack: StackId
    rights: frozenset[Right]
    actor: Actor = Actor("agent")
    owner: UserId = _SELF

    def __post_init__(self) -> None:
        if self.owner == _SELF:
            object.__setattr__(self, "owner", self.user)

    def acting_as(self, actor: Actor) -> Self:
        """The same binding with the author that this call's changes carry."""
        return replace(self, actor=actor)

    def require(self, right: Right) -> None:
        """Raise MissingRight unless this binding has the right."""
        if right not in self.rights:
            raise MissingRight(right.value)
