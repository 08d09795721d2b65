import copy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from stackdocs_mcp.core.errors import InvalidSchema
from stackdocs_mcp.core.rules import broken
from stackdocs_mcp.core.schema import Schema
from tests.core.rules.papers import DATE, INVOICE, NUMBER, TEXT, document, found

DISCOUNTS = {"discount_total": NUMBER, "charge_total": NUMBER}
RECEIPT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "subtotal": NUMBER,
        "tax_total": NUMBER,
        "total": NUMBER,
        "discount_total": NUMBER,
        "tip": NUMBER,
        "line_items": document()["properties"]["line_items"],
    },
    "x-rules": ["receipt"],
}


def changed(**values: Any) -> dict[str, Any]:
    return {**copy.deepcopy(INVOICE), **values}


def without_row(row: int) -> dict[str, Any]:
    rows = [one for index, one in enumerate(INVOICE["line_items"]) if index != row]
    return changed(line_items=rows)


@pytest.mark.requirement("RULE-08")
def test_an_invoice_that_adds_up_breaks_no_rule() -> None:
    assert found(INVOICE, "invoice") == []
    assert found(INVOICE, "invoice", **DISCOUNTS) == []


@pytest.mark.requirement("RULE-08")
@pytest.mark.parametrize(
    ("extraction", "broken_rules"),
    [
        (changed(tax_total=Decimal("56.89")), {"totals_add_up": "error"}),
        (changed(tax_total=Decimal("66.87")), {"totals_add_up": "error", "tax_of_lines": "error"}),
        (
            changed(net_total=Decimal("474.00")),
            {"lines_add_up": "error", "totals_add_up": "error"},
        ),
        # What is left has one rate, and the net total times it is not the tax.
        (without_row(1), {"lines_add_up": "error", "tax_of_lines": "error"}),
        (changed(due_date="2025-02-14"), {"dates_in_order": "error"}),
        (changed(amount_due=Decimal(600)), {"due_not_above_total": "warn"}),
        (changed(line_items=[]), {}),
        (changed(net_total=None), {}),
        (changed(line_items=[{"description": "see the annex"}]), {}),
        (changed(issue_date="soon", tax_total="56.87"), {}),
    ],
)
def test_an_invoice_that_does_not_add_up_breaks_the_rules_about_it(
    extraction: dict[str, Any], broken_rules: dict[str, str]
) -> None:
    answers = found(extraction, "invoice", **DISCOUNTS)

    assert {one.rule.removeprefix("invoice."): one.severity for one in answers} == broken_rules


@pytest.mark.requirement("RULE-08")
def test_a_price_that_is_not_the_lines_is_pointed_at() -> None:
    extraction = changed()
    extraction["line_items"][2]["unit_price"] = Decimal("5.60")

    (one,) = found(extraction, "invoice")

    assert (one.rule, one.severity, one.path) == ("invoice.line_amounts", "warn", "line_items")
    assert "line_items[2]: 280 is not 275" in one.message


@pytest.mark.requirement("RULE-08")
def test_lines_without_a_place_for_a_discount_only_warn() -> None:
    use = {"use": "invoice", "without": ["tax_of_lines"]}

    (one,) = found(without_row(1), use)

    assert (one.rule, one.severity, one.path) == ("invoice.lines_add_up", "warn", "net_total")
    assert "275 is not 473" in one.message


@pytest.mark.requirement("RULE-08")
@pytest.mark.parametrize("printed", [Decimal("14.73"), Decimal("-14.73")])
def test_discounts_and_charges_of_the_document_count_with_either_sign(printed: Decimal) -> None:
    extraction = changed(
        net_total=Decimal("464.07"),
        tax_total=Decimal("55.80"),
        grand_total=Decimal("519.87"),
        amount_due=Decimal("519.87"),
        discount_total=printed,
        charge_total=Decimal("5.80"),
    )

    assert found(extraction, "invoice", **DISCOUNTS) == []


