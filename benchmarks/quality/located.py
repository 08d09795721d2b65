"""Gold values of scanned receipts, written without evidence: is the right place found?

The truth of SROIE is the receipt's lines with their boxes, and four values: company, date, address
and total. It does not say which line a value was taken from, so every line that holds the value is
a right place, and for the total also the stricter figure is reported: only lines in whose row the
word "total" stands (where there are any). Of a line that has more than the value the gold box is
the part that the value's characters take up, each as wide as the others. Several lines are one
place; IoU is that of all boxes together. Left out are values that the recognition did not read,
whose letters and digits do not follow each other in its text, and those that no line of the truth
has.
"""

import json
import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pypdfium2
from PIL import Image
from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE as _PICTURE

from benchmarks.quality.product import opened, product, written
from benchmarks.quality.report import Row, share
from stackdocs_mcp.core.model import Box, Evidence, Page
from stackdocs_mcp.server.compose import App
from stackdocs_mcp.workspace.writing import Entry

GOAL = 0.95
IOU = 0.5
ADDRESS_LINES = 9
SCHEMA = {
    "type": "object",
    "properties": {
        "company": {"type": "string", "description": "Who issued the receipt"},
        "date": {"type": "string", "format": "date"},
        "address": {"type": "string", "description": "The address of the company"},
        "total": {"type": "number", "description": "The total amount"},
    },
}
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()


@dataclass(frozen=True, slots=True)
class GoldLine:
    text: str
    box: Box


@dataclass(frozen=True, slots=True)
class Found:
    """What became of one gold value."""

    file: str
    field: str
    value: str
    read: bool
    overlap: float
    """Of the evidence with the best of the right places."""
    strict: float
    """With the best of those that have the field's label beside them."""
    verdict: str


async def run(corpus: Path) -> list[Row]:
    found: list[Found] = []
    async with product(corpus / "ocr") as app:
        for entry in _entries(corpus / "ocr"):
            found += await of(app, corpus / "ocr" / entry["file"], corpus / "ocr" / entry["gt"])
    for one in found:
        if not one.read or one.overlap < IOU or one.strict < IOU:
            why = (
                "not read" if not one.read else f"IoU {one.overlap:.2f}, strictly {one.strict:.2f}"
            )
            print(f"  {one.file} {one.field} {one.value!r}: {one.verdict}, {why}", file=sys.stderr)
    read = [one for one in found if one.read]
    right = sum(one.overlap >= IOU for one in read)
    totals = [one for one in read if one.field == "total"]
    return [
        Row(
            "scans: gold values without evidence, located at a right place",
            f">= {GOAL:.0%} of those read",
            share(right, len(read)),
            right >= GOAL * len(read),
        ),
        Row(
            "scans: totals, only beside the word",
            "",
            share(sum(one.strict >= IOU for one in totals), len(totals)),
        ),
        Row("scans: gold values that were read", "", share(len(read), len(found))),
    ]


def _entries(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "MANIFEST.jsonl").read_text("utf-8").splitlines()
    entries = [json.loads(line) for line in lines if line]
    return [one for one in entries if one["id"].startswith("sroie-")]


async def of(app: App, file: Path, truth: Path) -> list[Found]:
    gold = json.loads(truth.read_text("utf-8"))
    workspace, document = await opened(app, file, SCHEMA)
    (page,) = await workspace.store.pages(document.id, [1])
    scale = _scale(file, page)
    lines = [
        GoldLine(one["text"], Box(*(scale * at for at in one["box"])))
        for one in gold["lines"]
        if one["text"].strip()
    ]
    entries = [Entry(name, _typed(name, value)) for name, value in gold["fields"].items() if value]
    outcomes = await written(workspace, document, entries)
    text = letters(" ".join(line.text for line in page.lines))
    return [
        Found(
            file.name,
            entry.path,
            value,
            letters(value) in text and bool(places),
            _overlap(outcome.evidence, places),
            _overlap(outcome.evidence, _beside_label(entry.path, places, lines)),
            outcome.evidence.verdict.value if outcome.evidence else "rejected",
        )
        for entry, outcome in zip(entries, outcomes, strict=True)
        for value in [gold["fields"][entry.path]]
        for places in [list(right_places(entry.path, value, lines))]
    ]


