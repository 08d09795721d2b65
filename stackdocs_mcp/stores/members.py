"""Who may do what in which stack."""

import sqlite3

from stackdocs_mcp.core.binding import Binding, Role, StackId, UserId
from stackdocs_mcp.core.errors import InvalidArgument, MissingRight
from stackdocs_mcp.core.tenancy import Member, Membership
from stackdocs_mcp.stores.scope import Scope, moment
from stackdocs_mcp.stores.stacks import gone

_FIND = """
SELECT s.user_id AS owner, m.role FROM members AS m CROSS JOIN stacks AS s ON s.id = m.stack_id
WHERE m.user_id = :user AND m.stack_id = :stack
"""
_ALL = """
SELECT user_id, role, created_at FROM members WHERE stack_id = :stack
ORDER BY role <> 'owner', user_id
"""
_GRANT = """
INSERT INTO members (user_id, stack_id, role, created_at) VALUES (:member, :stack, :role, :now)
ON CONFLICT (user_id, stack_id) DO UPDATE SET role = excluded.role
"""
_REVOKE = "DELETE FROM members WHERE user_id = :member AND stack_id = :stack"


def find(connection: sqlite3.Connection, user: UserId, stack: StackId) -> Membership | None:
    """The user's place in the stack, if there is one."""
    row = connection.execute(_FIND, {"user": user, "stack": stack}).fetchone()
    return None if row is None else Membership(stack, UserId(row["owner"]), Role(row["role"]))


def check(connection: sqlite3.Connection, binding: Binding) -> None:
    """Raise NotFound unless the bound user is a member of the bound owner's stack.

    Raises MissingRight where the binding was made with rights that the role no longer gives.
    """
    found = find(connection, binding.user, binding.stack)
    if found is None or found.owner != binding.owner:
        raise gone()
    if lost := binding.rights - found.role.rights:
        raise MissingRight(min(lost).value)


def everyone(scope: Scope) -> list[Member]:
    """All members, the owner first."""
    return [
        Member(UserId(row["user_id"]), Role(row["role"]), moment(row["created_at"]))
        for row in scope.rows(_ALL)
    ]


def grant(scope: Scope, user: UserId, role: Role) -> None:
    """Make the user a member. Raises InvalidArgument for the owner, and for a second one."""
    if user == scope.owner:
        raise _keeps()
    if role is Role.OWNER:
        raise InvalidArgument("a stack has one owner", "Make the user an editor or a viewer.")
    scope.run(_GRANT, member=user, role=role.value, now=scope.now)


def revoke(scope: Scope, user: UserId) -> bool:
    """End a membership. Raises InvalidArgument for the owner."""
    if user == scope.owner:
        raise _keeps()
    return scope.run(_REVOKE, member=user) > 0


def _keeps() -> InvalidArgument:
    return InvalidArgument("the owner's place cannot be changed", "Name another user.")
