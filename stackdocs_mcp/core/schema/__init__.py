"""The stack's field schema: JSON Schema 2020-12, checked once, then asked by path."""

from stackdocs_mcp.core.schema.tree import Node, Schema, Violation, cached

__all__ = ["Node", "Schema", "Violation", "cached"]
