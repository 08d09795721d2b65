"""The rules that are offered by name, for invoices and receipts, over any schema's field names.

What holds for every document of the kind is an ``error``. What true documents break - prices per
hundred, an older balance in the amount due - is a ``warn``. Whether lines add up can only be told
where a discount has a field to be written to: it is an ``error`` there, and a ``warn`` elsewhere.
The sources are EN 16931-1 (its rules BR-CO-10, 13, 15, 16 and BR-S-08) and what receipts print.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from string import Template
from types import MappingProxyType
from typing import Literal

Severity = Literal["error", "warn"]


@dataclass(frozen=True, slots=True)
class SetRule:
    """A rule over the set's own names: ``$total`` for a field, ``i$amount`` for one of a row."""

    id: str
    expression: str
    message: str
    about: str
    """The name of the field that is likeliest to be wrong, or that holds the result."""
    severity: Severity = "error"
    error_with: tuple[str, ...] = ()
    """Optional names that the schema must have for the rule to be more than a warning."""

    @property
    def names(self) -> list[str]:
        return Template(self.expression).get_identifiers()


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules for one kind of document. ``optional`` names count as 0 where they have no value."""

    rules: tuple[SetRule, ...]
    optional: frozenset[str]
    rows: Mapping[str, str]
    """Names in a row, as ``line_items.amount``."""


_ROWS: Mapping[str, str] = MappingProxyType(
    {name: f"line_items.{name}" for name in ("amount", "quantity", "unit_price")}
    | {"line_tax_rate": "line_items.tax_rate"}
)
_COUNTED = "$line_items.filter(i, i$amount != null)"
_SUM = f"{_COUNTED}.map(i, i$amount).sum()"
# Each line's amount may be rounded, so the sum of true ones is off by half a cent a line at most.
_ROUNDING = "0.005 * size($line_items)"
_RATES = f"{_COUNTED}.map(i, i$line_tax_rate)"

_PRICES = (
    "$line_items.all(i, i$quantity == null || i$unit_price == null || i$amount == null"
    " || abs(i$quantity * i$unit_price - i$amount) <= 0.01)"
)

INVOICE = RuleSet(
    optional=frozenset(("discount_total", "charge_total", "withholding_tax", "rounding")),
    rows=_ROWS,
    rules=(
        SetRule(
            "lines_add_up",
            # Discounts are printed with either sign, and lines with or without tax.
            f"!$line_items.exists(i, i$amount != null) || [$grand_total, $net_total].exists(t, "
            f"[1, -1].exists(sign, abs({_SUM} + sign * $discount_total + $charge_total - t)"
            f" <= {_ROUNDING}))",
            "the line items do not add up to the net total",
            "net_total",
            "warn",
            error_with=("discount_total", "charge_total"),
        ),
        SetRule(
            "line_amounts",
            _PRICES,
            "quantity times unit price is not the amount of the line",
            "line_items",
            "warn",
        ),
        SetRule(
            "totals_add_up",
            "abs($net_total + $tax_total + $rounding - $withholding_tax - $grand_total) < 0.01",
            "net total and tax do not make the grand total",
            "grand_total",
        ),
        SetRule(
            "tax_of_lines",
            f"abs({_SUM} - $net_total) <= {_ROUNDING}"
            f" ? abs({_COUNTED}.map(i, i$amount * i$line_tax_rate).sum()"
            f" / ({_RATES}.max() < 1 ? 1 : 100) - $tax_total) <= 0.01 * size($line_items)"
            f" : {_RATES}.min() != {_RATES}.max()"
            f" || abs($net_total * {_RATES}.max() / ({_RATES}.max() < 1 ? 1 : 100) - $tax_total)"
            " <= 0.01",
            "the tax is not the lines' amounts times their rates",
            "tax_total",
        ),
        SetRule(
            "tax_of_net",
            "abs($net_total * $tax_rate / ($tax_rate < 1 ? 1 : 100) - $tax_total) <= 0.01",
            "the tax is not the net total times the rate",
            "tax_total",
        ),
        SetRule(
            "dates_in_order",
            "$issue_date <= $due_date",
            "the due date is before the issue date",
            "due_date",
        ),
        SetRule(
            "due_not_above_total",
            "abs($amount_due) <= abs($grand_total)",
            "the amount due is more than the grand total",
            "amount_due",
            "warn",
        ),
        SetRule(
            "due_is_the_rest",
            "abs($grand_total - $prepaid_total + $rounding - $amount_due) < 0.01",
            "the grand total without what was prepaid is not the amount due",
            "amount_due",
        ),
    ),
)

RECEIPT = RuleSet(
    optional=frozenset(("discount_total", "charge_total", "tip", "rounding")),
    rows=_ROWS,
    rules=(
        SetRule(
            "lines_add_up",
            f"!$line_items.exists(i, i$amount != null) || [$total, $subtotal].exists(t, "
            f"[1, -1].exists(sign, abs({_SUM} + sign * $discount_total - t) <= {_ROUNDING}))",
            "the line items do not add up to the subtotal",
            "subtotal",
            "warn",
            error_with=("discount_total",),
        ),
        SetRule(
            "line_amounts",
            _PRICES,
            "quantity times unit price is not the amount of the line",
            "line_items",
            "warn",
        ),
        SetRule(
            "totals_add_up",
            # Tax comes on top of the subtotal in some countries and is part of it in others.
            "[0, 1].exists(taxed, [1, 0, -1].exists(sign,"
            " abs($subtotal + taxed * $tax_total + sign * $discount_total + $charge_total"
            " + $tip + $rounding - $total) < 0.01))",
            "subtotal and tax do not make the total",
            "total",
            "warn",
            error_with=("discount_total", "tip"),
        ),
        SetRule(
            "tax_below_total",
            "abs($tax_total) <= abs($total)",
            "the tax is more than the total",
            "tax_total",
        ),
    ),
)

SETS: Mapping[str, RuleSet] = MappingProxyType({"invoice": INVOICE, "receipt": RECEIPT})
