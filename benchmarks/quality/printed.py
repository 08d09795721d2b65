"""Printed strings typed: of real documents, and of every convention that CLDR knows.

What a document prints is found by ``printing.py`` and typed under the signs of the document.
With Babel installed, CLDR prints random values in the conventions of 26 locales; other libraries
that are installed are given the same strings, and the language, which we are not told:

    uv run --with babel --with dateparser --with price-parser \\
        python -m benchmarks.quality CORPUS printed
"""

import json
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.quality.printing import Printed, dates, numbers
from benchmarks.quality.report import Row, share
from stackdocs_mcp.core.engine import Pages
from stackdocs_mcp.core.errors import BadValue
from stackdocs_mcp.core.values import Expected, Signs, signs_of, typed
from stackdocs_mcp.ocr.local import LocalEngine

NUMBER = Expected(frozenset({"number"}))
DATE = Expected(frozenset({"string"}), "date")
STRING = Expected(frozenset({"string"}))
AMOUNTS = ("net_total", "tax_total", "grand_total", "due", "quantity", "unit_price", "amount")
LOCALES = (
    "en_US en_GB en_IN de_DE de_AT de_CH fr_FR fr_CH es_ES es_MX it_IT it_CH nl_NL pt_BR pt_PT "
    "pl_PL ja_JP zh_CN zh_TW he_IL ar_EG ar_SA ar_AE ar_MA ar_LB ar_TN"
).split()
SAMPLES = 40
MOST_TOLD = 12
Typist = Callable[[str, str, str, Signs], str | None]
"""Kind (number, date), string, locale, signs -> the value, None where it is refused."""


@dataclass(slots=True)
class Tally:
    """What became of strings that print a known value."""

    exact: int = 0
    refused: int = 0
    ambiguous: int = 0
    wrong: int = 0
    told: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.exact + self.refused + self.ambiguous + self.wrong

    def add(self, text: str, gold: str, found: str | None, *, ambiguous: bool = False) -> None:
        if found == gold:
            self.exact += 1
            return
        self.told.append(f"{text!r} is {gold}: {'ambiguous' if ambiguous else found}")
        if found is not None:
            self.wrong += 1
        elif ambiguous:
            self.ambiguous += 1
        else:
            self.refused += 1

    def measured(self) -> str:
        parts = [f"{share(self.exact, self.total)} exact", f"{self.wrong} wrong"]
        if self.ambiguous:
            parts.append(f"{self.ambiguous} ambiguous and refused")
        if self.refused:
            parts.append(f"{self.refused} not read")
        return ", ".join(parts)

    def row(self, on: str, goal: str = "") -> Row:
        for line in self.told[:MOST_TOLD]:
            print(f"  {on}: {line}", file=sys.stderr)
        met = not self.wrong and not self.refused if goal else None
        return Row(on, goal, self.measured(), met)


async def run(corpus: Path) -> list[Row]:
    engine = LocalEngine()
    try:
        rows = await _invoices(corpus / "invoices", engine)
        rows += await _replay(corpus / "replay", engine)
    finally:
        await engine.close()
    rows += _receipts(corpus / "ocr" / "gt")
    return rows + _conventions()


async def _invoices(folder: Path, engine: LocalEngine) -> list[Row]:
    amounts, days, ids = Tally(), Tally(), Tally()
    others: dict[str, Tally] = {}
    missing = Counter[str]()
    for line in (folder / "MANIFEST.jsonl").read_text("utf-8").splitlines():
        entry = json.loads(line)
        lines = await _lines(folder / entry["file"], engine)
        text, signs = "\n".join(lines), signs_of(lines)
        about = ("fr_FR" if "Facture" in entry["file"] else "de_DE", signs)
        gold = entry["gold"]
        for name, value in _gold(gold):
            if name in AMOUNTS:
                found = _distinct(numbers(value, text))
                missing[name] += not found
                _type("number", found, about, amounts, others)
            elif name == "issue_date":
                found = _distinct(dates(date.fromisoformat(value), text))
                missing[name] += not found
                _type("date", found, about, days, others)
            elif name == "invoice_number" and value in text:
                ids.add(value, value, str(typed(value, STRING, signs).value))
    print(f"  invoices: not found on the page: {dict(missing)}", file=sys.stderr)
    goal = "all but ambiguous, 0 wrong"
    return [
        amounts.row("invoices: amounts as printed", goal),
        days.row("invoices: dates as printed", goal),
        ids.row("invoices: numbers of invoices stay strings", goal),
        *(tally.row(f"invoices: {name}") for name, tally in sorted(others.items())),
    ]


