"""A database of the original Stackdocs product: recognised, and its tables moved out of the way."""

from pathlib import Path
from typing import TYPE_CHECKING

from stackdocs_mcp.core.errors import StoreFailed

if TYPE_CHECKING:
    import asyncpg

SCHEMA = "stackdocs_original"
"""Where the original's tables are after they were moved."""
_IS_ORIGINAL = """
select exists (
    select 1 from pg_catalog.pg_attribute as a
    where not a.attisdropped and (a.attrelid, a.attname) in (
        (to_regclass('public.documents'), 'file_path'),
        (to_regclass('public.ocr_results'), 'raw_text'),
        (to_regclass('public.extractions'), 'extracted_fields'))
    and not exists (
        select 1 from pg_catalog.pg_attribute as ours
        where ours.attrelid = a.attrelid and ours.attname in ('stack_id', 'sha256'))
)
"""
_IS_MOVED = "select to_regclass('stackdocs_original.documents') is not null"
_IN_THE_WAY = """
select coalesce(string_agg(c.relname, ', ' order by c.relname), '')
from pg_catalog.pg_class as c
where c.relnamespace = to_regnamespace('stackdocs_original')
    and c.relname in ('documents', 'ocr_results', 'extractions', 'stacks', 'stack_documents')
"""
_MOVING = Path(__file__).with_name("moving.sql")


async def is_original(connection: "asyncpg.Connection") -> bool:
    """Whether ``public`` has the original's tables, where this program's are to be.

    By columns that it has beside none of this program's; whatever else is there does not matter.
    """
    return bool(await connection.fetchval(_IS_ORIGINAL))


async def is_moved(connection: "asyncpg.Connection") -> bool:
    """Whether the original's tables were moved away, with their rows."""
    return bool(await connection.fetchval(_IS_MOVED))


async def move_away(connection: "asyncpg.Connection") -> None:
    """Move the original's tables into a schema of their own, all in one transaction.

    Nothing is deleted; ``stackdocs_original.go_back()`` in the database moves them back. Raises
    StoreFailed where an earlier move, or this program's own schema, is in the way.
    """
    if await connection.fetchval("select to_regclass('stackdocs.migrations') is not null"):
        raise StoreFailed(
            "public has the original's tables, and this program's schema is there too",
            "Restore the database from a copy, or move the original's tables away yourself.",
        )
    there = await connection.fetchval(_IN_THE_WAY)
    if there:
        raise StoreFailed(
            f"the schema {SCHEMA} has tables already ({there}), and public has the original's too",
            "Rename that schema, if it is of an earlier try, and run the command again.",
        )
    async with connection.transaction():
        await connection.execute(_MOVING.read_text("utf-8"))
