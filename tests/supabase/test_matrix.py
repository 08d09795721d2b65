"""Who may do what with which rows, tried out; and that each policy is missed when it is gone."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import pytest

from stackdocs_mcp.stores.supabase.migrating import connected, migrate
from tests.supabase.databases import database, superuser
from tests.supabase.matrix import (
    TABLES,
    Verb,
    cells,
    everything_granted,
    is_ours,
    tables,
    undone,
    world,
    wrong,
)

pytestmark = pytest.mark.anyio
IN_CALL = "( SELECT stackdocs.is_in_call() AS is_in_call)"


@pytest.fixture
async def seeded() -> AsyncIterator[asyncpg.Connection]:
    """A migrated database with rows of everybody, in a transaction of its own."""
    async with database() as url:
        async with connected(url) as connection:
            await migrate(connection)
        async with superuser(url) as connection, world(connection):
            yield connection


@pytest.mark.requirement("PGM-20")
async def test_every_table_and_view_says_who_may_do_what_with_it(
    seeded: asyncpg.Connection,
) -> None:
    there = {row["name"] for row in await seeded.fetch(TABLES)}

    assert set(tables()) == there


@pytest.mark.requirement("PGM-21")
async def test_everybody_can_do_with_each_table_what_is_said_and_nothing_else(
    seeded: asyncpg.Connection,
) -> None:
    assert await wrong(seeded, cells(granted=False)) == []


@pytest.mark.requirement("PGM-22")
async def test_row_level_security_alone_keeps_everybody_from_foreign_rows(
    seeded: asyncpg.Connection,
) -> None:
    async with undone(seeded, *everything_granted()):
        assert await wrong(seeded, cells(granted=True)) == []


@dataclass(frozen=True)
class Policy:
    """A policy as the catalogue has it."""

    table: str
    name: str
    verb: Verb
    using: str | None
    check: str | None

    @property
    def denies(self) -> bool:
        """It says for everybody to read what having none would say too."""
        return "false" in {self.using, self.check}

    @property
    def writes(self) -> bool:
        """It lets somebody change something."""
        return self.verb != "s" and not self.denies

    def without(self, condition: str) -> str:
        """The policy, where this is always so."""
        using = f"using ({self.using.replace(condition, 'true')})" if self.using else ""
        check = f"with check ({self.check.replace(condition, 'true')})" if self.check else ""
        return f"alter policy {self.name} on {self.table} {using} {check}"

    @property
    def gone(self) -> str:
        return f"drop policy {self.name} on {self.table}"

    @property
    def open(self) -> str:
        using = "" if self.verb == "i" else "using (true)"
        check = "" if self.verb in {"s", "d"} else "with check (true)"
        return f"alter policy {self.name} on {self.table} {using} {check}"


@pytest.mark.requirement("PGM-23")
async def test_each_policy_that_is_dropped_or_opened_is_missed(
    seeded: asyncpg.Connection,
) -> None:
    policies = [Policy(**row) for row in await seeded.fetch(POLICIES, list(tables()))]
    broken = [one.open for one in policies if one.using != "true"]
    broken += [one.gone for one in policies if not one.denies]
    of = {text: one for one in policies for text in (one.open, one.gone)}
    unnoticed = []

    async with undone(seeded, *everything_granted()):
        for statement in broken:
            tried = cells(granted=True, names=[of[statement].table], verb=of[statement].verb)
            async with undone(seeded, statement):
                if not await wrong(seeded, tried):
                    unnoticed.append(statement)

    assert policies
    assert unnoticed == []


@pytest.mark.requirement("PGM-23")
async def test_each_policy_that_lets_rows_be_changed_into_others_is_missed(
    seeded: asyncpg.Connection,
) -> None:
    policies = [Policy(**row) for row in await seeded.fetch(POLICIES, list(tables()))]
    tighter = [
        one for one in policies if one.verb == "u" and one.check not in {None, one.using, "false"}
    ]
    unnoticed = []

    async with undone(seeded, *everything_granted()):
        for one in tighter:
            statement = f"alter policy {one.name} on {one.table} with check (true)"
            async with undone(seeded, statement):
                if not await wrong(seeded, cells(granted=True, names=[one.table], verb="u")):
                    unnoticed.append(statement)

    assert tighter
    assert unnoticed == []


@pytest.mark.requirement("PGM-25")
async def test_each_policy_that_lets_rows_be_written_outside_of_our_functions_is_missed(
    seeded: asyncpg.Connection,
) -> None:
    policies = [Policy(**row) for row in await seeded.fetch(POLICIES, list(tables()))]
    # Storage itself writes its own table
    writing = [one for one in policies if one.writes and is_ours(one.table)]
    asking = [one for one in writing if IN_CALL in f"{one.using} {one.check}"]
    unnoticed = []

    async with undone(seeded, *everything_granted()):
        for one in asking:
            tried = cells(granted=True, names=[one.table], verb=one.verb)
            async with undone(seeded, one.without(IN_CALL)):
                if not await wrong(seeded, tried):
                    unnoticed.append(one.name)

    assert asking == writing
    assert unnoticed == []


@pytest.mark.requirement("PGM-26")
@pytest.mark.parametrize(
    "trusting",
    [
        (
            "create or replace function stackdocs.usr() returns text language sql stable"
            " set search_path = '' as $$ select stackdocs.claims() ->> 'sub' $$"
        ),
        (
            "create or replace function stackdocs.is_in_call() returns boolean language sql stable"
            " set search_path = '' as $$ select true $$"
        ),
    ],
    ids=["tokens", "calls"],
)
async def test_tokens_of_others_and_writing_past_our_functions_would_be_missed(
    seeded: asyncpg.Connection, trusting: str
) -> None:
    async with undone(seeded, trusting):
        assert await wrong(seeded, cells(granted=False))


@pytest.mark.requirement("PGM-24")
@pytest.mark.parametrize("what", ["disable", "no force"])
async def test_row_level_security_that_is_off_or_not_forced_is_missed(
    seeded: asyncpg.Connection, what: str
) -> None:
    names = [name for name, one in tables().items() if is_ours(name) and not one.is_view]
    unnoticed = []

    async with undone(seeded, *everything_granted()):
        for name in names:
            async with undone(seeded, f"alter table {name} {what} row level security"):
                if not await wrong(seeded, cells(granted=True, names=[name], verb="s")):
                    unnoticed.append(name)

    assert unnoticed == []


POLICIES = """
select format('%s.%s', n.nspname, c.relname) as table, quote_ident(p.polname) as name,
    case p.polcmd when 'r' then 's' when 'a' then 'i' when 'w' then 'u' when 'd' then 'd' end
        as verb,
    pg_get_expr(p.polqual, p.polrelid) as using,
    pg_get_expr(p.polwithcheck, p.polrelid) as check
from pg_catalog.pg_policy as p
join pg_catalog.pg_class as c on c.oid = p.polrelid
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where format('%s.%s', n.nspname, c.relname) = any ($1)
order by 1, 2
"""
