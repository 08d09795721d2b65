"""Schemas by name, from lists of fields and from Pydantic models, through the whole server."""

import datetime as dt
import json
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from stackdocs_mcp.core.paths import parse
from stackdocs_mcp.core.schema import Schema
from stackdocs_mcp.core.schema.templates import NAMES, template
from tests.server.harness import Session

pytestmark = pytest.mark.anyio

PAPER = "Amounts are written 1.234,56 EUR and dates 05.03.2026 here; 31.12.2026 too\n"


class Currency(StrEnum):
    EURO = "EUR"
    DOLLAR = "USD"


class Party(BaseModel):
    name: str = Field(title="Supplier", description="Who delivers.")
    tax_id: str | None = None


class Row(BaseModel):
    description: str
    amount: Annotated[Decimal, Field(max_digits=12, decimal_places=2)]


class Cash(BaseModel):
    kind: Literal["cash"]
    given: Decimal


class Card(BaseModel):
    kind: Literal["card"]
    digits: str


class Folder(BaseModel):
    name: str
    folders: "list[Folder]" = []


class Bill(BaseModel):
    """A bill."""

    model_config = ConfigDict(extra="forbid")

    number: str
    issued: dt.date
    paid_at: dt.datetime | None = None
    opens: dt.time | None = None
    total: Decimal
    tax: Decimal | None = None
    discount: Annotated[Decimal, Field(ge=0)] | None = None
    pages: int | None = None
    weight: float | None = None
    paid: bool = False
    currency: Currency = Currency.EURO
    other: Currency | None = None
    way: Literal["post", "mail"] | None = None
    when: dt.date | str | None = None
    vendor: Party
    rows: list[Row] = []
    payment: Annotated[Cash | Card, Field(discriminator="kind")] | None = None
    taxes: dict[str, Decimal] = {}
    tags: set[str] = set()
    pair: tuple[str, int] | None = None
    folder: Folder | None = None
    free: Any = None


def sample(schema: Schema, name: str) -> object:
    expected = schema.node(parse(name)).expected
    if expected.enum is not None:
        return expected.enum[0]
    if "number" in expected.types:
        return Decimal("12.5")
    if name.endswith("currency"):
        return "EUR"
    return {"date": "2026-03-05", "time": "08:47:00"}.get(expected.format or "", "a text")


async def written(session: Session, **values: object) -> dict[str, Any]:
    """What became of values by path."""
    document = await session.add("paper.txt", PAPER)
    fields = [{"path": path, "value": value} for path, value in values.items()]
    answer = await session.data("set_fields", document_id=document, fields=fields)
    return {one["path"]: one.get("error") or one["value"] for one in answer["results"]}


@pytest.mark.requirement("HELP-03")
@pytest.mark.parametrize("name", NAMES)
async def test_every_field_of_a_template_can_be_written(session: Session, name: str) -> None:
    answer = await session.data("set_schema", schema=name)
    schema = Schema(template(name))
    values = {path: sample(schema, path) for path in schema.names}

    found = await written(session, **json.loads(json.dumps(values, default=float)))

    assert answer["schema"] == template(name)
    assert found == {path: values[path] for path in schema.names}


@pytest.mark.requirement("HELP-05")
async def test_a_list_of_fields_is_answered_with_its_schema_and_works(session: Session) -> None:
    answer = await session.data("set_schema", schema="vendor, due date, rows: text, amount")

    found = await written(
        session, vendor="Ltd", due_date="05.03.2026", **{"rows[0].amount": "1.234,56 EUR"}
    )

    assert answer == await session.data("get_schema")
    assert list(answer["schema"]["properties"]) == ["vendor", "due_date", "rows"]
    assert found == {"vendor": "Ltd", "due_date": "2026-03-05", "rows[0].amount": 1234.56}


@pytest.mark.requirement("HELP-05")
@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ("invoce", "Did you mean 'invoice'?"),
        ("total: numbr", "'numbr' behind 'total' is no type"),
        ('{"type": "object", "properties": {"a": {}, "a": {}}}', "same key twice"),
        ('{"type": "array"}', "object with 'properties'"),
        (5, "'schema"),
    ],
)
async def test_a_text_that_is_no_schema_is_refused_and_changes_nothing(
    session: Session, schema: object, said: str
) -> None:
    before = await session.data("get_schema")

    assert said in await session.refusal("set_schema", schema=schema)
    assert await session.data("get_schema") == before


