"""Small engines that really read files, at a pace or with a content that a test decides."""

from collections.abc import AsyncGenerator, AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import anyio

from stackdocs_mcp.core.engine import Attachment, Engine, Extracted, FileOutline, Pages
from stackdocs_mcp.core.model import Line, Page, PageNote, PageSource
from stackdocs_mcp.server.compose import App, now, running
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace.intake import Intake


@dataclass
class PlainEngine:
    """Form feeds part pages; a line ``attach NAME TEXT`` is a file inside of the file.

    A line ``hidden TEXT`` is hidden; ``notes`` are those of every page.
    """

    notes: tuple[PageNote, ...] = ()
    gates: dict[int, anyio.Event] = field(default_factory=dict)
    """A page is read when its gate is open."""
    asked: list[int] = field(default_factory=list)
    """The pages that were read, in order."""
    identity: str = "plain"

    async def read(self, file: Path, have: Collection[int]) -> AsyncGenerator[Extracted, None]:
        texts = file.read_text().split("\f")
        yield FileOutline("text/plain", len(texts))
        for number, text in enumerate(texts, 1):
            lines = text.splitlines()
            for line in lines:
                if line.startswith("attach "):
                    _, name, content = line.split(" ", 2)
                    yield Attachment(name, content.encode())
            if number in have:
                continue
            if number in self.gates:
                await self.gates[number].wait()
            self.asked.append(number)
            yield Pages((self._page(number, lines),))

    async def close(self) -> None:
        """Nothing is held."""

    def _page(self, number: int, texts: list[str]) -> Page:
        lines = tuple(
            Line(place, text.removeprefix("hidden "), hidden=text.startswith("hidden "))
            for place, text in enumerate(texts, 1)
        )
        return Page(number, 612, 792, PageSource.TEXT, lines, notes=self.notes)


@asynccontextmanager
async def running_with(settings: Settings, engine: Engine) -> AsyncIterator[App]:
    """Everything as it runs for a user, but for the engine."""
    async with running(settings) as app:
        intake = Intake(lambda _choice: engine, now, app.shared.max_file_bytes)
        await app.tasks.start(intake.run)
        yield replace(app, shared=replace(app.shared, intake=intake))
