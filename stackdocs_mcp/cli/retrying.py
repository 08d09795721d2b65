"""``retry``: documents that failed, or that nobody read to their end, are read again."""

from collections.abc import Sequence

from stackdocs_mcp.cli.barrier import FAILED
from stackdocs_mcp.cli.bars import bars
from stackdocs_mcp.cli.opening import document_of, opened
from stackdocs_mcp.cli.output import say
from stackdocs_mcp.cli.reading_in import Piece, read_all
from stackdocs_mcp.core.model import Document, DocumentStatus
from stackdocs_mcp.server.compose import now
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace import Workspace

AT_ONCE = 200
_UNREAD = (DocumentStatus.FAILED, DocumentStatus.PROCESSING)


async def retry(settings: Settings, documents: Sequence[str]) -> int:
    """Read these documents, or all that are to be tried again; 1 when one fails again.

    Pages that are there already are not read again. Raises NotFound before anything is read.
    """
    async with opened(settings) as workspace:
        chosen = [await document_of(workspace, one) for one in documents]
        wanted = [one for one in chosen if one.status in _UNREAD]
        if not documents:
            wanted = [*await _failed(workspace), *await workspace.store.unclaimed(now(), 1_000_000)]
        if not wanted:
            say("There is nothing to try again.")
        with bars(len(wanted)) as watched:
            pieces = [_again(workspace, one) for one in wanted]
            failed = await read_all(workspace, pieces, watched)
    return FAILED if failed else 0


def _again(workspace: Workspace, document: Document) -> Piece:
    return Piece(document.filename, lambda: workspace.store.document(document.id))


async def _failed(workspace: Workspace) -> list[Document]:
    found: list[Document] = []
    while True:
        more = await workspace.store.documents(
            status=DocumentStatus.FAILED, after=found[-1].id if found else None, limit=AT_ONCE
        )
        found += more
        if len(more) < AT_ONCE:
            return found
