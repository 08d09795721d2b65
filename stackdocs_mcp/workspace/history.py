"""What people do with a document's history: release what is locked, begin anew, look it through."""

from stackdocs_mcp.core.binding import Right
from stackdocs_mcp.core.errors import FieldNotFound
from stackdocs_mcp.core.history import Verification
from stackdocs_mcp.core.model import Document, DocumentId, WriteResult
from stackdocs_mcp.core.paths import parse
from stackdocs_mcp.workspace.context import Workspace


async def release(workspace: Workspace, document_id: DocumentId, path: str) -> WriteResult:
    """Let agents write at and below the path again; ``changed=False`` where nothing is locked.

    Raises FieldNotFound where nothing is set, and Locked for an agent.
    """
    workspace.binding.require(Right.WRITE)
    result = await workspace.store.unlock(document_id, parse(path))
    if result.conflict is not None:
        raise FieldNotFound(path)
    return result


async def start_extraction(workspace: Workspace, document_id: DocumentId) -> Document:
    """The document with a new extraction; see ``Extractions.start_extraction``."""
    workspace.binding.require(Right.WRITE)
    return await workspace.store.start_extraction(document_id)


async def verify(workspace: Workspace, document_id: DocumentId) -> Verification:
    """Whether the document's history is whole; see ``Extractions.verify`` for what that says."""
    workspace.binding.require(Right.READ)
    return await workspace.store.verify(document_id)
