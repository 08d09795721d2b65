"""Small documents that tests add, and the schema that they fit."""

from typing import Any

INVOICE = """\
Northwind Paper Ltd
Invoice
Invoice number: INV-2031
Date: 2026-03-05
Item              Qty    Amount
Envelopes          10     12.50
Folders             4     31.00
\fPage two
Net total                 43.50
Tax 20 %                   8.70
Total due                 52.20
"""

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["number", "date", "total"],
    "properties": {
        "vendor": {"type": "object", "properties": {"name": {"type": "string"}}},
        "number": {"type": "string", "title": "Invoice number"},
        "date": {"type": "string", "format": "date"},
        "currency": {"enum": ["EUR", "USD"]},
        "total": {"type": "number", "title": "Total due", "minimum": 0},
        "line_items": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["description"],
                "properties": {
                    "description": {"type": "string"},
                    "amount": {"type": "number"},
                },
            },
        },
    },
}

FIELDS: list[dict[str, Any]] = [
    {"path": "number", "value": "INV-2031", "evidence": {"page": 1, "lines": [3]}},
    {"path": "date", "value": "2026-03-05", "evidence": {"page": 1, "lines": [4]}},
    {"path": "total", "value": "52.20", "evidence": {"page": 2, "lines": [4]}},
]