@pytest.mark.requirement("RULE-08")
def test_lines_with_tax_add_up_to_the_grand_total() -> None:
    rows = [{"amount": Decimal("235.62"), "tax_rate": 19}, {"amount": Decimal("294.25")}]

    assert found(changed(line_items=rows), "invoice", **DISCOUNTS) == []


@pytest.mark.requirement("RULE-08")
def test_a_rate_may_be_written_as_a_fraction() -> None:
    extraction = changed()
    for row, rate in zip(extraction["line_items"][1:], ("0.19", "0.07"), strict=True):
        row["tax_rate"] = Decimal(rate)
    assert found(extraction, "invoice") == []

    extraction["line_items"][1]["tax_rate"] = Decimal("0.25")
    assert [one.rule for one in found(extraction, "invoice")] == ["invoice.tax_of_lines"]


cents = st.integers(1, 10**7).map(lambda amount: Decimal(amount) / 100)
rates = st.sampled_from([Decimal(rate) for rate in ("0", "5.5", "7", "19", "20", "25")])
quantities = st.integers(1, 500)


@st.composite
def true_invoices(draw: st.DrawFn) -> dict[str, Any]:
    """Invoices as EN 16931 has them: rounded per line and per rate."""
    rows: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(1, 8))):
        quantity, price = draw(quantities), draw(cents)
        rows.append(
            {
                "quantity": quantity,
                "unit_price": price,
                "tax_rate": draw(rates),
                "amount": quantity * price,
            }
        )
    cent = Decimal("0.01")
    taxes = [
        (sum(row["amount"] for row in rows if row["tax_rate"] == rate) * rate / 100).quantize(cent)
        for rate in {row["tax_rate"] for row in rows}
    ]
    net, tax = sum(row["amount"] for row in rows), sum(taxes)
    return {"line_items": rows, "net_total": net, "tax_total": tax, "grand_total": net + tax}


@pytest.mark.requirement("RULE-08")
@settings(deadline=None)
@given(true_invoices())
def test_every_invoice_that_was_counted_out_keeps_the_rules(invoice: dict[str, Any]) -> None:
    assert found(invoice, "invoice", **DISCOUNTS) == []


@pytest.mark.requirement("RULE-08")
@settings(deadline=None)
@given(true_invoices(), st.sampled_from(["net_total", "tax_total", "grand_total"]), st.data())
def test_every_other_digit_in_a_total_is_caught(
    invoice: dict[str, Any], name: str, data: st.DataObject
) -> None:
    written = format(invoice[name], "f")
    place = data.draw(st.sampled_from([at for at, one in enumerate(written) if one.isdigit()]))
    digit = data.draw(st.sampled_from([one for one in "0123456789" if one != written[place]]))
    invoice[name] = Decimal(written[:place] + digit + written[place + 1 :])

    answers = found(invoice, "invoice", **DISCOUNTS)

    assert "invoice.totals_add_up" in {one.rule for one in answers}


@pytest.mark.requirement("RULE-08")
@pytest.mark.parametrize(
    ("extraction", "rules"),
    [
        ({"subtotal": 10, "tax_total": 1, "total": 11}, []),
        ({"subtotal": 10, "tax_total": 1, "total": 10}, []),
        ({"subtotal": 10, "tax_total": 1, "tip": 2, "total": 13}, []),
        ({"subtotal": 10, "discount_total": 3, "tax_total": 1, "total": 8}, []),
        ({"subtotal": 10, "discount_total": -3, "tax_total": 1, "total": 8}, []),
        ({"subtotal": 10, "tax_total": 1, "total": 12}, ["totals_add_up"]),
        ({"subtotal": 10, "tax_total": 11, "total": 10}, ["tax_below_total"]),
        ({"subtotal": -10, "tax_total": -1, "total": -11}, []),
        ({"subtotal": 3, "total": 3, "line_items": [{"amount": 1}, {"amount": 2}]}, []),
        ({"subtotal": 3, "total": 3, "line_items": [{"amount": 1}]}, ["lines_add_up"]),
        ({"subtotal": 3, "line_items": [{"amount": 5}]}, []),
    ],
)
def test_receipts_add_up_with_tax_on_top_or_in_it(
    extraction: dict[str, Any], rules: list[str]
) -> None:
    answers = broken(Schema.load(RECEIPT).rules, extraction)

    assert [one.rule.removeprefix("receipt.") for one in answers] == rules
    assert {one.severity for one in answers} <= {"error"}


