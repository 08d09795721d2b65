"""The value of one field written for another: is it noticed, and how many right values are flagged?

On ``invoices``: all gold values are written, with the lines where they are printed and once more
without. Then each of the three totals is written with the value, and the lines, of each other one
that differs. Both values stand on the page and the citation is true to it, so that nothing but the
labels can tell.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.quality.citing import cited
from benchmarks.quality.client import INVOICE, Json, manifest, note
from benchmarks.quality.product import opened, product, written
from benchmarks.quality.report import Row, share
from stackdocs_mcp.core.model import Citation
from stackdocs_mcp.server.compose import App
from stackdocs_mcp.workspace.writing import Entry, Outcome

TOTALS = ("net_total", "tax_total", "grand_total")


async def run(corpus: Path) -> list[Row]:
    folder = corpus / "invoices"
    counts = Counter[str]()
    async with product(folder) as app:
        for entry in manifest(folder):
            await _tried(app, folder / entry["file"], entry["gold"], counts)
    note([f"warnings: {dict(sorted(counts.items()))}"])
    return [
        Row(
            f"one total written for another, {how}",
            "",
            f"noticed {share(counts[f'swapped {how}: noticed'], counts[f'swapped {how}'])}",
        )
        for how in ("cited", "not cited")
    ] + [
        Row(
            f"gold values of invoices, {how}: flagged",
            "",
            share(counts[f"gold {how}: noticed"], counts[f"gold {how}"]),
        )
        for how in ("cited", "not cited")
    ]


async def _tried(app: App, file: Path, gold: Json, counts: Counter[str]) -> None:
    workspace, document = await opened(app, file, INVOICE)
    pages = await workspace.store.pages(document.id, range(1, document.pages + 1))
    lines = {(page.number, one.number): one.text for page in pages for one in page.lines}
    entries = [_entry(field) for field in cited(gold, lines)]
    for how, chosen in {
        "cited": entries,
        "not cited": [replace(one, citation=None) for one in entries],
    }.items():
        workspace, document = await opened(app, file, INVOICE)
        _count(f"gold {how}", await written(workspace, document, chosen), counts)
        totals = {one.path: one for one in chosen if one.path in TOTALS}
        for name, other in ((a, b) for a in totals.values() for b in totals.values()):
            if name.value == other.value:
                continue
            workspace, document = await opened(app, file, INVOICE)
            swapped = replace(other, path=name.path)
            rest = [one for one in chosen if one.path != name.path]
            outcomes = await written(workspace, document, [*rest, swapped])
            _count(f"swapped {how}", outcomes[-1:], counts)


def _entry(field: Json) -> Entry:
    evidence = field.get("evidence")
    citation = Citation(evidence["page"], tuple(evidence["lines"])) if evidence else None
    return Entry(field["path"], field["value"], citation=citation)


def _count(what: str, outcomes: Sequence[Outcome], counts: Counter[str]) -> None:
    for one in outcomes:
        counts[what] += 1
        held = one.evidence is not None and one.evidence.verdict.holds
        counts[f"{what}: noticed"] += bool(one.warnings) or not held
        counts.update(f"{what}: {warning.code}" for warning in one.warnings)
