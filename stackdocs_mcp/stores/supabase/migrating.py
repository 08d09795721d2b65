"""A project's database is brought up to date: each step and its record in one transaction.

Over a connection to Postgres itself, as the project's ``postgres`` user: the only place where the
program has more rights than the user it works for, and it ends with the command. Any number of
processes may do so at once, also while Supabase's own tool applies the same files.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from stackdocs_mcp.core.errors import InvalidArgument, StoreFailed
from stackdocs_mcp.stores.supabase.original import is_original
from stackdocs_mcp.stores.supabase.steps import (
    RELOAD,
    Applied,
    Migration,
    changed,
    known,
    missing,
    unknown,
)
from stackdocs_mcp.stores.supabase.version import too_new

if TYPE_CHECKING:
    import asyncpg

LOCK = 0x737461636B646F63
"""The advisory lock under which a step is applied: the letters "stackdoc"."""
PATIENCE = 120.0
"""How many seconds a step waits for another process that applies one."""
CONNECT_SECONDS = 15.0
NO_QUEUES = "SD700"
"""What a migration raises where the project has no queues."""
_SCHEMES = ("postgresql://", "postgres://")
_ROLES = ("anon", "authenticated", "authenticator", "service_role")
_TABLES = ("stacks", "documents", "ocr_results", "extractions", "stack_documents")
_USER = "Use the project's `postgres` user in STACKDOCS_SUPABASE_DB_URL."


class MayNotMigrate(StoreFailed):
    """The user of the database may log in, and may not bring it up to date."""


def _nothing(_step: Migration) -> None:
    """Nobody wants to hear of each step."""


@asynccontextmanager
async def connected(url: str) -> AsyncIterator["asyncpg.Connection"]:
    """A connection to the database itself. Errors of it, also in the block, become our own.

    Raises InvalidArgument when this is no address of a database, StoreFailed when it cannot be
    reached or refuses.
    """
    import asyncpg  # noqa: PLC0415  only where a database is set

    if not url.startswith(_SCHEMES):  # asyncpg would look for another one
        raise _no_address()
    with _told():
        try:
            connection = await asyncpg.connect(
                url,
                timeout=CONNECT_SECONDS,
                statement_cache_size=0,  # a pooler in between gives each transaction another one
            )
        except (ValueError, asyncpg.InterfaceError):
            raise _no_address() from None
        except (OSError, TimeoutError):
            raise StoreFailed(
                "the project's database cannot be reached",
                "Nothing was changed. Check host and port in STACKDOCS_SUPABASE_DB_URL; where "
                "there is no IPv6, use the address of the project's session pooler.",
            ) from None
        try:
            yield connection
        finally:
            connection.terminate()  # whatever was not committed is undone


def _no_address() -> InvalidArgument:
    return InvalidArgument(
        "STACKDOCS_SUPABASE_DB_URL is not the address of a Postgres database",
        "Copy the connection string from the project's page (Connect).",
    )


async def applied(connection: "asyncpg.Connection") -> list[Applied]:
    """The steps that the database has, in order.

    Raises StoreFailed where it is not a Supabase project's, MayNotMigrate where this user may not
    see it.
    """
    async with connection.transaction(readonly=True):
        return await _applied(connection)


async def pending(connection: "asyncpg.Connection") -> list[Migration]:
    """The steps that the database does not have yet, in order.

    Raises as ``applied`` does; StoreTooNew when it has steps that this program does not know,
    StoreFailed when a step was changed after it was applied, or when tables of another program are
    in the way.
    """
    async with connection.transaction(readonly=True):
        return await _pending(connection, known())


async def migrate(
    connection: "asyncpg.Connection",
    steps: Sequence[Migration] | None = None,
    *,
    done: Callable[[Migration], None] = _nothing,
    patience: float = PATIENCE,
) -> None:
    """Apply the steps that the database does not have, each with its record or not at all.

    ``done`` hears of each step that this call applied. Raises as ``pending`` does, and StoreFailed
    when a step fails; those before it stay.
    """
    wanted = known() if steps is None else steps
    while True:
        async with connection.transaction():
            await connection.execute(f"set local lock_timeout = {int(patience * 1_000)}")
            await connection.execute("select pg_advisory_xact_lock($1)", LOCK)
            await connection.execute("set local lock_timeout = 0")
            await connection.execute("set local statement_timeout = 0")
            open_ = await _pending(connection, wanted)
            if not open_:
                await connection.execute(RELOAD)
                return
            step = open_[0]
            with _naming(step):
                await connection.execute(step.script)
        done(step)


async def _applied(connection: "asyncpg.Connection") -> list[Applied]:
    found = await connection.fetchrow(_WHERE_WE_ARE, list(_ROLES))
    if found["roles"] < len(_ROLES):
        raise StoreFailed(
            "this is not the database of a Supabase project: it has none of its roles",
            "Check STACKDOCS_SUPABASE_DB_URL; its database is usually named postgres.",
        )
    if not found["may"]:
        raise MayNotMigrate("this user of the database may not bring it up to date", _USER)
    if not await connection.fetchval(_BEGUN):
        return []
    rows = await connection.fetch(_RECORDS)
    return [Applied(row["version"], row["name"], row["sha256"]) for row in rows]


async def _pending(connection: "asyncpg.Connection", steps: Sequence[Migration]) -> list[Migration]:
    there = await _applied(connection)
    versions = [one.version for one in there]
    if strange := unknown(steps, versions):
        raise too_new(strange[-1], steps[-1].version)
    if other := changed(steps, there):
        raise StoreFailed(
            f"the migration {other[0].label} was applied to this database with other contents",
            "Install the stackdocs-mcp that applied it; a migration never changes once released.",
        )
    if not there:
        await _refuse_others(connection)
    return missing(steps, versions)


async def _refuse_others(connection: "asyncpg.Connection") -> None:
    """An empty store is made only where nothing of another program would be taken for ours."""
    if await is_original(connection):
        raise StoreFailed(
            "the database is one of the original Stackdocs",
            "Nothing was changed. `stackdocs-mcp migrate --from-stackdocs` moves its tables away "
            "and brings its documents over; README says how.",
        )
    rows = await connection.fetch(_OTHERS, list(_TABLES))
    if rows:
        names = ", ".join(f"public.{row['relname']}" for row in rows)
        raise StoreFailed(
            f"the database has tables of another program: {names}",
            "Nothing was changed. If they are the original Stackdocs', README says how to bring "
            "them over (`A database of the original Stackdocs`); else use another project.",
        )


_WHERE_WE_ARE = """
select (select count(*) from pg_catalog.pg_roles where rolname = any ($1)) as roles,
    (select rolsuper or rolbypassrls from pg_catalog.pg_roles where rolname = current_user)
        and pg_catalog.has_database_privilege(current_database(), 'create') as may
