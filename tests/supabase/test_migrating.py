"""The database of a project is brought up to date, whole steps at a time, whoever else does so."""

import shutil
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import anyio
import asyncpg
import pytest

from stackdocs_mcp.core.errors import InvalidArgument, StoreFailed, StoreTooNew
from stackdocs_mcp.stores.supabase.migrating import (
    LOCK,
    NO_QUEUES,
    applied,
    connected,
    migrate,
    pending,
)
from stackdocs_mcp.stores.supabase.project import Minter
from stackdocs_mcp.stores.supabase.rest import Rest
from stackdocs_mcp.stores.supabase.steps import Migration, as_script, known
from stackdocs_mcp.stores.supabase.store import open_store
from stackdocs_mcp.stores.supabase.version import check
from tests.stores.builders import ALICE, SteppingClock, binding, file
from tests.supabase.databases import database, superuser, with_user
from tests.supabase.matrix import seed
from tests.supabase.postgres import Postgres, free_port, owned_folder
from tests.supabase.rig import running
from tests.supabase.shared import own

pytestmark = pytest.mark.anyio
STEPS = known()
LATER = Migration(
    "29990101000000",
    "later",
    "insert into stackdocs.migrations (version, name) values ('29990101000000', 'later');",
)
BROKEN = replace(LATER, text=f"create table stackdocs.half (); {LATER.text} select 1 / 0;")


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """A database as a project has it before anything of ours is in it."""
    async with database() as made:
        yield made


async def brought(url: str, steps: Sequence[Migration] | None = None) -> list[str]:
    """Migrate; the steps that this call applied."""
    done: list[str] = []
    async with connected(url) as connection:
        await migrate(connection, steps, done=lambda step: done.append(step.version))
    return done


async def versions(url: str) -> list[str]:
    async with connected(url) as connection:
        return [one.version for one in await applied(connection)]


async def rows(connection: asyncpg.Connection) -> dict[str, list[dict[str, object]]]:
    """Everything in the tables that there are."""
    there = await connection.fetch(
        "select format('%I.%I', schemaname, tablename) as name from pg_tables"
        " where schemaname in ('public', 'stackdocs') and tablename <> 'migrations'"
    )
    return {
        row["name"]: [dict(one) for one in await connection.fetch(f"select * from {row['name']}")]
        for row in there
    }


@pytest.mark.requirement("PGM-01")
async def test_an_empty_project_gets_every_migration_in_order_and_each_once(url: str) -> None:
    assert await brought(url) == [one.version for one in STEPS]
    assert await brought(url) == []

    async with connected(url) as connection:
        there = await applied(connection)
        assert await pending(connection) == []
    assert [one.sha256 for one in there] == [one.sha256 for one in STEPS]


@pytest.mark.requirement("PGM-02")
@pytest.mark.parametrize("count", range(1, len(STEPS)))
async def test_what_an_earlier_version_holds_is_there_after_it_was_brought_up_to_date(
    url: str, count: int
) -> None:
    await brought(url, STEPS[:count])
    async with superuser(url) as connection:
        async with connection.transaction():
            await seed(connection, without=("stackdocs.migrations",))
        before = await rows(connection)

    assert await brought(url) == [one.version for one in STEPS[count:]]

    async with superuser(url) as connection:
        after = await rows(connection)
    assert any(before.values())
    for table, held in before.items():
        kept = [{name: row[name] for name in held[0]} for row in after[table]] if held else []
        assert all(row in kept for row in held), table


@pytest.mark.requirement("PGM-03")
async def test_replicas_that_migrate_at_the_same_time_apply_each_step_once(url: str) -> None:
    done: list[str] = []

    async def one() -> None:
        done.extend(await brought(url))

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(one)

    assert sorted(done) == [one.version for one in STEPS]


@pytest.mark.requirement("PGM-03")
async def test_whoever_waits_too_long_for_another_one_is_told_so(url: str) -> None:
    async with superuser(url) as other:
        await other.execute("select pg_advisory_lock($1::bigint)", LOCK)

        with pytest.raises(StoreFailed, match="another process is bringing"):
            async with connected(url) as connection:
                await migrate(connection, patience=0.01)

    assert await versions(url) == []


