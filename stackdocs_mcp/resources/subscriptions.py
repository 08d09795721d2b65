"""``resources/subscribe``: for a client of the 2025 era on a connection that lasts, as stdio."""

import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import anyio
from anyio.abc import TaskGroup, TaskStatus
from mcp.server import Server
from mcp.server.session import ServerSession

from stackdocs_mcp.core.errors import InvalidArgument, StackdocsError
from stackdocs_mcp.core.events import About, Event
from stackdocs_mcp.resources.listing import addressed
from stackdocs_mcp.resources.stream import MAX_URIS
from stackdocs_mcp.resources.wanted import Wanted
from stackdocs_mcp.workspace import Workspace

log = logging.getLogger(__name__)

LIST = ""
"""The signal that the list has changed, among the addresses of resources."""


@asynccontextmanager
async def of_connection(_server: Server[Any]) -> AsyncIterator["Subscriptions"]:
    """The subscriptions of a connection: the lifespan of a server that serves one."""
    async with anyio.create_task_group() as tasks:
        yield Subscriptions(tasks)
        tasks.cancel_scope.cancel()


class Subscriptions:
    """What the client of one connection has subscribed to, and the task that tells it."""

    def __init__(self, tasks: TaskGroup) -> None:
        self._tasks = tasks
        self._wanted = Wanted()
        self._lists = False
        self._listening = False
        self._beginning = anyio.Lock()

    async def subscribe(self, workspace: Workspace, session: ServerSession, uri: str) -> None:
        """Tell the client whenever the resource changes, from when this returns.

        Raises ResourceNotFound, InvalidArgument for more than 500, and what ``Listeners.listen``
        raises.
        """
        address = await addressed(uri).found(workspace)
        if len(self._wanted) >= MAX_URIS and address not in self._wanted:
            raise InvalidArgument(
                "there are too many subscriptions", "Unsubscribe from some of them first."
            )
        self._wanted.add(address)
        await self._listen(workspace, session)

    def unsubscribe(self, uri: str) -> None:
        """Tell of this resource no more. Raises ResourceNotFound for what can be none."""
        self._wanted.discard(addressed(uri))

    async def list_changes(self, workspace: Workspace, session: ServerSession) -> None:
        """Tell the client whenever a document is added; it has looked at the list."""
        self._lists = True
        await self._listen(workspace, session)

    async def _listen(self, workspace: Workspace, session: ServerSession) -> None:
        async with self._beginning:
            if not self._listening:
                await self._tasks.start(self._tell, workspace, session)

    async def _tell(
        self, workspace: Workspace, session: ServerSession, *, task_status: TaskStatus[None]
    ) -> None:
        async def begun() -> None:
            self._listening = True
            task_status.started()

        async def tell(signal: str) -> None:
            if signal == LIST:
                await session.send_resource_list_changed()
            else:
                await session.send_resource_updated(signal)

        listeners = workspace.shared.listeners
        try:
            await listeners.listen(workspace.binding, self._signals, begun, tell)
            if not self._listening:  # the process ends
                task_status.started()
        except StackdocsError as error:
            if not self._listening:
                raise
            log.warning("changes are not told any more: %s", error.code)
        finally:
            self._listening = False

    def _signals(self, event: Event) -> Iterable[str]:
        if event.about is About.DOCUMENTS:
            return (LIST,) if self._lists else ()
        return self._wanted.updated(event)
