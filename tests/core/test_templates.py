"""The schemas that are ready to use."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from stackdocs_mcp.core.paths import parse
from stackdocs_mcp.core.schema import Schema
from stackdocs_mcp.core.schema.described import described
from stackdocs_mcp.core.schema.templates import NAMES, named, template

LISTED = {
    "invoice": """invoice_number issue_date due_date currency vendor.name vendor.address
        vendor.tax_id customer.name customer.address line_items[0].description
        line_items[0].quantity line_items[0].unit_price line_items[0].tax_rate
        line_items[0].amount discount_total charge_total net_total tax_total grand_total
        amount_due""",
    "receipt": """merchant.name merchant.address date time currency line_items[0].description
        line_items[0].quantity line_items[0].unit_price line_items[0].amount subtotal tax_total
        total payment_method""",
}


def properties(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property with its name, those of rows and objects too."""
    for name, one in schema.get("properties", {}).items():
        yield name, one
        yield from properties(one)
        yield from properties(one.get("items", {}))


@pytest.mark.requirement("HELP-03")
@pytest.mark.parametrize("name", NAMES)
def test_a_template_is_a_schema_of_titles_descriptions_and_synonyms(name: str) -> None:
    schema = template(name)

    assert Schema.load(schema).names
    assert schema["title"]
    assert schema["required"]
    for field, one in properties(schema):
        assert one["title"], field
        assert one["description"].endswith("."), field
        synonyms = one.get("x-synonyms", [])
        assert synonyms or "enum" in one, field
        assert len({*synonyms, one["title"]}) == len(synonyms) + 1, field
        assert all(word == word.strip() and word for word in synonyms), field


@pytest.mark.requirement("HELP-03")
@pytest.mark.parametrize("name", LISTED)
def test_the_names_that_rules_count_on_are_there(name: str) -> None:
    assert list(Schema.load(template(name)).names) == LISTED[name].split()


@pytest.mark.requirement("HELP-03")
@pytest.mark.parametrize("name", NAMES)
def test_amounts_are_numbers_and_dates_are_dates(name: str) -> None:
    schema = Schema.load(template(name))

    for field in schema.names:
        expected = schema.node(parse(field)).expected
        last = field.rsplit(".", 1)[-1]
        if last.endswith(("total", "amount", "price", "balance", "quantity", "credits", "debits")):
            assert expected.types == {"number"}, field
        if last.endswith("_date") or last.startswith(("date_of", "period")):
            assert expected.format == "date", field


@pytest.mark.requirement("HELP-05")
@pytest.mark.parametrize("name", ["purchase_order", "Purchase order", " purchase-order "])
def test_a_template_is_found_as_people_write_its_name(name: str) -> None:
    assert named(name) == "purchase_order"
    assert described(name) == template("purchase_order")


@pytest.mark.requirement("HELP-05")
def test_json_as_text_is_the_schema_itself() -> None:
    assert described(f" {json.dumps(template('receipt'))}") == template("receipt")
    assert list(described("invoice, total")["properties"]) == ["invoice", "total"]


@pytest.mark.requirement("HELP-03")
def test_lines_of_an_invoice_that_do_not_add_up_can_be_explained() -> None:
    net_total = template("invoice")["properties"]["net_total"]

    assert net_total["x-acknowledgeable"] == ["rule"]
