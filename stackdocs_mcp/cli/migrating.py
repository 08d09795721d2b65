"""``migrate``: the database of a Supabase project gets what this version of the program needs."""

from collections.abc import Sequence
from pathlib import Path

from stackdocs_mcp.cli.barrier import FAILED
from stackdocs_mcp.cli.output import put, put_table, put_text, say
from stackdocs_mcp.core.errors import InvalidArgument, StackdocsError
from stackdocs_mcp.settings import BadSettings, Settings
from stackdocs_mcp.stores.supabase import migrating
from stackdocs_mcp.stores.supabase.steps import (
    Applied,
    Migration,
    as_script,
    changed,
    known,
    unknown,
)

UNSET = (
    "STACKDOCS_SUPABASE_DB_URL: not set; it is the project's connection string, as its `postgres` "
    "user. Without it, `migrate --print` and `migrate --to FOLDER` give the SQL to other tools"
)


async def migrate(settings: Settings) -> int:
    """Apply what is missing; a line for each step that was applied."""
    done: list[Migration] = []
    try:
        async with migrating.connected(address(settings)) as connection:
            await migrating.migrate(connection, done=done.append)
    finally:
        for one in done:  # also of a run that failed later: these stay
            put(f"applied\t{one.label}")
    if not done:
        say("The database is up to date.")
    return 0


async def print_missing(settings: Settings) -> int:
    """Print the SQL of what the database lacks; without an address, of everything."""
    steps = known()
    if settings.supabase_db_url is not None:
        async with migrating.connected(address(settings)) as connection:
            steps = await migrating.pending(connection)
    put_text(as_script(steps))
    if not steps:
        say("The database is up to date: there is nothing to print.")
    return 0


async def show_status(settings: Settings) -> int:
    """Print each migration and whether the database has it; 1 when it is not up to date."""
    async with migrating.connected(address(settings)) as connection:
        there = await migrating.applied(connection)
    rows = _states(known(), there)
    put_table(("version", "name", "state"), rows)
    return 0 if all(state == "applied" for *_, state in rows) else FAILED


def write_files(folder: Path) -> int:
    """Write a file for each migration as Supabase's own tool takes it; what is there stays.

    Raises InvalidArgument where a file of the same version says something else, before any is
    written.
    """
    steps = known()
    try:
        if folder.exists() and not folder.is_dir():
            raise InvalidArgument(f"{str(folder)!r} is not a folder")
        for one in steps:
            _refuse_other(folder, one)
        folder.mkdir(parents=True, exist_ok=True)
        fresh = [one for one in steps if not (folder / one.file_name).exists()]
        for one in fresh:
            (folder / one.file_name).write_text(one.script, encoding="utf-8", newline="\n")
    except OSError as error:
        raise StackdocsError(
            f"{str(folder)!r} cannot be written", "Check its rights and the free space."
        ) from error
    for one in fresh:
        put(str(folder / one.file_name))
    say(
        "Apply them with `supabase db push --include-all`."
        if fresh
        else "All migrations are there: nothing was written."
    )
    return 0


def _refuse_other(folder: Path, step: Migration) -> None:
    for found in sorted(folder.glob(f"{step.version}_*.sql")):
        if found.name == step.file_name and found.read_bytes() == step.script.encode():
            continue
        raise InvalidArgument(
            f"{str(found)!r} has the version of {step.label}, and other contents or another name",
            "Move it away if it is an older one of this program; a migration that was applied "
            "stays as it is, so install the version of stackdocs-mcp that wrote it.",
        )


def _states(steps: Sequence[Migration], there: Sequence[Applied]) -> list[tuple[str, str, str]]:
    names = {one.version: one.name for one in there} | {one.version: one.name for one in steps}
    lacking = {one.version for one in steps} - {one.version for one in there}
    states = {
        **dict.fromkeys(names, "applied"),
        **dict.fromkeys(lacking, "missing"),
        **{one.version: "changed" for one in changed(steps, there)},
        **dict.fromkeys(unknown(steps, [one.version for one in there]), "newer"),
    }
    return [(version, names[version], states[version]) for version in sorted(names)]


def address(settings: Settings) -> str:
    """Where the database is. Raises BadSettings where none is set."""
    if settings.supabase_db_url is None:
        raise BadSettings([UNSET])
    return settings.supabase_db_url.get_secret_value()
