"""Documents that wait to be read, for any number of processes that share the work."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from stackdocs_mcp.core.binding import StackId, UserId
from stackdocs_mcp.core.model import DocumentId

if TYPE_CHECKING:
    from stackdocs_mcp.core.files import Files
    from stackdocs_mcp.core.ports import StackStore


@dataclass(frozen=True, slots=True)
class Task:
    """A document to be read, held by who took it until the lease runs out."""

    id: int
    tries: int
    """How often it was given out, with this time: with ``id``, one taking of one task. Whether
    anybody began to read then is not said; see ``Document.abandoned``."""
    stack: StackId
    owner: UserId
    document: DocumentId


class Queue(Protocol):
    """The tasks of a store. Each sentence of the prose is a test.

    There is a task for every document in ``processing``, and for nothing else: it comes and goes
    in the transactions that make the document so, and otherwise. What is done with a task that
    another holds by now changes nothing. Every method raises StoreFailed, also when the queue
    itself is missing.
    """

    async def take(
        self, lease: timedelta, *, served: Sequence[UserId] = (), full: Collection[UserId] = ()
    ) -> Task | None:
        """The next task, nobody else's for so long; None when there is nothing to do now.

        Next is the owner that is not among ``served``, who were given something lately, or else
        the first of them; and its oldest task. Owners that are ``full`` get nothing. What somebody
        is reading already, in whatever way, is not given out. A task whose document is gone or no
        longer ``processing``, or that was never one of the stack and owner it names, is dropped;
        however many of those there are, they keep nobody waiting for long.
        """

    async def extend(self, task: Task, lease: timedelta) -> bool:
        """Hold the task for so long from now on. False when it is another's by now, or gone."""

    async def done(self, task: Task) -> None:
        """Nobody needs to do it any more. Again is harmless."""

    async def release(self, task: Task, after: timedelta = timedelta()) -> None:
        """Let somebody else take it, so much later at the earliest; it counts as never tried."""

    async def mend(self) -> None:
        """Make a task for documents in ``processing`` that have lost theirs, as in a purged queue.

        Some documents are looked at in each call, others in the next, and in the end all.
        """

    async def depth(self) -> int:
        """How many tasks there are, also of what is being read."""

    def reader(self, task: Task) -> "tuple[StackStore, Files]":
        """What whoever reads the document reaches: its stack and its owner's files, to read in.

        Nothing else of the owner's: neither another stack nor any field.
        """


class Queued(Protocol):
    """Where documents may wait to be read."""

    @property
    def queue(self) -> Queue | None:
        """None when whoever has the store open reads them."""
