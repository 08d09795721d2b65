"""An original Stackdocs database is recognised, and its tables are moved away and back."""

import asyncpg
import pytest

from stackdocs_mcp.core.errors import StoreFailed
from stackdocs_mcp.stores.supabase.original import is_moved, is_original, move_away
from tests.supabase.databases import database, superuser
from tests.supabase.originals import DUMP, migrated, moved, original

pytestmark = pytest.mark.anyio

_TABLES = """
select c.relname, n.nspname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
where n.nspname in ('public', 'stackdocs_original') and c.relkind in ('r', 'v') order by c.relname
"""
_ORIGINALS = {
    *("users", "documents", "ocr_results", "extractions", "stacks", "stack_documents"),
    *("stack_tables", "stack_table_rows"),
}
_EVERYTHING = """
select jsonb_build_object(
    'columns', (select jsonb_agg(array[table_schema, table_name, column_name, data_type,
            column_default, is_nullable] order by table_name, ordinal_position)
        from information_schema.columns where table_schema = 'public'),
    'constraints', (select jsonb_agg(array[conrelid::regclass::text, conname,
            pg_get_constraintdef(oid)] order by conrelid::regclass::text, conname)
        from pg_constraint where connamespace = 'public'::regnamespace),
    'policies', (select jsonb_agg(to_jsonb(p) order by tablename, policyname)
        from pg_policies as p where schemaname in ('public', 'storage')),
    'triggers', (select jsonb_agg(pg_get_triggerdef(oid) order by pg_get_triggerdef(oid))
        from pg_trigger where not tgisinternal),
    'functions', (select jsonb_agg(pg_get_functiondef(oid) order by oid::regprocedure::text)
        from pg_proc where pronamespace = 'public'::regnamespace),
    'rows', (select jsonb_agg(to_jsonb(e) order by id) from public.extractions as e),
    'documents', (select jsonb_agg(to_jsonb(d) order by id) from public.documents as d),
    'own', (select jsonb_agg(to_jsonb(n)) from public.newsletter as n)
)::text
"""


async def tables(connection: asyncpg.Connection) -> dict[str, str]:
    """The schema of each table; of a name that is in both, the original's."""
    return {row["relname"]: row["nspname"] for row in await connection.fetch(_TABLES)}


@pytest.mark.requirement("PGL-01")
async def test_only_a_database_with_the_originals_columns_is_the_original() -> None:
    async with database() as url, superuser(url) as connection:
        assert not await is_original(connection)
        await connection.execute("create table public.documents (id uuid, user_id text)")
        assert not await is_original(connection)
        await connection.execute("drop table public.documents")
        await migrated(connection)
        assert not await is_original(connection)

    async with original() as url, superuser(url) as connection:
        assert await is_original(connection)
        assert not await is_moved(connection)


@pytest.mark.requirement("PGL-02")
async def test_moving_takes_every_table_of_the_original_and_no_other() -> None:
    async with original() as url, superuser(url) as connection:
        before = await connection.fetchval("select count(*) from public.extractions")

        await move_away(connection)

        found = await tables(connection)
        assert {name for name, schema in found.items() if schema != "public"} == {
            *_ORIGINALS,
            "taken_away",
        }
        assert found["newsletter"] == "public"
        assert await is_moved(connection)
        assert not await is_original(connection)
        kept = "select count(*) from stackdocs_original.extractions"
        assert await connection.fetchval(kept) == before


@pytest.mark.requirement("PGL-02")
async def test_the_programs_own_migrations_apply_where_the_original_was_moved_away() -> None:
    async with moved() as connection:
        assert not await is_original(connection)
        assert await connection.fetchval("select count(*) from public.stacks") == 0


@pytest.mark.requirement("PGL-03")
async def test_nobody_but_the_databases_owner_reaches_what_was_moved() -> None:
    async with moved() as connection:
        for role in ("anon", "authenticated", "service_role"):
            usage = "select has_schema_privilege($1, 'stackdocs_original', 'usage')"
            assert not await connection.fetchval(usage, role)
        left = await connection.fetch(
            "select policyname from pg_policies where schemaname = 'storage'"
            " and policyname like 'Users %'"
        )
        assert left == []  # with them a user would pass the stack by
        stays = "select 1 from pg_policies where policyname = 'Anybody sees avatars'"
        assert await connection.fetchval(stays) == 1


@pytest.mark.requirement("PGL-04")
async def test_going_back_leaves_the_database_as_it_was() -> None:
    async with original() as url, superuser(url) as connection:
        before = await connection.fetchval(_EVERYTHING)
        await move_away(connection)
        await migrated(connection)
        assert await connection.fetchval("select count(*) from stackdocs_original.documents") > 0

        await connection.execute("select stackdocs_original.go_back()")

        assert await connection.fetchval(_EVERYTHING) == before
        assert await connection.fetchval("select to_regnamespace('stackdocs') is null")
        assert await is_original(connection)
        await move_away(connection)  # and forth again
        await migrated(connection)
        assert await is_moved(connection)


@pytest.mark.requirement("PGL-04")
async def test_there_is_no_way_back_once_stacks_were_made() -> None:
    async with moved() as connection:
        await connection.execute(
            "insert into public.stacks (user_id, name, policy, created_at)"
            " values ('somebody', 'new', '{}', now())"
        )
        with pytest.raises(asyncpg.RaiseError, match="going back would erase them"):
            await connection.execute("select stackdocs_original.go_back()")
        assert await is_moved(connection)


@pytest.mark.requirement("PGL-02")
async def test_a_move_over_an_earlier_one_is_refused_and_changes_nothing() -> None:
    async with original() as url, superuser(url) as connection:
        await move_away(connection)
        await connection.execute("drop table public.newsletter")
        await connection.execute(DUMP.read_text("utf-8").split("create function public.touch")[0])
        before = await tables(connection)

        with pytest.raises(StoreFailed, match="has tables already"):
            await move_away(connection)

        assert await tables(connection) == before
        assert await is_original(connection)
