"""An engine of three pages that charges for each, and goes on when it is told to."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from pathlib import Path

from stackdocs_mcp.core.engine import Extracted, FileOutline, Pages
from stackdocs_mcp.core.model import Line, Page, PageSource

PAGES = 3


class PacedEngine:
    """``core.ports.Engine``; ``turn`` is awaited before each page is read and charged for."""

    identity = "paced-1"

    def __init__(self, turn: Callable[[int], Awaitable[None]]) -> None:
        self._turn = turn
        self.charged: list[int] = []

    async def read(self, file: Path, have: Collection[int]) -> AsyncGenerator[Extracted, None]:
        text = file.read_text()
        yield FileOutline("text/plain", PAGES)
        for number in range(1, PAGES + 1):
            if number in have:
                continue
            await self._turn(number)
            self.charged.append(number)
            page = Page(number, 595.0, 842.0, PageSource.OCR, (Line(1, f"{text} {number}"),))
            yield Pages((page,), billed=1)

    async def close(self) -> None:
        """There is nothing to give back."""
