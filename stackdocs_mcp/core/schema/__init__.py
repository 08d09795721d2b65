"""The stack's field schema: JSON Schema 2020-12, checked once, then asked by path."""

from stackdocs_mcp.core.schema.node import Node
from stackdocs_mcp.core.schema.tree import Schema, cached
from stackdocs_mcp.core.schema.violations import Violation

__all__ = ["Node", "Schema", "Violation", "cached"]
