"""An MCP server that turns any MCP client into a document-extraction pipeline people can trust."""

__version__ = "0.1.0"
