"""What six real systems extracted, written through ``set_fields``: are their mistakes noticed?

Of each document every system's whole output is written leaf by leaf, in order and without
evidence, as none of them gives any. A leaf is judged by the value that the product stored (a
rejected one by what was sent); see alignment.py for what counts as right. It is flagged when it has
any warning, a verdict that does not hold, or was rejected. The truth itself is written too: what is
flagged of it is flagged for nothing. For comparison the simplest check there is: a value whose text
or digits stand nowhere in the document.
"""

import json
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.quality.alignment import Compared, compared
from benchmarks.quality.product import opened, product, written
from benchmarks.quality.report import Row, share
from stackdocs_mcp.core.assembly import assemble
from stackdocs_mcp.core.model import Page
from stackdocs_mcp.core.paths import dotted
from stackdocs_mcp.server.compose import App
from stackdocs_mcp.workspace.writing import Entry, Outcome

TRUTH = "label"


@dataclass(frozen=True)
class Written:
    """A leaf that was written, what became of it, and whether it is right."""

    document: str
    system: str
    compared: Compared
    outcome: Outcome
    present: bool

    @property
    def codes(self) -> list[str]:
        """Why it is flagged, each reason once; none when it is not."""
        found = [one.code for one in self.outcome.warnings]
        if self.outcome.error is not None:
            found.append(f"rejected: {self.outcome.error.code}")
        elif self.outcome.evidence is not None and not found:
            verdict = self.outcome.evidence.verdict
            found += [] if verdict.holds or verdict == "unchecked" else [verdict.value]
        return list(dict.fromkeys(found))


async def run(corpus: Path) -> list[Row]:
    folders = sorted(file.parent for file in (corpus / "replay").glob("*/label.json"))
    async with product(corpus / "replay") as app:
        leaves = [leaf for folder in folders for leaf in await written_from(app, folder)]
    replayed = [one for one in leaves if one.system != TRUTH]
    truth = [one for one in leaves if one.system == TRUTH]
    report(replayed, truth)
    return rows(replayed, truth)


async def written_from(app: App, folder: Path) -> list[Written]:
    """The outputs of all systems for one document, and the truth, each in a stack of its own."""
    (file,) = folder.glob("document.*")
    schema = json.loads((folder / "schema.json").read_text("utf-8"))
    schema.pop("$schema", None)  # draft 7; what they use of it means the same in 2020-12
    truth = loaded(folder / "label.json")
    found: list[Written] = []
    for output in [*sorted(folder.glob("output-*.json")), folder / "label.json"]:
        system = output.stem.removeprefix("output-")
        workspace, document = await opened(app, file, schema)
        leaves = list(compared(loaded(output), truth))
        entries = [Entry(dotted(leaf.path), leaf.value) for leaf in leaves]
        outcomes = await written(workspace, document, entries)
        pages = await workspace.store.pages(document.id, range(1, document.pages + 1))
        stored = _as_stored(leaves, outcomes)
        present = Presence(pages)
        found += [
            Written(folder.name, system, leaf, outcome, present.of(leaf.value))
            for leaf, outcome in zip(compared(stored, truth), outcomes, strict=True)
        ]
    return found


def loaded(file: Path) -> Any:
    """Numbers are exact, as they reach the product."""
    return json.loads(file.read_text("utf-8"), parse_float=Decimal)


def _as_stored(leaves: Sequence[Compared], outcomes: Sequence[Outcome]) -> object:
    """The output with the values that the product made of it."""
    return assemble(
        (leaf.path, leaf.value if outcome.error else outcome.value)  # type: ignore[misc]
        for leaf, outcome in zip(leaves, outcomes, strict=True)
    )[0]


class Presence:
    """Whether a value's text or number stands anywhere in a document: the simplest check."""

    def __init__(self, pages: Sequence[Page]) -> None:
        text = "\n".join(line.text for page in pages for line in page.lines)
        self._text = plain(text)
        self._numbers = set(_numbers(text))

    def of(self, value: object) -> bool:
        if value is None or isinstance(value, bool) or value in ("", [], {}):
            return True
        if isinstance(value, int | float | Decimal):
            return abs(Decimal(str(value))) in self._numbers
        text = str(value)
        if plain(text) in self._text:
            return True
        iso = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", text)
        return iso is not None and any(form in self._text for form in _dates(*iso.groups()))


