"""What this process saw of documents last. Whoever acts on it has it checked by the write."""

from collections import OrderedDict

from stackdocs_mcp.core.model import Document, DocumentId, DocumentStatus
from stackdocs_mcp.core.stack import Stack
from stackdocs_mcp.stores.supabase.project import Caller

MOST_REMEMBERED = 1_000


class Recent:
    """The documents that were seen last, each by somebody in a stack: nobody gets another's."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[Caller, DocumentId], tuple[Document, Stack]] = OrderedDict()

    def find(self, caller: Caller, document: DocumentId) -> tuple[Document, Stack] | None:
        """What was seen of it last; None where that could not be written."""
        return self._seen.get((caller, document))

    def keep(self, caller: Caller, document: Document, stack: Stack) -> None:
        """Remember it; of what cannot be written nothing is remembered."""
        key = (caller, document.id)
        self._seen.pop(key, None)
        if document.status not in {DocumentStatus.OCR_COMPLETE, DocumentStatus.COMPLETED}:
            return
        self._seen[key] = (document, stack)
        if len(self._seen) > MOST_REMEMBERED:
            self._seen.popitem(last=False)

    def forget(self, caller: Caller, document: DocumentId) -> None:
        self._seen.pop((caller, document), None)
