"""The composition root, and the one MCP server that all transports share."""
