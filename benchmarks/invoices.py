"""Serve a folder of invoices with known values and write them all through a real client.

    python benchmarks/invoices.py FOLDER

FOLDER holds PDF files and a MANIFEST.jsonl with a line per file: ``{"file", "gold": {...}}``, the
gold values as exact strings. A scripted client reads each document through ``read_ocr``, finds the
line where a gold value is printed with a crude search of its own (so that it is no judge of
itself), cites that line and writes the value through ``set_fields``. What it does not find it
writes without evidence. Then every number that was verified is written again with one digit
changed and the same citation. Prints what became of all of them, and of each that was not verified.
"""

import json
import re
import sys
import tempfile
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
from mcp import Client, StdioServerParameters

NUMBERS = {"net_total", "tax_total", "grand_total", "due", "quantity", "unit_price", "amount"}
SCHEMA: dict[str, Any] = {
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
Lines = dict[tuple[int, int], str]


def server(folder: Path, data: Path) -> StdioServerParameters:
    arguments = ["-m", "stackdocs_mcp", "serve", str(folder), "--data-dir", str(data)]
    return StdioServerParameters(command=sys.executable, args=arguments)


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    if result.is_error or not isinstance(result.structured_content, dict):
        raise SystemExit(f"{tool}: {result.content}")
    return result.structured_content


async def lines_of(client: Client, document: str) -> Lines:
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


def printed_numbers(text: str) -> set[Decimal]:
    """Every number of a line in each convention it could be written in."""
    found = set[Decimal]()
    for token in re.findall(
        r"(?<![\w.,])\d[\d.,'\u00a0\u202f ]*\d(?!\w)|(?<![\w.,])\d(?![\w.,])", text
    ):
        for token_part in {token, *token.split(" "), token.replace(" ", "")}:
            bare = re.sub(r"['\u00a0\u202f ]", "", token_part)
            for point, comma in ((".", ","), (",", ".")):
                if re.fullmatch(rf"\d+(\{comma}\d{{3}})*(\{point}\d+)?", bare):
                    found.add(Decimal(bare.replace(comma, "").replace(point, ".")))
    return found


MONTHS = {
    name: number
    for number, names in enumerate(
        "januar january janvier|februar february février|märz march mars|april avril|mai may|"
        "juni june juin|juli july juillet|august août|september septembre|oktober october octobre|"
        "november novembre|dezember december décembre".split("|"),
        1,
    )
    for name in names.split()
}


def printed_dates(text: str) -> set[date]:
    found = set[date]()
    parts = [
        *((y, m, d) for d, m, y in re.findall(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})", text)),
        *((f"20{y}", m, d) for d, m, y in re.findall(r"(\d{2})[./-](\d{2})[./-](\d{2})\b", text)),
        *re.findall(r"(\d{4})-(\d{2})-(\d{2})", text),
        *re.findall(r"\b(\d{4})(\d{2})(\d{2})\b", text),
        *(
            (y, str(MONTHS.get(m.lower(), 0)), d)
            for d, m, y in re.findall(r"(\d{1,2})\.? (\w+) (\d{4})", text)
        ),
    ]
    for year, month, day in parts:
        try:
            found.add(date(int(year), int(month), int(day)))
        except ValueError:
            continue
    return found


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()


def holds(name: str, value: str, text: str) -> bool:
    """Whether a line prints the value, by this program's own lights."""
    if name in NUMBERS:
        return abs(Decimal(value)) in printed_numbers(text)
    if name == "issue_date":
        return date.fromisoformat(value) in printed_dates(text)
    return plain(value) in plain(text)


def in_order(words: list[str], text: str) -> bool:
    """Whether the words stand in the text one after the other, with others in between."""
    rest = iter(re.findall(r"\S+", plain(text)))
    return all(word in rest for word in words)


def text_place(value: str, lines: Lines) -> list[tuple[int, int]]:
    """The shortest run of lines with the text; cells that wrap have other columns in between."""
    keys = list(lines)
    words = plain(value).split()
    for matches in (lambda text: plain(value) in plain(text), lambda text: in_order(words, text)):
        for count in range(1, 7):
            for low in range(len(keys) - count + 1):
                run = keys[low : low + count]
                same_page = len({page for page, _ in run}) == 1
                if same_page and matches(" ".join(lines[one] for one in run)):
                    return run
    return []


def place(
    name: str, value: str, lines: Lines, near: tuple[int, int] | None
) -> list[tuple[int, int]]:
    """Where the value is printed: of several lines the one nearest to its row of the table."""
    if name not in NUMBERS and name != "issue_date":
        return text_place(value, lines)
    held = [where for where, text in lines.items() if holds(name, value, text)]
    if near is not None:
        held.sort(key=lambda one: (one[0] != near[0], abs(one[1] - near[1])))
    return held[:1]


def row_place(row: dict[str, str], lines: Lines, behind: tuple[int, int]) -> tuple[int, int] | None:
    """The line, behind that of the row before, which prints most of the row's numbers."""
    scored = [
        (sum(holds(name, row[name], text) for name in row if name in NUMBERS), where)
        for where, text in lines.items()
        if where > behind
    ]
    best = max((score for score, _ in scored), default=0)
    return next((where for score, where in scored if score == best and best > 0), None)


def cited(gold: dict[str, Any], lines: Lines) -> list[dict[str, Any]]:
    """A field for each gold value, with the lines where it stands, as far as they are found."""
    rows: dict[str, tuple[int, int] | None] = {}
    behind = (0, 0)
    for number, row in enumerate(gold.get("lines", ())):
        found = row_place({name: value for name, value in row.items() if value}, lines, behind)
        rows[f"lines[{number}]"] = found
        behind = found or behind
    fields: list[dict[str, Any]] = []
    for path, name, value in gold_values(gold):
        run = place(name, value, lines, rows.get(path.split(".")[0]))
        field: dict[str, Any] = {"path": path, "value": value}
        if run:
            field["evidence"] = {"page": run[0][0], "lines": [line for _, line in run]}
        fields.append(field)
    return fields


def gold_values(gold: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Path, name and exact value of everything the manifest knows."""
    found = [(name, name, gold[name]) for name in gold if name != "lines" and gold[name]]
    for row, line in enumerate(gold.get("lines", ())):
        found += [(f"lines[{row}].{name}", name, line[name]) for name in line if line[name]]
    return found


def mutated(value: str) -> str:
    """One digit changed: the last one that is not a padding zero."""
    digits = value.rstrip("0").rstrip(".") if "." in value else value
    position = max(index for index, char in enumerate(digits) if char.isdigit())
    return digits[:position] + str((int(digits[position]) + 3) % 10) + digits[position + 1 :]


async def main(folder: Path) -> None:
    manifest = [json.loads(line) for line in (folder / "MANIFEST.jsonl").read_text().splitlines()]
    gold = {entry["file"]: entry["gold"] for entry in manifest}
    outcomes, verdicts, whys = Counter[str](), Counter[str](), Counter[str]()
    with_lines, without, wrong = Counter[str](), Counter[str](), Counter[str]()
    told: list[str] = []
    with tempfile.TemporaryDirectory() as data:
        async with Client(server(folder, Path(data)), mode="2026-07-28") as client:
            await call(client, "set_schema", schema=SCHEMA)
            documents: list[dict[str, Any]] = []
            while len(documents) < len(gold) or any(
                one["status"] == "processing" for one in documents
            ):
                documents = (await call(client, "list_documents", limit=200))["documents"]
            for document in documents:
                lines = await lines_of(client, document["id"])
                fields = cited(gold[document["filename"]], lines)
                results: list[dict[str, Any]] = []
                for low in range(0, len(fields), 200):
                    chunk = fields[low : low + 200]
                    answer = await call(
                        client, "set_fields", document_id=document["id"], fields=chunk
                    )
                    results += answer["results"]
                again = []
                for field, result in zip(fields, results, strict=True):
                    outcomes[result["outcome"]] += 1
                    verdict = result.get("evidence", {}).get("verdict", "rejected")
                    verdicts[verdict] += 1
                    (with_lines if "evidence" in field else without)[verdict] += 1
                    name = field["path"].rsplit(".")[-1]
                    if verdict != "verified":
                        notes = [one["message"] for one in result["warnings"]] or [
                            result.get("error", {}).get("message", "")
                        ]
                        whys[f"{'cited' if 'evidence' in field else 'no citation'}: {verdict}"] += 1
                        told.append(
                            f"  {document['filename'][:40]:40} {field['path']:24} "
                            f"{field['value']!r}: {verdict}; {' '.join(notes)}"
                        )
                    elif name in NUMBERS:
                        again.append({**field, "value": mutated(field["value"])})
                for low in range(0, len(again), 200):
                    answer = await call(
                        client,
                        "set_fields",
                        document_id=document["id"],
                        fields=again[low : low + 200],
                        dry_run=True,
                    )
                    for field, one in zip(again[low : low + 200], answer["results"], strict=True):
                        verdict = one.get("evidence", {}).get("verdict", "rejected")
                        wrong[verdict] += 1
                        if verdict in ("verified", "fuzzy"):
                            page, (line, *_) = field["evidence"]["page"], field["evidence"]["lines"]
                            told.append(f"  MUTATED {field}: {verdict}; {lines[page, line]!r}")
    print("\n".join(told))
    print(f"documents {len(documents)}, values {sum(outcomes.values())}")
    print("outcomes", dict(outcomes))
    print("verdicts", dict(verdicts))
    print("cited   ", dict(with_lines))
    print("uncited ", dict(without))
    print("one digit changed, same citation", dict(wrong))


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]))
