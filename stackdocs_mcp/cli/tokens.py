"""``token``: a token of the built-in local issuer, and how a client is told of it."""

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import anyio.to_thread

from stackdocs_mcp.auth.local import LocalIssuer
from stackdocs_mcp.cli.opening import opened
from stackdocs_mcp.cli.output import put, say, shown
from stackdocs_mcp.core.binding import Right, UserId
from stackdocs_mcp.http.places import Addresses
from stackdocs_mcp.server.compose import now
from stackdocs_mcp.settings import BadSettings, Settings


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the token is for, and what is printed. Without a user it is the one who asks."""

    user: str | None
    scopes: Sequence[str]
    lifetime: timedelta
    form: str


async def token(settings: Settings, wanted: Wanted) -> int:
    """Print the token, or configurations with it. Makes the stack if there is none.

    Raises BadSettings where a server with these settings would not take the token.
    """
    if settings.auth_issuer is not None:
        raise BadSettings(
            ["STACKDOCS_AUTH_ISSUER: set, and a server with it takes that provider's tokens alone"]
        )
    async with opened(settings, make=True) as workspace:
        stack = await workspace.store.stack()
        folder = settings.data_dir.absolute()
        issuer = await anyio.to_thread.run_sync(LocalIssuer.open, folder, now)
        user = UserId(wanted.user) if wanted.user else workspace.binding.user
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
