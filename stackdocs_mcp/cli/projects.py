"""Commands about a Supabase project itself: its database brought up to date, or brought over."""

import click

from stackdocs_mcp.cli.options import common, settings_of


@click.command(short_help="Bring a Supabase project's database up to date.")
@click.option("--print", "is_printed", is_flag=True, help="Print the SQL of what is missing.")
@click.option("--status", is_flag=True, help="List the migrations; exits with 1 if one is missing.")
@click.option(
    "--to",
    metavar="FOLDER",
    help="Write all as files that Supabase's own tool applies: supabase/migrations.",
)
@click.option(
    "--from-stackdocs", is_flag=True, help="Bring over an original Stackdocs' database first."
)
@click.option(
    "--files",
    metavar="FOLDER",
    help="Its files, downloaded; without it they come from Storage. With --from-stackdocs.",
)
@click.option(
    "--issuer", metavar="URL", help="Whose subjects its users are. With --from-stackdocs."
)
@common
def migrate(
    *,
    is_printed: bool,
    status: bool,
    to: str | None,
    from_stackdocs: bool,
    files: str | None,
    issuer: str | None,
    **_settings: str | None,
) -> int:
    """Bring the database of a Supabase project to what this version of the program needs.

    Works on the database of STACKDOCS_SUPABASE_DB_URL, which servers need not have. Each step is
    applied whole or not at all, also when several start at once. Without that address, --print
    and --to give all of the SQL to those who apply migrations with other tools.

    With --from-stackdocs, the tables of an original Stackdocs' database are moved into the schema
    stackdocs_original, and its documents, pages and fields are brought over for their users. Its
    files are read from Storage with STACKDOCS_SUPABASE_SECRET_KEY, which nothing else takes. Run
    again, it goes on with what is missing.
    """
    if sum((is_printed, status, to is not None, from_stackdocs)) > 1:
        raise click.UsageError("give one of --print, --status, --to and --from-stackdocs")
    if to == "":
        raise click.UsageError("--to is empty; the current folder is written as `.`")
    if not from_stackdocs and (files is not None or issuer is not None):
        raise click.UsageError("--files and --issuer go with --from-stackdocs")

    import os
    from pathlib import Path

    secret = os.environ.pop("STACKDOCS_SUPABASE_SECRET_KEY", None) if from_stackdocs else None
    settings = settings_of()
    if from_stackdocs:
        from stackdocs_mcp.cli.barrier import run
        from stackdocs_mcp.cli.from_stackdocs.command import bring_over

        folder = None if files is None else Path(files)
        return run(lambda: bring_over(settings, folder, secret, issuer))

    from stackdocs_mcp.cli import migrating
    from stackdocs_mcp.cli.barrier import run

    if to is not None:
        return migrating.write_files(Path(to))
    work = migrating.print_missing if is_printed else migrating.migrate
    return run(lambda: (migrating.show_status if status else work)(settings))
