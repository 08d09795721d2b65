"""The one project that the tests of a run share, started with the first of them that needs it."""

import atexit
import functools
from pathlib import Path
from typing import cast

from stackdocs_mcp.core.ports import Clock, Store
from stackdocs_mcp.core.quota import UNLIMITED, Quotas
from stackdocs_mcp.stores.supabase.store import open_store
from tests.supabase.rig import Rig


@functools.cache
def rig() -> Rig:
    """Up, until the run ends. Raises NotStarted or NotInstalled: nothing is skipped for it."""
    made = Rig()
    atexit.register(made.stop)
    made.start()
    return made


async def open_shared(folder: Path, clock: Clock, quotas: Quotas = UNLIMITED) -> Store:
    """A process' store in the shared project, which is empty for a folder other than the last."""
    project = rig()
    if project.place != folder:
        await project.clean()
        project.place = folder
    opened = await open_store(
        project.url, project.publishable_key, project.signing_key, clock=clock, quotas=quotas
    )
    return cast(Store, opened)
