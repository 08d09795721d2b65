"""``token``: a token of the built-in local issuer, and how a client is told of it."""

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import anyio.to_thread

from stackdocs_mcp.auth.local import KEY_FILE, LocalIssuer
from stackdocs_mcp.auth.providers import is_fit
from stackdocs_mcp.cli.opening import opened, say_made
from stackdocs_mcp.cli.output import put, say, shown
from stackdocs_mcp.cli.serving import check_http
from stackdocs_mcp.core.binding import Right, UserId
from stackdocs_mcp.core.errors import InvalidArgument, NotFound
from stackdocs_mcp.http.places import Addresses
from stackdocs_mcp.server.compose import now, user_of
from stackdocs_mcp.settings import BadSettings, Settings
from stackdocs_mcp.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the token is for, and what is printed. Without a user it is the one who asks."""

    user: str | None
    scopes: Sequence[str]
    lifetime: timedelta
    form: str


async def token(settings: Settings, wanted: Wanted) -> int:
    """Print the token, or configurations with it. Makes the stack if there is none.

    For another user than the one who asks, nothing is made: raises NotFound where there is no such
    stack or member, and InvalidArgument for a user of an identity provider. Raises BadSettings
    where a server with these settings would not start, or not take the token.
    """
    if settings.auth_issuer is not None:
        raise BadSettings(
            ["STACKDOCS_AUTH_ISSUER: set, and a server with it takes that provider's tokens alone"]
        )
    check_http(settings)
    user = UserId(wanted.user) if wanted.user else user_of(settings)
    _check_local(user)
    async with opened(settings, make=wanted.user is None, made=say_made) as workspace:
        stack = await workspace.store.stack()
        await _check_member(workspace, user, stack.name)
        folder = settings.data_dir.absolute()
        issuer = await anyio.to_thread.run_sync(LocalIssuer.open, folder, now)
        minted = issuer.mint(user, stack.id, map(Right, wanted.scopes), wanted.lifetime)

    url = Addresses(settings.address).endpoint(stack.id)
    bearer = f"Bearer {minted}"
    if wanted.form == "token":
        put(minted)
    if wanted.form in {"all", "claude"}:
        typed = ["claude", "mcp", "add", "--transport", "http", "stackdocs", url]
        put(shlex.join([*typed, "--header", f"Authorization: {bearer}"]))
    if wanted.form in {"all", "json"}:
        server = {"type": "http", "url": url, "headers": {"Authorization": bearer}}
        put(json.dumps({"mcpServers": {"stackdocs": server}}, indent=2))
    if wanted.form == "all":
        ends = (now() + wanted.lifetime).strftime("%Y-%m-%d")
        say(f"The token is for the stack {shown(stack.name)!r} until {ends}; keep it to yourself.")
        say("`stackdocs-mcp serve --http` serves it.")
    return 0


async def revoke_all(settings: Settings) -> int:
    """Make every token of the data folder void. Raises BadKey where the key cannot be replaced."""
    folder = settings.data_dir.absolute()
    if not (folder / KEY_FILE).exists():
        say("There are no tokens: none was ever made in this data directory.")
        return 0
    await anyio.to_thread.run_sync(LocalIssuer.revoke, folder)
    say("All tokens are void; running servers take them no more. `stackdocs-mcp token` makes new.")
    return 0


def _check_local(user: str) -> None:
    """Raise InvalidArgument for a user whom only a provider's own tokens can name."""
    if is_fit(user.partition("#")[0]):
        raise InvalidArgument(
            f"{shown(user)!r} is a user of an identity provider",
            "The tokens of such users come from the provider; set STACKDOCS_AUTH_ISSUER.",
        )


async def _check_member(workspace: Workspace, user: UserId, stack: str) -> None:
    """Raise NotFound for a user whom the token would not let in."""
    if any(one.user == user for one in await workspace.store.members()):
        return
    typed = shlex.join(["stackdocs-mcp", "members", "add", user, "--role", "viewer"])
    raise NotFound(
        f"{shown(user)!r} is no member of the stack {shown(stack)!r}",
        f"Make the user one first: `{shown(typed)} --stack {shown(shlex.quote(stack))}`; an editor "
        "may also write.",
    )
