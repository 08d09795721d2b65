"""Citations of gold values, right and wrong, through a real client: what the server makes of them.

On ``invoices``: every gold value with the lines where it is printed; every gold number, date and
order number with one digit changed, in each of its places to each other digit, with the same
lines, and cited by a quote; quotes that stand nowhere in the document, and quotes that do but do
not have the value. A value that is not printed is written without evidence and is not counted.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from mcp import Client

from benchmarks.quality.citing import cited, holds
from benchmarks.quality.client import (
    INVOICE,
    NUMBERS,
    Json,
    Lines,
    lines_of,
    manifest,
    note,
    serving,
    verdict_of,
    written,
)
from benchmarks.quality.report import Row, share

HOLDING = {"verified", "fuzzy", "located", "wrong_page", "derived"}
QUOTES = 40
"""Fabricated quotes of a kind for each document."""
INVENTED = (
    "Total amount due: {}",
    "Gesamtbetrag inkl. MwSt.: {} EUR",
    "Invoice number {} of today",
    "Montant total TTC {} €",
    "{} Stück zum Einzelpreis von {}",
    "Zahlbar innerhalb von {} Tagen ohne jeden Abzug",
    "Paid in full",
    "Der Rechnungsbetrag wurde bereits beglichen",
)


@dataclass
class Tally:
    """Verdicts by what was tried."""

    verdicts: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, what: str, verdict: str) -> None:
        self.verdicts.setdefault(what, Counter())[verdict] += 1

    def row(self, what: str, goal: str, good: Callable[[str], bool], enough: float) -> Row:
        """The share of verdicts that are ``good``."""
        counts = self.verdicts.get(what, Counter())
        right, whole = sum(n for verdict, n in counts.items() if good(verdict)), counts.total()
        met = whole > 0 and right >= enough * whole
        told = ", ".join(f"{n} {verdict}" for verdict, n in counts.most_common())
        return Row(what, goal, f"{share(right, whole)}: {told}", met)


async def run(corpus: Path) -> list[Row]:
    """Write, count, and tell on standard error what is not as it should be."""
    folder = corpus / "invoices"
    gold = {entry["file"]: entry["gold"] for entry in manifest(folder)}
    tally = Tally()
    async with serving(folder, INVOICE) as (client, documents):
        texts = {one["id"]: await lines_of(client, one["id"]) for one in documents}
        for document in documents:
            lines = texts[document["id"]]
            fields = cited(gold[document["filename"]], lines)
            shown = await _right(client, document, fields, tally)
            await _slips(client, document, shown, lines, tally)
            foreign = [
                text
                for key, other in texts.items()
                if key != document["id"]
                for text in other.values()
            ]
            await _fabricated(client, document, shown, lines, foreign, tally)
    return [
        tally.row("gold values, cited", ">= 99.5 % `verified`", _is_verified, 0.995),
        tally.row("gold numbers, one digit changed", "100 % do not hold", _is_refused, 1.0),
        tally.row("numbers, any one digit changed", "100 % do not hold", _is_refused, 1.0),
        tally.row("numbers, one digit changed, quoted", "100 % do not hold", _is_refused, 1.0),
        tally.row("dates, any one digit changed", "100 % do not hold", _is_refused, 1.0),
        tally.row("invoice numbers, any one digit changed", "100 % do not hold", _is_refused, 1.0),
        *(
            tally.row(f"fabricated quotes: {kind}", "100 % `not_found`", _is_not_found, 1.0)
            for kind in ("of another document", "words shuffled", "a digit changed", "invented")
        ),
        tally.row("quotes without the value", "100 % `value_differs`", _differs, 1.0),
    ]


def _is_verified(verdict: str) -> bool:
    return verdict == "verified"


def _is_refused(verdict: str) -> bool:
    return verdict not in HOLDING


def _is_not_found(verdict: str) -> bool:
    return verdict == "not_found"


def _differs(verdict: str) -> bool:
    return verdict == "value_differs"


async def _right(
    client: Client, document: Json, fields: Sequence[Json], tally: Tally
) -> list[Json]:
    """Write the gold values; those whose place is known are given back."""
    shown: list[Json] = []
    results = await written(client, document["id"], fields)
    for one, result in zip(fields, results, strict=True):
        verdict = verdict_of(result)
        if "evidence" in one:
            shown.append(one)
            tally.add("gold values, cited", verdict)
        if verdict != "verified":
            kind = "cited" if "evidence" in one else "not printed"
            note([f"{kind}, {verdict}: {document['filename'][:40]} {one} {_told(result)}"])
    return shown


async def _slips(
    client: Client, document: Json, shown: Sequence[Json], lines: Lines, tally: Tally
) -> None:
    """Write each value with digits changed, and the citation as it was."""
    for what, tried in {
        "gold numbers, one digit changed": [
            one | {"value": _slip(one["value"])} for one in shown if _name(one) in NUMBERS
        ],
        "numbers, any one digit changed": _changed(shown, NUMBERS),
        "numbers, one digit changed, quoted": [
            one | {"value": _slip(one["value"]), "evidence": _quote(one, lines)}
            for one in shown
            if _name(one) in NUMBERS
        ],
        "dates, any one digit changed": _changed(shown, {"issue_date"}),
        "invoice numbers, any one digit changed": _changed(shown, {"invoice_number"}),
    }.items():
        results = await written(client, document["id"], tried, dry_run=True)
        for one, result in zip(tried, results, strict=True):
            verdict = verdict_of(result)
            tally.add(what, verdict)
            if not _is_refused(verdict):
                note([f"{what}, {verdict}: {document['filename'][:40]} {one} {_told(result)}"])


def _changed(shown: Sequence[Json], names: set[str]) -> list[Json]:
    return [
        one | {"value": value}
        for one in shown
        if _name(one) in names
        for value in _every_slip(one["value"])
        if _name(one) != "issue_date" or _is_day(value)
    ]


def _every_slip(value: str) -> Iterator[str]:
    """The value with one digit changed, in each place to each other digit, but for its zeros."""
    end = len(value.rstrip("0").rstrip(".")) if "." in value else len(value)
    for at, char in enumerate(value[:end]):
        if char.isdigit():
            yield from (
                value[:at] + other + value[at + 1 :] for other in "0123456789" if other != char
            )


def _slip(value: str) -> str:
    """One digit changed: the last one that is not a padding zero."""
    digits = value.rstrip("0").rstrip(".") if "." in value else value
    at = max(index for index, char in enumerate(digits) if char.isdigit())
    return digits[:at] + str((int(digits[at]) + 3) % 10) + digits[at + 1 :]


def _is_day(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


async def _fabricated(
    client: Client,
    document: Json,
    shown: Sequence[Json],
    lines: Lines,
    foreign: Sequence[str],
    tally: Tally,
) -> None:
    """Cite the document's own values by quotes that do not stand in it, or do not have them."""
    chance = random.Random(document["filename"])
    own = _squeezed(" ".join(lines.values()))
    real = [text for text in lines.values() if len(text.split()) > 2]
    kinds = {
        "fabricated quotes: of another document": chance.sample(foreign, QUOTES),
        "fabricated quotes: words shuffled": [_shuffled(text, chance) for text in real[:QUOTES]],
        "fabricated quotes: a digit changed": [_slip(t) for t in real if any(map(str.isdigit, t))],
        "fabricated quotes: invented": [
            text.replace("{}", f"{chance.randrange(10**4, 10**7) / 100:.2f}") for text in INVENTED
        ],
    }
    for what, quotes in kinds.items():
        tried = [
            one | {"evidence": {"page": one["evidence"]["page"], "quote": quote}}
            for quote in quotes[:QUOTES]
            if _squeezed(quote) not in own and len(_squeezed(quote)) > 3
            for one in [chance.choice(shown)]
        ]
        await _quoted(client, document, what, tried, tally, _is_not_found)
    without = [
        one | {"evidence": {"page": page, "quote": text}}
        for one in shown
        for (page, _), text in chance.sample(sorted(lines.items()), 2)
        if page == one["evidence"]["page"]
        and not holds(_name(one), one["value"], text)
        and _name(one) != "currency"
    ]
    await _quoted(client, document, "quotes without the value", without, tally, _differs)


async def _quoted(
    client: Client,
    document: Json,
    what: str,
    tried: Sequence[Json],
    tally: Tally,
    good: Callable[[str], bool],
) -> None:
    results = await written(client, document["id"], tried, dry_run=True)
    for one, result in zip(tried, results, strict=True):
        verdict = verdict_of(result)
        tally.add(what, verdict)
        if not good(verdict):
            note([f"{what}, {verdict}: {document['filename'][:40]} {one} {_told(result)}"])


def _shuffled(text: str, chance: random.Random) -> str:
    words = text.split()
    chance.shuffle(words)
    return " ".join(words)


def _quote(one: Json, lines: Lines) -> Json:
    page, numbers = one["evidence"]["page"], one["evidence"]["lines"]
    return {"page": page, "quote": " ".join(lines[page, number] for number in numbers)[:500]}


def _name(one: Json) -> str:
    return str(one["path"]).rsplit(".", maxsplit=1)[-1]


def _told(result: Json) -> str:
    error = result.get("error", {}).get("message", "")
    return " ".join([one["message"] for one in result["warnings"]] or [error])


def _squeezed(text: str) -> str:
    return "".join(text.split()).casefold()
