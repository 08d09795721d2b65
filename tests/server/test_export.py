"""What is exported, and that a spreadsheet can open it safely."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from stackdocs_mcp.workspace.exporting import file_part
from tests.server.harness import Session, in_memory, settings, text_of
from tests.server.papers import FIELDS, INVOICE, SCHEMA

pytestmark = pytest.mark.anyio

ROWS = [{"description": "Envelopes", "amount": 12.5}, {"description": "Folders", "amount": 31}]


def table(path: str) -> list[dict[str, str]]:
    with Path(path).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.requirement("EXPORT-01")
async def test_documents_and_their_lists_become_tables(session: Session) -> None:
    await session.data("set_schema", schema=SCHEMA)
    first = await session.add("invoice.txt", INVOICE)
    second = await session.add("empty.txt", "nothing")
    fields = [*FIELDS, {"path": "line_items", "value": ROWS}]
    await session.data("set_fields", document_id=first, fields=fields)

    exported = await session.data("export", format="csv")

    documents, items = (table(path) for path in exported["files"])
    assert exported["documents"] == 2
    assert [row["document_id"] for row in documents] == [first, second]
    assert list(documents[0])[3:] == ["number", "date", "total"], "as the schema lists them"
    assert documents[0] | {"status": ""} == {
        "document_id": first,
        "filename": "invoice.txt",
        "status": "",
        "number": "INV-2031",
        "date": "2026-03-05",
        "total": "52.2",
    }
    assert [(row["row"], row["description"], row["amount"]) for row in items] == [
        ("0", "Envelopes", "12.5"),
        ("1", "Folders", "31"),
    ]
    assert "INV-2031" in exported["untrusted"]["content"]


@pytest.mark.requirement("EXPORT-01")
async def test_json_and_jsonl_hold_values_with_their_evidence(session: Session) -> None:
    document = await session.add("invoice.txt", INVOICE)
    await session.data("set_fields", document_id=document, fields=FIELDS)

    plain = await session.data("export", format="json")
    lines = await session.data("export", format="jsonl", evidence=True)

    (record,) = json.loads(Path(plain["files"][0]).read_text())
    (line,) = map(json.loads, Path(lines["files"][0]).read_text().splitlines())
    assert record["fields"]["date"] == "2026-03-05"
    assert "evidence" not in record
    found = line["evidence"]["number"]
    assert (found["verdict"], found["page"], found["lines"]) == ("verified", 1, [3])
    again = await session.data("export", format="json")
    assert again["files"] == plain["files"], "an export replaces the last one"


@pytest.mark.requirement("FILE-56")
async def test_an_answer_says_which_lists_are_not_in_the_content_that_it_shows(
    session: Session,
) -> None:
    document = await session.add("invoice.txt", INVOICE)
    fields = [*FIELDS, {"path": "line_items", "value": ROWS}]
    await session.data("set_fields", document_id=document, fields=fields)

    table = await session.call("export", format="csv")
    whole = await session.call("export", format="json")

    assert table.structured_content is not None
    assert table.structured_content["lists"] == ["line_items"]
    assert "Envelopes" not in table.structured_content["untrusted"]["content"]
    assert text_of(table).startswith("1 document in ")
    assert text_of(table).endswith("; rows of line_items are files of their own")
    assert whole.structured_content is not None
    assert "lists" not in whole.structured_content


@pytest.mark.requirement("EXPORT-02")
@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+SUM(A1)", "'+SUM(A1)"),
        ("-2+3", "'-2+3"),
        ("@cmd", "'@cmd"),
        (" \t=1", "' \t=1"),
        ("\uff1d1", "'\uff1d1"),
        ("\uff20x", "'\uff20x"),
        ('"=1', "'\"=1"),
        ("-5", "-5"),
        ("+49", "+49"),
        ("-1,234.50", "-1,234.50"),
        (-5, "-5"),
        ("a=b", "a=b"),
        ('say "hi", twice', 'say "hi", twice'),
        ("two\nlines", "two\nlines"),
    ],
)
async def test_no_cell_is_a_formula(session: Session, value: Any, cell: str) -> None:
    document = await session.add("invoice.txt", INVOICE)
    await session.data("set_field", document_id=document, path="x", value=value)

    exported = await session.data("export", format="csv")

    (row,) = table(exported["files"][0])
    assert row["x"] == cell
    inline = list(csv.DictReader(io.StringIO(exported["untrusted"]["content"], newline="")))
    assert inline == [row]


@pytest.mark.requirement("EXPORT-01")
async def test_stacks_of_one_name_and_lists_of_long_names_have_files_of_their_own(
    tmp_path: Path,
) -> None:
    written: list[str] = []
    for place in ("a", "b"):
        folder = tmp_path / place / "docs"
        folder.mkdir(parents=True)
        async with in_memory(settings(tmp_path, folder=folder)) as session:
            document = await session.add(f"{place}.txt", f"paper {place}")
            path = f"{'x' * 120}.{'y' * 120}[0]"
            await session.data("set_field", document_id=document, path=path, value=place)
            written += (await session.data("export", format="csv"))["files"]

    assert len({Path(file).name for file in written}) == 4
    assert [table(file)[0]["filename"] for file in written] == ["a.txt", "a.txt", "b.txt", "b.txt"]


@pytest.mark.requirement("EXPORT-01")
@pytest.mark.parametrize(
    ("one", "other"), [("a b", "a-b"), ("docs.rows", "docs"), ("x" * 80, "x" * 90), ("é/", "é")]
)
def test_names_that_look_alike_as_files_are_told_apart(one: str, other: str) -> None:
    assert file_part(one) != file_part(other)
    assert all(len(file_part(name)) < 80 for name in (one, other))
    assert file_part("bills_2026-Q1") == "bills_2026-Q1"
