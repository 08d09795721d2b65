"""HTTP around MCP: one gate that every request passes, and the routes beside the endpoint."""