async def _replay(folder: Path, engine: LocalEngine) -> list[Row]:
    amounts, days = Tally(), Tally()
    others: dict[str, Tally] = {}
    missing = Counter[str]()
    for line in (folder / "MANIFEST.jsonl").read_text("utf-8").splitlines():
        entry = json.loads(line)
        home = folder / entry["id"]
        lines = await _lines(next(home.glob("document.*")), engine)
        text, signs = "\n".join(lines), signs_of(lines)
        about = (next(one for one in LOCALES if one.startswith(entry["lang"])), signs)
        label = json.loads((home / "label.json").read_text("utf-8"), parse_float=Decimal)
        for leaf in _leaves(label):
            if isinstance(leaf, str) and (day := _day(leaf)):
                found = _distinct(dates(day, text))
                missing["dates"] += not found
                _type("date", found, about, days, others)
            elif isinstance(leaf, int | Decimal) and not isinstance(leaf, bool):
                found = _distinct(numbers(str(leaf), text))
                missing["numbers"] += not found
                _type("number", found, about, amounts, others)
    print(f"  replay: not found on the page: {dict(missing)}", file=sys.stderr)
    goal = "all but ambiguous, 0 wrong"
    return [
        days.row("replay: dates of the labels as printed", goal),
        amounts.row("replay: numbers of the labels as printed", goal),
        *(tally.row(f"replay: {name}") for name, tally in sorted(others.items())),
    ]


def _receipts(folder: Path) -> list[Row]:
    """SROIE: the strings are those that are printed; the receipts are Malaysian, days first."""
    amounts, days = Tally(), Tally()
    others: dict[str, Tally] = {}
    for file in sorted(folder.glob("sroie-*.json")):
        truth = json.loads(file.read_text("utf-8"))
        signs = signs_of((truth["text"] or "").splitlines())
        printed, total = truth["fields"]["date"], truth["fields"]["total"]
        day = _day_first(printed)
        _type("date", [Printed(printed, day)], ("en_GB", signs), days, others)
        _type("number", [Printed(total, total)], ("en_GB", signs), amounts, others)
    goal = "all but ambiguous, 0 wrong"
    return [
        days.row("SROIE: dates of receipts", goal),
        amounts.row("SROIE: totals of receipts", goal),
        *(tally.row(f"SROIE: {name}") for name, tally in sorted(others.items())),
    ]


def _day_first(printed: str) -> str:
    for form in ("%d/%m/%Y", "%d-%m-%Y", "%d-%m-%y", "%d/%m/%y", "%d-%b-%Y"):
        try:
            return datetime.strptime(printed, form).date().isoformat()  # noqa: DTZ007  a day only
        except ValueError:
            continue
    raise SystemExit(f"no form for the date {printed!r}")


def _type(
    kind: str,
    found: Iterable[Printed],
    about: tuple[str, Signs],
    ours: Tally,
    others: dict[str, Tally],
) -> None:
    """Type all and compare; ``about`` is what is known of the document: locale and signs."""
    locale, signs = about
    for one in found:
        gold = _plain(Decimal(one.value)) if kind == "number" else one.value
        value, ambiguous = _ours(kind, one.text, signs)
        ours.add(one.text, gold, value, ambiguous=ambiguous)
        for name, typist in TYPISTS.items():
            try:
                answer = typist(kind, one.text, locale, signs)
            except NotImplementedError:
                continue
            others.setdefault(f"{kind}s by {name}", Tally()).add(one.text, gold, answer)


def _ours(kind: str, text: str, signs: Signs) -> tuple[str | None, bool]:
    try:
        value = typed(text, NUMBER if kind == "number" else DATE, signs).value
    except BadValue as refused:
        return None, refused.code.startswith("ambiguous")
    return (_plain(Decimal(str(value))) if kind == "number" else str(value)), False


def _plain(number: Decimal) -> str:
    return format(number.normalize() + 0, "f")


def _conventions() -> list[Row]:
    if not find_spec("babel"):
        return [Row("CLDR", "", "Babel is not installed")]
    tallies: dict[str, Tally] = {}
    for locale in LOCALES:
        lines = _sample_document(locale)
        signs = signs_of(lines)
        for kind, printed in _by_cldr(locale, random.Random(locale)):
            ours = tallies.setdefault(f"{kind}s", Tally())
            _type(kind, [printed], (locale, signs), ours, tallies)
    return [
        tally.row(f"CLDR, {len(LOCALES)} locales: {name}", "" if " by " in name else "0 wrong")
        for name, tally in sorted(tallies.items())
    ]


