"""The one place where settings become a store, an engine, an intake and bindings."""

import getpass
import os
import platform
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import anyio
from anyio.abc import TaskGroup

from stackdocs_mcp.core.binding import Actor, Binding, Right, StackId, UserId
from stackdocs_mcp.core.ports import Store
from stackdocs_mcp.core.stack import Stack
from stackdocs_mcp.server.engines import Engines
from stackdocs_mcp.server.storing import links_secret, open_store
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace import Shared, Workspace
from stackdocs_mcp.workspace.bell import Bell
from stackdocs_mcp.workspace.cursors import Cursors
from stackdocs_mcp.workspace.folder import follow
from stackdocs_mcp.workspace.intake import RESUME_SECONDS, Intake, looking_on
from stackdocs_mcp.workspace.listening import Listeners
from stackdocs_mcp.workspace.pagecache import PageCache
from stackdocs_mcp.workspace.working import Worker


@dataclass(frozen=True, slots=True)
class App:
    """A running product: everything is built, the intake works in the background."""

    settings: Settings
    store: Store
    shared: Shared
    tasks: TaskGroup
    user: UserId
    worker: Worker | None = None
    """Reads what is in the store's queue, where it has one."""

    async def open_stack(self) -> Stack:
        """The stack that the settings name: the folder's, or the one of that name."""
        folder = self.settings.folder
        if folder is None:
            return await self.store.open_stack(self.user, self.settings.stack)
        real = folder.resolve()
        name = real.name or "folder"
        return await self.store.open_stack(self.user, name, folder_of(self.settings, real))

    def workspace(self, stack: Stack, actor: Actor) -> Workspace:
        """The local user's use cases in the stack; everything on one's own machine is allowed."""
        rights = frozenset({Right.READ} if self.settings.read_only else Right)
        binding = Binding(self.user, stack.id, rights, actor)
        return self.shared.workspace(binding, self.settings.allowed)

    async def read_everything(self) -> None:
        """Keep the documents of all stacks being read, each for its owner, until cancelled.

        Where they wait in a queue this is only one of those who read them, or none: at once over.
        """
        if self.worker is not None:
            if self.settings.worker == "on":
                await self.worker.run()
            return
        intake = self.shared.intake
        while True:
            unread: Sequence[tuple[UserId, StackId]] = ()
            with looking_on():
                unread = await self.store.unread()
            for owner, stack in unread:
                with looking_on():  # one that was erased just now keeps no other from being read
                    binding = Binding(owner, stack, frozenset({Right.READ, Right.WRITE}))
                    workspace = self.shared.workspace(binding)
                    await intake.take_up(workspace.store, workspace.files)
            await anyio.sleep(RESUME_SECONDS)

    def read_behind(self, workspace: Workspace) -> None:
        """Keep the stack's documents being read, and its folder followed, from now on."""
        if self.worker is not None:
            self.tasks.start_soon(self.read_everything)
        else:
            self.tasks.start_soon(self.shared.intake.resume, workspace.store, workspace.files)
        if self.settings.folder is not None:
            from stackdocs_mcp.ocr.formats import SUFFIXES  # noqa: PLC0415  folders alone need it

            folder = self.settings.folder.resolve()
            self.tasks.start_soon(follow, workspace, folder, SUFFIXES)


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[App]:
    """Build everything from the settings, run it, and give everything back at the end.

    Raises StoreFailed when the store cannot be used, and BadKey when a key of it cannot.
    """
    store = await open_store(settings, now)
    engines = Engines(settings)
    max_file_bytes = settings.max_file_mb * 1024 * 1024

    queue = store.queue
    bell = None if queue is None else Bell()
    intake = Intake(engines.engine, now, max_file_bytes, bell=bell)
    worker = None if queue is None or bell is None else Worker(queue, intake, bell)

    try:
        shared = Shared(
            store=store,
            intake=intake,
            cursors=Cursors(links_secret(settings)),
            pages=PageCache(),
            listeners=Listeners(store, now),
            exports=settings.exports,
            max_file_bytes=max_file_bytes,
            sniff=_sniff,
        )
        async with anyio.create_task_group() as tasks:
            await tasks.start(shared.intake.run)
            tasks.start_soon(shared.listeners.run)
            yield App(settings, store, shared, tasks, user_of(settings), worker)
            tasks.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            await engines.close()
            await store.close()


def user_of(settings: Settings) -> UserId:
    """Who the operating system's user is in the store.

    In a project others have the same number on machines of their own: without a name that was
    given, the machine's is a part of it.
    """
    if not settings.is_on_supabase:
        return local_user()
    return UserId(settings.user or f"{local_user()}@{platform.node()}")


def folder_of(settings: Settings, real: Path) -> str:
    """What the folder is in the store, which tells it from all others of its user.

    In a project other machines of the same user have folders at the same path: the machine's name
    is a part of it there, ``HOST:PATH``.
    """
    return f"{platform.node()}:{real}" if settings.is_on_supabase else str(real)


def local_user() -> UserId:
    """The operating system's user, as this machine knows it."""
    if hasattr(os, "getuid"):
        return UserId(f"local:{os.getuid()}")
    return UserId(f"local:{getpass.getuser()}")


def now() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)


def _sniff(head: bytes) -> str | None:
    from stackdocs_mcp.ocr.formats import NAMES, is_hopeless  # noqa: PLC0415  uploads alone need it

    return f"These work: {NAMES}." if is_hopeless(head) else None
