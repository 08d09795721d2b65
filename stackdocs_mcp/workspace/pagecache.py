"""Pages prepared for evidence, kept while they are in use: those of one reading never change."""

from collections import OrderedDict
from collections.abc import Sequence

from stackdocs_mcp.core.evidence import PageText
from stackdocs_mcp.core.model import Document
from stackdocs_mcp.core.ports import StackStore

MAX_PAGES = 256


class PageCache:
    """The last 256 prepared pages of all bindings, each under its stack, document and reading."""

    def __init__(self) -> None:
        self._pages: OrderedDict[tuple[str, str, int, int], PageText] = OrderedDict()

    async def get(
        self, store: StackStore, stack: str, document: Document, numbers: Sequence[int]
    ) -> list[PageText]:
        """These pages, prepared, in order; those that the store does not have are left out.

        The caller has the document from the stack, as it stands: another process may have had it
        read anew.
        """
        keys = {number: (stack, document.id, document.readings, number) for number in numbers}
        missing = [number for number, key in keys.items() if key not in self._pages]
        if missing:
            for page in await store.pages(document.id, missing):
                self._pages[keys[page.number]] = PageText.of(page)
        found = [self._pages.get(keys[number]) for number in numbers]
        for key in keys.values():
            if key in self._pages:
                self._pages.move_to_end(key)
        while len(self._pages) > MAX_PAGES:
            self._pages.popitem(last=False)

        return [page for page in found if page is not None]
