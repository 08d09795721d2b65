"""Commands about stacks as a whole: which there are, who may use them, and what was refused."""

import sys

import click

from stackdocs_mcp.cli.options import common, given, settings_of

ROLES = ("editor", "viewer")


@click.group(short_help="List the stacks, or delete one.", invoke_without_command=True)
@common
def stacks(**_settings: str | None) -> int | None:
    """List the stacks with their documents by status."""
    if click.get_current_context().invoked_subcommand is not None:
        return None
    settings = settings_of()

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.stacks import list_stacks

    return run(lambda: list_stacks(settings))


@stacks.command("delete", short_help="Erase a stack with everything in it.")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@common
def stacks_delete(name: str, *, yes: bool, **_settings: str | None) -> int:
    """Erase the stack NAME: its documents, fields, history and members, for good.

    NAME is a stack's name, or the name or path of a served folder; files in that folder stay.
    Asks first, and needs --yes where nobody can be asked.
    """
    if not yes and not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked here: give --yes to delete the stack")
    settings = settings_of()

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.deleting import delete, question, wanted

    summary = run(lambda: wanted(settings, name))
    if not yes:
        click.confirm(question(summary), abort=True, err=True)
    return run(lambda: delete(settings, summary))


@click.group(short_help="List who may use the stack, or change that.", invoke_without_command=True)
@common
def members(**_settings: str | None) -> int | None:
    """List who may use the stack, with role and since when; its owner comes first.

    `in logs` is what the server's logs call the user. A token can narrow what a role allows, and
    never widen it.
    """
    if click.get_current_context().invoked_subcommand is not None:
        return None
    settings = settings_of()

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.members import list_members

    return run(lambda: list_members(settings))


@members.command("list", short_help="The same as `members` alone.")
@common
def members_list(**_settings: str | None) -> int:
    """List who may use the stack, with role and since when; its owner comes first."""
    settings = settings_of()

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.members import list_members

    return run(lambda: list_members(settings))


_ISSUER = click.option(
    "--issuer", metavar="URL", help="USER is the subject (sub) in this OpenID provider's tokens."
)


@members.command("add", short_help="Let a user use the stack, or change a user's role.")
@click.argument("user")
@click.option(
    "--role",
    type=click.Choice(ROLES),
    required=True,
    help="viewer: read; editor: also add documents and write fields.",
)
@_ISSUER
@common
def members_add(user: str, *, role: str, issuer: str | None, **_settings: str | None) -> int:
    """Make USER a member of the stack; a member is given the other role.

    USER is what `token --user` was given, or ISSUER#SUBJECT for a user of an OpenID provider.
    """
    settings = settings_of()

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.members import add, named

    one = named(settings, user, issuer)
    return run(lambda: add(settings, one, role))


@members.command("remove", short_help="End a user's membership.")
@click.argument("user")
@_ISSUER
@common
def members_remove(user: str, *, issuer: str | None, **_settings: str | None) -> int:
    """End the membership of USER: the next call is refused, whatever is open."""
    settings = settings_of()

    from stackdocs_mcp.cli.barrier import run
    from stackdocs_mcp.cli.members import named, remove

    one = named(settings, user, issuer)
    return run(lambda: remove(settings, one))


@click.command(short_help="Show what was refused to whom, newest first.")
@click.option("--user", metavar="USER", help="Of this user alone.")
@click.option("--limit", type=click.IntRange(1), default=200, metavar="N", help="At most N rows.")
@common
def audit(user: str | None, *, limit: int, **_settings: str | None) -> int:
    """Show what was refused to whom, newest first: of all stacks, or of the one of --stack.

    `name` is the stack's, if it is yours; `request` is the id that lines of the server's log have.
    Of a user's refusals in a day only the first have a row each; the code `more` stands before the
    number of the others. Refusals are kept for 90 days.
    """
    settings = settings_of()

    from stackdocs_mcp.cli.audit import show
    from stackdocs_mcp.cli.barrier import run

    stack = given().get("stack")
    return run(lambda: show(settings, user, stack, limit))
