"""Find the line items of invoices in the tables that the PDF reader finds.

    python benchmarks/tables.py FOLDER

FOLDER has PDFs and a MANIFEST.jsonl with a line per file: ``{"file", "gold": {"lines": [{"amount",
...}]}}``. A line item is found where its amount stands in a cell of a body row that no other item
of the document was found in. Only items whose amount stands in the document's text count. A
document has its table where one table's body has as many rows as there are line items, each with
the amount of another; a table that has the amounts of some items only is named as partial.
"""

import json
import re
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from stackdocs_mcp.ocr import pdf
from stackdocs_mcp.ocr.task import Task
from stackdocs_mcp.ocr.wire import Outline, Picture, Read, SentTable

NUMBERS = (
    re.compile(r"-?\d+(?:[.,]\d+)?"),
    re.compile(r"-?\d{1,3}(?:[.,' \u00a0]\d{3})+(?:[.,]\d+)?"),
)


def main(folder: Path) -> None:
    entries = [
        json.loads(row) for row in (folder / "MANIFEST.jsonl").read_text("utf-8").split("\n") if row
    ]
    items = found = whole = partial = pages = tabled = tables = documents = 0
    for entry in entries:
        lines = entry["gold"].get("lines") or ()
        amounts = [Decimal(line["amount"]) for line in lines if line.get("amount")]
        read = frames(folder / entry["file"])
        text = "\n".join(line[0] for frame in read for line in frame.lines)
        shown = [amount for amount in amounts if amount in numbers(text)]
        sent = [table for frame in read for table in frame.tables]
        bodies = [body(table) for table in sent]
        taken = matched([row for rows in bodies for row in rows], shown)
        exact = any(len(rows) == len(lines) == matched(rows, shown) for rows in bodies)
        documents += bool(shown)
        items += len(shown)
        found += taken
        whole += exact and bool(shown)
        partial += not exact and any(matched(rows, shown) > 0 for rows in bodies)
        pages += len(read)
        tabled += sum(bool(frame.tables) for frame in read)
        tables += len(sent)
        state = "whole" if exact else "partial" if taken else "none"
        print(f"{state:8}{taken:3} of {len(shown):3} items, {len(sent)} tables  {entry['file']}")

    print(f"line items in a row of their own: {found} of {items} ({found / items:.1%})")
    print(f"documents whose items are one table, row by row: {whole} of {documents}")
    print(f"documents with some of their items only in a table, or with more rows: {partial}")
    print(f"tables: {tables}, on {tabled} of {pages} pages")


def frames(file: Path) -> list[Read | Picture]:
    sent = [frame for frame in pdf.pages(file, Task()) if not isinstance(frame, Outline)]
    return [frame[0] if isinstance(frame, tuple) else frame for frame in sent]


def body(table: SentTable) -> list[str]:
    return ["\n".join(cell[0] for cell in row) for row in table.rows[table.header_rows :]]


def matched(rows: Sequence[str], amounts: Sequence[Decimal]) -> int:
    """How many amounts stand in rows of their own."""
    left = list(rows)
    count = 0
    for amount in amounts:
        row = next((row for row in left if amount in numbers(row)), None)
        if row is not None:
            left.remove(row)
            count += 1
    return count


def numbers(text: str) -> set[Decimal]:
    """The numbers in a text, with whatever sign stands between thousands and before decimals."""
    return {value for form in NUMBERS for said in form.findall(text) for value in readings(said)}


def readings(said: str) -> list[Decimal]:
    digits = re.sub(r"[^\d-]", "", said)
    decimals = re.search(r"[.,](\d{1,4})$", said)
    if not decimals:
        return [Decimal(digits)]
    return [Decimal(digits), Decimal(digits).scaleb(-len(decimals[1]))]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
