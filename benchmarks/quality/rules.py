"""The rule set ``invoice`` over gold: how often truth breaks a rule, and what of errors it catches.

On ``invoices``: the values of the manifest under the names of the template, with fields for
discounts and charges where the manifest has them, and without. Then one digit of one value is
changed to each other digit, and each line item is left out in turn. No server and no page: what
the rules know is the numbers alone.
"""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from benchmarks.quality.client import Json, manifest, note
from benchmarks.quality.report import Row, share
from stackdocs_mcp.core.rules import Rule, broken
from stackdocs_mcp.core.schema import Schema

NUMBER = {"type": "number"}
DATE = {"type": "string", "format": "date"}
TOTALS = {"net_total": "net_total", "tax_total": "tax_total", "grand_total": "grand_total"}
TOTALS |= {"due": "amount_due", "discount_total": "discount_total", "charge_total": "charge_total"}
CELLS = ("quantity", "unit_price", "tax_rate", "amount")


async def run(corpus: Path) -> list[Row]:
    invoices = [(one["file"], _extraction(one["gold"])) for one in manifest(corpus / "invoices")]
    optional = any("discount_total" in found for _, found in invoices)
    names = [name for name in TOTALS.values() if optional or not name.startswith(("disc", "char"))]
    rules = _schema(names).rules
    truth: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    blocked: Counter[str] = Counter()
    tried: Counter[str] = Counter()
    for file, found in invoices:
        usual = {one.rule for one in broken(rules, found)}
        truth.update(usual)
        note(f"{file}: {rule}" for rule in sorted(usual))
        for kind, mutated in _mutations(found):
            news = [one for one in broken(rules, mutated) if one.rule not in usual]
            tried[kind] += 1
            caught[kind] += bool(news)
            blocked[kind] += any(one.severity == "error" for one in news)
    rows = [_true(rule, truth[rule.id], len(invoices)) for rule in rules]
    for kind, count in tried.items():
        said = f"{share(caught[kind], count)}; refused {share(blocked[kind], count)}"
        rows.append(Row(f"invoices: {kind}, said by a rule", "", said))
    return rows


def _true(rule: Rule, failing: int, count: int) -> Row:
    goal, met = ("0 fail", not failing) if rule.severity == "error" else ("", None)
    on = f"invoices: true ones that break `{rule.id}` ({rule.severity})"
    return Row(on, goal, share(failing, count), met)


def _schema(names: list[str]) -> Schema:
    row = {"type": "object", "properties": dict.fromkeys(CELLS, NUMBER)}
    properties: Json = {"issue_date": DATE, "due_date": DATE, **dict.fromkeys(names, NUMBER)}
    properties["line_items"] = {"type": "array", "items": row}
    return Schema.load({"type": "object", "properties": properties, "x-rules": ["invoice"]})


def _extraction(gold: Json) -> Json:
    found: Json = {name: gold[name] for name in ("issue_date", "due_date") if gold.get(name)}
    for name, ours in TOTALS.items():
        if gold.get(name):
            found[ours] = Decimal(gold[name])
    found["line_items"] = [
        {name: Decimal(line[name]) for name in CELLS if line.get(name)}
        for line in gold.get("lines", ())
    ]
    return found


def _mutations(found: Json) -> Iterator[tuple[str, Json]]:
    for name, value in found.items():
        if isinstance(value, Decimal):
            for other in _other_digits(value):
                yield f"a digit of {name} changed", {**found, name: other}
    rows = found["line_items"]
    for index, row in enumerate(rows):
        for name, value in row.items():
            for other in _other_digits(value):
                mutated = [*rows[:index], {**row, name: other}, *rows[index + 1 :]]
                yield f"a digit of a line's {name} changed", {**found, "line_items": mutated}
        if len(rows) > 1:
            yield "a line left out", {**found, "line_items": rows[:index] + rows[index + 1 :]}


def _other_digits(value: Decimal) -> Iterator[Decimal]:
    written = format(value, "f")
    for place, digit in enumerate(written):
        if digit.isdigit():
            for other in "0123456789":
                if other != digit:
                    yield Decimal(written[:place] + other + written[place + 1 :])
