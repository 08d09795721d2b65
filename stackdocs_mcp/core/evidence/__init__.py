"""Evidence: whether a value follows from what stands on the page, and where it stands.

With a citation: ``at(claim, page)`` first; if the finding is not ``settled``, ``elsewhere`` with
the pages that ``search_terms`` find. Without one: ``located(claim, pages)``. The values of one call
are then looked at ``together``, and ``signalled`` with what makes them doubtful.
"""

from stackdocs_mcp.core.evidence.claim import Claim, Finding
from stackdocs_mcp.core.evidence.page import PageText
from stackdocs_mcp.core.evidence.seen import Seen
from stackdocs_mcp.core.evidence.signals import signalled
from stackdocs_mcp.core.evidence.standing import Standing
from stackdocs_mcp.core.evidence.terms import search_terms
from stackdocs_mcp.core.evidence.together import Looked, together
from stackdocs_mcp.core.evidence.verdicts import at, elsewhere, located

__all__ = [
    "Claim",
    "Finding",
    "Looked",
    "PageText",
    "Seen",
    "Standing",
    "at",
    "elsewhere",
    "located",
    "search_terms",
    "signalled",
    "together",
]
