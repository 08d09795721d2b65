"""``read``: a document's text for a person, as agents are shown it and what they are not shown."""

from collections.abc import AsyncIterator, Iterator

from stackdocs_mcp.cli.opening import document_of, opened
from stackdocs_mcp.cli.output import put, say, shown
from stackdocs_mcp.core.model import Cell, Document, Line, Page
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace import Workspace
from stackdocs_mcp.workspace.reading import header, page_numbers

AT_ONCE = 8


async def read(
    settings: Settings, document: str, pages: str | None, *, raw: bool, tables: bool
) -> int:
    """Print the pages, and say which of them are not there yet. Nothing counts as read by this."""
    async with opened(settings) as workspace:
        found = await document_of(workspace, document)
        numbers = page_numbers(pages, found)
        async for page in _pages(workspace, found, numbers):
            numbers.remove(page.number)
            for line in _tables(page) if tables else _lines(page, found.pages, raw=raw):
                put(line)
    if numbers:
        say(f"Not read: {len(numbers)} of the pages, from page {numbers[0]} on.")
    return 0


async def _pages(
    workspace: Workspace, document: Document, numbers: list[int]
) -> AsyncIterator[Page]:
    wanted = [*numbers]
    for first in range(0, len(wanted), AT_ONCE):
        for page in await workspace.store.pages(document.id, wanted[first : first + AT_ONCE]):
            yield page


def _lines(page: Page, pages: int, *, raw: bool) -> Iterator[str]:
    yield header(page, pages, hidden="")
    for line in page.lines:
        yield _line(line, shown(line.raw) if raw and line.raw is not None else line.text)


def _line(line: Line, text: str) -> str:
    """``12| the text``, with a mark where agents are not shown it."""
    return f"{line.number}| {'(hidden) ' if line.hidden else ''}{text}"


def _tables(page: Page) -> Iterator[str]:
    """A row for each row of each table: page, number of the table on it, cells."""
    for number, table in enumerate(page.tables, 1):
        for row in table.rows:
            cells = [text for cell in row for text in _columns(cell)]
            yield "\t".join([str(page.number), str(number), *cells])


def _columns(cell: Cell) -> list[str]:
    return [shown(cell.text), *[""] * (cell.columns - 1)]
