"""Citations of gold values, right and wrong, through a real client: what the server makes of them.

On ``invoices``: every gold value with the lines where it is printed; every gold number, date and
invoice number with digits changed and the same lines, or all of them as a quote; quotes that stand
nowhere in the document, and quotes that do but do not have the value. A value that is not printed
is written without evidence and is not counted.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
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
Good = Callable[[str], bool]


def _is_verified(verdict: str) -> bool:
    return verdict == "verified"


def _is_refused(verdict: str) -> bool:
    return verdict not in HOLDING


def _is_not_found(verdict: str) -> bool:
    return verdict == "not_found"


def _differs(verdict: str) -> bool:
    return verdict == "value_differs"


GOALS: Mapping[str, tuple[str, Good, float]] = {
    "gold values, cited": (">= 99.5 % `verified`", _is_verified, 0.995),
    "gold numbers, last digit changed": ("100 % do not hold", _is_refused, 1.0),
    "gold numbers, last digit changed, quoted": ("100 % do not hold", _is_refused, 1.0),
    "gold numbers, each digit to each other": ("100 % do not hold", _is_refused, 1.0),
    "gold dates, each digit to each other": ("100 % do not hold", _is_refused, 1.0),
    "invoice numbers, each digit to each other": ("100 % do not hold", _is_refused, 1.0),
    "quotes of other documents": ("100 % `not_found`", _is_not_found, 1.0),
    "quotes with words shuffled": ("100 % `not_found`", _is_not_found, 1.0),
    "quotes with a digit changed": ("100 % `not_found`", _is_not_found, 1.0),
    "invented quotes": ("100 % `not_found`", _is_not_found, 1.0),
    "quotes without the value": ("100 % `value_differs`", _differs, 1.0),
}


@dataclass
class Trial:
    """One document written to, and what was said of it and of those before."""

    client: Client
    document: Json
    lines: Lines
    verdicts: dict[str, Counter[str]] = field(default_factory=dict)

    async def write(self, what: str, fields: Sequence[Json], *, dry_run: bool = True) -> None:
        """Count the verdicts on fields, and tell of those that are not as they should be."""
        counts = self.verdicts.setdefault(what, Counter())
        results = await written(self.client, self.document["id"], fields, dry_run=dry_run)
        for one, result in zip(fields, results, strict=True):
            verdict = verdict_of(result)
            counts[verdict] += 1
            if not GOALS[what][1](verdict):
                error = result.get("error", {}).get("message", "")
                told = " ".join([one["message"] for one in result["warnings"]] or [error])
                note([f"{what}: {verdict}: {self.document['filename'][:40]} {one} {told}"])


async def run(corpus: Path) -> list[Row]:
    """A row for each thing tried; what is not as it should be goes to standard error."""
    folder = corpus / "invoices"
    gold = {entry["file"]: entry["gold"] for entry in manifest(folder)}
    verdicts: dict[str, Counter[str]] = {}
    async with serving(folder, INVOICE) as (client, documents):
        texts = {one["id"]: await lines_of(client, one["id"]) for one in documents}
        for document in documents:
            trial = Trial(client, document, texts[document["id"]], verdicts)
            fields = cited(gold[document["filename"]], trial.lines)
            shown = [one for one in fields if "evidence" in one]
            note(
                f"not printed: {document['filename'][:40]} {one}"
                for one in fields
                if one not in shown
            )
            await trial.write("gold values, cited", shown, dry_run=False)
            for what, tried in _slips(shown, trial.lines):
                await trial.write(what, tried)
            foreign = [
                line for key in texts if key != document["id"] for line in texts[key].values()
            ]
            for what, tried in _quotes(shown, trial.lines, foreign, document["filename"]):
                await trial.write(what, tried)
    return [_row(what, verdicts.get(what, Counter())) for what in GOALS]


def _row(what: str, counts: Counter[str]) -> Row:
    goal, good, enough = GOALS[what]
    right, whole = sum(n for verdict, n in counts.items() if good(verdict)), counts.total()
    told = ", ".join(f"{n} {verdict}" for verdict, n in counts.most_common())
    return Row(what, goal, f"{share(right, whole)}: {told}", whole > 0 and right >= enough * whole)


def _slips(shown: Sequence[Json], lines: Lines) -> Iterator[tuple[str, list[Json]]]:
    """The values with digits changed, and their citations as they were."""
    numbers = [one for one in shown if _name(one) in NUMBERS]
    slipped = [one | {"value": _slip(one["value"])} for one in numbers]
    yield "gold numbers, last digit changed", slipped
    quoted = [one | {"evidence": _quote(one, lines)} for one in slipped]
    yield "gold numbers, last digit changed, quoted", quoted
    for what, chosen in {
        "gold numbers, each digit to each other": numbers,
        "gold dates, each digit to each other": _named(shown, "issue_date"),
        "invoice numbers, each digit to each other": _named(shown, "invoice_number"),
    }.items():
        yield (
            what,
            [
                one | {"value": value}
                for one in chosen
                for value in _every_slip(one["value"])
                if _name(one) != "issue_date" or _is_day(value)
            ],
        )


def _quotes(
    shown: Sequence[Json], lines: Lines, foreign: Sequence[str], seed: str
) -> Iterator[tuple[str, list[Json]]]:
    """The values, cited by quotes that do not stand in the document, or do not have them."""
    chance = random.Random(seed)
    own = _squeezed(" ".join(lines.values()))
    real = [text for text in lines.values() if len(text.split()) > 2]
    for what, quotes in {
        "quotes of other documents": chance.sample(foreign, QUOTES),
        "quotes with words shuffled": [_shuffled(text, chance) for text in real],
        "quotes with a digit changed": [_slip(t) for t in real if any(map(str.isdigit, t))],
        "invented quotes": [
            text.replace("{}", f"{chance.randrange(10**4, 10**7) / 100:.2f}") for text in INVENTED
        ],
    }.items():
        yield (
            what,
            [
                _quoting(chance.choice(shown), quote)
                for quote in quotes[:QUOTES]
                if _squeezed(quote) not in own
            ],
        )
    yield (
        "quotes without the value",
        [
            _quoting(one, text)
            for one in shown
            if _name(one) != "currency"
            for (page, _), text in chance.sample(sorted(lines.items()), 2)
            if page == one["evidence"]["page"]
            and not any(
                holds(_name(one), one["value"], other)
                for other in lines.values()
                if _squeezed(text) in _squeezed(other)
            )
        ],
    )


def _quoting(one: Json, quote: str) -> Json:
    return one | {"evidence": {"page": one["evidence"]["page"], "quote": quote}}


def _quote(one: Json, lines: Lines) -> Json:
    page, numbers = one["evidence"]["page"], one["evidence"]["lines"]
    return {"page": page, "quote": " ".join(lines[page, number] for number in numbers)[:500]}


def _named(shown: Sequence[Json], name: str) -> list[Json]:
    return [one for one in shown if _name(one) == name]


def _name(one: Json) -> str:
    return str(one["path"]).rsplit(".", maxsplit=1)[-1]


def _slip(value: str) -> str:
    """One digit changed: the last one that is not a padding zero."""
    digits = value.rstrip("0").rstrip(".") if "." in value else value
    at = max(index for index, char in enumerate(digits) if char.isdigit())
    return digits[:at] + str((int(digits[at]) + 3) % 10) + value[at + 1 :]


def _every_slip(value: str) -> Iterator[str]:
    """One digit changed, in each place to each other digit, but for padding zeros."""
    end = len(value.rstrip("0").rstrip(".")) if "." in value else len(value)
    for at, char in enumerate(value[:end]):
        if char.isdigit():
            others = (other for other in "0123456789" if other != char)
            yield from (value[:at] + other + value[at + 1 :] for other in others)


def _is_day(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _shuffled(text: str, chance: random.Random) -> str:
    words = text.split()
    chance.shuffle(words)
    return " ".join(words)


def _squeezed(text: str) -> str:
    """Letters and digits alone: quotes that differ in other things are not made up."""
    return "".join(filter(str.isalnum, text)).casefold()
