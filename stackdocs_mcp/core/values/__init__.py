"""Values as printed: typed to what the schema asks, exact, in the document's own conventions."""

from stackdocs_mcp.core.values.conversion import typed
from stackdocs_mcp.core.values.exactness import wire
from stackdocs_mcp.core.values.expected import Expected, Typed
from stackdocs_mcp.core.values.signs import Signs, signs_of

__all__ = ["Expected", "Signs", "Typed", "signs_of", "typed", "wire"]
