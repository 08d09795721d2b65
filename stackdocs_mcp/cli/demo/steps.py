"""The demo from the first file to the export. Every step checks that it did what it says."""

import json
import os
import shlex
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from stackdocs_mcp import __version__, samples
from stackdocs_mcp.cli.adding import Source
from stackdocs_mcp.cli.bars import bars
from stackdocs_mcp.cli.demo.agent import Found, kind_of, one_digit_off, values_in
from stackdocs_mcp.cli.demo.screen import Row, Screen
from stackdocs_mcp.cli.demo.session import PROTOCOL, Session, connected, expect
from stackdocs_mcp.cli.opening import opened
from stackdocs_mcp.cli.reading_in import read
from stackdocs_mcp.core.model import (
    Document,
    DocumentStatus,
    PageSource,
)
from stackdocs_mcp.core.stack import Policy
from stackdocs_mcp.settings import LOCAL, Settings
from stackdocs_mcp.workspace import Workspace
from stackdocs_mcp.workspace.schemas import get_schema, set_schema

STACK = "demo"
INSTRUCTIONS = "Take amounts and dates from where they are labelled; leave out what is not printed."
TABLE_ROWS = 2
"""Rows of a list that the table on screen shows."""

_SOURCES = {
    PageSource.TEXT: "read from the file's own text",
    PageSource.OCR: "recognised by the local OCR",
    PageSource.HYBRID: "read from the file's own text, pictures by the local OCR",
    PageSource.BLANK: "blank",
    PageSource.NONE: "without text",
}


@dataclass(frozen=True, slots=True)
class Work:
    """A document and what the agent found in it."""

    id: str
    filename: str
    found: Sequence[Found]


async def show(settings: Settings, in_the_way: Sequence[str]) -> int:
    """Run the demo in the data directory's stack ``demo``. Raises DemoFailed.

    ``in_the_way`` are variables that are set and would lead the commands to go on with elsewhere.
    """
    ours = {"stack": STACK, "folder": None, "read_only": False, "ocr": LOCAL, "languages": ()}
    settings = settings.model_copy(update=ours)  # whatever is set: no network, as promised
    screen = Screen()
    async with opened(settings, make=True, made=lambda _: None) as workspace:
        screen.heading(
            f"stackdocs-mcp {__version__}: three documents, a client, every value checked"
        )
        screen.heading("1. Sample documents are added and read")
        documents = await _add_samples(workspace, screen)

    async with connected(settings) as session:
        screen.heading("2. An MCP client starts a server process and looks around")
        await _look_around(session, screen, documents)

        screen.heading("3. An agent reads numbered lines and writes values, citing page and line")
        screen.line("(The agent is a script with label patterns, in the place of your model.)")
        works = [await _extract(session, screen, one) for one in documents]

        screen.heading("4. The agent gets one digit wrong")
        await _get_a_digit_wrong(session, screen, works[0])

        screen.heading("5. The documents are completed and exported")
        await _complete(session, screen, works)
        exported = await _export(session)
        tables = [await _rows(session, work) for work in works]

    screen.heading("What was extracted")
    for work, rows in zip(works, tables, strict=True):
        _show_rows(screen, work, rows)
    _show_end(screen, settings, exported, in_the_way)
    return 0


async def _add_samples(workspace: Workspace, screen: Screen) -> list[Document]:
    schema = json.loads(files("stackdocs_mcp.cli.demo").joinpath("schema.json").read_text("utf-8"))
    policy = Policy(evidence="require")
    stack = await get_schema(workspace)
    if (stack.schema, stack.instructions, stack.policy) != (schema, INSTRUCTIONS, policy):
        await set_schema(workspace, schema, INSTRUCTIONS, policy)

    before = {one.id for one in await workspace.store.documents(limit=1_000) if one.pages_done}
    documents: list[Document] = []
    paths = samples.paths()
    with bars(len(paths)) as watched:
        for path in paths:
            piece = Source(path, path.name).into(workspace)
            await read(workspace, piece, watched, documents.append)
    for document in documents:
        expect(
            document.status in (DocumentStatus.OCR_COMPLETE, DocumentStatus.COMPLETED),
            f"{document.filename} is {document.status.value}",
        )
        sources = {page.source for page in await workspace.store.outlines(document.id)}
        how = " and ".join(sorted(_SOURCES[source] for source in sources))
        again = "pages already read" if document.id in before else how
        screen.line(f"{document.filename:12} {_count(document.pages, 'page'):8} {again}")
    return documents