def _sample_document(locale: str) -> list[str]:
    """What else stands on a page in this locale: two amounts and a day that have one reading."""
    numbers_of, dates_of = import_module("babel.numbers"), import_module("babel.dates")
    day = date(2025, 12, 31)
    return [
        numbers_of.format_currency(Decimal("1234567.89"), "EUR", locale=locale),
        numbers_of.format_decimal(Decimal("12.5"), locale=locale),
        dates_of.format_date(day, "short", locale=locale),
        dates_of.format_date(day, "full", locale=locale),
    ]


def _by_cldr(locale: str, chance: random.Random) -> Iterator[tuple[str, Printed]]:
    numbers_of, dates_of = import_module("babel.numbers"), import_module("babel.dates")
    for _ in range(SAMPLES):
        value = Decimal(chance.randrange(10 ** chance.randrange(1, 11))).scaleb(-2)
        value = value.copy_negate() if chance.random() < 0.25 else value
        gold = format(value, "f")
        money = chance.choice(["EUR", "USD", "CHF", "PLN", "ILS", "SAR"])
        exact = {"locale": locale, "decimal_quantization": False}
        yield "number", Printed(numbers_of.format_decimal(value, **exact), gold)
        yield "number", Printed(numbers_of.format_currency(value, money, locale=locale), gold)
        accounting = {"locale": locale, "format_type": "accounting"}
        yield "number", Printed(numbers_of.format_currency(value, money, **accounting), gold)
        rate = Decimal(chance.randrange(1, 10**4)).scaleb(-2)
        percent = numbers_of.format_percent(rate / 100, **exact)
        yield "number", Printed(percent, format(rate, "f"))
        day = date.fromordinal(chance.randrange(date(1980, 1, 1).toordinal(), 744_000))
        for form in ("short", "medium", "long", "full"):
            text = dates_of.format_date(day, form, locale=locale)
            yield "date", Printed(text, day.isoformat())


def _babel(kind: str, text: str, locale: str, _: Signs) -> str | None:
    numbers_of, dates_of = import_module("babel.numbers"), import_module("babel.dates")
    try:
        if kind == "number":
            return _plain(numbers_of.parse_decimal(text, locale=locale))
        return str(dates_of.parse_date(text, locale=locale).isoformat())
    except Exception:  # noqa: BLE001  whatever it raises is a refusal
        return None


def _price_parser(kind: str, text: str, _: str, __: Signs) -> str | None:
    if kind != "number":
        raise NotImplementedError
    amount = import_module("price_parser").Price.fromstring(text).amount
    return None if amount is None else _plain(amount)


def _dateparser(kind: str, text: str, locale: str, _: Signs) -> str | None:
    if kind != "date":
        raise NotImplementedError
    found = import_module("dateparser").parse(text, languages=[locale[:2]])
    return found.date().isoformat() if found else None


TYPISTS: Mapping[str, Typist] = {
    name: typist
    for name, typist in (
        ("babel", _babel),
        ("price_parser", _price_parser),
        ("dateparser", _dateparser),
    )
    if find_spec(name)
}


async def _lines(file: Path, engine: LocalEngine) -> list[str]:
    pages = [
        page async for item in engine.read(file) if isinstance(item, Pages) for page in item.pages
    ]
    pages.sort(key=lambda page: page.number)
    return [line.text for page in pages for line in page.lines if not line.hidden]


def _distinct(found: Iterable[Printed]) -> Sequence[Printed]:
    return list(dict.fromkeys(found))


def _gold(gold: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from ((name, value) for name, value in gold.items() if name != "lines" and value)
    for row in gold.get("lines", ()):
        yield from ((name, value) for name, value in row.items() if value)


def _leaves(node: Any) -> Iterator[Any]:
    if isinstance(node, dict | list):
        for child in node.values() if isinstance(node, dict) else node:
            yield from _leaves(child)
    else:
        yield node


def _day(text: str) -> date | None:
    """The day of a label, which is ISO, or Japanese where the document is."""
    parts = re.fullmatch(r"(\d{4})(?:-|年)(\d\d)(?:-|月)(\d\d)日?", text)
    return date(int(parts[1]), int(parts[2]), int(parts[3])) if parts else None
