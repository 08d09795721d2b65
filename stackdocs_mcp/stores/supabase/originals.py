"""What an original Stackdocs database holds, once its tables were moved; read, and never written.

Its times have no zone, and mean UTC. JSON stays text here: its numbers keep their digits.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncpg

EPOCH = datetime.fromtimestamp(0, UTC)
_STACKS = """
select id, user_id, name, created_at from stackdocs_original.stacks
order by created_at nulls first, id
"""
_DOCUMENTS = """
select d.id, d.user_id, d.filename, d.file_path, d.mime_type, d.status, d.uploaded_at,
    array(select m.stack_id from stackdocs_original.stack_documents as m
        where m.document_id = d.id order by m.added_at nulls first, m.id) as stacks
from stackdocs_original.documents as d
order by d.uploaded_at nulls first, d.id
"""
_READ = """
select user_id, raw_text, page_count, layout_data::text as layout, created_at
from stackdocs_original.ocr_results where document_id = $1
"""
_EXTRACTIONS = """
select id, user_id, extracted_fields::text as fields, confidence_scores::text as scores,
    greatest(created_at, updated_at) as at
from stackdocs_original.extractions where document_id = $1
order by created_at nulls first, id
"""
_OPTIONAL = ("users", "stack_tables", "stack_table_rows")


@dataclass(frozen=True, slots=True)
class OriginalStack:
    id: uuid.UUID
    user: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OriginalDocument:
    """A row of ``documents``; ``stacks`` are the stacks that it was put into."""

    id: uuid.UUID
    user: str
    filename: str
    file_path: str
    media_type: str
    status: str
    at: datetime
    stacks: tuple[uuid.UUID, ...]


@dataclass(frozen=True, slots=True)
class OriginalRead:
    """What was recognised of a document: all pages in one text."""

    user: str
    text: str
    pages: int
    layout: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class OriginalExtraction:
    id: uuid.UUID
    user: str
    fields: str | None
    scores: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a document in one of its stacks.

    ``first`` is the number of the extraction that its first one was made.
    """

    document: str
    first: int
    done: bool


class Originals:
    """The moved tables, and what is remembered of what became of them."""

    def __init__(self, connection: "asyncpg.Connection") -> None:
        self._connection = connection

    async def stacks(self) -> Sequence[OriginalStack]:
        """All stacks, oldest first."""
        rows = await self._connection.fetch(_STACKS)
        return [
            OriginalStack(row["id"], row["user_id"], row["name"], _utc(row["created_at"]))
            for row in rows
        ]

    async def documents(self) -> Sequence[OriginalDocument]:
        """All documents, oldest first."""
        rows = await self._connection.fetch(_DOCUMENTS)
        return [
            OriginalDocument(
                row["id"],
                row["user_id"],
                row["filename"],
                row["file_path"],
                row["mime_type"],
                row["status"] or "processing",
                _utc(row["uploaded_at"]),
                tuple(row["stacks"]),
            )
            for row in rows
        ]

    async def read(self, document: uuid.UUID) -> OriginalRead | None:
        """What was recognised of the document, if anything was."""
        row = await self._connection.fetchrow(_READ, document)
        if row is None:
            return None
        pages = row["page_count"] or 0
        return OriginalRead(
            row["user_id"], row["raw_text"] or "", pages, row["layout"], _utc(row["created_at"])
        )

    async def extractions(self, document: uuid.UUID) -> Sequence[OriginalExtraction]:
        """The document's extractions, oldest first."""
        rows = await self._connection.fetch(_EXTRACTIONS, document)
        return [
            OriginalExtraction(
                row["id"], row["user_id"], row["fields"], row["scores"], _utc(row["at"])
            )
            for row in rows
        ]

    async def counts(self) -> dict[str, int]:
        """How many rows there are of what has no place here."""
        found = {}
        for table in _OPTIONAL:
            name = f"stackdocs_original.{table}"
            if await self._connection.fetchval("select to_regclass($1) is not null", name):
                found[table] = await self._connection.fetchval(f"select count(*) from {name}")  # noqa: S608  a constant
        return found

    # --- what is remembered, so that nothing is made twice ----------------------------------------

    async def stack_made(self, original: uuid.UUID) -> str | None:
        """The stack that this one became, if it did."""
        found = await self._connection.fetchval(
            "select stack_id from stackdocs.imported_stacks where original = $1", original
        )
        return None if found is None else str(found)

    async def remember_stack(self, original: uuid.UUID, made: str) -> None:
        """Remember what the stack became."""
        await self._connection.execute(
            "insert into stackdocs.imported_stacks (original, stack_id) values ($1, $2)",
            original,
            uuid.UUID(made),
        )

    async def imported(self, original: uuid.UUID, stack: str) -> Imported | None:
        """What the document became in the new stack, if it did."""
        row = await self._connection.fetchrow(
            "select document_id, first_extraction, done from stackdocs.imported"
            " where original = $1 and stack_id = $2",
            original,
            uuid.UUID(stack),
        )
        if row is None:
            return None
        return Imported(str(row["document_id"]), row["first_extraction"], row["done"])

    async def remember(self, original: uuid.UUID, stack: str, made: Imported) -> None:
        """Remember what the document became; again with ``done`` when all of it is there."""
        await self._connection.execute(
            "insert into stackdocs.imported (original, stack_id, document_id, first_extraction,"
            " done) values ($1, $2, $3, $4, $5)"
            " on conflict (original, stack_id) do update set done = excluded.done",
            original,
            uuid.UUID(stack),
            uuid.UUID(made.document),
            made.first,
            made.done,
        )


def _utc(naive: datetime | None) -> datetime:
    return EPOCH if naive is None else naive.replace(tzinfo=UTC)
