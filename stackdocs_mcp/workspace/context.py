"""What every use case is given: one binding, and the ports it may reach through it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from stackdocs_mcp.core.binding import Actor, Binding, Role
from stackdocs_mcp.core.files import Files
from stackdocs_mcp.core.links import Links
from stackdocs_mcp.core.ports import StackStore, Store
from stackdocs_mcp.core.schema import Schema, cached
from stackdocs_mcp.core.stack import Stack
from stackdocs_mcp.workspace.cursors import Cursors
from stackdocs_mcp.workspace.intake import Intake
from stackdocs_mcp.workspace.listening import Listeners
from stackdocs_mcp.workspace.pagecache import PageCache

Report = Callable[[int, int], Awaitable[None]]
"""Told pages done and pages in all (0: not counted yet) while a call waits for them."""


Sniff = Callable[[bytes], str | None]
"""What can be read, for a file that begins like this and never can; None for one that may be."""


async def unreported(_done: int, _pages: int) -> None:
    """For a call that nobody watches."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What all bindings of a process share: nothing in here knows a user or a stack."""

    store: Store
    intake: Intake
    cursors: Cursors
    pages: PageCache
    listeners: Listeners
    exports: Path
    max_file_bytes: int
    sniff: Sniff
    links: Links | None = None
    """For clients that are not on this machine."""

    def workspace(self, binding: Binding, allowed: tuple[Path, ...] = ()) -> "Workspace":
        """The use cases of one binding; costs nothing, made anew for each call."""
        return Workspace(
            binding=binding,
            store=self.store.bind(binding),
            files=self.store.files(binding),
            shared=self,
            allowed=allowed,
        )


@dataclass(frozen=True, slots=True)
class Workspace:
    """One binding at work."""

    binding: Binding
    store: StackStore
    files: Files
    shared: Shared
    allowed: tuple[Path, ...] = ()
    """Folders of this machine that documents may be added from; none over HTTP."""
    report: Report = unreported

    @property
    def behind(self) -> StackStore:
        """The bound stack for work that goes on when the call is over: in its owner's name.

        So a document is read to its end, although whoever added it is no member any more.
        """
        owner = self.binding.owner
        binding = Binding(owner, self.binding.stack, Role.OWNER.rights, self.binding.actor)
        return self.shared.store.bind(binding)

    def watched(self, report: Report) -> Self:
        """The same workspace, for a call whose progress somebody wants to hear of."""
        return replace(self, report=report)

    def acting_as(self, actor: Actor) -> Self:
        """The same workspace, whose changes carry this author."""
        binding = self.binding.acting_as(actor)
        return replace(self, binding=binding, store=self.shared.store.bind(binding))

    @property
    def links(self) -> Links:
        """Makes one-time links; only what is offered over HTTP asks for it."""
        assert self.shared.links is not None, "this server has no links to give"
        return self.shared.links

    async def stack(self) -> tuple[Stack, Schema | None]:
        """The bound stack and its schema, compiled once for all calls."""
        stack = await self.store.stack()
        return stack, schema_of(stack)

    def scope(self, *parts: object) -> str:
        """What a cursor of this binding is good for: one tool with one set of filters."""
        return repr((self.binding.user, self.binding.stack, *parts))


def schema_of(stack: Stack) -> Schema | None:
    """The stack's schema, compiled once for all calls."""
    return None if stack.schema is None else cached(stack.schema)
