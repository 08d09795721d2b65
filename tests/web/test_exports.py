"""Exports by link: what stands then, once, as a file that nothing runs or keeps."""

import csv
import io
import json
import zipfile
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from stackdocs_mcp.core.binding import Role, StackId
from stackdocs_mcp.http.disposition import attachment, filename
from tests.server.harness import Era, Session
from tests.server.papers import FIELDS, INVOICE, SCHEMA
from tests.web.sending import error_of, read
from tests.web.site import ALICE, BOB, Site

pytestmark = pytest.mark.anyio

ROWS = [{"description": "Envelopes", "amount": 12.5}, {"description": "Folders", "amount": 31}]


async def filled(served: Site, stack: StackId, fields: list[dict[str, Any]]) -> str:
    """The id of a document that has been read, with these fields."""
    async with served.raw(served.bearer(ALICE, stack)) as http:
        where = f"/stacks/{stack}/documents?filename=invoice.txt"
        document = (await http.post(where, content=INVOICE.encode())).json()["document"]
    async with served.client(ALICE, stack) as session:
        await read(served, ALICE, stack)
        await session.data("set_fields", document_id=document["id"], fields=fields)
    return str(document["id"])


async def path_of(session: Session, **arguments: Any) -> str:
    answer = await session.data("export", **arguments)
    return urlsplit(str(answer["link"]["url"])).path


@pytest.mark.requirement("EXPORT-11")
async def test_a_link_gives_what_stands_when_it_is_opened(served: Site, era: Era) -> None:
    stack = await served.stack(ALICE)
    document = await filled(served, stack, FIELDS)
    async with served.client(ALICE, stack, era) as session:
        answer = await session.data("export", format="json", evidence=True)
        assert set(answer) == {"link", "documents", "untrusted"}
        assert set(answer["link"]) == {"url", "expires_at"}
        assert answer["documents"] == 1
        assert "INV-2031" in answer["untrusted"]["content"]
        assert str(served.app.settings.data_dir) not in json.dumps(answer)
        left = datetime.fromisoformat(answer["link"]["expires_at"]) - datetime.now(UTC)
        assert timedelta(minutes=9) < left <= timedelta(minutes=10)
        await session.data("set_field", document_id=document, path="number", value="changed")
    async with served.raw() as http:
        got = await http.get(answer["link"]["url"])

    (record,) = got.json()
    assert record["fields"]["number"] == "changed"
    assert record["evidence"]["date"]["verdict"] == "verified"
    assert not served.app.settings.exports.exists() or not list(
        served.app.settings.exports.iterdir()
    )


@pytest.mark.requirement("EXPORT-11")
async def test_a_large_stack_is_only_linked(served: Site) -> None:
    stack = await served.stack(ALICE)
    wide = [{"path": f"f{number}", "value": "x" * 40} for number in range(150)]
    await filled(served, stack, wide)
    async with served.client(ALICE, stack) as session:
        answer = await session.data("export", format="jsonl")
        assert set(answer) == {"link", "documents"}
    async with served.raw() as http:
        got = await http.get(urlsplit(answer["link"]["url"]).path)

    assert len(json.loads(got.text)["fields"]) == 150


@pytest.mark.requirement("EXPORT-12")
async def test_a_link_gives_its_file_once(served: Site) -> None:
    stack = await served.stack(ALICE)
    async with served.client(ALICE, stack) as session:
        path = await path_of(session, format="json")
    async with served.raw() as http:
        other = [await http.request(one, path) for one in ("HEAD", "POST", "PUT", "DELETE")]
        first, second = await http.get(path), await http.get(path)

    assert {one.status_code for one in other} == {405}
    assert {one.headers["allow"] for one in other} == {"GET"}
    assert (first.status_code, first.json()) == (200, [])
    assert (second.status_code, error_of(second)) == (410, "link_used")
    assert "export" in second.json()["error"]["advice"]


@pytest.mark.requirement("EXPORT-12")
async def test_a_link_of_a_removed_member_is_none(served: Site) -> None:
    stack = await served.stack(ALICE, bob=Role.VIEWER)
    async with served.client(BOB, stack) as session:
        before, path = [await path_of(session, format="csv") for _ in range(2)]
    async with served.raw() as http:
        assert (await http.get(before)).status_code == 200
        await served.workspace(ALICE, stack).store.revoke(BOB)
        gone, never = await http.get(path), await http.get("/exports/nonsense")

    assert gone.status_code == 404
    assert gone.content == never.content


