"""Rows that were left out: whether ``complete`` refuses, and whether it does where none was.

``invoices``: the gold values are written through ``set_fields``, with some of the line items left
out, and then ``complete`` is called. Each extraction is written twice, with the lines of each value
cited and without. ``replay``: the labels are written, which leave out nothing, and the outputs of
the six real systems, of which those with fewer rows than the label left some out.
"""

import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio

from benchmarks.quality.report import Row, share
from stackdocs_mcp.core.binding import Actor
from stackdocs_mcp.core.model import Citation, Document, DocumentStatus, FieldValue, Reason
from stackdocs_mcp.core.paths import parse
from stackdocs_mcp.server.compose import App, running
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.workspace import Workspace
from stackdocs_mcp.workspace.adding import add_document
from stackdocs_mcp.workspace.completing import complete
from stackdocs_mcp.workspace.schemas import set_schema
from stackdocs_mcp.workspace.writing import Entry, delete_field, set_fields

AT_ONCE = 400
CODE = "rows_missing"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        **{name: {"type": "string"} for name in ("invoice_number", "currency", "seller", "buyer")},
        "issue_date": {"type": "string", "format": "date"},
        **{name: {"type": "number"} for name in ("net_total", "tax_total", "grand_total", "due")},
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "description": {"type": "string"},
                    **{name: {"type": "number"} for name in ("quantity", "unit_price", "amount")},
                },
            },
        },
    },
    # Only a warning, because the schema has no fields for discounts; they are in some documents.
    "x-rules": [
        {
            "use": "invoice",
            "fields": {
                "line_items": "lines",
                **{f"line_items.{one}": one for one in ("quantity", "unit_price", "amount")},
            },
        }
    ],
}
ADDING_UP = "lines_add_up"
KS = ("1", "2", "half", "all but one", "all")


async def run(corpus: Path) -> list[Row]:
    with tempfile.TemporaryDirectory() as data:
        settings = Settings.model_validate({"data_dir": Path(data) / "data", "allow": (corpus,)})
        async with running(settings) as app:
            return [
                *await invoices(app, corpus / "invoices"),
                *await replay(app, corpus / "replay"),
            ]


async def invoices(app: App, folder: Path) -> list[Row]:
    refused, tried, said = Counter[str](), Counter[str](), Counter[str]()
    whole, summed = Counter[bool](), Counter[bool]()
    entries = [json.loads(one) for one in (folder / "MANIFEST.jsonl").read_text().splitlines()]
    files = [folder / entry["file"] for entry in entries]
    async with stack(app, "invoices", SCHEMA, files) as (workspace, documents):
        for entry, document in zip(entries, documents, strict=True):
            gold = {name: value for name, value in entry["gold"].items() if value}
            # Some have lines that are notes: without a value there is nothing to write.
            gold["lines"] = [line for line in gold.get("lines", ()) if any(line.values())]
            await write(workspace, document, fields_of(gold))
            places = await cited(workspace, document)
            for citing in (False, True):
                known = places if citing else {}
                lines = gold["lines"]
                if not lines:
                    continue  # the gold has no line items, although the page may
                for name, left_out in [("none", ()), *cuts(len(lines), entry["file"])]:
                    await write(workspace, document, without(gold, left_out, known), "lines")
                    attempt = await complete(workspace, document.id)
                    found = [one for one in attempt.reasons if one.code == CODE]
                    rules = [*attempt.reasons, *attempt.warnings]
                    adds_up = not any(ADDING_UP in one.message for one in rules)
                    if name == "none":
                        whole[bool(found)] += 1
                        summed[bool(found) or not adds_up] += 1
                        tell(found, f"false refusal: {entry['file']}")
                        continue
                    tried[name] += 1
                    refused[name] += bool(found)
                    said[name] += bool(found) or not adds_up
                    if not found:
                        print(f"not refused: {entry['file']} without {left_out}", file=sys.stderr)
    part, every = sum(refused.values()), sum(tried.values())
    rows = [Row("invoices, line items left out: refused", ">= 95 %", *met(part, every, 95))]
    rows += [
        Row(
            f"- {name} left out: refused; or warned that the lines do not add up",
            "",
            f"{share(refused[name], tried[name])}; {share(said[name], tried[name])}",
        )
        for name in KS
        if tried[name]
    ]
    false = f"{share(whole[True], whole.total())}; {share(summed[True], summed.total())}"
    is_met = 100 * whole[True] <= 2 * whole.total()
    rows.append(Row("- none left out: refused; or warned", "<= 2 %", false, is_met))
    return rows


