"""Pages prepared for evidence, kept while they are in use: a document's pages never change."""

from collections import OrderedDict
from collections.abc import Sequence

from stackdocs_mcp.core.evidence import PageText
from stackdocs_mcp.core.model import DocumentId, Page
from stackdocs_mcp.core.ports import StackStore

MAX_PAGES = 256


class PageCache:
    """The last 256 prepared pages of all bindings, each under its own stack and document."""

    def __init__(self) -> None:
        self._pages: OrderedDict[tuple[str, str, int], PageText] = OrderedDict()

    async def get(
        self, store: StackStore, stack: str, document: DocumentId, numbers: Sequence[int]
    ) -> list[PageText]:
        """These pages, prepared, in order; those that the store does not have are left out.

        The caller has made sure that the document belongs to the stack.
        """
        missing = [n for n in numbers if (stack, document, n) not in self._pages]
        if missing:
            for page in await store.pages(document, missing):
                self._keep((stack, document, page.number), page)
        found = [self._pages.get((stack, document, number)) for number in numbers]
        for number in numbers:
            if (stack, document, number) in self._pages:
                self._pages.move_to_end((stack, document, number))
        while len(self._pages) > MAX_PAGES:
            self._pages.popitem(last=False)

        return [page for page in found if page is not None]

    def _keep(self, key: tuple[str, str, int], page: Page) -> None:
        self._pages[key] = PageText.of(page)
