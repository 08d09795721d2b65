"""``migrate --from-stackdocs`` as a user's shell runs it, on a project that is the original's."""

import json
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, cast

import anyio
import pytest
from anyio import to_thread

from stackdocs_mcp.cli.from_stackdocs.importing import OriginalClock
from stackdocs_mcp.core.ports import Store
from stackdocs_mcp.stores.embedded import open_store as open_embedded
from stackdocs_mcp.stores.supabase.store import open_store
from tests.cli.shell import COMMAND, Ran, Shell
from tests.supabase.gateway import SECRET
from tests.supabase.originals import (
    DUMP,
    everything,
    imported,
    moved,
    original_id,
    put_files,
    upload_files,
)
from tests.supabase.rig import Rig, running

pytestmark = pytest.mark.anyio

ISSUER = "https://original.clerk.accounts.dev"
FROM = ("migrate", "--from-stackdocs", "--issuer", ISSUER)
_COUNTED = "select count(*) as done from stackdocs.imported where done"


class Project:
    """A project in the state that the original left it in."""

    def __init__(self, rig: Rig, folder: Path) -> None:
        self.rig = rig
        self.shell = Shell(folder / "data")
        self._log = folder / "killed.log"
        self.env = {
            "STACKDOCS_SUPABASE_URL": rig.url,
            "STACKDOCS_SUPABASE_PUBLISHABLE_KEY": rig.publishable_key,
            "STACKDOCS_SUPABASE_SIGNING_KEY": json.dumps(rig.key),
            "STACKDOCS_SUPABASE_DB_URL": rig.postgres.url(),
        }

    async def __call__(self, *arguments: str | Path, **more: str) -> Ran:
        return await to_thread.run_sync(lambda: self.shell(*arguments, env={**self.env, **more}))

    async def killed_after(self, done: int, *arguments: str | Path) -> None:
        """Run it until so many documents are there, and kill it then."""
        process = self._begun(*arguments)
        try:
            while await self.done() < done:
                assert process.poll() is None, self._log.read_text("utf-8")
                await anyio.sleep(0.01)
        finally:
            process.send_signal(signal.SIGKILL)
            await to_thread.run_sync(process.wait)

    def _begun(self, *arguments: str | Path) -> subprocess.Popen[bytes]:
        with self._log.open("wb") as log:
            return subprocess.Popen(
                [COMMAND, *map(str, arguments)],
                env=self.shell.environment(self.env),
                stdout=log,
                stderr=log,
            )

    async def done(self) -> int:
        there = "select to_regclass('stackdocs.imported') is not null as there"
        if not (await self.rig.sql(there))[0]["there"]:
            return 0
        return int((await self.rig.sql(_COUNTED))[0]["done"])

    async def tables(self) -> list[str]:
        rows = await self.rig.sql(
            "select schemaname || '.' || tablename as name from pg_tables"
            " where schemaname in ('public', 'stackdocs', 'stackdocs_original') order by 1"
        )
        return [row["name"] for row in rows]

    async def everything(self) -> dict[str, Any]:
        store = await open_store(
            self.rig.url, self.rig.publishable_key, self.rig.signing_key, clock=OriginalClock()
        )
        try:
            return await everything(cast(Store, store), f"{ISSUER}#")
        finally:
            await store.close()


@pytest.fixture(scope="module")
def rig() -> Iterator[Rig]:
    """One that is the original's, for whoever changes nothing in it."""
    with running(migrated=False) as made:
        anyio.run(made.sql, DUMP.read_text("utf-8"))
        yield made


@pytest.fixture
def project(rig: Rig, tmp_path: Path) -> Project:
    return Project(rig, tmp_path)


@pytest.fixture
async def expected(tmp_path: Path) -> AsyncIterator[dict[str, Any]]:
    """What the same import shows in the embedded store."""
    clock = OriginalClock()
    store = await open_embedded(tmp_path / "embedded", clock=clock)
    try:
        async with moved() as connection:
            await imported(connection, store, clock, put_files(tmp_path / "expected"))
        yield await everything(store)
    finally:
        await store.close()


@pytest.mark.requirement("PGL-40")
async def test_migrate_does_not_touch_an_originals_database(project: Project) -> None:
    before = await project.tables()

    plain = await project("migrate")

    assert plain.code == 1
    assert "--from-stackdocs" in plain.err
    assert await project.tables() == before


@pytest.mark.requirement("PGL-41")
async def test_nothing_is_touched_before_all_that_is_needed_was_given(
    project: Project, tmp_path: Path
) -> None:
    before = await project.tables()

    unkeyed = await project(*FROM)
    nobodys = await project("migrate", "--from-stackdocs", "--files", tmp_path)
    nowhere = await project(*FROM, "--files", tmp_path / "nowhere")

    assert (unkeyed.code, nowhere.code) == (2, 2)
    assert "STACKDOCS_SUPABASE_SECRET_KEY" in unkeyed.err
    assert nobodys.code != 0
    assert "--issuer" in nobodys.err
    assert await project.tables() == before


@pytest.mark.requirement("PGL-42")
async def test_the_secret_key_is_for_this_command_alone(project: Project) -> None:
    for command in ("stacks", "migrate", "doctor"):
        refused = await project(command, STACKDOCS_SUPABASE_SECRET_KEY=SECRET)
        assert refused.code == 2
        assert "--from-stackdocs` alone takes it" in refused.err
        assert SECRET not in refused.out + refused.err


@pytest.mark.requirement("PGL-43")
async def test_killed_twice_and_run_again_everything_is_there_once(
    tmp_path: Path, expected: dict[str, Any]
) -> None:
    folder = put_files(tmp_path / "files")
    with running(migrated=False) as rig:
        await rig.sql(DUMP.read_text("utf-8"))
        project = Project(rig, tmp_path)

        await project.killed_after(3, *FROM, "--files", folder)
        await project.killed_after(14, *FROM, "--files", folder)
        last = await project(*FROM, "--files", folder)

        assert last.code == 1  # the file of one document is missing
        assert [original_id(6), "its file is missing"] in last.rows
        assert "Traceback" not in last.err
        assert await project.everything() == expected

        again = await project(*FROM, "--files", folder)
        assert ["documents", "0"] in again.rows
        assert ["documents of earlier runs", "31"] in again.rows
        assert await project.everything() == expected


@pytest.mark.requirement("PGL-44")
async def test_files_come_from_storage_with_the_projects_secret_key(
    tmp_path: Path, expected: dict[str, Any]
) -> None:
    with running(migrated=False) as rig:
        await rig.sql(DUMP.read_text("utf-8"))
        await upload_files(rig.url)
        project = Project(rig, tmp_path)

        wrong = await project(*FROM, STACKDOCS_SUPABASE_SECRET_KEY="sb_secret_another")
        assert wrong.code == 1
        assert "STACKDOCS_SUPABASE_SECRET_KEY" in wrong.err
        assert await project.done() == 0

        ran = await project(*FROM, STACKDOCS_SUPABASE_SECRET_KEY=SECRET)

        assert ran.code == 1
        assert [original_id(6), "its file is missing"] in ran.rows
        assert SECRET not in ran.out + ran.err
        assert await project.everything() == expected
        assert (await project("migrate", "--status")).code == 0