@pytest.mark.requirement("PGM-04")
async def test_a_step_that_fails_half_way_leaves_nothing_and_those_before_it_stay(
    url: str,
) -> None:
    with pytest.raises(StoreFailed, match=r"29990101000000_later could not .* 22012"):
        await brought(url, [*STEPS, BROKEN])

    assert await versions(url) == [one.version for one in STEPS]
    async with superuser(url) as connection:
        assert await connection.fetchval("select to_regclass('stackdocs.half')") is None
    assert await brought(url, [*STEPS, LATER]) == [LATER.version]


@pytest.mark.requirement("PGM-04")
async def test_a_step_that_is_cut_off_leaves_nothing(url: str) -> None:
    await brought(url)
    ended = "select pg_terminate_backend(pg_backend_pid());"

    with pytest.raises(StoreFailed, match="went away"):
        await brought(url, [*STEPS, replace(LATER, text=f"{LATER.text} {ended}")])

    assert await versions(url) == [one.version for one in STEPS]


@pytest.mark.requirement("PGM-05")
async def test_a_migration_that_was_changed_after_it_was_applied_is_named(url: str) -> None:
    await brought(url)
    other = [replace(STEPS[0], text=f"{STEPS[0].text}\n-- and more"), *STEPS[1:]]

    with pytest.raises(StoreFailed, match=f"{STEPS[0].label} was applied .* other contents"):
        await brought(url, other)


@pytest.mark.requirement("PGM-06")
async def test_a_database_of_a_newer_program_is_refused_with_both_versions(url: str) -> None:
    await brought(url, [*STEPS, LATER])

    with pytest.raises(StoreTooNew, match=rf"{LATER.version}\b.* up to {STEPS[-1].version}$"):
        await brought(url)


@pytest.mark.requirement("PGM-07")
async def test_what_other_tools_have_applied_of_the_files_is_not_applied_again(url: str) -> None:
    async with superuser(url) as connection:
        for step in STEPS[:2]:
            await connection.execute(step.text)  # the file as it is, without a record of its bytes
        await connection.execute(as_script(STEPS[2:3]))  # what --print gives

    assert await brought(url) == [one.version for one in STEPS[3:]]
    async with connected(url) as connection:
        there = await applied(connection)
    assert [one.sha256 for one in there[:3]] == [None, None, STEPS[2].sha256]


@pytest.mark.requirement("PGM-08")
@pytest.mark.parametrize("name", ["documents", "stacks", "stack_documents"])
async def test_a_database_with_tables_of_another_program_is_left_alone(url: str, name: str) -> None:
    async with superuser(url) as connection:
        await connection.execute(f"create table public.{name} (id uuid, title text)")

    with pytest.raises(StoreFailed, match=f"tables of another program: public.{name}$") as told:
        await brought(url)

    assert "original Stackdocs" in told.value.advice
    assert await versions(url) == []


@pytest.mark.requirement("PGM-09")
async def test_what_cannot_be_reached_or_is_refused_is_said_without_a_secret() -> None:
    port = own().postgres.port
    address = f"postgresql://postgres:s3cr3t@127.0.0.1:{port}/postgres"
    for url, said in {
        f"postgresql://postgres:s3cr3t@127.0.0.1:{free_port()}/postgres": "cannot be reached",
        "postgresql://postgres:s3cr3t@no-such-host.invalid/postgres": "cannot be reached",
        address.replace("/postgres:", "/nobody:"): "refused the user or the password",
        f"{address}_of_others": "there is no such database",
    }.items():
        with pytest.raises(StoreFailed, match=said) as told:
            await versions(url)
        assert "s3cr3t" not in f"{told.value}{told.value.advice}"


@pytest.mark.requirement("PGM-09")
async def test_what_is_no_address_of_a_database_is_wrong_usage() -> None:
    for url in ("https://ref.supabase.co", "postgresql://u:p@host:port/x", ""):
        with pytest.raises(InvalidArgument, match="not the address of a Postgres database"):
            await versions(url)


