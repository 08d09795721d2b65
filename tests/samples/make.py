"""Makes the sample documents that the project ships, and their README.

    python -m tests.samples.make

The same libraries make the same bytes.
"""

from contextlib import aclosing
from pathlib import Path

import anyio

from stackdocs_mcp.core.engine import Pages
from stackdocs_mcp.core.model import Page
from stackdocs_mcp.ocr.local import LocalEngine
from stackdocs_mcp.samples import NAMES
from tests.samples.invoice import write_invoice
from tests.samples.letter import write_letter
from tests.samples.readme import described
from tests.samples.receipt import write_receipt

HERE = Path(__file__).parents[2] / "stackdocs_mcp" / "samples"


def make(folder: Path) -> list[Path]:
    """Write all samples into ``folder``."""
    files = [folder / name for name in NAMES]
    for file, write in zip(files, (write_invoice, write_receipt, write_letter), strict=True):
        write(file)
    return files


async def read(engine: LocalEngine, files: list[Path]) -> dict[str, list[Page]]:
    """The pages of each file by its name."""
    found = {}
    for file in files:
        async with aclosing(engine.read(file, ())) as stream:
            items = [item async for item in stream]
        pages = [page for item in items if isinstance(item, Pages) for page in item.pages]
        found[file.name] = sorted(pages, key=lambda page: page.number)
    return found


async def main() -> None:
    engine = LocalEngine(workers=1)
    try:
        documents = await read(engine, make(HERE))
    finally:
        await engine.close()
    (HERE / "README.md").write_text(described(documents), "utf-8")


if __name__ == "__main__":
    anyio.run(main)
