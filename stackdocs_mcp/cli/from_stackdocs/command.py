"""``migrate --from-stackdocs``: an original's tables are moved away, its documents brought over."""

from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from stackdocs_mcp.cli.from_stackdocs.files import Folder, Source, Storage
from stackdocs_mcp.cli.from_stackdocs.importing import Importing, OriginalClock, import_all
from stackdocs_mcp.cli.from_stackdocs.report import show
from stackdocs_mcp.cli.members import named
from stackdocs_mcp.cli.migrating import address
from stackdocs_mcp.cli.output import put, say
from stackdocs_mcp.core.binding import UserId
from stackdocs_mcp.core.errors import InvalidArgument, StoreFailed
from stackdocs_mcp.core.quota import UNLIMITED
from stackdocs_mcp.settings import BadSettings, Settings
from stackdocs_mcp.stores.supabase import migrating
from stackdocs_mcp.stores.supabase.original import is_moved, is_original, move_away
from stackdocs_mcp.stores.supabase.originals import Originals
from stackdocs_mcp.stores.supabase.project import SigningKey
from stackdocs_mcp.stores.supabase.store import open_store

if TYPE_CHECKING:
    import asyncpg

SECRET = "STACKDOCS_SUPABASE_SECRET_KEY"  # noqa: S105  the variable's name
TOLD_EACH = 100
"""Documents between two lines about how far it is."""
_LOCK = 0x737461636B6F6C64
"""The advisory lock of an import: the letters "stackold"."""


async def bring_over(
    settings: Settings, folder: Path | None, secret: str | None, issuer: str | None
) -> int:
    """Move, migrate, import, and report; 1 where a document was not imported.

    Nothing is touched before all that is needed was given. Raises BadSettings, InvalidArgument,
    StoreFailed.
    """
    url = address(settings)
    source = _source(settings, folder, secret)
    if issuer is None and settings.auth_issuer is None:
        raise InvalidArgument(
            "it is not known whose users the original's are",
            "Give --issuer URL: the `iss` of the tokens that they sign in with, as "
            "https://YOUR-APP.clerk.accounts.dev.",
        )
    named(settings, "somebody", issuer)  # raises for an issuer that is none
    async with aclosing(source), migrating.connected(url) as connection:
        await _moved(connection)
        await migrating.migrate(connection, done=lambda one: put(f"applied\t{one.label}"))
        return await _imported(settings, connection, source, issuer)


def _source(settings: Settings, folder: Path | None, secret: str | None) -> Source:
    """Where the files come from; the project that they go to has to be set in any case."""
    problems = []
    if settings.supabase_url is None:
        problems.append("STACKDOCS_SUPABASE_URL: not set; it is the project's address")
    if folder is not None and not folder.is_dir():
        problems.append(f"--files: {str(folder)!r} is not a folder")
    if folder is None and not (secret or "").strip():
        problems.append(
            f"{SECRET}: not set; files are read from Storage with a secret key (sb_secret_...) of "
            "the project, or give --files FOLDER with all of the bucket `documents`"
        )
    elif folder is None and not (secret or "").strip().isascii():
        problems.append(f"{SECRET}: is not a key; copy it again from the project's API settings")
    if problems or settings.supabase_url is None:
        raise BadSettings(problems)
    if folder is not None:
        return Folder(folder)
    return Storage(settings.supabase_url, (secret or "").strip())


async def _moved(connection: "asyncpg.Connection") -> None:
    """Have the original's tables in their own schema, and this run alone at it."""
    if not await connection.fetchval("select pg_try_advisory_lock($1)", _LOCK):
        raise StoreFailed("another process is importing into this database", "Wait for it to end.")
    if await is_original(connection):
        await move_away(connection)
        put("moved\tstackdocs_original")
    elif not await is_moved(connection):
        raise StoreFailed(
            "the database is not one of the original Stackdocs",
            "`stackdocs-mcp migrate` without --from-stackdocs makes an empty store in it.",
        )


async def _imported(
    settings: Settings, connection: "asyncpg.Connection", source: Source, issuer: str | None
) -> int:
    assert settings.supabase_url is not None
    assert settings.supabase_publishable_key is not None
    assert settings.supabase_signing_key is not None
    clock = OriginalClock()
    originals = Originals(connection)
    store = await open_store(
        settings.supabase_url,
        settings.supabase_publishable_key,
        SigningKey(settings.supabase_signing_key.get_secret_value()),
        clock=clock,
        quotas=UNLIMITED,  # of other months, for users who had a plan there
        folder=settings.data_dir.absolute(),
    )
    try:
        work = Importing(
            originals=originals,
            store=store,
            source=source,
            clock=clock,
            user_of=lambda user: _user(settings, user, issuer),
            max_file_bytes=settings.max_file_mb * 1024 * 1024,
            tell=_tell,
        )
        report = await import_all(work)
        return show(report, await originals.counts())
    finally:
        await store.close()


def _user(settings: Settings, user: str, issuer: str | None) -> UserId:
    return named(settings, user, issuer or settings.auth_issuer)


def _tell(count: int, of: int) -> None:
    if count % TOLD_EACH == 0 and count:
        say(f"{count} of {of} documents")
