"""How long a call of 200 fields takes on a document of 10 pages: ``python benchmarks/writing.py``.

The document is a table of 400 rows, generated. Its rows are written in calls of 200 fields, with a
citation each, without any, and once more as they are. Printed is each call's time by the clock and
the processor, and how long the event loop was held up at most while it ran.
"""

import statistics
import tempfile
import time
from decimal import Decimal
from pathlib import Path

import anyio
from reportlab.pdfgen.canvas import Canvas

from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.core.model import Citation, DocumentId, DocumentStatus
from stackdocs_mcp.server.compose import running
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace import Workspace
from stackdocs_mcp.workspace.adding import add_document
from stackdocs_mcp.workspace.schemas import set_schema
from stackdocs_mcp.workspace.writing import Entry, set_fields

PAGES, ROWS = 10, 40
FIELDS = 200
SCHEMA = {
    "type": "object",
    "properties": {
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "number": {"type": "integer"},
                    "description": {"type": "string"},
                    "quantity": {"type": "number"},
                    "unit_price": {"type": "number"},
                    "amount": {"type": "number"},
                },
            },
        }
    },
}


def row(number: int) -> tuple[int, str, int, Decimal, Decimal]:
    quantity, price = number % 7 + 1, Decimal(number % 23 + 1) + Decimal("0.50")
    return number + 1, f"Binder type {number % 19}", quantity, price, quantity * price


def draw(file: Path) -> None:
    canvas = Canvas(str(file), pagesize=(595, 842))
    for page in range(PAGES):
        cells = [("No", "Description", "Quantity", "Unit price", "Amount")]
        cells += [tuple(map(str, row(page * ROWS + n))) for n in range(ROWS)]
        for n, texts in enumerate(cells):
            for x, text in zip((40, 80, 300, 380, 480), texts, strict=True):
                canvas.drawString(x, 800 - 18 * n, text)
        canvas.showPage()
    canvas.save()


def entries(*, cited: bool) -> list[Entry]:
    names = ("number", "description", "quantity", "unit_price", "amount")
    found = []
    for number in range(PAGES * ROWS):
        citation = Citation(number // ROWS + 1, (number % ROWS + 2,)) if cited else None
        found += [
            Entry(f"lines[{number}].{name}", value, citation=citation)
            for name, value in zip(names, row(number), strict=True)
        ]
    return found


class Held:
    """How late a task that sleeps for a millisecond wakes up: the loop was held up so long."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def watch(self) -> None:
        while True:
            before = time.perf_counter()
            await anyio.sleep(0.001)
            self.longest = max(self.longest, time.perf_counter() - before - 0.001)


async def write(workspace: Workspace, document: DocumentId, what: str, fields: list[Entry]) -> None:
    times, worked, held = [], [], []
    for low in range(0, len(fields), FIELDS):
        watch = Held()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch.watch)
            await anyio.sleep(0.01)
            watch.longest = 0.0
            before, busy = time.perf_counter(), time.process_time()
            outcomes = await set_fields(
                workspace, document, fields[low : low + FIELDS], dry_run=False
            )
            times.append(time.perf_counter() - before)
            worked.append(time.process_time() - busy)
            tasks.cancel_scope.cancel()
        held.append(watch.longest)
        assert all(one.error is None for one in outcomes)
    print(
        f"{what:16} {FIELDS} fields: median {_ms(times)}, longest {1000 * max(times):.0f} ms, "
        f"processor {_ms(worked)}; loop held up {_ms(held)}, longest {1000 * max(held):.0f} ms"
    )


def _ms(seconds: list[float]) -> str:
    return f"{1000 * statistics.median(seconds):.0f} ms"


async def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw(folder / "table.pdf")
        async with running(Settings(data_dir=folder / "data", allow=(folder,))) as app:
            for what, cited in (("cited", True), ("not cited", False)):
                stack = await app.store.open_stack(app.user, what)
                workspace = app.workspace(stack, Actor("agent", "benchmark"))
                await set_schema(workspace, SCHEMA)
                document = (await add_document(workspace, "table.pdf")).document
                while document.status is DocumentStatus.PROCESSING:
                    await anyio.sleep(0.05)
                    document = await workspace.store.document(document.id)
                fields = entries(cited=cited)
                await write(workspace, document.id, what, fields)
                await write(workspace, document.id, f"{what}, again", fields)


if __name__ == "__main__":
    anyio.run(main)
