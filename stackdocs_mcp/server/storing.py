"""Where data is: on this machine, or in a Supabase project; and the secrets that go with it.

What several servers on one project have to agree on comes from the project's signing key, which
all of them have: cursors and links that one has sealed another opens, and users and stacks have
the same names in all their logs. No disk is shared, and a new signing key ends those as a new key
file does. The built-in issuer's key stays a file of the machine: it serves this machine alone.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from stackdocs_mcp import keyfiles
from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.core.limits import Counters
from stackdocs_mcp.core.ports import Clock, Store
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.stores.embedded import open_as_it_is, open_store as open_embedded
from stackdocs_mcp.stores.limits import SharedCounters

if TYPE_CHECKING:
    from stackdocs_mcp.stores.supabase.project import SigningKey

LINKS, LOGS = "links and cursors", "names in logs"


async def open_store(settings: Settings, clock: Clock) -> Store:
    """The store that the settings name.

    Raises StoreFailed when it cannot be used, and BadSigningKey for the key of a project.
    """
    if not settings.is_on_supabase:
        folder = settings.data_dir.absolute()
        return await open_embedded(folder, clock=clock, quotas=settings.quotas)

    from stackdocs_mcp.stores.supabase.store import (  # noqa: PLC0415  only where a project is set
        open_store as open_project,
    )

    assert settings.supabase_url is not None
    assert settings.supabase_publishable_key is not None
    database = settings.supabase_db_url
    folder = settings.data_dir.absolute()
    await anyio.to_thread.run_sync(_make, folder)
    return await open_project(
        settings.supabase_url,
        settings.supabase_publishable_key,
        _signing_key(settings),
        clock=clock,
        quotas=settings.quotas,
        folder=folder,
        database_url=None if database is None else database.get_secret_value(),
    )


async def look_into(settings: Settings, clock: Clock) -> Store:
    """The store that the settings name, for looking alone: opening it makes and mends nothing.

    Raises StoreFailed when it cannot be used, and BadSigningKey for the key of a project.
    """
    if not settings.is_on_supabase:
        return await open_as_it_is(settings.data_dir.absolute(), clock=clock)

    from stackdocs_mcp.stores.supabase.project import Minter  # noqa: PLC0415  as above
    from stackdocs_mcp.stores.supabase.rest import Rest  # noqa: PLC0415
    from stackdocs_mcp.stores.supabase.store import SupabaseStore  # noqa: PLC0415

    assert settings.supabase_url is not None
    assert settings.supabase_publishable_key is not None
    minter = Minter(_signing_key(settings))
    rest = Rest(settings.supabase_url, settings.supabase_publishable_key, minter)
    return SupabaseStore(rest, clock)


def counters_of(settings: Settings, store: Store) -> Counters:
    """What counts how often something may happen, for all processes on the store."""
    if settings.is_on_supabase:
        from stackdocs_mcp.stores.supabase.store import SupabaseStore  # noqa: PLC0415  as above

        assert isinstance(store, SupabaseStore)
        return store.counters()
    return SharedCounters(settings.data_dir.absolute())


def links_secret(settings: Settings) -> bytes:
    """What seals cursors and one-time links. Raises BadKey."""
    if settings.is_on_supabase:
        return _signing_key(settings).secret(LINKS)
    return keyfiles.of_links(settings.data_dir.absolute()).secret()


def logs_secret(settings: Settings) -> bytes:
    """What makes names in logs tell nothing. Raises BadKey."""
    if settings.is_on_supabase:
        return _signing_key(settings).secret(LOGS)
    return keyfiles.of_logs(settings.data_dir.absolute()).secret()


def _signing_key(settings: Settings) -> "SigningKey":
    from stackdocs_mcp.stores.supabase.project import SigningKey  # noqa: PLC0415  as above

    assert settings.supabase_signing_key is not None, "settings are checked together"
    return SigningKey(settings.supabase_signing_key.get_secret_value())


def _make(folder: Path) -> None:
    """The data folder: copies of files, the built-in issuer's key and exports are there."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreFailed("the data folder cannot be used for writing") from error
