"""Statements of every verb on every table as everybody, and what each is allowed: ``matrix.toml``.

All in one transaction on one connection, each statement undone: a statement costs below a
millisecond, so that the whole of it can be tried again for each policy that is broken.
"""

import json
import tomllib
from collections.abc import AsyncIterator, Container, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any, Literal

import asyncpg

from tests.supabase.actors import (
    ACTORS,
    ELSEWHERE,
    OWNERS,
    PASSES_BY,
    SAME_AS,
    SIDES,
    TABLE_OWNER,
    Side,
)

Verb = Literal["s", "i", "u", "d"]
VERBS: tuple[Verb, ...] = ("s", "i", "u", "d")
VERB_NAMES = {"s": "select", "i": "insert", "u": "update", "d": "delete"}
DENIED = "42501"


@dataclass(frozen=True)
class Table:
    """What the file says of a table."""

    name: str
    side: str
    row: Mapping[str, str]
    may: Mapping[str, str]
    fresh: Mapping[str, str]
    update: str
    forged: tuple[Mapping[str, str], ...]
    moved: tuple[str, ...]
    alone: Mapping[str, str]
    shared: frozenset[str]
    erased: Mapping[str, str]

    def allowed(self, actor: str, side: Side, *, granted: bool) -> str:
        """The verbs that this actor may use on rows of the side."""
        if side == "D" and actor in self.erased:
            return self.erased[actor]
        if side != ACTORS[actor].home and actor not in self.shared:
            return ""
        name = SAME_AS.get(actor, actor)
        may = self.may.get(name, "")
        return self.alone.get(name, may) if granted else may

    def inserting(self, side: Side, row: Mapping[str, str], who: str = "") -> str:
        """By ``who``, in the place of the side's owner; columns without a value are left out."""
        row = {name: value for name, value in row.items() if value}
        into = f"insert into {self.name} ({', '.join(row)}) overriding system value"
        return _filled(f"{into} values ({', '.join(row.values())})", side, who)

    def updating(self, side: Side, change: str) -> str:
        return _filled(f"update {self.name} set {change} where {self.side}", side)

    @property
    def is_view(self) -> bool:
        """It has no rows of its own."""
        return not self.row

    @property
    def blind(self) -> dict[Verb, str]:
        """Statements that read nothing: what may be selected does not narrow what they change."""
        if self.is_view:
            return {}
        found: dict[Verb, str] = {"d": f"delete from {self.name}"}
        if self.update:
            found["u"] = f"update {self.name} set {self.update}"
        return found

    def others(self, side: Side) -> str:
        """Asks for all rows that are not the side's, in one value."""
        rows = f"select string_agg(t::text, ',' order by t::text) from {self.name} as t"
        return _filled(f"{rows} where ({self.side}) is not true", side)

    def statement(self, verb: Verb, side: Side, who: str) -> str:
        where = f"where {self.side}"
        match verb:
            case "s":
                return _filled(f"select 1 from {self.name} {where}", side)
            case "i":
                return self.inserting(side, {**self.row, **self.fresh}, who)
            case "u":
                return self.updating(side, self.update)
            case "d":
                return _filled(f"delete from {self.name} {where}", side)


def _filled(text: str, side: Side, who: str = "") -> str:
    values = SIDES[side]
    return Template(text).substitute(values, who=who or values["owner"])


def tables() -> dict[str, Table]:
    """What the file says, by the tables' names."""
    said = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    return {
        name: Table(
            name,
            one["side"],
            one.get("row", {}),
            one["may"],
            one.get("fresh", {}),
            one.get("update", ""),
            tuple({**one.get("fresh", {}), **forged} for forged in one.get("forged", ())),
            tuple(one.get("moved", ())),
            one.get("alone", {}),
            frozenset(one.get("shared", ())),
            one.get("erased", {}),
        )
        for name, one in said.items()
    }


