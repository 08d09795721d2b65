"""The bytes of documents: kept by a store, or on their way into it.

As in ``core.ports``, the prose is the contract.
"""

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from stackdocs_mcp.core.binding import UserId
from stackdocs_mcp.core.model import Sha256


class Incoming(Protocol):
    """Bytes that arrive piece by piece. Nobody else sees them before they are kept."""

    @property
    def size(self) -> int:
        """Bytes that have arrived."""

    async def write(self, piece: bytes) -> None:
        """Take the next bytes; little of them is held in memory.

        Raises FileTooLarge with the first byte above the limit.
        """

    async def sha256(self) -> Sha256:
        """The hash of what has arrived."""

    async def keep(self) -> tuple[Sha256, int]:
        """Make all that has arrived a file, as ``Files.put`` does, and give its hash and size."""


class Files(Protocol):
    """The bytes of the bound stack's documents, by their SHA-256.

    The same bytes are kept once in a stack, by some stores once for all stacks of their owner.
    Putting them again is harmless, also by several at once.
    """

    owner: UserId
    """Whose stack it is."""

    async def put(self, source: Path, limit: int) -> tuple[Sha256, int]:
        """Copy a file in and give its hash and size.

        Durable before it returns; a crash leaves no half of it. Raises FileRefused above ``limit``.
        """

    async def put_bytes(self, content: bytes, limit: int) -> tuple[Sha256, int]:
        """The same for bytes in memory."""

    def incoming(self, limit: int) -> AbstractAsyncContextManager[Incoming]:
        """Room for a file that arrives piece by piece; what is not kept in it leaves nothing."""

    async def local(self, sha256: Sha256) -> Path:
        """A file on this machine with these bytes, to be read and not written.

        It stays there for as long as the very path that this returned is held on to. Raises
        StoreFailed when the stack has no such bytes, for another's as for those that never were.
        """
