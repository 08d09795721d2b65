"""The tools: one static table of names, arguments, results, rights and functions."""

from stackdocs_mcp.tools.table import LINKED, TOOLS, select

__all__ = ["LINKED", "TOOLS", "select"]