"""
_BEGUN = "select to_regclass('stackdocs.migrations') is not null"
"""Asked by who may bring it up to date alone: others may not even ask."""
_RECORDS = "select version, name, sha256 from stackdocs.migrations order by version"
_OTHERS = """
select relname from pg_catalog.pg_class
where relnamespace = 'public'::regnamespace and relname = any ($1) order by relname
"""


@contextmanager
def _naming(step: Migration) -> Iterator[None]:
    """What the database says against a step, with the step's name and no word of the database."""
    import asyncpg  # noqa: PLC0415  see above

    try:
        yield
    except asyncpg.PostgresError as error:
        if error.sqlstate == NO_QUEUES:
            raise StoreFailed(
                "the project has no queues, in which documents wait to be read",
                "Enable Queues in the project's dashboard (Integrations, Queues), then run "
                "`stackdocs-mcp migrate` again.",
            ) from None
        if _family(error) in {"08", "28", "53", "57"} or error.sqlstate in _TOLD:
            raise
        raise StoreFailed(
            f"the migration {step.label} could not be applied: the database said {error.sqlstate}",
            "Nothing of it was done. Look at what else is in the schemas `public` and "
            "`stackdocs`, then run `stackdocs-mcp migrate` again.",
        ) from None


@contextmanager
def _told() -> Iterator[None]:
    import asyncpg  # noqa: PLC0415  see above

    try:
        yield
    except asyncpg.PostgresError as error:
        raise _refused(error) from None
    except (OSError, TimeoutError, asyncpg.InterfaceError):
        raise _went_away() from None


def _went_away() -> StoreFailed:
    return StoreFailed(
        "the project's database went away",
        "The step that was being applied was undone. Run `stackdocs-mcp migrate` again.",
    )


def _refused(error: "asyncpg.PostgresError") -> StoreFailed:
    if error.sqlstate in _TOLD:
        return StoreFailed(*_TOLD[error.sqlstate])
    if _family(error) == "28":
        return StoreFailed(*_TOLD["28P01"])
    if _family(error) in {"08", "57"}:
        return _went_away()
    return StoreFailed(f"the project's database could not do this, and said {error.sqlstate}")


def _family(error: "asyncpg.PostgresError") -> str:
    return str(error.sqlstate or "")[:2]


_TOLD = {
    "28P01": (
        "the project's database refused the user or the password",
        "Correct STACKDOCS_SUPABASE_DB_URL; in a password @ is written %40, and / is %2F.",
    ),
    "3D000": ("there is no such database", "It is usually named postgres on Supabase."),
    "42501": (
        "this user of the database may not do what a migration has to do",
        f"Nothing was changed. {_USER}",
    ),
    "53300": (
        "the project's database has no connection left",
        "Nothing was changed. Try again, or use the address of the project's pooler.",
    ),
    "55P03": (
        "another process is bringing the database up to date",
        "Nothing was changed. Try again when it is done.",
    ),
    "57P03": (
        "the project's database is starting or stopping",
        "Nothing was changed. Try again in a moment.",
    ),
    "25006": (
        "the project's database takes no writes now",
        "Nothing was changed. The dashboard says why: a full disk, or a read replica's address.",
    ),
}
