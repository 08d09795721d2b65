"""``stackdocs-mcp migrate`` as a user's shell runs it, on a project of the rig."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from anyio import to_thread

from stackdocs_mcp.stores.supabase.steps import known
from tests.cli.shell import Ran, Shell
from tests.supabase.databases import database, superuser, with_user
from tests.supabase.postgres import free_port

pytestmark = pytest.mark.anyio
STEPS = known()


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with database() as made:
        yield made


class Migrating:
    """Runs the command with an address of a database, or without one."""

    def __init__(self, folder: Path) -> None:
        self._shell = Shell(folder / "data")

    async def __call__(self, *arguments: str, url: str | None) -> Ran:
        env = {"STACKDOCS_SUPABASE_DB_URL": url} if url else {}
        return await to_thread.run_sync(lambda: self._shell("migrate", *arguments, env=env))


@pytest.fixture
def migrating(tmp_path: Path) -> Migrating:
    return Migrating(tmp_path)


@pytest.mark.requirement("PGM-13")
async def test_migrate_says_what_it_applied_and_then_that_nothing_is_missing(
    migrating: Migrating, url: str
) -> None:
    before = await migrating("--status", url=url)
    first = await migrating(url=url)
    second = await migrating(url=url)
    after = await migrating("--status", url=url)

    assert (before.code, {row[2] for row in before.rows[1:]}) == (1, {"missing"})
    assert (first.code, first.rows) == (0, [["applied", one.label] for one in STEPS])
    assert (second.code, second.out, second.err) == (0, "", "The database is up to date.\n")
    assert (after.code, after.rows[1:]) == (
        0,
        [[one.version, one.name, "applied"] for one in STEPS],
    )


@pytest.mark.requirement("PGM-14")
async def test_what_migrate_prints_does_the_same_in_another_tool(
    migrating: Migrating, url: str
) -> None:
    printed = await migrating("--print", url=None)
    async with superuser(url) as connection:
        await connection.execute(printed.out)
    lacking = await migrating("--print", url=url)
    after = await migrating("--status", url=url)

    assert (printed.code, printed.err) == (0, "")
    assert printed.out.rstrip().endswith("notify pgrst, 'reload schema';")
    assert (lacking.code, lacking.out) == (0, "")
    assert after.code == 0


@pytest.mark.requirement("PGM-14")
async def test_migrate_prints_only_what_the_database_lacks(migrating: Migrating, url: str) -> None:
    async with superuser(url) as connection:
        await connection.execute(STEPS[0].text)

    printed = await migrating("--print", url=url)

    assert f"-- {STEPS[0].label}" not in printed.out
    assert [one.label for one in STEPS[1:] if f"-- {one.label}\n" in printed.out] == [
        one.label for one in STEPS[1:]
    ]


@pytest.mark.requirement("PGM-15")
async def test_files_for_supabases_tool_are_written_once_and_do_the_same(
    migrating: Migrating, url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "supabase" / "migrations"

    first = await migrating("--to", str(folder), url=None)
    second = await migrating("--to", str(folder), url=None)

    files = sorted(folder.iterdir())
    assert [one.name for one in files] == [one.file_name for one in STEPS]
    assert all(one.name[:14].isdigit() and one.name[14] == "_" for one in files)
    assert first.out.splitlines() == [str(one) for one in files]
    assert (first.code, second.code, second.out) == (0, 0, "")
    async with superuser(url) as connection:
        for one in files:
            await connection.execute(one.read_text("utf-8"))
    assert (await migrating("--status", url=url)).code == 0


@pytest.mark.requirement("PGM-15")
async def test_a_file_of_the_same_version_with_other_contents_is_never_written_over(
    migrating: Migrating, tmp_path: Path
) -> None:
    other = tmp_path / f"{STEPS[-1].version}_mine.sql"
    other.write_text("select 1;")

    refused = await migrating("--to", str(tmp_path), url=None)

    assert refused.code == 2
    assert other.name in refused.err
    assert list(tmp_path.glob("*.sql")) == [other]
    assert other.read_text() == "select 1;"


@pytest.mark.requirement("PGM-16")
async def test_what_keeps_migrate_from_working_is_one_line_without_the_password(
    migrating: Migrating, url: str
) -> None:
    closed = f"postgresql://postgres:s3cr3t@127.0.0.1:{free_port()}/postgres"
    for address, code, said in (
        (None, 2, "STACKDOCS_SUPABASE_DB_URL: not set"),
        ("https://s3cr3t@ref.supabase.co", 2, "STACKDOCS_SUPABASE_DB_URL: must be"),
        (closed, 1, "cannot be reached"),
        (with_user(url, "nobody", "s3cr3t"), 1, "refused the user or the password"),
        (with_user(url, "authenticator", "authenticator"), 1, "may not bring it up to date"),
    ):
        ran = await migrating(url=address)

        assert (ran.code, ran.out, ran.err.count("\n")) == (code, "", 1), ran.err
        assert said in ran.err
        assert "s3cr3t" not in ran.err


@pytest.mark.requirement("PGM-16")
async def test_two_answers_at_once_are_wrong_usage(migrating: Migrating) -> None:
    for arguments in (("--print", "--status"), ("--to", "x", "--print"), ("--to", "")):
        ran = await migrating(*arguments, url=None)

        assert (ran.code, ran.out) == (2, "")
