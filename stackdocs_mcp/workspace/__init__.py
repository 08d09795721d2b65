"""The use cases, each for one binding; stores, files and engines are seen only as ports."""

from stackdocs_mcp.workspace.context import Shared, Workspace

__all__ = ["Shared", "Workspace"]