async def _look_around(session: Session, screen: Screen, documents: Sequence[Document]) -> None:
    screen.line(f"connected over stdio, protocol {PROTOCOL}: {await session.tools()} tools")
    _, listed = await session.call("list_documents", {"limit": 200})
    known = {one["id"]: one for one in listed["documents"]}
    for document in documents:
        expect(document.id in known, f"list_documents does not show {document.filename}")
        expect(known[document.id]["pages"] == document.pages, "list_documents miscounts pages")
    screen.line(f"list_documents: {', '.join(one.filename for one in documents)}")

    _, schema = await session.call("get_schema", {})
    names = ", ".join(schema["schema"]["properties"])
    screen.line(f"get_schema: {names}")
    screen.line("policy: every value needs evidence on a page")


async def _extract(session: Session, screen: Screen, document: Document) -> Work:
    lines, calls = await session.read(document.id)
    kind = kind_of(lines)
    found = list(values_in(lines, kind))
    fields = [{"path": "document_type", "value": kind}, *(one.field for one in found)]
    arguments = {"document_id": document.id, "fields": fields}
    _, answer = await session.call("set_fields", arguments)

    results: list[dict[str, Any]] = answer["results"]
    for one in results:
        expect(one["outcome"] != "rejected", f"{one['path']} was rejected: {one.get('error')}")
    verdicts = Counter(one["evidence"]["verdict"] for one in results)
    expect(set(verdicts) <= {"verified", "derived", "located"}, f"verdicts are {dict(verdicts)}")
    counts = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common())
    changed = sum(one["changed"] for one in results)
    written = f"{changed} written" if changed else "all as before, nothing written"
    screen.line(f"{document.filename}: {_count(len(lines), 'line')} in {_count(calls, 'call')}")
    screen.line(f"   {len(fields)} fields: {counts}; {written}")
    return Work(document.id, document.filename, found)


async def _get_a_digit_wrong(session: Session, screen: Screen, work: Work) -> None:
    total = next(one for one in work.found if one.path == "total")
    wrong = {**total.field, "value": one_digit_off(total.value)}
    screen.line(
        f"{work.filename} page {total.line.page} line {total.line.number} says "
        f"{total.value!r}; the agent writes {wrong['value']!r}. It is told:"
    )
    text, outcome = await session.call("set_field", {"document_id": work.id, **wrong})
    screen.quoted(text)
    verdict = outcome["evidence"]["verdict"]
    expect(verdict == "value_differs", f"the wrong digit was answered with {verdict}")
    expect(bool(outcome["warnings"]), "the wrong digit raised no warning")

    screen.line("It asks to complete the document all the same. It is told:")
    text, answer = await session.call("complete", {"document_id": work.id})
    screen.quoted(text)
    reasons = {(one["code"], one.get("path")) for one in answer["reasons"]}
    expect(not answer["completed"], "a document with a wrong value was completed")
    expect(("evidence_unverified", "total") in reasons, f"the reasons are {sorted(reasons)}")

    screen.line("It takes the change back with undo:")
    text, outcome = await session.call("undo", {"document_id": work.id})
    screen.quoted(text)
    expect(outcome["evidence"]["verdict"] == "verified", "undo did not restore the value")