@pytest.mark.requirement("PGM-09")
async def test_a_wrong_password_is_said_to_be_one(url: str) -> None:
    refused = with_user(url, "authenticator", "wrong")
    rule = "host all authenticator 127.0.0.1/32 scram-sha-256\n"
    file = own().folder / "data" / "pg_hba.conf"
    before = file.read_text()
    file.write_text(rule + before)
    await own().sql("select pg_reload_conf()")
    try:
        with pytest.raises(StoreFailed, match="refused the user or the password"):
            await versions(refused)
    finally:
        file.write_text(before)
        await own().sql("select pg_reload_conf()")


@pytest.mark.requirement("PGM-10")
async def test_a_user_who_may_not_do_it_is_told_whom_to_use(url: str) -> None:
    with pytest.raises(StoreFailed, match="may not bring it up to date") as told:
        await brought(with_user(url, "authenticator", "authenticator"))

    assert "`postgres` user" in told.value.advice
    assert await versions(url) == []


@pytest.mark.requirement("PGM-10")
async def test_a_database_that_is_no_projects_is_refused() -> None:
    folder = owned_folder()
    postgres = Postgres(folder)
    postgres.server.start()
    try:
        with pytest.raises(StoreFailed, match="not the database of a Supabase project"):
            await brought(postgres.url())
    finally:
        postgres.server.stop()
        shutil.rmtree(folder)


@pytest.mark.requirement("PGM-11")
async def test_a_project_without_queues_is_told_to_enable_them(url: str) -> None:
    lacking = f"do $$ begin raise exception using errcode = '{NO_QUEUES}'; end $$;"

    with pytest.raises(StoreFailed, match="has no queues") as told:
        await brought(url, [*STEPS, replace(LATER, text=lacking)])

    assert "Enable Queues" in told.value.advice
    assert await versions(url) == [one.version for one in STEPS]


@pytest.mark.requirement("PGM-12")
async def test_a_program_knows_in_one_call_that_the_database_is_older_or_newer() -> None:
    project = own()
    rest = Rest(project.url, project.publishable_key, Minter(project.signing_key))
    try:
        await check(rest, STEPS)
        with pytest.raises(StoreFailed, match=r"lacks 1 of .* 29990101000000_later") as older:
            await check(rest, [*STEPS, LATER])
        with pytest.raises(StoreTooNew, match=rf"{STEPS[-1].version}\b.* up to"):
            await check(rest, STEPS[:-1])
    finally:
        await rest.close()

    assert older.value.advice == "Run `stackdocs-mcp migrate`."


AS_SUPABASES_POSTGRES = """
create role project_owner login createrole createdb bypassrls;
grant anon, authenticated, service_role, authenticator to project_owner with admin option;
grant all on database postgres to project_owner;
alter schema public owner to project_owner;
create role storage_owner nologin;
alter table storage.buckets owner to storage_owner;
alter table storage.objects owner to storage_owner;
grant usage on schema storage, auth, extensions to storage_owner, project_owner;
grant storage_owner to project_owner;
grant all on schema pgmq to project_owner;
grant all on all tables in schema pgmq to project_owner;
grant all on all sequences in schema pgmq to project_owner;
"""
"""What a project's `postgres` may do: it is no superuser, and owns neither Storage nor pgmq."""


@pytest.mark.requirement("PGM-17")
async def test_a_projects_own_user_who_is_no_superuser_can_migrate_and_the_project_works() -> None:
    with running(migrated=False) as project:
        await project.sql(AS_SUPABASES_POSTGRES)
        done = await brought(with_user(project.postgres.url(), "project_owner"))
        store = await open_store(
            project.url, project.publishable_key, project.signing_key, clock=SteppingClock()
        )
        try:
            stack = await store.open_stack(ALICE, "invoices")
            repo = store.bind(binding(ALICE, stack.id))
            document, new = await repo.add_document(file("a.pdf", "a"))
            listed = await repo.documents(limit=9)
        finally:
            await store.close()

    assert done == [one.version for one in STEPS]
    assert new
    assert listed == [document]
