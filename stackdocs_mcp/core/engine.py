"""What turns a file into pages, as the domain sees it."""

from collections.abc import AsyncGenerator, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from stackdocs_mcp.core.model import Page


@dataclass(frozen=True, slots=True)
class FileOutline:
    """What a file turned out to be, before any page of it is read."""

    media_type: str
    pages: int


@dataclass(frozen=True, slots=True)
class Pages:
    """Pages that were read, and for how many of them the engine's service charges."""

    pages: tuple[Page, ...]
    billed: int = 0


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside of the file, to become a document of its own.

    ``name`` is clean and without any path.
    """

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Recognising:
    """These pages are recognised next, which may cost: whoever may not spend that stops here."""

    numbers: tuple[int, ...]


Extracted = FileOutline | Pages | Attachment | Recognising


class Engine(Protocol):
    """Turns a file into pages. Never runs a parser in this process or blocks the event loop."""

    @property
    def identity(self) -> str:
        """Engine, version and parameters: pages with another identity are not the same work."""

    def read(self, file: Path, have: Collection[int]) -> AsyncGenerator[Extracted, None]:
        """First the outline, then the pages that are not in ``have``, as they become ready.

        Pages that have to be recognised are announced before that is begun. What is attached to
        the file comes in between, each time the file is read. Raises
        ExtractionFailed with one of the codes ``unsupported``, ``damaged``, ``encrypted``,
        ``too_large``, ``timed_out``, ``crashed``, ``ocr_unavailable``, ``ocr_refused``,
        ``ocr_busy``. Closing the iterator early stops the work behind it.
        """

    async def close(self) -> None:
        """Stop all processes. Harmless twice."""
