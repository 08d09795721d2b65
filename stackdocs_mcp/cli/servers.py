"""Commands that serve: over standard input and output, or over HTTP with tokens."""

import sys
from datetime import timedelta
from typing import Any

import click

from stackdocs_mcp.cli.options import (
    addressed,
    common,
    given,
    of_all_stacks,
    over_http,
    reading,
    setting,
    settings_of,
)

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
@setting("worker", "off: leave reading to `worker` (Supabase).", metavar="on|off")
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
    from stackdocs_mcp.cli.serving import check_all_stacks, check_http, check_toolset

    check_toolset(settings)
    if http_:
        check_all_stacks(settings, named="stack" in given())
        check_http(settings)

        from stackdocs_mcp.server.web import serve_http as served
    else:
        from stackdocs_mcp.server.local import serve_stdio as served

    gc.freeze()
    gc.enable()
    run(lambda: served(settings))
    return 0


@click.command(short_help="Read documents of a Supabase project that wait to be read.")
@of_all_stacks
@reading
@setting("max_file_mb", "Largest file that is taken in, in megabytes.", metavar="N")
def worker(**_settings: Any) -> int:
    """Read documents of all stacks of the Supabase project as they come, until it is ended.

    Any number of them share the work, with servers that read as well (`serve`, unless its
    --worker is off). Says a line for each document on standard error: its id, pages and seconds.
    When it is ended or dies, others go on with what it was reading; no page is read twice.
    """
    settings = settings_of()

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.serving import check_queue
    from stackdocs_mcp.server.reading import read_queue

    check_queue(settings)
    run(lambda: read_queue(settings))
    return 0


_FOR_ONE = ("stack", "user", "scopes", "days", "form")
"""What says which token is to be made."""


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
    "--days",
    type=click.IntRange(1, 366),
    default=30,
    show_default=True,
    metavar="N",
    help="Days that it is good for.",
)
@click.option(
    "--as",
    "form",
    type=click.Choice(("all", "claude", "json", "token")),
    default="all",
    help="Print the Claude Code command, the JSON for other clients, the token alone, or all.",
)
@click.option("--revoke", is_flag=True, help="Instead: end every token made so far, at once.")
@click.option("--yes", is_flag=True, help="With --revoke: do not ask.")
@common
@addressed
def token(
    user: str | None,
    scopes: tuple[str, ...],
    days: int,
    form: str,
    *,
    revoke: bool,
    yes: bool,
    **_settings: Any,
) -> int:
    """Print how a client connects to the stack of --stack over HTTP, with a token to do so.

    The token is of this server's own issuer, for trying HTTP without an identity provider. It is
    for one stack; what its user may do there, the stack's members say. Makes the stack if there
    is none, unless the token is for another user.

    With --revoke, every token that was made like this is void from now on, of all users and stacks
    of the data directory; running servers need no restart. Asks first, and needs --yes where
    nobody can be asked. To shut out one user, `members remove` is enough.
    """
    if yes and not revoke:
        raise click.UsageError("--yes is for --revoke")
    if revoke:
        _check_revoking(yes=yes)
    settings = settings_of()

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.tokens import Wanted, revoke_all, token as work

    if revoke:
        if not yes:
            click.confirm("End all tokens of all users and stacks?", abort=True, err=True)
        return run(lambda: revoke_all(settings))

    wanted = Wanted(user, scopes or SCOPES, timedelta(days=days), form)
    return run(lambda: work(settings, wanted))


def _check_revoking(*, yes: bool) -> None:
    """Raise UsageError for options that say one token, and where nobody can be asked."""
    context = click.get_current_context()
    typed = click.core.ParameterSource.COMMANDLINE
    if any(context.get_parameter_source(name) is typed for name in _FOR_ONE) or "stack" in given():
        raise click.UsageError(
            "--revoke ends the tokens of all users and stacks; give it without what says one token"
        )
    if not yes and not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked here: give --yes to end all tokens")
