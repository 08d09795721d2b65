"""A service for each test, engines that ask it, and documents whose pages say which they are."""

from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Any, Protocol

import pytest
from reportlab.pdfgen.canvas import Canvas

from stackdocs_mcp.core.engine import Extracted, Pages
from stackdocs_mcp.core.model import Page
from stackdocs_mcp.ocr.mistral import MistralEngine
from tests.ocr.documents import lines, pdf, picture_at
from tests.ocr.mistral.service import KEY, Service, marked, running


class Naps(list[float]):
    """The waits between tries, which take no time here."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)


class Make(Protocol):
    def __call__(self, **options: Any) -> MistralEngine: ...


@pytest.fixture
async def service(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Service]:
    monkeypatch.setenv("NO_PROXY", "*")
    async with running() as one:
        yield one


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest.fixture
async def make(service: Service, naps: Naps) -> AsyncIterator[Make]:
    """Engines for the service, closed at the end."""
    async with AsyncExitStack() as stack:

        def engine(**options: Any) -> MistralEngine:
            given = {"key": KEY, "url": service.url, "sleep": naps, **options}
            made = MistralEngine(given.pop("key"), **given)
            stack.push_async_callback(made.close)
            return made

        yield engine


@pytest.fixture
def engine(make: Make) -> MistralEngine:
    return make()


def sheets(file: Path, *numbers: int | str) -> Path:
    """A PDF whose pages are pictures of these numbers, or have these texts."""

    def draw(what: int | str) -> Any:
        if isinstance(what, str):
            return lines(what)
        return picture_at(marked(what), 0, 0, 300, 400)

    return pdf(file, *map(draw, numbers))


def beside(number: int) -> Any:
    """Draws text, and below it a picture of a number."""

    def draw(canvas: Canvas) -> None:
        lines("This page has text of its own", top=380)(canvas)
        picture_at(marked(number), 30, 50, 200, 250)(canvas)

    return draw


async def read(
    engine: MistralEngine,
    file: Path,
    have: Collection[int] = (),
    into: list[Extracted] | None = None,
) -> list[Extracted]:
    """All that the engine gives; what it gave before it failed is in ``into``."""
    items = [] if into is None else into
    async with aclosing(engine.read(file, have)) as stream:
        async for item in stream:
            items.append(item)
    return items


def by_number(items: list[Extracted]) -> dict[int, Page]:
    return {page.number: page for one in items if isinstance(one, Pages) for page in one.pages}


def texts(items: list[Extracted]) -> dict[int, list[str]]:
    """Visible lines of each page."""
    return {
        number: [line.text for line in page.lines if not line.hidden]
        for number, page in sorted(by_number(items).items())
    }


def billed(items: list[Extracted]) -> list[int]:
    return [one.billed for one in items if isinstance(one, Pages)]
