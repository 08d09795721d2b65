"""What must hold of everything that migrations make, asked of the database's own catalogue."""

import re
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from stackdocs_mcp.stores.supabase.migrating import connected, migrate
from tests.supabase import catalogue
from tests.supabase.databases import database, superuser

pytestmark = pytest.mark.anyio
DEFINERS = tomllib.loads((Path(__file__).parent / "definers.toml").read_text("utf-8"))
OPEN = {
    "migrations_select on stackdocs.migrations",  # versions of the program, and of no user
}
"""Policies that let the roles they are for see every row."""
UNKEYED = {"stackdocs.imported_stacks"}
"""A stack each, by what it was called in an original database; no user ever sees it."""
BARE = re.compile(r"(?<!SELECT )(?<!SELECT \()\bstackdocs\.(?:claims|usr|stack|owner|stack_to|bound|is_in_call)\(")
"""A look-up that a statement would make for each row: only in a sub-select is it made once."""


@pytest.fixture
async def migrated() -> AsyncIterator[asyncpg.Connection]:
    async with database() as url:
        async with connected(url) as connection:
            await migrate(connection)
        async with superuser(url) as connection:
            await connection.execute("set search_path = ''")
            yield connection


async def names(connection: asyncpg.Connection, question: str) -> set[str]:
    return {row["name"] for row in await connection.fetch(question)}


@pytest.mark.requirement("PGM-30")
@pytest.mark.parametrize(
    "question",
    [
        catalogue.NOT_FORCED,
        catalogue.OTHER_KINDS,
        catalogue.VERBS_WITHOUT_POLICY,
        catalogue.POLICIES_FOR_ALL,
        catalogue.FORGETFUL_POLICIES,
    ],
    ids=["forced", "kinds", "verbs", "for all", "forgetful"],
)
async def test_every_table_has_forced_row_level_security_with_a_policy_for_each_verb(
    migrated: asyncpg.Connection, question: str
) -> None:
    assert await names(migrated, question) == set()


@pytest.mark.requirement("PGM-30")
async def test_no_policy_is_open_but_those_that_are_listed(migrated: asyncpg.Connection) -> None:
    assert await names(migrated, catalogue.OPEN_POLICIES) == OPEN


@pytest.mark.requirement("PGM-31")
async def test_policies_look_up_who_calls_once_for_a_statement(
    migrated: asyncpg.Connection,
) -> None:
    rows = await migrated.fetch(catalogue.POLICIES)

    assert {row["name"] for row in rows if BARE.search(f"{row['using']} {row['check']}")} == set()


@pytest.mark.requirement("PGM-32")
async def test_every_view_shows_what_its_reader_may_see(migrated: asyncpg.Connection) -> None:
    assert await names(migrated, catalogue.VIEWS_OF_THEIR_OWNER) == set()


@pytest.mark.requirement("PGM-33")
async def test_every_function_finds_its_names_in_no_schema_of_the_caller(
    migrated: asyncpg.Connection,
) -> None:
    assert await names(migrated, catalogue.FUNCTIONS_WITH_A_PATH) == set()


@pytest.mark.requirement("PGM-33")
async def test_functions_with_other_rights_than_their_callers_are_those_that_are_listed(
    migrated: asyncpg.Connection,
) -> None:
    assert await names(migrated, catalogue.DEFINERS) == set(DEFINERS)


@pytest.mark.requirement("PGM-33")
async def test_each_function_with_other_rights_has_its_reason_in_a_sorted_list() -> None:
    assert list(DEFINERS) == sorted(DEFINERS)
    assert all(reason.endswith(".") and len(reason) > 20 for reason in DEFINERS.values())


@pytest.mark.requirement("PGM-34")
@pytest.mark.parametrize(
    "question",
    [
        catalogue.OPEN_FUNCTIONS,
        catalogue.OTHER_CALLERS,
        catalogue.UNCALLABLE,
        catalogue.OPEN_TABLES,
        catalogue.TOO_MUCH,
        catalogue.OPEN_SCHEMA,
        catalogue.OPEN_QUEUES,
    ],
    ids=["functions", "callers", "uncallable", "tables", "too much", "schema", "queues"],
)
async def test_nothing_is_granted_to_everybody_or_to_supabases_own_roles(
    migrated: asyncpg.Connection, question: str
) -> None:
    assert await names(migrated, question) == set()


@pytest.mark.requirement("PGM-35")
@pytest.mark.parametrize(
    "question",
    [
        catalogue.STACKS_LEFT_OUT,
        catalogue.KEYS_WITHOUT_AN_INDEX,
        catalogue.TRIGGERS_OFF,
    ],
    ids=["foreign keys", "indexes", "triggers"],
)
async def test_rows_of_a_stack_refer_to_rows_of_the_same_stack(
    migrated: asyncpg.Connection, question: str
) -> None:
    assert await names(migrated, question) == set()


@pytest.mark.requirement("PGM-35")
async def test_the_stack_is_part_of_the_key_of_what_is_in_it(migrated: asyncpg.Connection) -> None:
    assert await names(migrated, catalogue.KEYS_WITHOUT_A_STACK) == UNKEYED


@pytest.mark.requirement("PGM-36")
async def test_no_role_of_ours_can_log_in_own_anything_or_pass_security_by(
    migrated: asyncpg.Connection,
) -> None:
    assert await names(migrated, catalogue.MIGHTY_ROLES) == set()
    assert await names(migrated, catalogue.OWNERS) == set()
    assert await names(migrated, catalogue.MEMBERSHIPS) == {
        "stackdocs_server in authenticator",
        "stackdocs_worker in authenticator",
    }
