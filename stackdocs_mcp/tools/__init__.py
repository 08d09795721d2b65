"""The tools: one static table of names, arguments, results, rights and functions."""

from stackdocs_mcp.tools.table import TOOLS, select

__all__ = ["TOOLS", "select"]
