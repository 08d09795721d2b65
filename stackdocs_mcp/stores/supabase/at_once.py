"""What a use case needs of a document, by one call."""

from collections.abc import Collection

from stackdocs_mcp.core.at_once import Shown, Standing
from stackdocs_mcp.core.model import Document, DocumentId
from stackdocs_mcp.core.stack import Stack
from stackdocs_mcp.stores.stacks import stack_of
from stackdocs_mcp.stores.supabase.calling import Calling
from stackdocs_mcp.stores.supabase.documents import document_of
from stackdocs_mcp.stores.supabase.pages import outline_of, page_of
from stackdocs_mcp.stores.supabase.writing import field_of


class BoundAtOnce(Calling):
    """``core.at_once.AtOnce``; the sentences of the port hold."""

    async def opened(self, document: DocumentId, *, recent: bool = False) -> tuple[Document, Stack]:
        if recent and (seen := self._recent.find(self._caller, document)) is not None:
            return seen
        self._recent.forget(self._caller, document)
        answer = await self._call("opened", document)
        found, stack = document_of(answer["document"]), stack_of(answer["stack"])
        self._recent.keep(self._caller, found, stack)
        return found, stack

    async def standing(self, document: DocumentId) -> Standing:
        answer = await self._call("standing", document)
        found, stack = document_of(answer["document"]), stack_of(answer["stack"])
        self._recent.keep(self._caller, found, stack)
        return Standing(
            found,
            stack,
            [outline_of(one) for one in answer["outlines"]],
            [field_of(one) for one in answer["fields"]],
        )

    async def shown(self, document: DocumentId, numbers: Collection[int]) -> Shown:
        answer = await self._call("shown", document, numbers=sorted(set(numbers)))
        return Shown(
            document_of(answer["document"]),
            [page_of(one) for one in answer["pages"]],
            frozenset(answer["read"]),
        )