OTHER_NAMES: dict[str, Any] = {
    "type": "object",
    "properties": {
        "sums": {
            "type": "object",
            "properties": {"net": NUMBER, "vat": NUMBER, "to pay (gross)": NUMBER},
        },
        "positions": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"price": {"type": "object", "properties": {"sum": NUMBER}}},
            },
        },
        "written": DATE,
    },
}
FIELDS = {
    "net_total": "sums.net",
    "tax_total": "/sums/vat",
    "grand_total": "sums.to pay (gross)",
    "line_items": "positions",
    "line_items.amount": "price.sum",
}


@pytest.mark.requirement("RULE-07")
def test_a_set_is_fitted_to_other_names() -> None:
    use = {"use": "invoice", "fields": FIELDS, "severity": {"lines_add_up": "error"}}
    schema = Schema.load({**OTHER_NAMES, "x-rules": [use]})
    extraction: dict[str, Any] = {
        "sums": {"net": 5, "vat": 1, "to pay (gross)": 7},
        "positions": [{"price": {"sum": 2}}, {"price": {"sum": 2}}],
    }

    answers = broken(schema.rules, extraction)

    assert [(one.rule, one.severity, one.path) for one in answers] == [
        ("invoice.lines_add_up", "error", "sums.net"),
        ("invoice.totals_add_up", "error", "sums.to pay (gross)"),
    ]
    extraction["sums"] = {"net": 4, "vat": 3, "to pay (gross)": 7}
    assert broken(schema.rules, extraction) == []


@pytest.mark.requirement("RULE-07")
def test_rules_of_a_set_can_be_left_out_or_made_milder() -> None:
    use = {
        "use": "invoice",
        "without": ["tax_of_lines"],
        "severity": {"totals_add_up": "warn"},
    }

    (one,) = found(changed(tax_total=Decimal("66.87")), use)

    assert (one.rule, one.severity) == ("invoice.totals_add_up", "warn")


@pytest.mark.requirement("RULE-07")
def test_rules_whose_fields_the_schema_lacks_are_left_out() -> None:
    properties = {"net_total": NUMBER, "tax_total": NUMBER, "grand_total": NUMBER}
    schema = Schema.load({"type": "object", "properties": properties, "x-rules": ["invoice"]})

    assert [one.id for one in schema.rules] == ["invoice.totals_add_up"]


@pytest.mark.requirement("RULE-07")
def test_a_set_that_cannot_apply_is_refused_with_the_fields_it_needs() -> None:
    schema = {"type": "object", "properties": {"vendor": TEXT}, "x-rules": ["receipt"]}

    with pytest.raises(InvalidSchema, match="no rule of the set 'receipt' can apply") as refused:
        Schema.load(schema)

    assert "line_items.amount" in refused.value.advice
    assert "'use': 'receipt', 'fields'" in refused.value.advice


@pytest.mark.requirement("RULE-07")
def test_a_name_that_an_open_schema_merely_allows_is_not_one_it_has() -> None:
    schema = {
        "type": "object",
        "properties": {"vendor": TEXT},
        "additionalProperties": True,
        "x-rules": ["receipt"],
    }

    with pytest.raises(InvalidSchema, match="can apply"):
        Schema.load(schema)
