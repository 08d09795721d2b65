"""What one binding reaches in a Supabase project: each call is one function, one transaction."""

from stackdocs_mcp.stores.supabase.documents import BoundDocuments


class BoundStore(BoundDocuments):
    """``core.ports.StackStore`` for one binding; the sentences of the port hold."""
