"""What a use case needs of a document, from one snapshot."""

from collections.abc import Collection

from stackdocs_mcp.core.at_once import Shown, Standing
from stackdocs_mcp.core.model import DocumentId
from stackdocs_mcp.stores import documents, extractions, pages, stacks
from stackdocs_mcp.stores.scope import Scope


def standing(scope: Scope, document: DocumentId) -> Standing:
    """See the port."""
    return Standing(
        documents.get(scope, document),
        stacks.bound(scope),
        pages.outlines(scope, document, 1, None),
        extractions.read(scope, document, None, below=(), after=None, limit=None),
    )


def shown(scope: Scope, document: DocumentId, numbers: Collection[int]) -> Shown:
    """See the port."""
    found = pages.get(scope, document, numbers)
    read: frozenset[int] = frozenset()
    if found:
        first, last = found[0].number, found[-1].number
        outlines = pages.outlines(scope, document, first, last)
        wanted = {page.number for page in found}
        read = frozenset(one.number for one in outlines if one.read and one.number in wanted)
    return Shown(documents.get(scope, document), found, read)
