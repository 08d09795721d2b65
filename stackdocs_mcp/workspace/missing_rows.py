"""Looking for rows of tables that were not written, with no more pages loaded than it takes."""

from collections.abc import Collection, Iterable, Sequence

import anyio.to_thread

from stackdocs_mcp.core.completion import rows_unchecked
from stackdocs_mcp.core.model import Document, DocumentStatus, Leaf, Notice
from stackdocs_mcp.core.rows import MissedRows, Search, Strip, searches, strips_of
from stackdocs_mcp.core.schema import Schema
from stackdocs_mcp.workspace.checking import FEW_PAGES
from stackdocs_mcp.workspace.context import Workspace
from stackdocs_mcp.workspace.pauses import Pauses

_ROUNDS = 6
"""How often more pages are looked at because the table goes on; twice as many each time."""


async def missing_rows(
    workspace: Workspace, document: Document, leaves: Sequence[Leaf], schema: Schema | None
) -> tuple[list[MissedRows], list[Notice]]:
    """What is missed of each list, as far as the pages around its rows show it.

    And notices of the lists whose rows stand where nothing shows whether there are more of them.
    """
    if document.status in (DocumentStatus.PROCESSING, DocumentStatus.FAILED):
        return [], []
    tables = _Tables(workspace, document)
    missed: list[MissedRows] = []
    unchecked: list[Notice] = []
    for search in searches(leaves, schema):
        found = await _missed(search, tables)
        if found is not None:
            missed.append(found)
        if search.pages is None:
            continue
        if search.is_unchecked(await tables.strips(tables.beyond(search.pages))):
            unchecked.append(rows_unchecked(search.path))
    return missed, unchecked


async def _missed(search: Search, tables: "_Tables") -> MissedRows | None:
    if search.pages is None:
        return await tables.searched(search, range(1, FEW_PAGES + 1))
    numbers = _around(search.pages, 1)
    found = await tables.searched(search, numbers)
    for reach in range(_ROUNDS):
        if found is None:
            return None
        pages = {page for page, _ in found.spots}
        if not tables.beyond(_around(pages, 1) - numbers):
            return found
        numbers |= _around(pages, 2**reach)
        found = await tables.searched(search, numbers)
    return found


def _around(pages: Iterable[int], reach: int) -> set[int]:
    return {page + step for page in pages for step in range(-reach, reach + 1)}


class _Tables:
    """The strips of a document's pages, each made once for all lists."""

    def __init__(self, workspace: Workspace, document: Document) -> None:
        self._workspace = workspace
        self._document = document
        self._strips: dict[int, Sequence[Strip]] = {}
        self._pauses = Pauses()

    def beyond(self, numbers: Collection[int]) -> list[int]:
        """Those of the numbers that are pages of the document."""
        return sorted(number for number in numbers if 1 <= number <= self._document.pages)

    async def searched(self, search: Search, numbers: Collection[int]) -> MissedRows | None:
        """What is missed on these pages; a list of thousands of rows does not hold up others."""
        return await anyio.to_thread.run_sync(
            search.missed, await self.strips(self.beyond(numbers))
        )

    async def strips(self, wanted: Sequence[int]) -> list[Strip]:
        """Those of the pages, in order."""
        await self._load(number for number in wanted if number not in self._strips)
        return [strip for number in wanted for strip in self._strips.get(number, ())]

    async def _load(self, numbers: Iterable[int]) -> None:
        workspace = self._workspace
        pages = await workspace.shared.pages.get(
            workspace.store, workspace.binding.stack, self._document, list(numbers)
        )
        for page in pages:
            await self._pauses.give_way()
            self._strips[page.number] = strips_of(page)
