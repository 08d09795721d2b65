"""Tables drawn on PDF pages, and what an agent writes of them."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from reportlab.pdfgen.canvas import Canvas

from stackdocs_mcp.core.evidence import Claim, PageText, at, located
from stackdocs_mcp.core.model import Citation, JsonValue, Leaf, PageSource
from stackdocs_mcp.core.paths import FieldPath
from stackdocs_mcp.core.rows import MissedRows, searches, strips_of
from stackdocs_mcp.core.schema import Schema
from stackdocs_mcp.core.values import Expected, Signs
from stackdocs_mcp.ocr import pages, pdf
from stackdocs_mcp.ocr.task import Task
from stackdocs_mcp.ocr.wire import Read
from tests.ocr.documents import pdf as drawn

A4 = 595.0, 842.0
Draw = Callable[[Canvas], None]
Line = Sequence[str]
HEADING = ["Article", "Quantity", "Price", "Amount"]
ITEMS = [
    ["Paper, white", "20", "9.90", "198.00"],
    ["Ink, black", "5", "55.00", "275.00"],
    ["Stapler", "1", "7.25", "7.25"],
    ["Envelopes C5", "40", "0.35", "14.00"],
    ["Ring binder", "12", "2.10", "25.20"],
]
TOTALS = [["Net total", "", "", "519.45"], ["VAT 20 %", "", "", "103.89"]]
EDGES = (60.0, 330.0, 430.0, 530.0)
"""Where the first column begins, and where the others end."""
FIELDS = ("description", "quantity", "unit_price", "amount")
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "total": {"type": "number"},
        "items": {
            "type": "array",
            "title": "Line items",
            "items": {
                "type": "object",
                "properties": {
                    "description": {"type": "string", "x-synonyms": ["Article"]},
                    "quantity": {"type": "number"},
                    "unit_price": {"type": "number"},
                    "amount": {"type": "number"},
                },
            },
        },
    },
}


def lines(
    rows: Sequence[Line], top: float = 700, pitch: float = 18, edges: Sequence[float] = EDGES
) -> Draw:
    """Draws rows of a table: the first column flush left, the others flush right."""

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 10)
        for nth, row in enumerate(rows):
            y = top - nth * pitch
            canvas.drawString(edges[0], y, row[0])
            for text, edge in zip(row[1:], edges[1:], strict=False):
                canvas.drawRightString(edge, y, text)

    return draw


def read(folder: Path, *sheets: Draw) -> list[PageText]:
    """The pages of a PDF that is drawn so."""
    file = drawn(folder / "table.pdf", *sheets, size=A4)
    frames = [frame for frame in pdf.pages(file, Task()) if isinstance(frame, Read)]
    found = [pages.read(frame) for frame in frames]
    assert all(page.source is PageSource.TEXT for page in found)
    return [PageText.of(page) for page in found]


def spot(read_pages: Sequence[PageText], text: str) -> tuple[int, int]:
    """The page and the line that a text begins, or stands in beside text along the margin."""
    found = [
        (page.number, line.number)
        for page in read_pages
        for line in page.lines
        if text in line.text
    ]
    assert len(found) == 1, (text, found)
    return found[0]


def written(
    read_pages: Sequence[PageText],
    rows: Sequence[Line],
    name: str = "items",
    fields: Sequence[str] = FIELDS,
) -> list[Leaf]:
    """The leaves of these rows, each citing the line that its first text begins."""
    leaves = []
    for nth, row in enumerate(rows):
        place = spot(read_pages, row[0])
        for field, text in zip(fields, row, strict=False):
            if text:
                path = (name, nth, field)
                leaves.append(leaf(read_pages, path, value(field, text), place))
    return leaves


def leaf(
    read_pages: Sequence[PageText],
    path: FieldPath,
    said: JsonValue,
    place: tuple[int, int] | None,
) -> Leaf:
    """The leaf with its evidence, found by a citation of the line or, without one, anywhere."""
    if place is None:
        claim = Claim(said, Expected(), Signs(points=9))
        return Leaf(path, said, located(claim, read_pages).evidence)
    page = next(one for one in read_pages if one.number == place[0])
    claim = Claim(said, Expected(), Signs(points=9), Citation(page.number, (place[1],)))
    return Leaf(path, said, at(claim, page).evidence)


def value(field: str, text: str) -> JsonValue:
    return text if field in ("description", "day") else Decimal(text.replace(",", ""))


def missed(
    read_pages: Sequence[PageText],
    leaves: Sequence[Leaf],
    schema: Mapping[str, Any] | None = SCHEMA,
) -> list[MissedRows]:
    """What is missed of all lists, looked for on all pages."""
    strips = [strip for page in read_pages for strip in strips_of(page)]
    loaded = None if schema is None else Schema.load(schema)
    found = [search.missed(strips) for search in searches(leaves, loaded)]
    return [one for one in found if one is not None]


def spots(found: Sequence[MissedRows]) -> list[tuple[int, int]]:
    return [place for one in found for place in one.spots]
