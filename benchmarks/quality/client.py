"""What the sections share: a real MCP client at a server of its own, and what the corpus says."""

import json
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mcp import Client, StdioServerParameters

Json = dict[str, Any]
Where = tuple[int, int]
"""A page and the number of a line."""
Lines = dict[Where, str]
AT_ONCE = 200
"""Fields in one call."""

NUMBERS = {"net_total", "tax_total", "grand_total", "due", "quantity", "unit_price", "amount"}
INVOICE: Json = {
    "type": "object",
    "properties": {
        "invoice_number": {"type": "string", "x-synonyms": ["Rechnungsnummer", "Facture n°"]},
        "issue_date": {"type": "string", "format": "date", "x-synonyms": ["Rechnungsdatum"]},
        "currency": {"type": "string"},
        "seller": {"type": "string"},
        "buyer": {"type": "string"},
        "net_total": {"type": "number"},
        "tax_total": {"type": "number"},
        "grand_total": {"type": "number"},
        "due": {"type": "number"},
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "description": {"type": "string"},
                    "quantity": {"type": "number"},
                    "unit_price": {"type": "number"},
                    "amount": {"type": "number"},
                },
            },
        },
    },
}


@asynccontextmanager
async def serving(folder: Path, schema: Json) -> AsyncIterator[tuple[Client, list[Json]]]:
    """A client of a server on the folder's documents, which have all been read."""
    expected = {entry["file"] for entry in manifest(folder)}
    with tempfile.TemporaryDirectory() as data:
        arguments = ["-m", "stackdocs_mcp", "serve", str(folder), "--data-dir", data]
        server = StdioServerParameters(command=sys.executable, args=arguments)
        async with Client(server, mode="2026-07-28") as client:
            await call(client, "set_schema", schema=schema)
            documents: list[Json] = []
            while not expected <= {one["filename"] for one in documents} or any(
                one["status"] == "processing" for one in documents
            ):
                documents = (await call(client, "list_documents", limit=200))["documents"]
            yield client, [one for one in documents if one["filename"] in expected]


def manifest(folder: Path) -> list[Json]:
    """A folder's documents: ``{"file", "gold": {...}}``, gold values as exact strings."""
    text = (folder / "MANIFEST.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines() if line]


def gold_values(gold: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Path, name and exact value of everything the manifest knows of an invoice."""
    found = [(name, name, gold[name]) for name in gold if name != "lines" and gold[name]]
    for row, line in enumerate(gold.get("lines", ())):
        found += [(f"lines[{row}].{name}", name, line[name]) for name in line if line[name]]
    return found


async def call(client: Client, tool: str, **arguments: Any) -> Json:
    """The structured content of an answer; the benchmark ends with an error."""
    result = await client.call_tool(tool, arguments)
    if result.is_error or not isinstance(result.structured_content, dict):
        raise SystemExit(f"{tool}: {result.content}")
    return result.structured_content


async def written(
    client: Client, document: str, fields: Sequence[Json], *, dry_run: bool = False
) -> list[Json]:
    """What became of each field, through as many calls of ``set_fields`` as it takes."""
    results: list[Json] = []
    for low in range(0, len(fields), AT_ONCE):
        answer = await call(
            client,
            "set_fields",
            document_id=document,
            fields=fields[low : low + AT_ONCE],
            dry_run=dry_run,
        )
        results += answer["results"]
    return results


def verdict_of(result: Json) -> str:
    """The verdict on a field's value, or that the value was refused before it was looked for."""
    return str(result.get("evidence", {}).get("verdict", "rejected"))


async def lines_of(client: Client, document: str) -> Lines:
    """Every line of a document, as an agent reads it."""
    found: Lines = {}
    page, arguments = 0, {"document_id": document}
    while True:
        result = await client.call_tool("read_ocr", arguments)
        text = getattr(result.content[0], "text", "")
        for row in text.splitlines():
            if header := re.match(r"--- page (\d+)/", row):
                page = int(header[1])
            elif line := re.match(r"(\d+)\| (.*)", row):
                found[page, int(line[1])] = line[2]
        cursor = re.search(r"^next_cursor: (\S+)$", text, re.MULTILINE)
        if not cursor:
            return found
        arguments = {"document_id": document, "cursor": cursor[1]}


def note(lines: Iterable[str]) -> None:
    """Details go to standard error; the table alone goes to standard output."""
    for line in lines:
        print(line, file=sys.stderr)
