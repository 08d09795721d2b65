"""Pages of the bound stack's documents: shown, remembered as read, kept."""

import json
from collections.abc import Collection, Sequence
from typing import Any

from stackdocs_mcp.core.model import DocumentId, Page, PageOutline, PageSource
from stackdocs_mcp.stores.leaves import lines_from, lines_text, tables_from, tables_text
from stackdocs_mcp.stores.search import words
from stackdocs_mcp.stores.supabase.calling import Calling


class BoundPages(Calling):
    """The part of ``core.ports.Documents`` about pages; the sentences of the port hold."""

    async def outlines(
        self, document: DocumentId, *, first: int = 1, last: int | None = None
    ) -> Sequence[PageOutline]:
        found = await self._call("outlines", document, first=first, last=last)
        return [outline_of(row) for row in found]

    async def pages(self, document: DocumentId, numbers: Collection[int]) -> Sequence[Page]:
        found = await self._call("pages", document, numbers=sorted(set(numbers)))
        return [page_of(row) for row in found]

    async def mark_read(self, document: DocumentId, numbers: Collection[int]) -> None:
        await self._call("mark_read", document, numbers=sorted(set(numbers)))

    async def stored_pages(self, document: DocumentId, engine: str) -> Sequence[int]:
        more = True
        while more:
            found = await self._call("stored_pages", document, engine=engine)
            more = found["more"]
        numbers: list[int] = found["pages"]
        return numbers

    async def save_pages(
        self,
        document: DocumentId,
        engine: str,
        pages: Sequence[Page],
        *,
        billed: int = 0,
        recognised: int = 0,
    ) -> None:
        await self._call(
            "save_pages",
            document,
            engine=engine,
            pages=[_kept(page) for page in pages],
            billed=billed,
            recognised=recognised,
        )


def _kept(page: Page) -> dict[str, object]:
    """The page as the database keeps it. Raises InvalidArgument for a number that is none."""
    visible = [line for line in page.lines if not line.hidden]
    found = ((line.number, words(line.text)) for line in visible)
    return {
        "number": page.number,
        "width": page.width,
        "height": page.height,
        "rotation": page.rotation,
        "source": page.source.value,
        "line_count": len(page.lines),
        "hidden_lines": len(page.lines) - len(visible),
        "characters": sum(len(line.text) for line in visible),
        "lines": lines_text(page.lines),
        "tables": tables_text(page.tables),
        "notes": json.dumps(page.notes),
        "words": [[number, " ".join(tokens)] for number, tokens in found if tokens],
    }


def outline_of(row: dict[str, Any]) -> PageOutline:
    """The outline of a row as ``sd_outlines`` writes it."""
    return PageOutline(
        number=row["number"],
        source=PageSource(row["source"]),
        lines=row["lines"],
        characters=row["characters"],
        hidden_lines=row["hidden_lines"],
        read=row["read"],
        notes=tuple(json.loads(row["notes"])),
    )


def page_of(row: dict[str, Any]) -> Page:
    """The page of a row as ``sd_pages`` writes it."""
    return Page(
        number=row["number"],
        width=float(row["width"]),
        height=float(row["height"]),
        source=PageSource(row["source"]),
        lines=lines_from(row["lines"]),
        rotation=row["rotation"],
        tables=tables_from(row["tables"]),
        notes=tuple(json.loads(row["notes"])),
    )
