"""Search over the lines of the bound stack, with the words and the order of ``stores.search``.

The index is asked for single words, of which the database makes its own by adding the stack to
each. What it finds is then held to the phrases as text, so none of its limits is one of a search.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Any

from stackdocs_mcp.core.model import DocumentId, Hit
from stackdocs_mcp.stores.leaves import lines_from
from stackdocs_mcp.stores.search import phrases, snippet
from stackdocs_mcp.stores.supabase.calling import Calling

LOOKED_UP = 64
"""Different words of a query that the index is asked for; lines are held to all of them."""


class BoundSearch(Calling):
    """The part of ``core.ports.Documents`` that finds lines; the sentences of the port hold."""

    async def search(
        self, query: str, *, document: DocumentId | None = None, after: int = 0, limit: int
    ) -> Sequence[Hit]:
        found = await self._call(
            "search", document, **_asked(phrases(query)), after=after, limit=limit
        )
        return [_hit(row, query) for row in found]


def _asked(asked: Sequence[Sequence[str]]) -> dict[str, object]:
    """The phrases as the database is asked for them: of the last one the last word is begun."""
    if not asked:
        return {"words": [], "begins": "", "phrases": []}
    *whole, last = asked
    *before, begins = last
    words = dict.fromkeys([*(word for phrase in whole for word in phrase), *before])
    spelled = [*(f" {' '.join(phrase)} " for phrase in whole), f" {' '.join(last)}"]
    return {
        "words": list(islice(words, LOOKED_UP)),
        "begins": begins,
        "phrases": list(dict.fromkeys(spelled)),
    }


def _hit(row: dict[str, Any], query: str) -> Hit:
    (line,) = lines_from(f"[{row['line']}]")
    return Hit(
        DocumentId(row["document"]),
        row["filename"],
        row["page"],
        line.number,
        snippet(line.text, query),
    )
