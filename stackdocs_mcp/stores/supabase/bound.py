"""What one binding reaches in a Supabase project: each call is one function, one transaction."""

from stackdocs_mcp.stores.supabase.at_once import BoundAtOnce
from stackdocs_mcp.stores.supabase.documents import BoundDocuments
from stackdocs_mcp.stores.supabase.folder import BoundFolder
from stackdocs_mcp.stores.supabase.history import BoundHistory
from stackdocs_mcp.stores.supabase.members import BoundMembers
from stackdocs_mcp.stores.supabase.pages import BoundPages
from stackdocs_mcp.stores.supabase.reading import BoundReading
from stackdocs_mcp.stores.supabase.searching import BoundSearch
from stackdocs_mcp.stores.supabase.verifying import BoundVerifying
from stackdocs_mcp.stores.supabase.writing import BoundFields


class BoundStore(
    BoundDocuments,
    BoundPages,
    BoundSearch,
    BoundReading,
    BoundFolder,
    BoundFields,
    BoundHistory,
    BoundVerifying,
    BoundAtOnce,
    BoundMembers,
):
    """``core.ports.StackStore`` for one binding; the sentences of the port hold."""
