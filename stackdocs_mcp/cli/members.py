"""``members``: who may use a stack."""

from stackdocs_mcp.auth.providers import is_fit
from stackdocs_mcp.cli.opening import opened
from stackdocs_mcp.cli.output import put_table, say, shown
from stackdocs_mcp.core.binding import Role, UserId
from stackdocs_mcp.core.errors import InvalidArgument, NotFound
from stackdocs_mcp.core.tenancy import LONGEST_USER
from stackdocs_mcp.http.journal import opaque
from stackdocs_mcp.http.places import Addresses
from stackdocs_mcp.server.storing import logs_secret
from stackdocs_mcp.settings import Settings

LOCAL = "local:"
"""How the ids of this machine's own users begin."""


def named(settings: Settings, user: str, issuer: str | None) -> UserId:
    """The user's id; with an issuer, of the user with this subject there.

    Without one, the provider's of the settings counts, unless the user is a whole id already.
    Raises InvalidArgument for what no token can say.
    """
    if issuer is None and "#" not in user and not user.startswith(LOCAL):
        issuer = settings.auth_issuer
    if issuer is not None and not is_fit(issuer):
        raise InvalidArgument(
            f"{issuer!r} is no issuer", "Give the address that its tokens have as `iss`."
        )
    whole = user if issuer is None else f"{issuer}#{user}"
    if not user.strip() or not whole.isprintable() or len(whole) > LONGEST_USER:
        raise InvalidArgument(
            f"{shown(user[:80])!r} is no user", "Give the user's id in one line, as tokens have it."
        )
    return UserId(whole)


async def list_members(settings: Settings) -> int:
    """Print a row for each member, and say where clients find the stack, and logs name it."""
    async with opened(settings) as workspace:
        stack = await workspace.store.stack()
        found = await workspace.store.members()
    key = logs_secret(settings)
    rows = [
        (
            one.user,
            one.role.value,
            one.since.strftime("%Y-%m-%d %H:%M:%SZ"),
            opaque(key, "user", one.user),
        )
        for one in found
    ]
    put_table(("user", "role", "since", "in logs"), rows)
    say(f"Over HTTP the stack is at {Addresses(settings.address).endpoint(stack.id)}")
    say(f"In logs it is stack={opaque(key, 'stack', stack.id)}")
    return 0


async def add(settings: Settings, user: UserId, role: str) -> int:
    """Make the user a member with this role. Raises InvalidArgument for the owner."""
    async with opened(settings) as workspace:
        await workspace.store.grant(user, Role(role))
    say(f"{shown(user)!r} may use the stack {settings.stack!r} as {role}.")
    return 0


async def remove(settings: Settings, user: UserId) -> int:
    """End the membership. Raises NotFound where there is none."""
    async with opened(settings) as workspace:
        if not await workspace.store.revoke(user):
            raise NotFound(
                f"{shown(user)!r} is no member of the stack {settings.stack!r}",
                "`stackdocs-mcp members` lists them.",
            )
    say(f"{shown(user)!r} may not use the stack {settings.stack!r} any more.")
    return 0
