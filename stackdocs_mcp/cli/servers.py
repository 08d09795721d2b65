"""Commands that serve: over standard input and output, or over HTTP with tokens."""

from datetime import timedelta
from typing import Any

import click

from stackdocs_mcp.cli.options import addressed, common, over_http, reading, setting, settings_of

SCOPES = ("stack:read", "stack:write", "stack:admin")


@click.command(short_help="Serve a stack to one MCP client, or all stacks over HTTP.")
@click.argument("folder", required=False)
@click.option("--http", "http_", is_flag=True, help="Serve all stacks over streamable HTTP.")
@common
@setting(
    "allow",
    "Clients may add documents from this folder; may be given several times "
    "(in the variable: separated as in PATH).",
    metavar="DIR",
    multiple=True,
)
@setting("export_dir", "Where exports are written.", metavar="DIR")
@setting("toolset", "Offer these tools alone, separated by commas.", metavar="A,B")
@setting("read_only", "Offer only tools that change nothing.", is_flag=True)
@reading
@setting("max_file_mb", "Largest file that is taken in, in megabytes.", metavar="N")
@over_http
def serve(*, http_: bool = False, **_settings: Any) -> int:
    """Serve one stack to one MCP client over standard input and output.

    With a FOLDER, its files are the stack: new and changed ones are picked up, and nothing in the
    folder is written to. Without, the stack named by --stack is served from the data directory.

    With --http, every stack of the data directory is served to whoever has a token for it, at
    /stacks/ID/mcp. `stackdocs-mcp token` makes one, with a client configuration.
    """
    import gc

    gc.disable()  # starting makes thousands of classes that all stay: there is no garbage to find
    settings = settings_of()

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.serving import check_http, check_toolset

    check_toolset(settings)
    if http_:
        check_http(settings)

        from stackdocs_mcp.server.web import serve_http as served
    else:
        from stackdocs_mcp.server.local import serve_stdio as served

    gc.freeze()
    gc.enable()
    run(lambda: served(settings))
    return 0


@click.command(short_help="Make a token for a stack, with a client configuration.")
@click.option("--user", metavar="USER", help="For this member; you, when left out.")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(SCOPES),
    multiple=True,
    help="What it is good for; may be given several times. All, when left out.",
)
@click.option(
    "--days", type=click.IntRange(1, 366), default=30, show_default=True, help="How long it is."
)
@click.option(
    "--as",
    "form",
    type=click.Choice(("all", "claude", "json", "token")),
    default="all",
    help="Print the Claude Code command, the JSON for other clients, the token alone, or all.",
)
@common
@addressed
def token(user: str | None, scopes: tuple[str, ...], days: int, form: str, **_settings: Any) -> int:
    """Print how a client connects to the stack of --stack over HTTP, with a token to do so.

    The token is of this server's own issuer, for trying HTTP without an identity provider. It is
    for one stack; what its user may do there, the stack's members say. Makes the stack if there
    is none.
    """
    settings = settings_of()

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.tokens import Wanted, token as work

    wanted = Wanted(user, scopes or SCOPES, timedelta(days=days), form)
    return run(lambda: work(settings, wanted))
