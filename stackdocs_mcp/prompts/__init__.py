"""The prompts: one static table of names, arguments and texts."""

from stackdocs_mcp.prompts.table import PROMPTS

__all__ = ["PROMPTS"]
