"""Everything that a user does on a data folder, done on a project."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest

from stackdocs_mcp.server.storing import links_secret, logs_secret
from stackdocs_mcp.settings import Settings
from stackdocs_mcp.stores.supabase.project import SigningKey
from tests.cli.shell import Ran, Shell
from tests.server.papers import INVOICE
from tests.supabase import shared


@dataclass(frozen=True)
class OnProject:
    """Runs commands on the shared project, each with a data folder of its own: as replicas do."""

    home: Path
    variables: dict[str, str]

    def __call__(self, *arguments: str | Path, stdin: str = "", data: str = "data") -> Ran:
        return Shell(self.home / data)(*arguments, env=self.variables, stdin=stdin)


@pytest.fixture
def shell(tmp_path: Path) -> OnProject:
    anyio.run(shared.rig().clean)
    return OnProject(tmp_path, shared.variables())


@pytest.mark.requirement("PGW-20")
def test_the_commands_work_on_a_project_from_any_machine(shell: OnProject, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text(INVOICE)

    added = shell("add", file)
    assert added.code == 0, added.err
    document = added.rows[0][0]
    listed = shell("stacks", data="another")
    assert "default" in listed.out
    written = shell("set", document, "number", "INV-1", data="another")
    assert written.code == 0, written.err
    assert "INV-1" in shell("history", document).out
    assert shell("undo", document).code == 0
    assert "INV-1" in shell("undo", "--redo", document, data="another").out
    assert "INV-1" in shell("export", "--format", "csv").out
    assert shell("members", "add", "bob", "--role", "viewer").code == 0
    assert "bob" in shell("members", data="another").out
    assert "Invoice" in shell("read", document, data="third").out
    assert shell("reextract", document).code == 0
    assert shell("retry", document).code == 0
    token = shell("token", "--as", "token")
    assert token.code == 0, token.err
    assert shell("stacks", "delete", "default", "--yes").code == 0
    assert "default" not in shell("stacks").out
    assert not list((tmp_path / "data").glob("*.db")), "nothing of it is on this machine"


@pytest.mark.requirement("PGW-20")
def test_members_are_named_alike_in_the_logs_of_all_machines(shell: OnProject) -> None:
    shell("token", "--as", "token")

    first, second = shell("members"), shell("members", data="another")

    assert first.code == 0, first.err
    assert (first.out, first.err) == (second.out, second.err)


@pytest.mark.requirement("PGW-21")
def test_replicas_have_their_secrets_of_the_signing_key_each_for_one_use(tmp_path: Path) -> None:
    chosen: dict[str, Any] = shared.settings()
    one = Settings.model_validate({**chosen, "data_dir": tmp_path / "one"})
    other = Settings.model_validate({**chosen, "data_dir": tmp_path / "other"})
    assert one.supabase_signing_key is not None

    assert links_secret(one) == links_secret(other)
    assert logs_secret(one) == logs_secret(other)
    assert links_secret(one) != logs_secret(one)
    assert len(links_secret(one)) == 32
    key = SigningKey(one.supabase_signing_key.get_secret_value())
    assert key.secret("x") != key.secret("y")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.requirement("PGW-22")
def test_a_store_on_this_machine_loads_nothing_of_a_project() -> None:
    program = (
        "import sys, stackdocs_mcp.server.local, stackdocs_mcp.settings as settings\n"
        "settings.load({}, {})\nprint(*sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    loaded = set(done.stdout.split())
    assert "stackdocs_mcp.stores.embedded" in loaded
    assert not {one for one in loaded if one.startswith("stackdocs_mcp.stores.supabase")}
    assert not {"supabase", "postgrest", "storage3", "httpx", "asyncpg"} & loaded