def plain(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).casefold()


def _numbers(text: str) -> Iterator[Decimal]:
    """Every number in each convention that it could be written in."""
    for token in re.findall(r"\d[\d.,' \u00a0\u202f]*\d|\d", text):
        for part in {token, *token.split(), re.sub(r"\s", "", token)}:
            bare = re.sub(r"['\s]", "", part)
            for point, comma in ((".", ","), (",", ".")):
                if re.fullmatch(rf"\d+(\{comma}\d{{3}})*(\{point}\d+)?", bare):
                    yield Decimal(bare.replace(comma, "").replace(point, "."))


def _dates(year: str, month: str, day: str) -> Iterator[str]:
    names = "jan feb mar apr may jun jul aug sep oct nov dec".split()
    name = names[int(month) - 1] if 1 <= int(month) <= len(names) else ""
    for d in (day, day.lstrip("0")):
        for m in (month, month.lstrip("0")):
            for y in (year, year[2:]):
                for mark in "/.-":
                    yield from (mark.join(one) for one in ((d, m, y), (m, d, y), (y, m, d)))
        yield from (f"{d}{name}", f"{name}{d}", f"{d}-{name}")
    yield f"{year}{month}{day}"


def rows(replayed: Sequence[Written], truth: Sequence[Written]) -> list[Row]:
    wrong = [one for one in replayed if not one.compared.right]
    flagged = [one for one in replayed if one.codes]
    absent = [one for one in replayed if not one.present]
    caught = sum(bool(one.codes) for one in wrong)
    rejected = sum(one.compared.right and one.outcome.error is not None for one in replayed)
    rejected += sum(one.outcome.error is not None for one in truth)
    share_caught, load = caught / max(1, len(wrong)), len(flagged) / max(1, len(replayed))
    return [
        Row(
            "replay: wrong leaves flagged",
            ">= 45 % of wrong at <= 8 % of all",
            f"{share(caught, len(wrong))} at {share(len(flagged), len(replayed))}",
            share_caught >= 0.45 and load <= 0.08,
        ),
        Row(
            "replay: the same by presence alone",
            "",
            f"{share(sum(not one.compared.right for one in absent), len(wrong))} at "
            f"{share(len(absent), len(replayed))}",
        ),
        Row("replay: right leaves rejected", "0", str(rejected), rejected == 0),
        Row(
            "replay: right values flagged, written by themselves",
            "",
            share(sum(bool(one.codes) for one in truth), len(truth)),
        ),
    ]


def report(replayed: Sequence[Written], truth: Sequence[Written]) -> None:
    """By warning code, by document and by system, and every leaf that is flagged or wrong."""
    for one in (*replayed, *truth):
        right = one.compared.right
        if one.codes or not right:
            place = one.outcome.evidence.place if one.outcome.evidence else None
            at = f"{place.page}:{','.join(map(str, place.lines[:3]))}" if place else "-"
            told(
                f"  {one.document} {one.system:17} {'right' if right else 'WRONG'} "
                f"{'+'.join(one.codes) or '-':40} {dotted(one.compared.path):40} "
                f"{one.compared.value!r:.60} / {one.compared.truth!r:.60} @{at}"
            )
    told("by code: wrong, right, precision, wrong alone (no other code)")
    wrong, right, alone = Counter[str](), Counter[str](), Counter[str]()
    for one in replayed:
        (right if one.compared.right else wrong).update(one.codes)
        if len(one.codes) == 1 and not one.compared.right:
            alone.update(one.codes)
    for code in sorted({*wrong, *right}, key=lambda code: -wrong[code]):
        precision = wrong[code] / (wrong[code] + right[code])
        told(f"  {code:24} {wrong[code]:5} {right[code]:5} {precision:6.0%} {alone[code]:5}")
    for what in ("document", "system"):
        told(f"by {what}: leaves, wrong, of these flagged, right and flagged")
        for name in sorted({getattr(one, what) for one in replayed}):
            mine = [one for one in replayed if getattr(one, what) == name]
            bad = [one for one in mine if not one.compared.right]
            caught = sum(bool(one.codes) for one in bad)
            false = sum(bool(one.codes) and one.compared.right for one in mine)
            told(f"  {name:20} {len(mine):5} {len(bad):5} {caught:5} {false:5}")


def told(text: str) -> None:
    print(text, file=sys.stderr)
