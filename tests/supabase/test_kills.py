"""What was answered is there, and nothing half done, whoever is killed: a replica or Postgres."""

import os
import random
import signal
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from tests.supabase.killing import KINDS, nothing_is_left, reopened, whole
from tests.supabase.replicas import Replica
from tests.supabase.rig import running
from tests.supabase.shared import rig

pytestmark = pytest.mark.anyio

KILLS = int(os.environ.get("STACKDOCS_TEST_KILLS", "2"))
"""Of each kind; benchmarks/kills_supabase.py runs a hundred in all."""
RESTARTS = 3


@pytest.mark.requirement("PGQ-40")
async def test_all_that_was_answered_survives_kill_9_of_replicas(tmp_path: Path) -> None:
    await rig().clean()
    moments = random.Random(4711)
    for name, killing in KINDS.items():
        assert await killing(rig(), tmp_path / name, KILLS, moments) >= KILLS


@pytest.mark.requirement("PGQ-41")
async def test_all_that_was_answered_survives_kill_9_of_postgres(tmp_path: Path) -> None:
    moments = random.Random(815)
    with running(durable=True) as project:
        with Replica(project, tmp_path / "one", program="doing", what="writing") as writer:
            for _ in range(RESTARTS):
                for _ in range(moments.randrange(3, 20)):
                    writer.until(lambda line: line[0].isdigit())
                await anyio.to_thread.run_sync(project.postgres.killed)
                await anyio.to_thread.run_sync(project.postgres.server.start)
            writer.until(lambda line: line[0].isdigit())
            assert writer.killed() == -signal.SIGKILL

        said = [line.split() for line in writer.lines if line[0].isdigit()]
        async with reopened(project, tmp_path / "after", "writing") as (repo, _, (document,)):
            there = {change.revision for change in await whole(repo, document)}
            assert {int(revision) for revision, *_ in said} <= there
        await nothing_is_left(project)