@dataclass(frozen=True)
class Cell:
    """One statement, as somebody, and whether it may do something."""

    table: str
    actor: str
    side: Side
    verb: Verb
    statement: str
    allowed: bool
    watched: str | None = None
    """Asks for rows of others, which have to be the same afterwards."""

    def __str__(self) -> str:
        may = "may" if self.allowed else "may not"
        return f"{self.actor} {may} {VERB_NAMES[self.verb]} {self.table} of {self.side}"


def cells(
    *, granted: bool, names: Iterable[str] | None = None, verb: Verb | None = None
) -> list[Cell]:
    """All of them, or those of these tables and this verb.

    ``granted`` is where every right was given, and row-level security alone holds anybody.
    """
    said = tables()
    skipped = PASSES_BY if granted else OWNERS
    found = []
    for table in (said[name] for name in (said if names is None else names)):
        for actor, whom in ACTORS.items():
            if actor in skipped:
                continue
            who = whom.claims.get("sub", "")
            blindly = "D" if actor in table.erased else None if actor == "elsewhere" else whom.home
            for side in SIDES:
                may = table.allowed(actor, side, granted=granted)
                for one in VERBS if verb is None else (verb,):
                    if (one == "u" and not table.update) or (one != "s" and table.is_view):
                        continue
                    told = table.statement(one, side, who)
                    found.append(Cell(table.name, actor, side, one, told, one in may))
                    if one in table.blind and side == blindly:
                        watched = None if actor in table.shared else table.others(side)
                        told = table.blind[one]
                        found.append(Cell(table.name, actor, side, one, told, one in may, watched))
                unlawful: dict[Verb, list[str]] = {
                    "i": [table.inserting(side, {**table.row, **row}, who) for row in table.forged],
                    "u": [table.updating(side, change) for change in table.moved],
                }
                found.extend(
                    Cell(table.name, actor, side, one, told, allowed=False)
                    for one, statements in unlawful.items()
                    for told in statements
                    if verb in {None, one} and actor not in PASSES_BY
                )
    return found


def _did(answer: str, verb: Verb) -> bool:
    """Whether the statement saw or changed something. Raises AssertionError if it is no answer."""
    if answer.isdigit():
        return answer != "0"
    code = answer.split(" ", 1)[0]
    if verb == "d" and code in {"23503", "23001"}:  # it was deleted, and something hung off it
        return True
    assert code == DENIED or code.startswith("SD"), answer
    return False


async def wrong(connection: asyncpg.Connection, tried: Sequence[Cell]) -> list[str]:
    """What is other than it should be, with what was answered; every statement is undone."""
    as_whom = [ACTORS[one.actor] for one in tried]
    rows = await connection.fetch(
        "select pg_temp.attempt(r, c, s, w, o) as answer from"
        " unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) with ordinality"
        " as u (r, c, s, w, o, n) order by n",
        [one.role for one in as_whom],
        [json.dumps({"role": one.role, **one.claims}) for one in as_whom],
        [one.statement for one in tried],
        [one.watched for one in tried],
        ["on" if one.calling else "" for one in as_whom],
    )
    answers = [row["answer"] for row in rows]
    found = []
    for one, answer in zip(tried, answers, strict=True):
        try:
            did = _did(answer, one.verb)
        except AssertionError:
            found.append(f"{one}: {answer}")
            continue
        if did != one.allowed:
            found.append(f"{one}: {answer}")
    return found


async def attempt(
    connection: asyncpg.Connection,
    role: str,
    claims: Mapping[str, Any],
    statement: str,
    watched: str | None,
) -> str:
    """What one statement did: rows, "others changed", or a code with the database's words."""
    asked = "select pg_temp.attempt($1, $2, $3, $4)"
    return str(await connection.fetchval(asked, role, json.dumps(claims), statement, watched))