def _scale(file: Path, page: Page) -> float:
    """Points of the page per pixel of the picture whose boxes are given; both are upright."""
    if file.suffix == ".pdf":
        with pypdfium2.PdfDocument(file) as document:
            pictures = [one for one in document[0].get_objects() if one.type == _PICTURE]
            return page.width / pictures[0].get_px_size()[0]
    with Image.open(file) as image:
        return page.width / image.width


def _typed(name: str, value: str) -> object:
    """As a client sends it: the total as a number, and the date in ISO, as its order is known."""
    if name == "total":
        return Decimal(re.sub(r"[^\d.]", "", value))
    if name == "date" and (day := _day(value)):
        return day.isoformat()
    return value


def _day(text: str) -> date | None:
    parts = re.findall(r"\d+|[a-z]{3,}", text.casefold())
    if len(parts) != len(("day", "month", "year")):
        return None
    day, month, year = parts
    number = MONTHS.index(month[:3]) + 1 if month[:3] in MONTHS else int(month)
    return date(int(year) % 2000 + 2000, number, int(day))


def letters(text: str) -> str:
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text)).casefold()


def right_places(name: str, value: str, lines: Sequence[GoldLine]) -> Iterator[list[Box]]:
    """The boxes of each line, or run of lines, that holds the value and no line too many."""
    wanted = letters(value)
    for first in range(len(lines)):
        for last in range(first + 1, min(first + ADDRESS_LINES, len(lines)) + 1):
            texts = [letters(line.text) for line in lines[first:last]]
            at = "".join(texts).find(wanted)
            if at < 0:
                continue
            inside = at < len(texts[0]) and at + len(wanted) > sum(map(len, texts[:-1]))
            if inside and (name != "total" or _is_number(value, lines[first].text)):
                yield list(_parts(lines[first:last], texts, at, at + len(wanted)))
            break


def _parts(lines: Sequence[GoldLine], texts: Sequence[str], low: int, high: int) -> Iterator[Box]:
    base = 0
    for line, text in zip(lines, texts, strict=True):
        start, end = max(low - base, 0), min(high - base, len(text))
        base += len(text)
        if start >= end:
            continue
        left, right = _in_line(line.text, start), _in_line(line.text, end - 1) + 1
        width = (line.box.x1 - line.box.x0) / len(line.text)
        yield Box(line.box.x0 + left * width, line.box.y0, line.box.x0 + right * width, line.box.y1)


def _in_line(text: str, letter: int) -> int:
    """Where the letter of that number, from 0, stands in a text."""
    return [index for index, char in enumerate(text) if letters(char)][letter]


def _is_number(value: str, text: str) -> bool:
    return Decimal(re.sub(r"[^\d.]", "", value)) in {
        Decimal(one) for one in re.findall(r"\d+(?:\.\d+)?", text.replace(",", ""))
    }


def _beside_label(
    name: str, places: Sequence[list[Box]], lines: Sequence[GoldLine]
) -> Sequence[list[Box]]:
    """Places in whose row the total's own word stands; all of them where there is none."""
    if name != "total":
        return places
    named = [line.box for line in lines if re.search(r"\btotal|amount due", line.text.casefold())]
    found = [
        place
        for place in places
        if any(box.y0 <= (place[0].y0 + place[0].y1) / 2 <= box.y1 for box in named)
    ]
    return found or places


def _overlap(evidence: Evidence | None, places: Sequence[list[Box]]) -> float:
    if evidence is None or evidence.place is None:
        return 0.0
    return max((iou(evidence.place.boxes, place) for place in places), default=0.0)


def iou(one: Sequence[Box], other: Sequence[Box]) -> float:
    """Of two sets of boxes, those of a set not overlapping each other."""
    both = sum(_shared(a, b) for a in one for b in other)
    return both / (sum(map(_area, one)) + sum(map(_area, other)) - both)


def _shared(one: Box, other: Box) -> float:
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return max(width, 0.0) * max(height, 0.0)


def _area(box: Box) -> float:
    return (box.x1 - box.x0) * (box.y1 - box.y0)