@pytest.mark.requirement("EXPORT-13")
async def test_one_table_is_csv_and_several_are_a_zip_file(served: Site) -> None:
    stack = await served.stack(ALICE, "Büro: ../Rechnungen\u202e")
    fields = [
        *FIELDS,
        {"path": "line_items", "value": ROWS},
        {"path": "Line_Items", "value": ["x"]},
        {"path": "/b~1c", "value": [1]},
    ]
    async with served.client(ALICE, stack) as session:
        flat = await path_of(session, format="csv")
    async with served.raw() as http:
        alone = await http.get(flat)
    document = await filled(served, stack, fields)
    async with served.client(ALICE, stack) as session:
        path = await path_of(session, format="csv")
    async with served.raw() as http:
        several = await http.get(path)

    assert alone.headers["content-type"] == "text/csv; charset=utf-8"
    assert alone.text == "document_id,filename,status\r\n"
    assert several.headers["content-type"] == "application/zip"
    for one in (alone, several):
        assert one.headers["x-content-type-options"] == "nosniff"
        assert one.headers["cache-control"] == "no-store"
        said = one.headers["content-disposition"]
        assert said.startswith('attachment; filename="B_ro-Rechnungen-')
        assert "filename*=UTF-8''B%C3%BCro-Rechnungen-" in said
        assert not set(said) & set("\r\n\\/\u202e")
    with zipfile.ZipFile(io.BytesIO(several.content)) as archive:
        names = archive.namelist()
        assert len({name.casefold() for name in names}) == 4
        assert not [name for name in names if set(name) & set("/\\: ")]
        assert not [name for name in names if name.startswith(".")]
        rows = list(csv.DictReader(io.StringIO(archive.read(names[0]).decode(), newline="")))
        assert [row["document_id"] for row in rows] == [document]
        assert sum(b"Envelopes" in archive.read(name) for name in names) == 1


@pytest.mark.requirement("EXPORT-13")
async def test_a_download_that_breaks_off_leaves_no_file(served: Site) -> None:
    stack = await served.stack(ALICE)
    await filled(served, stack, [{"path": "a", "value": "x" * 2_000}])
    async with served.client(ALICE, stack) as session:
        await session.data("set_schema", schema=SCHEMA)
        path = await path_of(session, format="jsonl")
    async with (
        served.raw() as http,
        http.stream("GET", path) as answer,
        aclosing(answer.aiter_bytes(10)) as pieces,
    ):
        assert len(await anext(pieces)) == 10

    assert list(served.app.settings.exports.iterdir()) == []


@pytest.mark.requirement("EXPORT-14")
@pytest.mark.parametrize(
    ("header", "name"),
    [
        (b"attachment; filename=a.txt", "a.txt"),
        (b'ATTACHMENT ; FileName = "a b.txt"', "a b.txt"),
        (b'attachment; filename="a\\"b\\\\c.txt"', 'a"b\\c.txt'),
        (b"attachment; filename=x; filename*=UTF-8''%e2%82%ac%20rates", "\u20ac rates"),
        (b"attachment; filename*=utf-8'de'%C3%A9; filename=x", "\u00e9"),
        (b"attachment; filename*=ISO-8859-1''%A3", "\u00a3"),
        (b"attachment; filename=x; filename*=UTF-16''%00x", "x"),
        (b"attachment; filename=x; filename*=UTF-8''%zz", "x"),
        (b"attachment; filename*=UTF-8''%ff", "\N{REPLACEMENT CHARACTER}"),
        ('attachment; filename="é.txt"'.encode(), "é.txt"),
        ('attachment; filename="é.txt"'.encode("latin-1"), "é.txt"),
        (b'form-data; name="f"; filename=""', ""),
        (b"attachment", None),
        (b"attachment; x=y", None),
        (b'attachment; filename="open', None),
        (b"", None),
        (b";;;=", None),
    ],
)
def test_a_file_name_in_a_header_is_read(header: bytes, name: str | None) -> None:
    assert filename(header) == name


@pytest.mark.requirement("EXPORT-14")
@pytest.mark.parametrize(
    "name", ["a.csv", "Büro 2.csv", 'a"b\\c;d.csv', "a\r\nX: y", "\U0001f600.zip"]
)
def test_a_file_name_comes_back_from_its_header(name: str) -> None:
    header = attachment(name)

    assert header.isascii()
    assert b"\n" not in header
    assert filename(header) == name
