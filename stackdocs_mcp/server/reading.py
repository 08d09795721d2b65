"""Reading what waits in a store's queue, and serving nobody."""

import logging

from stackdocs_mcp.server.compose import running
from stackdocs_mcp.server.telemetry import observed
from stackdocs_mcp.settings import Settings

log = logging.getLogger(__name__)


async def read_queue(settings: Settings) -> None:
    """Read until cancelled. Raises StoreFailed where there is no queue, or none that answers."""
    with observed(settings):
        async with running(settings) as app:
            assert app.worker is not None, "the settings name a store without a queue"
            waiting = await app.worker.waiting()
            log.info("reading documents of all stacks; %d wait", waiting)
            await app.worker.run()
