"""The stack's fields as files: one row per document, and a table of its own for each list."""

import csv
import hashlib
import io
import os
import re
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal

import anyio.to_thread

from stackdocs_mcp.core import exact
from stackdocs_mcp.core.assembly import assemble
from stackdocs_mcp.core.binding import Right
from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.core.model import Document, FieldValue, JsonValue
from stackdocs_mcp.core.paths import FieldPath, dotted
from stackdocs_mcp.core.schema import Schema
from stackdocs_mcp.core.stack import Stack
from stackdocs_mcp.workspace.context import Workspace

Format = Literal["csv", "json", "jsonl"]

INLINE_CHARS = 4_000

_AT_ONCE = 100
_FORMULA = re.compile(r"[\s\ufeff\"']*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*%?")
_UNSAFE_NAME = re.compile(r"[^\w-]+")
_LONGEST_PART = 60


@dataclass(frozen=True, slots=True)
class Record:
    """A document with its leaves in the order of the schema."""

    document: Document
    fields: Sequence[FieldValue]


@dataclass(frozen=True, slots=True)
class Table:
    """A table to be written: its name ("" for the documents), columns and rows."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[JsonValue]]


@dataclass(frozen=True, slots=True)
class Exported:
    """Where the files are, the first one for the documents, and how many documents are in."""

    files: Sequence[Path]
    documents: int
    inline: str | None
    """The documents' own file, when it is small."""
    lists: Sequence[str]
    """Names of the other tables, which are files of their own."""


async def export(workspace: Workspace, format: Format, *, evidence: bool = False) -> Exported:  # noqa: A002  the tool's own word
    """Write the whole stack into the export folder, replacing the last export of this format."""
    workspace.binding.require(Right.READ)
    stack, schema = await workspace.stack()
    records = [record async for record in all_records(workspace, schema)]
    texts = rendered(records, format, evidence=evidence)
    folder = workspace.shared.exports
    files = {folder / name: text for name, text in named(stack, texts, format).items()}
    await anyio.to_thread.run_sync(_write_all, files)
    text = texts[""]
    inline = text if len(text) <= INLINE_CHARS else None
    return Exported(list(files), len(records), inline, lists_of(texts))


def lists_of(texts: Mapping[str, str]) -> list[str]:
    """The names of an export's tables but for the documents' own."""
    return [name for name in texts if name]


def named(stack: Stack, texts: Mapping[str, str], format: Format) -> dict[str, str]:  # noqa: A002
    """The same files by the names they are to have, the documents' own first.

    No two differ by case alone: many file systems take them for one.
    """
    name = file_part(stack.name, stack.id if stack.folder else "")
    found: dict[str, str] = {}
    folded = set[str]()
    for table, text in texts.items():
        part = file_part(table) if table else ""
        if part.casefold() in folded:
            part = file_part(table, table)
        folded.add(part.casefold())
        found[f"{name}.{part}.{format}" if part else f"{name}.{format}"] = text
    return found


def file_part(name: str, apart: str = "") -> str:
    """The name as a part of a file's name; names that would look alike there get a mark.

    ``apart`` tells two things of the same name apart, such as stacks of two folders.
    """
    part = _UNSAFE_NAME.sub("-", name).strip("-")[:_LONGEST_PART]
    if part == name and not apart:
        return part
    mark = hashlib.sha256(f"{name}\0{apart}".encode()).hexdigest()[:8]
    return f"{part or 'stack'}-{mark}"


def rendered(
    records: Sequence[Record],
    format: Format,  # noqa: A002
    *,
    evidence: bool,
) -> dict[str, str]:
    """The files of an export by table name, the documents' own (named "") first."""
    if format == "csv":
        return {table.name: _csv(table) for table in tables(records, evidence=evidence)}
    objects = [_object(record, evidence=evidence) for record in records]
    if format == "jsonl":
        return {"": "".join(exact.dumps(one) + "\n" for one in objects)}
    body = ",\n".join(f"  {exact.dumps(one)}" for one in objects)
    return {"": f"[\n{body}\n]\n" if objects else "[]\n"}


def tables(records: Sequence[Record], *, evidence: bool) -> list[Table]:
    """One row per document; a list of objects becomes a table with a row for each of its rows."""
    found = [
        _table("", records, lambda path: not any(isinstance(one, int) for one in path), evidence)
    ]
    lists = dict.fromkeys(
        path[: _first_row(path)]
        for record in records
        for path in (field.leaf.path for field in record.fields)
        if any(isinstance(one, int) for one in path)
    )
    found += [_rows_table(path, records, evidence=evidence) for path in lists]
    return found


