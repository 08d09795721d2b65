"""The README's commands for a Supabase project, typed into a shell, on projects of their own."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from anyio import to_thread

from stackdocs_mcp.core.model import DocumentId, NewDocument
from stackdocs_mcp.stores.supabase.store import open_store
from tests.cli.shell import PATIENCE, environment
from tests.project.repository import commands
from tests.project.test_readme import ON_PROJECTS
from tests.server.papers import INVOICE
from tests.stores.builders import ALICE, binding
from tests.supabase.gateway import SECRET
from tests.supabase.originals import DUMP, original_id, upload_files
from tests.supabase.rig import Rig, running

pytestmark = pytest.mark.anyio

PROJECT, ORIGINAL = ON_PROJECTS
WORKER = "stackdocs-mcp worker"
LEFT = re.compile(r"\b(?:[A-Z]+-)*(?:REF|KEY|PASSWORD|YOUR|APP)\b|\.\.\.|supabase\.co")
"""A placeholder that nothing was put in the place of."""


@dataclass(frozen=True)
class Keyboard:
    """A shell in which variables stay exported, as the README has them typed."""

    rig: Rig
    home: Path

    def lines(self, section: str) -> list[str]:
        """The section's commands, about this project."""
        lines = [self._filled(one) for one in commands(section)]
        assert lines
        assert [one for one in lines if LEFT.search(one)] == []
        return lines

    def _filled(self, line: str) -> str:
        for placeholder, value in {
            "https://REF.supabase.co": self.rig.url,
            "sb_publishable_KEY": self.rig.publishable_key,
            '{"kty": "EC", ...}': json.dumps(self.rig.key),
            "postgresql://postgres:PASSWORD@db.REF.supabase.co:5432/postgres": (
                self.rig.database_url
            ),
            "sb_secret_KEY": SECRET,
            "https://YOUR-APP.clerk.accounts.dev": "https://original.clerk.accounts.dev",
        }.items():
            line = line.replace(placeholder, value)
        return line

    def begun(self, exported: Sequence[str], command: str) -> subprocess.Popen[str]:
        """The command, after these were typed."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        mine = environment({"HOME": str(self.home), "PATH": path})
        return subprocess.Popen(
            ["bash", "-c", "\n".join((*exported, f"exec {command}"))],
            cwd=self.home,
            env={name: value for name, value in mine.items() if not name.startswith("XDG_")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    async def typed(self, lines: Sequence[str]) -> dict[str, tuple[int, str]]:
        """Exit code and words of each that is no export; a worker is ended when it has worked."""
        exported: list[str] = []
        ended: dict[str, tuple[int, str]] = {}
        for line in lines:
            if line.startswith("export "):
                exported.append(line)
                continue
            waiting = await uploaded(self.rig, self.home) if line == WORKER else None
            with self.begun(exported, line) as process:
                said = ""
                if waiting is not None:
                    said = await to_thread.run_sync(until, process, f"document {waiting}: 1 page")
                    process.send_signal(signal.SIGTERM)
                out, err = await to_thread.run_sync(lambda: process.communicate(timeout=PATIENCE))
            ended[line] = (process.returncode, said + out + err)
        return ended


def until(process: subprocess.Popen[str], words: str) -> str:
    """What it says up to these words. Raises AssertionError where it ends without."""
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if words in line:
            return said
    raise AssertionError(said)


async def uploaded(rig: Rig, home: Path) -> DocumentId:
    """A document that waits to be read, as one that a client has just sent."""
    store = await open_store(
        rig.url,
        rig.publishable_key,
        rig.signing_key,
        clock=lambda: datetime.now(UTC),
        folder=home / "client",
    )
    try:
        stack = await store.open_stack(ALICE, "letters")
        bound = binding(ALICE, stack.id)
        sha256, size = await store.files(bound).put_bytes(b"a letter", 1_000)
        new = NewDocument("letter.txt", sha256, size)
        document, _ = await store.bind(bound).add_document(new)
    finally:
        await store.close()
    return document.id


@pytest.mark.requirement("PGG-01")
async def test_the_readme_leads_from_an_empty_project_to_documents_that_were_read(
    tmp_path: Path,
) -> None:
    (tmp_path / "invoices").mkdir()
    (tmp_path / "invoices" / "a.txt").write_text(INVOICE)
    with running(migrated=False) as rig:
        keyboard = Keyboard(rig, tmp_path)

        ended = await keyboard.typed(keyboard.lines(PROJECT))

    assert ended.pop(WORKER)[0] == 128 + signal.SIGTERM
    assert {line: code for line, (code, _) in ended.items()} == dict.fromkeys(ended, 0), ended
    assert list(ended) == [
        "stackdocs-mcp migrate",
        "stackdocs-mcp doctor",
        "stackdocs-mcp add ~/invoices --stack bills",
    ]


@pytest.mark.requirement("PGG-02")
async def test_the_readme_brings_a_database_of_the_original_over(tmp_path: Path) -> None:
    with running(migrated=False) as rig:
        await rig.sql(DUMP.read_text("utf-8"))
        await upload_files(rig.url)
        keyboard = Keyboard(rig, tmp_path)
        exports = [one for one in keyboard.lines(PROJECT) if one.startswith("export ")]
        assert len(exports) == 4, "the four variables that the README speaks of"

        ended = await keyboard.typed([*exports, *keyboard.lines(ORIGINAL)])

    ((code, said),) = ended.values()
    assert code == 1, said
    assert f"{original_id(6)}\tits file is missing" in said, "the one whose file was lost before"
    assert "documents\t31" in said
    assert "Traceback" not in said
