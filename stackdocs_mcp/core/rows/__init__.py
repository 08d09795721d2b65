"""Completeness of tables: the rows that the pages show against the rows that were written.

What was written tells where a table stands and what its columns are; lines with the same columns
that belong to no written row were missed. ``searches`` gives a search for each list; it is fed with
the strips (``strips_of``) of the pages around its rows.
"""

from stackdocs_mcp.core.rows.search import MissedRows, Search, searches
from stackdocs_mcp.core.rows.strips import Strip, strips_of

__all__ = ["MissedRows", "Search", "Strip", "searches", "strips_of"]
