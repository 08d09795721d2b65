"""Schemas and extractions that the tests of rules share."""

from decimal import Decimal
from typing import Any

from stackdocs_mcp.core.model import BrokenRule
from stackdocs_mcp.core.rules import broken
from stackdocs_mcp.core.rules.evaluation import Run, evaluator
from stackdocs_mcp.core.rules.language import parse
from stackdocs_mcp.core.rules.operands import MISSING
from stackdocs_mcp.core.schema import Schema

NUMBER = {"type": ["number", "null"]}
TEXT = {"type": "string"}
DATE = {"type": "string", "format": "date"}
ROW = {
    "type": "object",
    "properties": {
        "description": TEXT,
        "quantity": NUMBER,
        "unit_price": NUMBER,
        "tax_rate": NUMBER,
        "amount": NUMBER,
    },
}
INVOICE_FIELDS: dict[str, Any] = {
    "invoice_number": TEXT,
    "issue_date": DATE,
    "due_date": DATE,
    "paid": {"type": "boolean"},
    "vendor": {"type": "object", "properties": {"name": TEXT}},
    "net_total": NUMBER,
    "tax_total": NUMBER,
    "grand_total": NUMBER,
    "amount_due": NUMBER,
    "line_items": {"type": "array", "items": ROW},
}
INVOICE: dict[str, Any] = {
    "invoice_number": "R-7",
    "issue_date": "2026-01-31",
    "due_date": "2026-02-14",
    "net_total": Decimal("473.00"),
    "tax_total": Decimal("56.87"),
    "grand_total": Decimal("529.87"),
    "amount_due": Decimal("529.87"),
    "line_items": [
        {"description": "dividers"},
        {
            "description": "A4",
            "quantity": 20,
            "unit_price": Decimal("9.90"),
            "tax_rate": 19,
            "amount": 198,
        },
        {
            "description": "B5",
            "quantity": 50,
            "unit_price": Decimal("5.50"),
            "tax_rate": 7,
            "amount": 275,
        },
    ],
}


def document(*rules: object, **more: Any) -> dict[str, Any]:
    """A schema with the invoice's fields, ``more`` of them, and rules."""
    return {
        "type": "object",
        "properties": {**INVOICE_FIELDS, **more},
        "x-rules": list(rules),
    }


def rule(expression: str, **more: Any) -> dict[str, Any]:
    return {"id": "r", "expression": expression, **more}


def found(extraction: dict[str, Any], *rules: object, **more: Any) -> list[BrokenRule]:
    """What the extraction breaks of the rules."""
    return broken(Schema.load(document(*rules, **more)).rules, extraction)


def answer(expression: str, **values: Any) -> bool | None:
    """True or False, or None where the expression is not applicable."""
    given = evaluator(parse(expression))(Run(values, 1_000_000))
    assert given is MISSING or isinstance(given, bool)
    return None if given is MISSING else given