async def _complete(session: Session, screen: Screen, works: Sequence[Work]) -> None:
    for work in works:
        text, answer = await session.call("complete", {"document_id": work.id})
        expect(answer["completed"], f"{work.filename} was {text}")
    screen.line(f"complete: {', '.join(work.filename for work in works)}")


async def _export(session: Session) -> list[str]:
    paths: list[str] = []
    for form in ("csv", "json"):
        _, answer = await session.call("export", {"format": form, "evidence": True})
        paths += answer["files"]
    return paths


async def _rows(session: Session, work: Work) -> list[dict[str, Any]]:
    """All fields as read_extraction gives them back, in the order in which they were found."""
    fields: list[dict[str, Any]] = []
    more: dict[str, str] = {}
    while True:
        _, answer = await session.call("read_extraction", {"document_id": work.id, **more})
        expect(answer["status"] == "completed", f"{work.filename} is {answer['status']}")
        fields += answer["fields"]
        if "next_cursor" not in answer:
            expect(len(fields) == len(work.found) + 1, f"{work.filename} has other fields")
            order = {one.path: number for number, one in enumerate(work.found, 1)}
            return sorted(fields, key=lambda field: order.get(field["path"], 0))
        more = {"cursor": answer["next_cursor"]}


def _show_rows(screen: Screen, work: Work, fields: Sequence[Mapping[str, Any]]) -> None:
    shown = [one for one in fields if _row_number(one["path"]) < TABLE_ROWS]
    rest = [one for one in fields if _row_number(one["path"]) >= TABLE_ROWS]
    counted = Counter(one["evidence"]["verdict"] for one in rest)
    counts = ", ".join(f"{count} {verdict}" for verdict, count in counted.items())
    rows = len({_row_number(one["path"]) for one in rest})
    more = f"... and {_count(rows, 'more row')} of line_items: {counts}" if rest else ""
    screen.table(work.filename, [_row(one) for one in shown], more)


def _row_number(path: str) -> int:
    _, bracket, rest = path.partition("[")
    return int(rest.partition("]")[0]) if bracket else -1


def _row(field: Mapping[str, Any]) -> Row:
    evidence = field["evidence"]
    lines = ",".join(map(str, evidence.get("lines", [])))
    value = field["value"]
    return Row(
        path=field["path"],
        printed=evidence.get("quote", ""),
        value=value if isinstance(value, str) else json.dumps(value),
        place=f"{evidence['page']}:{lines}" if "page" in evidence else "",
        verdict=evidence["verdict"],
    )


def _show_end(
    screen: Screen, settings: Settings, exported: Sequence[str], in_the_way: Sequence[str]
) -> None:
    folder = settings.data_dir.absolute()
    screen.heading("Where it is")
    for path in exported:
        expect(Path(path).is_file(), "an exported file is not there")
        screen.copyable(path)
    screen.line("Documents, fields and history are kept in")
    screen.copyable(str(folder))

    data = f"--data-dir {shlex.quote(str(folder))}"
    command = command_name(os.environ)
    screen.heading("Go on")
    if in_the_way:
        screen.line("The demo is on this machine, and not in the Supabase project that is set.")
        screen.line("So that these commands find it, first:")
        screen.copyable(f"unset {' '.join(in_the_way)}")
    screen.line("See who wrote what, and what was taken back:")
    screen.copyable(f"{command} history --stack {STACK} {data}")
    screen.line("Connect your own client to this stack, for instance Claude Code:")
    screen.copyable(f"claude mcp add stackdocs -- {command} serve --stack {STACK} {data}")
    screen.line("Serve a folder of your own documents:")
    screen.copyable(f"{command} serve ~/invoices")


def command_name(environment: Mapping[str, str]) -> str:
    """What to type to run this program again: its full path where `uv run` alone finds it."""
    if "UV_RUN_RECURSION_DEPTH" not in environment:
        return "stackdocs-mcp"
    return shlex.quote(str(Path(sys.executable).with_name("stackdocs-mcp")))


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