async def replay(app: App, folder: Path) -> list[Row]:
    labels, same, fewer = Counter[bool](), Counter[bool](), Counter[bool]()
    for entry in map(json.loads, (folder / "MANIFEST.jsonl").read_text().splitlines()):
        home = folder / entry["id"]
        schema = json.loads((home / "schema.json").read_text())
        schema.pop("$schema", None)
        label = json.loads((home / "label.json").read_text())
        file = next(home.glob("document.*"))
        async with stack(app, entry["id"], schema, [file]) as (workspace, (document,)):
            if not list(lists(label)):
                continue
            await write(workspace, document, fields_of(pruned(label)))
            found = await reasons(workspace, document)
            labels[bool(found)] += 1
            tell(found, f"refused label: {entry['id']} {entry['title']}")
            for output in sorted(home.glob("output-*.json")):
                said = json.loads(output.read_text())
                values = said if isinstance(said, dict) else {}
                await write(workspace, document, fields_of(pruned(values)), *values)
                found = await reasons(workspace, document)
                tell(found, f"refused {output.name}: {entry['id']}")
                paths = {one.path for one in found}
                for path, count in lists(label):
                    ours = dict(lists(values)).get(path, 0)
                    if ours:
                        (fewer if ours < count else same)[path in paths] += 1
    return [
        Row(
            "replay, labels: refused", "none", share(labels[True], labels.total()), not labels[True]
        ),
        Row("- lists of outputs with the label's rows or more: refused", "", count_of(same)),
        Row("- lists of outputs with fewer: refused", "", count_of(fewer)),
    ]


@asynccontextmanager
async def stack(
    app: App, name: str, schema: dict[str, Any], files: Sequence[Path]
) -> AsyncIterator[tuple[Workspace, list[Document]]]:
    """A stack of its own for these files, all of them read."""
    opened = await app.store.open_stack(app.user, name)
    workspace = app.workspace(opened, Actor("agent"))
    app.read_behind(workspace)
    await set_schema(workspace, schema)
    added = [(await add_document(workspace, str(file))).document.id for file in files]
    while True:
        documents = [await workspace.store.document(one) for one in added]
        if all(one.status is not DocumentStatus.PROCESSING for one in documents):
            break
        await anyio.sleep(0.1)
    yield workspace, documents


async def write(
    workspace: Workspace, document: Document, entries: Sequence[Entry], *cleared: str
) -> None:
    """The entries, in place of what is at the cleared paths and below them."""
    held = {str(one.leaf.path[0]) for one in await workspace.store.fields(document.id)}
    for path in held & set(cleared):
        await delete_field(workspace, document.id, path)
    for low in range(0, len(entries), AT_ONCE):
        await set_fields(workspace, document.id, entries[low : low + AT_ONCE], dry_run=False)


async def reasons(workspace: Workspace, document: Document) -> list[Reason]:
    """What ``complete`` says of rows that are missing."""
    attempt = await complete(workspace, document.id)
    return [one for one in attempt.reasons if one.code == CODE]


async def cited(workspace: Workspace, document: Document) -> dict[str, Citation]:
    """Where the server found each value: what an agent that reads carefully would cite."""
    fields: Sequence[FieldValue] = await workspace.store.fields(document.id)
    return {
        str(one.leaf.path): Citation(place.page, place.lines)
        for one in fields
        if (place := one.leaf.evidence.place) and one.leaf.evidence.verdict.holds
    }


def fields_of(values: Mapping[str, Any]) -> list[Entry]:
    return [Entry(name, value) for name, value in values.items()]


def without(
    gold: Mapping[str, Any], left_out: Sequence[int], places: Mapping[str, Citation]
) -> list[Entry]:
    """The line items that are left, one below the other, each value cited where it stands."""
    entries = []
    kept = [at for at in range(len(gold["lines"])) if at not in left_out]
    for now, before in enumerate(kept):
        for name, value in gold["lines"][before].items():
            place = places.get(str(parse(f"lines[{before}].{name}")))
            if value:
                entries.append(Entry(f"lines[{now}].{name}", value, citation=place))
    return entries


def cuts(count: int, seed: str) -> Iterator[tuple[str, Sequence[int]]]:
    """Which rows are left out: first, last, middle and random ones, each choice once."""
    sizes = {"1": 1, "2": 2, "half": count // 2, "all but one": count - 1, "all": count}
    chance = random.Random(seed)
    done = set[tuple[int, ...]]()
    for name, size in sizes.items():
        if not 0 < size <= count or (size == count and name != "all"):
            continue
        middle = (count - size) // 2
        rows = list(range(count))
        for chosen in (
            rows[:size],
            rows[count - size :],
            rows[middle : middle + size],
            sorted(chance.sample(rows, size)),
        ):
            if tuple(chosen) not in done:
                done.add(tuple(chosen))
                yield name, tuple(chosen)


def pruned(value: Any) -> Any:
    """Without nulls, which say that there is nothing to write."""
    if isinstance(value, dict):
        return {name: pruned(one) for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return [pruned(one) for one in value if one is not None]
    return value


def lists(value: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """The lists of objects at the top, with their rows."""
    for name, one in value.items():
        if isinstance(one, list) and one and isinstance(one[0], dict):
            yield name, len(one)


def met(part: int, every: int, percent: int) -> tuple[str, bool]:
    return share(part, every), 100 * part >= percent * every


def count_of(refused: Counter[bool]) -> str:
    return share(refused[True], refused.total())


def tell(found: Sequence[Reason], what: str) -> None:
    for one in found:
        print(f"{what}: {one.message}", file=sys.stderr)
