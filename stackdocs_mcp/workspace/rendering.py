"""An export in the making: documents go in one by one, and the text of each file comes out.

What came in is kept in a file, so that an export of any size needs the memory of one document, and
of the names of its columns: these are known only when the last document is in.
"""

import csv
import io
import json
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import BinaryIO, Literal

from stackdocs_mcp.core import exact
from stackdocs_mcp.core.assembly import assemble
from stackdocs_mcp.core.model import Document, FieldValue, JsonValue
from stackdocs_mcp.core.paths import FieldPath, dotted

Format = Literal["csv", "json", "jsonl"]

_FORMULA = re.compile(r"[\s\ufeff\"']*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)*%?")
_FOUND = ("verdict", "page", "lines", "quote")


@dataclass(frozen=True, slots=True)
class Record:
    """A document with its leaves in the order of the schema."""

    document: Document
    fields: Sequence[FieldValue]


@dataclass(frozen=True, slots=True)
class _Table:
    """Its first columns, the others by the path of what is in them, and where its rows are kept."""

    fixed: tuple[str, ...]
    columns: dict[FieldPath, int] = field(default_factory=dict)
    rows: "array[int]" = field(default_factory=lambda: array("q"))

    def place(self, path: FieldPath) -> int:
        """The column's number, behind the first ones."""
        return self.columns.setdefault(path, len(self.columns))


class Rendering:
    """The files of one export, by table name: the documents' own (named "") is first.

    As CSV there is a row for each document, and a list of objects is a table with a row for each of
    its rows. Blocking, for threads; one at a time.
    """

    def __init__(self, kept: BinaryIO, format: Format, *, evidence: bool) -> None:  # noqa: A002  the tool's own word
        """``kept`` is an empty file of its own."""
        self._kept = kept
        self._format = format
        self._evidence = evidence
        self._tables: dict[FieldPath, _Table] = {(): _Table(("document_id", "filename", "status"))}
        self.documents = 0

    @property
    def names(self) -> list[str]:
        """The tables there are so far."""
        return ["" if not path else dotted(path).replace("/", "-") for path in self._tables]

    @property
    def lists(self) -> list[str]:
        """The tables but for the documents' own."""
        return self.names[1:]

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return self._kept.tell()

    def add(self, record: Record) -> None:
        """The next document. Raises OSError."""
        self.documents += 1
        if self._format == "csv":
            self._add_rows(record)
            return
        self._tables[()].rows.append(self._kept.tell())
        self._kept.write(exact.dumps(_object(record, evidence=self._evidence)).encode() + b"\n")

    def texts(self) -> Iterator[Iterator[str]]:
        """The text of each table, piece by piece, when all documents are in."""
        for table in self._tables.values():
            if self._format == "csv":
                yield self._csv(table)
            elif self._format == "jsonl":
                yield self._lines(table)
            else:
                yield self._list(table)

    def short(self, characters: int) -> str | None:
        """The documents' own text, unless it is longer."""
        found, length = [], 0
        for piece in next(self.texts()):
            length += len(piece)
            if length > characters:
                return None
            found.append(piece)
        return "".join(found)

    def _add_rows(self, record: Record) -> None:
        document = record.document
        own: dict[FieldPath, FieldValue] = {}
        documents = self._tables[()]
        lists: dict[FieldPath, dict[int, dict[FieldPath, FieldValue]]] = {}
        for one in record.fields:
            path = one.leaf.path
            depth = next((at for at, part in enumerate(path) if isinstance(part, int)), None)
            if depth is None:
                own[path] = one
                documents.place(path)
                continue
            name, rest = path[:depth], path[depth + 1 :]
            table = self._tables.setdefault(name, _Table(("document_id", "filename", "row")))
            table.place(rest)
            lists.setdefault(name, {}).setdefault(int(path[depth]), {})[rest] = one
        self._keep(documents, [document.id, document.filename, document.status.value], own)
        for name, rows in lists.items():
            for number, held in sorted(rows.items()):
                self._keep(self._tables[name], [document.id, document.filename, str(number)], held)

    def _keep(self, table: _Table, fixed: Sequence[str], held: dict[FieldPath, FieldValue]) -> None:
        places = [table.place(path) for path in held]
        cells = [self._cells(one) for one in held.values()]
        row = [[_cell(one) for one in fixed], places, cells]
        table.rows.append(self._kept.tell())
        self._kept.write(json.dumps(row, separators=(",", ":")).encode() + b"\n")

    def _cells(self, one: FieldValue) -> list[str]:
        values = [one.leaf.value, *(_found(one) if self._evidence else ())]
        return [_cell(value) for value in values]

    def _csv(self, table: _Table) -> Iterator[str]:
        named = [f" ({part})" for part in _FOUND] if self._evidence else []
        columns = [dotted(path) if path else "value" for path in table.columns]
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\r\n")  # RFC 4180
        every = [f"{column}{part}" for column in columns for part in ("", *named)]
        writer.writerow(map(_cell, (*table.fixed, *every)))
        yield text.getvalue()
        wide = 1 + len(named)
        for line in self._lines(table):
            fixed, places, cells = json.loads(line)
            row = [""] * (len(columns) * wide)
            for place, held in zip(places, cells, strict=True):
                row[place * wide : (place + 1) * wide] = held
            text.seek(0)
            text.truncate()
            writer.writerow([*fixed, *row])
            yield text.getvalue()

    def _lines(self, table: _Table) -> Iterator[str]:
        for place in table.rows:
            self._kept.seek(place)
            yield self._kept.readline().decode()

    def _list(self, table: _Table) -> Iterator[str]:
        before = "[\n  "
        for line in self._lines(table):
            yield before + line.removesuffix("\n")
            before = ",\n  "
        yield "\n]\n" if table.rows else "[]\n"


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
            dotted(field.leaf.path): dict(zip(_FOUND, _found(field), strict=True))
            for field in record.fields
        }
    return found


def _found(field: FieldValue) -> list[JsonValue]:
    evidence = field.leaf.evidence
    if evidence.place is None:
        return [evidence.verdict.value, None, None, None]
    place = evidence.place
    return [evidence.verdict.value, place.page, list(place.lines), place.quote]


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
