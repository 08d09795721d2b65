"""A file on its way into the store."""

from typing import Protocol

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