@asynccontextmanager
async def world(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """A transaction with rows of each side in every table, undone in the end."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        await seed(connection)
        await connection.execute(ATTEMPT)
        yield
    finally:
        await transaction.rollback()


@asynccontextmanager
async def undone(connection: asyncpg.Connection, *statements: str) -> AsyncIterator[None]:
    """These statements hold in the block alone."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        for one in statements:
            await connection.execute(one)
        yield
    finally:
        await transaction.rollback()


async def seed(connection: asyncpg.Connection, without: Container[str] = ()) -> None:
    """A row of each side in each table, as far as there are these tables and columns already."""
    there = {(row["relation"], row["column"]) for row in await connection.fetch(COLUMNS)}
    await connection.execute("set local session_replication_role = replica")  # in any order
    for table in tables().values():
        row = {name: value for name, value in table.row.items() if (table.name, name) in there}
        if row and table.name not in without:
            for side in SIDES:
                await connection.execute(table.inserting(side, row))
    await connection.execute(BESIDE)
    await connection.execute("set local session_replication_role = origin")


def everything_granted() -> list[str]:
    """Statements after which nothing but row-level security holds anybody."""
    names = list(tables())
    roles = sorted({one.role for one in ACTORS.values()} - {TABLE_OWNER})
    to = ", ".join(roles)
    return [
        f"create role {TABLE_OWNER} nologin nobypassrls",
        f"grant usage on schema public, stackdocs, storage to {to}, {TABLE_OWNER}",
        f"grant execute on all routines in schema stackdocs to {to}, {TABLE_OWNER}",
        f"grant all on all sequences in schema public, stackdocs to {to}, {TABLE_OWNER}",
        *(f"grant all on {one} to {to}" for one in names),
        *(f"alter table {one} owner to {TABLE_OWNER}" for one in names if is_ours(one)),
        *(
            f"alter table {name} disable trigger user"
            for name, one in tables().items()
            if is_ours(name) and not one.is_view
        ),
    ]


def is_ours(table: str) -> bool:
    return not table.startswith("storage.")


COLUMNS = """
select format('%s.%s', table_schema, table_name) as relation, column_name as column
from information_schema.columns
"""
TABLES = """
select format('%s.%s', n.nspname, c.relname) as name
from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'v', 'm', 'f') and (n.nspname in ('public', 'stackdocs')
    or (n.nspname, c.relname) = ('storage', 'objects'))
"""
"""What has to be classified: everything of ours that holds or shows rows."""
_OWNER_AND_EDITOR = ",".join(
    f"('{one['owner']}', '{one['stack']}'::uuid, 'owner'),"
    f"('{one['editor']}', '{one['stack']}'::uuid, 'editor')"
    for one in SIDES.values()
)
BESIDE = f"""
insert into storage.buckets (id, name) values ('documents', 'documents') on conflict do nothing;
insert into public.stacks (id, user_id, name, policy, created_at)
values ('{ELSEWHERE}', 'alice', 'elsewhere', '{{}}', now());
insert into stackdocs.members (user_id, stack_id, role, created_at)
select *, now() from (values {_OWNER_AND_EDITOR}, ('alice', '{ELSEWHERE}'::uuid, 'owner')) as one;
update public.stacks set deleted_at = now() where id = '{SIDES["D"]["stack"]}';
"""
ATTEMPT = """
create or replace function pg_temp.attempt(
    p_role text, p_claims text, p_statement text, p_watched text, p_call text default ''
) returns text language plpgsql as $$
declare
    changed bigint;
    before text;
    after text;
begin
    begin
        perform set_config('storage.allow_delete_query', 'true', true);
        if p_watched is not null then
            execute p_watched into before;
        end if;
        perform set_config('request.jwt.claims', p_claims, true);
        perform set_config('stackdocs.call', p_call, true);
        perform set_config('role', p_role, true);
        execute p_statement;
        get diagnostics changed = row_count;
        perform set_config('role', 'none', true);
        if p_watched is not null then
            execute p_watched into after;
        end if;
        raise exception using errcode = 'ZZ000',
            message = case when before is distinct from after then 'others changed'
                else changed::text end;
    exception when others then
        return case sqlstate when 'ZZ000' then sqlerrm else sqlstate || ' ' || sqlerrm end;
    end;
end
$$
"""
