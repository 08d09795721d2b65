"""Schemas on the command line: from files, templates and lists of fields."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stackdocs_mcp.cli.commands import TEMPLATES
from stackdocs_mcp.core.schema.templates import NAMES, template
from tests.cli.shell import Shell
from tests.server.papers import SCHEMA

MODEL = """\
import json
from datetime import date
from decimal import Decimal
from pydantic import BaseModel

class Bill(BaseModel):
    number: str
    issued: date | None = None
    total: Decimal

print(json.dumps(Bill.model_json_schema()))
"""


def nested(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


@pytest.mark.requirement("HELP-06")
def test_every_template_is_listed_with_what_it_is_for(shell: Shell) -> None:
    ran = shell("schema", "templates")

    assert (ran.code, ran.err) == (0, "")
    assert [row[0] for row in ran.rows] == list(NAMES) == list(TEMPLATES)
    assert ran.rows[0] == [
        "invoice",
        "20 fields",
        "A supplier's demand for payment of goods or services.",
    ]
    assert not shell.data.exists()


@pytest.mark.requirement("HELP-06")
def test_a_template_is_set_or_printed_edited_and_set(shell: Shell) -> None:
    ran = shell("schema", "set", "--template", "receipt", "--evidence", "require")
    printed = shell("schema", "show", "--template", "invoice")
    edited = {**json.loads(printed.out), "description": "Ours."}
    again = shell("schema", "set", "-", "--stack", "other", stdin=json.dumps(edited))

    assert (ran.code, ran.out) == (0, "")
    assert ran.err == (
        "stack 'default': 13 fields, evidence require, to acknowledge: page_without_text\n"
    )
    assert json.loads(shell("schema", "show").out)["schema"] == template("receipt")
    assert json.loads(printed.out) == template("invoice")
    assert again.code == 0
    assert json.loads(shell("schema", "show", "--stack", "other").out)["schema"] == edited


@pytest.mark.requirement("HELP-06")
def test_a_list_of_fields_is_set_and_its_schema_printed(shell: Shell) -> None:
    ran = shell("schema", "set", "--fields", "vendor, date, total*, items: description, amount")

    assert ran.code == 0
    assert "5 fields" in ran.err
    schema = json.loads(ran.out)
    assert list(schema["properties"]) == ["vendor", "date", "total", "items"]
    assert json.loads(shell("schema", "show").out)["schema"] == schema


@pytest.mark.requirement("HELP-06")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give FILE, --template or --fields, and one of them only"),
        (["--template", "invoice", "--fields", "a"], "one of them only"),
        (["--template", "bill"], "'bill' is not one of 'invoice'"),
        (["--fields", "total: numbr"], "'numbr' behind 'total' is no type"),
        (["--fields", ""], "the list names no field"),
    ],
)
def test_what_makes_no_schema_is_refused_in_one_line(
    shell: Shell, arguments: list[str], said: str
) -> None:
    ran = shell("schema", "set", *arguments)

    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not shell.data.exists()


@pytest.mark.requirement("HELP-06")
def test_what_a_pydantic_model_prints_is_a_schema(shell: Shell) -> None:
    model = subprocess.run(
        [sys.executable, "-c", MODEL], capture_output=True, encoding="utf-8", check=True
    )

    ran = shell("schema", "set", "-", stdin=model.stdout)

    assert ran.code == 0
    properties = json.loads(shell("schema", "show").out)["schema"]["properties"]
    assert properties["total"] == {"title": "Total", "type": "number"}


@pytest.mark.requirement("STRICT-01")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"type": "object",\n "type": "object"}', "line 2 column 2: an object has the same key"),
        ('{"properties": {"a": {"minimum": NaN}}}', "line 1 column 34: NaN and Infinity"),
        ('{"properties": {"a": {"title": "\\ud800"}}}', "half of a surrogate pair"),
        (nested(65), "nested deeper than 64 levels"),
        ("[" * 100_000, "nested deeper than 64 levels"),
        (nested(60), "the schema"),
        ('{"properties": {"a": {"minimum": 1e999}}}', "NaN and Infinity"),
        ('{"properties": {"a": {"minimum": ' + "9" * 5_000 + "}}}", "too many digits"),
        ('{"schema": [], "stack": "x"}', "'schema' in"),
        ('{"schema": {}, "instructions": 5}', "'instructions' in"),
    ],
    ids=range(10),
)
def test_a_file_that_parsers_disagree_on_is_refused_with_the_place(
    shell: Shell, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "schema.json").write_text(text)

    ran = shell("schema", "set", tmp_path / "schema.json")

    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1


@pytest.mark.requirement("CLI-09")
def test_a_byte_order_mark_as_windows_writes_it_is_passed_over(
    shell: Shell, tmp_path: Path
) -> None:
    (tmp_path / "schema.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(SCHEMA).encode())

    assert shell("schema", "set", tmp_path / "schema.json").code == 0
    (tmp_path / "schema.json").write_bytes(json.dumps(SCHEMA).encode("utf-16"))
    assert "is not UTF-8 text" in shell("schema", "set", tmp_path / "schema.json").err