def _table(
    name: str, records: Sequence[Record], belongs: Callable[[FieldPath], bool], evidence: bool
) -> Table:
    paths = dict.fromkeys(
        field.leaf.path for record in records for field in record.fields if belongs(field.leaf.path)
    )
    columns = ["document_id", "filename", "status"]
    for path in paths:
        columns += _columns(dotted(path), evidence)
    rows: list[list[JsonValue]] = []
    for record in records:
        held = {field.leaf.path: field for field in record.fields}
        document = record.document
        row: list[JsonValue] = [document.id, document.filename, document.status.value]
        for path in paths:
            row += _cells(held.get(path), evidence)
        rows.append(row)

    return Table(name, columns, rows)


def _rows_table(prefix: FieldPath, records: Sequence[Record], *, evidence: bool) -> Table:
    depth = len(prefix)
    paths = dict.fromkeys(
        field.leaf.path[depth + 1 :]
        for record in records
        for field in record.fields
        if field.leaf.path[:depth] == prefix and len(field.leaf.path) > depth
    )
    columns = ["document_id", "filename", "row"]
    for path in paths:
        columns += _columns(_row_column(path), evidence)
    rows: list[list[JsonValue]] = []
    for record in records:
        by_row: dict[int, dict[FieldPath, FieldValue]] = {}
        for field in record.fields:
            path = field.leaf.path
            if path[:depth] == prefix and len(path) > depth and isinstance(path[depth], int):
                by_row.setdefault(int(path[depth]), {})[path[depth + 1 :]] = field
        for number, held in sorted(by_row.items()):
            row: list[JsonValue] = [record.document.id, record.document.filename, number]
            for path in paths:
                row += _cells(held.get(path), evidence)
            rows.append(row)

    return Table(dotted(prefix).replace("/", "-"), columns, rows)


async def all_records(workspace: Workspace, schema: Schema | None) -> AsyncIterator[Record]:
    """Every document of the stack as it stands, but for those with a newer version."""
    after = None
    while True:
        documents = await workspace.store.documents(after=after, limit=_AT_ONCE)
        for document in documents:
            if document.superseded_by is not None:
                continue  # its newer version is in; two would count twice
            fields = list(await workspace.store.fields(document.id)) if document.fields else []
            if schema is not None:
                fields.sort(key=lambda field: schema.order(field.leaf.path))
            yield Record(document, fields)
        if len(documents) < _AT_ONCE:
            return
        after = documents[-1].id


def _object(record: Record, *, evidence: bool) -> JsonValue:
    document = record.document
    value, _gaps = assemble((field.leaf.path, field.leaf.value) for field in record.fields)
    found: dict[str, JsonValue] = {
        "document_id": document.id,
        "filename": document.filename,
        "status": document.status.value,
        "revision": document.revision,
        "fields": value,
    }
    if evidence:
        found["evidence"] = {
            dotted(field.leaf.path): dict(
                zip(("verdict", "page", "lines", "quote"), _found(field), strict=True)
            )
            for field in record.fields
        }
    return found


def _columns(name: str, evidence: bool) -> list[str]:
    if not evidence:
        return [name]
    return [name, *(f"{name} ({part})" for part in ("verdict", "page", "lines", "quote"))]


def _cells(field: FieldValue | None, evidence: bool) -> list[JsonValue]:
    value: JsonValue = None if field is None else field.leaf.value
    if not evidence:
        return [value]
    return [value, *([None] * 4 if field is None else _found(field))]


def _found(field: FieldValue) -> list[JsonValue]:
    evidence = field.leaf.evidence
    if evidence.place is None:
        return [evidence.verdict.value, None, None, None]
    place = evidence.place
    return [evidence.verdict.value, place.page, list(place.lines), place.quote]


def _first_row(path: FieldPath) -> int:
    return next(depth for depth, segment in enumerate(path) if isinstance(segment, int))


def _row_column(path: FieldPath) -> str:
    return dotted(path) if path else "value"


def _csv(table: Table) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")  # RFC 4180
    writer.writerow(_cell(column) for column in table.columns)
    writer.writerows([_cell(value) for value in row] for row in table.rows)
    return text.getvalue()


def _cell(value: JsonValue) -> str:
    """What a spreadsheet reads back as the value, and never as a formula (OWASP, CSV injection)."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return exact.dumps(value)
        case str():
            risky = _FORMULA.match(value) and not _NUMBER.fullmatch(value)
            return f"'{value}" if risky else value
        case _:
            return exact.dumps(value)


def _write_all(files: Mapping[Path, str]) -> None:
    """Each file whole or not at all: a reader never sees half of one."""
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".export-")
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
    except OSError as error:
        raise StoreFailed(
            "the export could not be written",
            "Check the export folder (--export-dir, STACKDOCS_EXPORT_DIR) and the free space.",
        ) from error
