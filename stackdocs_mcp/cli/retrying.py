"""``retry``: documents that failed, or that nobody read to their end, are read again."""

from collections.abc import Sequence

from stackdocs_mcp.cli.barrier import FAILED
from stackdocs_mcp.cli.bars import bars
from stackdocs_mcp.cli.opening import document_of, opened
from stackdocs_mcp.cli.output import say
from stackdocs_mcp.cli.reading_in import Piece, read_all
from stackdocs_mcp.core.model import Document, DocumentStatus
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace import Workspace

AT_ONCE = 200
_UNREAD = (DocumentStatus.FAILED, DocumentStatus.PROCESSING)
_NOTHING = "There is nothing to try again."
_WAS_READ = (
    "Documents that were read to their end are left as they are; with --again they are read anew."
)


async def retry(settings: Settings, documents: Sequence[str], *, again: bool = False) -> int:
    """Read these documents, or all that are to be tried again; 1 when one fails again.

    Pages that are there already are not read again, but with ``again``: then all documents that
    are named are read the way that is set now. Raises NotFound before anything is read.
    """
    async with opened(settings) as workspace:
        chosen = [await document_of(workspace, one) for one in documents]
        if not documents:
            chosen = [one for status in _UNREAD for one in await _all(workspace, status)]
        wanted = [one for one in chosen if again or one.status in _UNREAD]
        if len(wanted) < max(len(documents), 1):
            say(_NOTHING if not documents else _WAS_READ)
        with bars(len(wanted)) as watched:
            pieces = [_piece(workspace, one, again=again) for one in wanted]
            failed = await read_all(workspace, pieces, watched)
    return FAILED if failed else 0


def _piece(workspace: Workspace, document: Document, *, again: bool) -> Piece:
    store = workspace.store
    get = store.reread if again else store.document
    return Piece(document.filename, lambda: get(document.id))


async def _all(workspace: Workspace, status: DocumentStatus) -> list[Document]:
    """All of the status; those that another process reads are waited for, as it may be dead."""
    found: list[Document] = []
    while True:
        more = await workspace.store.documents(
            status=status, after=found[-1].id if found else None, limit=AT_ONCE
        )
        found += more
        if len(more) < AT_ONCE:
            return found
