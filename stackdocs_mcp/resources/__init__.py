"""The resources: one static table, what they hold, and who is told when they change."""

from stackdocs_mcp.resources.table import RESOURCES

__all__ = ["RESOURCES"]
