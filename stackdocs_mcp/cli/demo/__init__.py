"""``demo``: sample documents, a real server process, and a scripted agent in place of a model."""

from stackdocs_mcp.cli.demo.steps import show

__all__ = ["show"]
