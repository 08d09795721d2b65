"""Links whose address is its own permission: to bring one file in, or to take one export out.

A link is for one user in one stack. It permits nothing that the user could not do anyway, and
nothing any more once the user could not: that is looked up when it is used.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from stackdocs_mcp.core.binding import Binding


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that may be brought in: its name as a document has it, and its size in bytes."""

    filename: str
    size: int


@dataclass(frozen=True, slots=True)
class Download:
    """An export that may be taken out."""

    format: str
    evidence: bool


@dataclass(frozen=True, slots=True)
class Link:
    """Where to, and until when."""

    url: str
    expires_at: datetime


class Links(Protocol):
    """Makes links. A server without any has files of its own machine to work with instead."""

    def upload(self, binding: Binding, upload: Upload) -> Link:
        """A link that takes this file once."""

    def download(self, binding: Binding, download: Download) -> Link:
        """A link that gives this export once."""


class UsedLinks(Protocol):
    """Which one-time links of the bound stack were used."""

    async def use_link(self, nonce: str, use: str, expires_at: datetime) -> str:
        """Record that the link was used for this, and give what it was used for first.

        Of all uses at the same time exactly one is the first. It is remembered until the link
        expires, whatever becomes of the process.
        """
