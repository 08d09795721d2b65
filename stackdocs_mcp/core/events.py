"""What changes in stacks, for whoever listens. Each sentence of the prose is a test."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from stackdocs_mcp.core.binding import StackId
from stackdocs_mcp.core.model import DocumentId


class About(StrEnum):
    """What has to be looked at again."""

    DOCUMENTS = "documents"  # one was added
    TEXT = "text"  # pages of a document, and with them what stands against completing it
    EXTRACTION = "extraction"  # a document's fields, its status, or what stands against completing
    SCHEMA = "schema"  # the stack's schema, instructions or policy
    MEMBERS = "members"  # somebody may do less, or other things, than before


NO_STACK = StackId("")


@dataclass(frozen=True, slots=True)
class Event:
    """Something of a stack is not what it was. What it is now, the stack says to its members.

    ``MEMBERS`` of ``NO_STACK``: a stack was erased, and nothing is left to say which.
    """

    stack: StackId
    about: About
    document: DocumentId | None = None
    """For ``TEXT`` and ``EXTRACTION``."""


class Watch(Protocol):
    """An open eye on all stacks of a store."""

    async def changed(self) -> Sequence[Event]:
        """Wait until something has changed, and say what, in the order of the last changes.

        Whoever has changed it: this process, or another one on the same store. What changed several
        times since it was last said is said once; batches are at least a moment apart, so that
        many writes make few of them. Nothing that is rolled back is said, and nothing is lost: what
        one call did not come to say, because it was cancelled or failed, the next one says.
        Raises StoreFailed.
        """


class Events(Protocol):
    """Where changes are heard of."""

    def watch(self) -> AbstractAsyncContextManager[Watch]:
        """Watch from when it is entered: all that is written after that is said.

        It costs next to nothing while nothing happens, and takes no reader or writer from others.
        Raises StoreFailed.
        """