@pytest.mark.requirement("HELP-05")
async def test_the_answer_says_how_strict_the_stack_is(session: Session) -> None:
    schema = {"type": "object", "properties": {"a": {"x-evidence": "off"}}}
    policy = {"evidence": "require", "min_confidence": 0.5, "acknowledgeable": []}

    said = await session.text("set_schema", schema=schema, policy=policy)

    assert said == (
        "evidence require, confidence from 0.5, to acknowledge: nothing, overridden at 1 place; "
        "fields: a"
    )


@pytest.mark.requirement("HELP-04")
async def test_a_pydantic_models_schema_types_printed_values(session: Session) -> None:
    await session.data("set_schema", schema=Bill.model_json_schema())
    printed = {
        "number": "0017",
        "issued": "05.03.2026",
        "paid_at": "05.03.2026 14:30",
        "opens": "8:30 am",
        "total": "1.234,56 EUR",
        "tax": None,
        "discount": "2,50",
        "pages": "3",
        "weight": "12,5 kg",
        "paid": "ja",
        "currency": "eur",
        "other": None,
        "way": "Post",
        "when": "in spring",
        "vendor.name": "Ltd",
        "vendor.tax_id": None,
        "rows": [{"description": "Paper", "amount": "1.234,56"}],
        "payment": {"kind": "cash", "given": "50,00"},
        "taxes.reduced": "7,00",
        "tags": ["a", "b"],
        "pair": ["x", "4"],
        "folder": {"name": "in", "folders": [{"name": "below", "folders": []}]},
        "free": {"any": [1]},
    }

    found = await written(session, **printed)

    assert found == printed | {
        "issued": "2026-03-05",
        "paid_at": "2026-03-05T14:30:00",
        "opens": "08:30:00",
        "total": 1234.56,
        "discount": 2.5,
        "pages": 3,
        "weight": 12.5,
        "paid": True,
        "currency": "EUR",
        "way": "post",
        "rows": [{"description": "Paper", "amount": 1234.56}],
        "payment": {"kind": "cash", "given": 50},
        "taxes.reduced": 7,
        "pair": ["x", 4],
    }


@pytest.mark.requirement("HELP-04")
async def test_what_a_pydantic_model_refuses_its_schema_refuses(session: Session) -> None:
    await session.data("set_schema", schema=Bill.model_json_schema())

    found = await written(
        session,
        total="none",
        discount=-1,
        currency="GBP",
        other="GBP",
        pages="3,5",
        **{"payment.kind": "cheque", "vendor.nam": "Ltd", "unknown": 1, "pair[2]": 1},
    )

    assert {path: error["code"] for path, error in found.items()} == {
        "total": "not_a_number",
        "discount": "schema",
        "currency": "not_in_enum",
        "other": "not_in_enum",
        "pages": "not_an_integer",
        "payment.kind": "not_in_enum",
        "vendor.nam": "unknown_field",
        "unknown": "unknown_field",
        "pair[2]": "unknown_field",
    }


@pytest.mark.requirement("HELP-04")
async def test_a_model_that_has_itself_inside_it_and_one_of_decimal_patterns_are_taken(
    session: Session,
) -> None:
    assert "properties" not in Folder.model_json_schema()
    await session.data("set_schema", schema=Folder.model_json_schema())
    found = await written(session, **{"folders[0].folders[0].name": "below"})
    assert found == {"folders[0].folders[0].name": "below"}

    pattern = r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$"  # as Pydantic wrote it from 2.11 to 2.13
    text = {"type": "string", "pattern": pattern}
    both = {"anyOf": [{"type": "number"}, text, {"type": "null"}], "title": "Tax"}
    schema = {"type": "object", "properties": {"tax": both, "total": {**text, "title": "Total"}}}
    kept = await session.data("set_schema", schema=schema)

    assert kept["schema"]["properties"] == {
        "tax": {"anyOf": [{"type": "number"}, {"type": "null"}], "title": "Tax"},
        "total": {"type": "number", "title": "Total"},
    }
    found = await written(session, tax="1.234,56 EUR", total="31,50")
    assert found == {"tax": 1234.56, "total": 31.5}


@pytest.mark.requirement("HELP-04")
async def test_a_field_that_is_meant_to_be_a_number_or_a_text_stays_both(session: Session) -> None:
    schema = {"type": "object", "properties": {"a": {"type": ["number", "string"]}}}

    kept = await session.data("set_schema", schema=schema)

    assert kept["schema"] == schema
    assert await written(session, a="0017") == {"a": "0017"}
