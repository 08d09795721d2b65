"""Schemas from lists of fields, as people and models write them."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from stackdocs_mcp.core.errors import InvalidSchema
from stackdocs_mcp.core.paths import dotted, parse
from stackdocs_mcp.core.schema import Schema
from stackdocs_mcp.core.schema.described import described
from stackdocs_mcp.core.schema.fieldlist import schema_of

PIECES = st.sampled_from(
    [
        *(
            "vendor",
            "line items",
            "Größe",
            "日付",
            "total",
            "date",
            "is paid?",
            "é",
            "\U0001d4b3",
            "2024",
        ),
        *(", ", ": ", "; ", "\n", "\n  ", "\n- ", "(", ")", "[", "]", "{", "}", "*", " ", "[]"),
        *("：", "、", "number", "list of text", "EUR | USD", "|", "(required)", "optional", "."),  # noqa: RUF001
        *("__proto__", "$", "\ud800", "\0", "\u0301", "/", "~", "{}", "a" * 130, "\u202e", "\r"),
    ]
)


def named(text: str) -> tuple[str, ...]:
    return Schema.load(schema_of(text)).names


def types(text: str) -> dict[str, Any]:
    """Type, or format, of each top field."""
    properties = schema_of(text)["properties"]
    return {name: one.get("format", one.get("type")) for name, one in properties.items()}


@pytest.mark.requirement("HELP-01")
def test_a_list_of_fields_is_a_schema() -> None:
    assert schema_of("vendor, date, total*, line items: description, amount") == {
        "type": "object",
        "properties": {
            "vendor": {"title": "vendor", "type": "string"},
            "date": {"title": "date", "type": "string", "format": "date"},
            "total": {"title": "total", "type": "number"},
            "line_items": {
                "title": "line items",
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "description": {"title": "description", "type": "string"},
                        "amount": {"title": "amount", "type": "number"},
                    },
                },
            },
        },
        "required": ["total"],
    }


@pytest.mark.requirement("HELP-01")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("vendor (name, address), total", ["vendor.name", "vendor.address", "total"]),
        ("vendor {name}, total", ["vendor.name", "total"]),
        ("items: a, b; total", ["items[0].a", "items[0].b", "total"]),
        ("items: a, b\ntotal", ["items[0].a", "items[0].b", "total"]),
        ("items [a, b], total", ["items[0].a", "items[0].b", "total"]),
        ("line_items (a, b), total", ["line_items[0].a", "line_items[0].b", "total"]),
        ("rows: a, price (net, gross), b", ["rows[0].a", "rows[0].price.net"]),
        ("transactions: date, description", ["transactions[0].date"]),
        ("dates: date", ["dates"]),
        ("due date: date, total: number, vendor", ["due_date", "total", "vendor"]),
        ("hours: number, rate: number", ["hours", "rate"]),
        ("total (incl. VAT), vendor", ["total", "vendor"]),
        ("keywords[], tags: list of text", ["keywords[0]", "tags[0]"]),
        ("- vendor\n- items:\n  - a\n  - b\n- total", ["vendor", "items[0].a", "items[0].b"]),
        ("vendor\nitems:\n* a\n* b\n\ntotal", ["vendor", "items[0].a", "items[0].b", "total"]),
        ("items:\n  a\n  parts:\n    b\n  c\nd", ["items[0].a", "items[0].parts[0].b"]),
        ("1. vendor\r\n2) date", ["vendor", "date"]),
        ("vendor, date, and total", ["vendor", "date", "total"]),
        ("terms and conditions", ["terms_and_conditions"]),
        ("vendor (\n name,\n town\n), total", ["vendor.name", "vendor.town", "total"]),
        ("Rechnungs-Nr., invoiceDate, VAT %", ["rechnungs_nr", "invoice_date", "vat_percent"]),
        ("日付、品目：名前、金額；合計", ["日付", "品目[0].名前", "品目[0].金額", "合計"]),  # noqa: RUF001
    ],
)
def test_punctuation_decides_what_a_field_is(text: str, found: list[str]) -> None:
    assert list(named(text))[: len(found)] == found


@pytest.mark.requirement("HELP-01")
@pytest.mark.parametrize(
    ("title", "kind"),
    [
        *[(one, "date") for one in ("date", "Rechnungsdatum", "due date", "Fecha de emisión")],
        *[(one, "number") for one in ("total", "unit price", "Gesamtbetrag", "qty", "tax rate")],
        *[(one, "number") for one in ("VAT", "montant TTC", "amount due", "discount %")],
        *[(one, "string") for one in ("vendor", "tax office", "VAT ID", "invoice number", "IBAN")],
        *[(one, "string") for one in ("payment terms", "currency", "postal code", "number")],
        *[(one, "integer") for one in ("number of pages", "year", "Anzahl der Seiten")],
        *[(one, "boolean") for one in ("paid?", "is it signed?")],
        *[("time", "time"), ("date and time", "date-time"), ("total: text", "string")],
        *[("total (integer)", "integer"), ("note: yes/no", "boolean"), ("a: money", "number")],
    ],
)
def test_a_type_is_named_or_told_by_the_name(title: str, kind: str) -> None:
    assert list(types(title).values()) == [kind]


@pytest.mark.requirement("HELP-01")
def test_what_is_required_is_marked_in_several_ways() -> None:
    text = "a*, b (required), c: number required, d (date, required), e (optional), f (g, h*)*, i"

    schema = schema_of(text)

    assert schema["required"] == ["a", "b", "c", "d", "f"]
    assert schema["properties"]["f"]["required"] == ["h"]


@pytest.mark.requirement("HELP-01")
def test_a_choice_is_an_enumeration_and_a_remark_stays_in_the_title() -> None:
    properties = schema_of("currency: EUR | USD, total (incl. VAT)")["properties"]

    assert properties["currency"]["enum"] == ["EUR", "USD"]
    assert properties["total"] == {"title": "total (incl. VAT)", "type": "number"}


@pytest.mark.requirement("HELP-02")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no field"),
        (" ,;\n", "names no field"),
        ("a (b, c", "the bracket before 'b, c' is not closed"),
        ("a)", r"the bracket '\)' closes nothing"),
        ("a, ]", "the bracket ']' closes nothing"),
        ("a (b) c", "a comma is missing before 'c'"),
        ("date, Date", "'date' and 'Date' would both have the key 'date'"),
        ("line items:", "nothing stands inside 'line items'"),
        ("vendor ()", "nothing stands inside 'vendor'"),
        ("total: numbr", "'numbr' behind 'total' is no type"),
        ("a (b, c) [d, e]", "'a' is described twice"),
        ("vendor.name", "is a path"),
        ("---", "'---' is no name of a field"),
        ("2024", "row number"),
        ("a" * 200, "more than 120 characters"),
        ("a, " * 5_000, "more than 10000 characters"),
        (", ".join(f"f{n}" for n in range(401)), "more than 400 fields"),
        ("a [b [c [d [e [f [g, h]]]]]]", "deeper than 6 levels"),
        ("invoce", "there is no template 'invoce'"),
        ('{"type": "object", "type": "object"}', "same key twice"),
    ],
)
def test_what_is_not_clear_is_said(text: str, said: str) -> None:
    with pytest.raises(InvalidSchema, match=said) as refused:
        Schema.load(described(text))

    assert refused.value.advice


@pytest.mark.requirement("HELP-02")
@given(st.lists(PIECES, max_size=25).map("".join) | st.text(max_size=60))
def test_any_text_is_a_schema_or_a_refusal(text: str) -> None:
    try:
        schema = Schema.load(described(text))
    except InvalidSchema as error:
        said = f"{error.message}. {error.advice}"
        names: tuple[str, ...] = ()
    else:
        said = "a schema"
        names = schema.names

    assert said.isprintable()
    assert names or said != "a schema"
    assert [dotted(parse(name)) for name in names] == list(names)
