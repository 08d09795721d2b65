"""The first minute over HTTP: a server, a token, a client. And what must not be started."""

import json
import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from stackdocs_mcp.cli.barrier import USAGE
from tests.cli.shell import environment
from tests.project.repository import blocks
from tests.server.harness import PATIENCE, Era

COMMAND = [sys.executable, "-m", "stackdocs_mcp"]
CLAUDE = ["claude", "mcp", "add", "--transport", "http", "stackdocs"]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def typed(home: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words],
        env=environment({"STACKDOCS_DATA_DIR": str(home), **variables}),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@contextmanager
def serving(home: Path, **variables: str) -> Iterator[None]:
    """A server process that says that it serves."""
    process = subprocess.Popen(
        [*COMMAND, "serve", "--http"],
        env=environment({"STACKDOCS_DATA_DIR": str(home), **variables}),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if "serving HTTP on" in line:
                break
        else:
            pytest.fail("the server ended")
        yield
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


async def tools(url: str, headers: Mapping[str, str], era: Era) -> int:
    with anyio.fail_after(PATIENCE):
        async with (
            httpx2.AsyncClient(headers=headers) as http,
            Client(streamable_http_client(url, http_client=http), mode=era) as client,
        ):
            return len((await client.list_tools()).tools)


@pytest.mark.anyio
@pytest.mark.requirement("GATE-91")
async def test_what_token_prints_connects_a_client(tmp_path: Path, era: Era) -> None:
    port = {"STACKDOCS_PORT": str(free_port())}
    said = await anyio.to_thread.run_sync(lambda: typed(tmp_path, "token", **port))
    assert said.returncode == 0, said.stderr
    first, _, rest = said.stdout.partition("\n")
    server = json.loads(rest)["mcpServers"]["stackdocs"]
    with serving(tmp_path, **port):
        listed = await tools(server["url"], server["headers"], era)

    header = f"Authorization: {server['headers']['Authorization']}"
    assert listed > 10
    assert shlex.split(first) == [*CLAUDE, server["url"], "--header", header]
    assert (tmp_path / "issuer.pem").stat().st_mode & 0o777 == 0o600


@pytest.mark.requirement("GATE-92")
@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"HOST": "0.0.0.0"}, "STACKDOCS_HOST"),
        ({"HOST": "0.0.0.0", "PUBLIC_URL": "https://a.example"}, "STACKDOCS_HOST"),
        ({"HOST": "0.0.0.0", "AUTH_ISSUER": "https://id.example"}, "STACKDOCS_PUBLIC_URL"),
        ({"PUBLIC_URL": "http://stackdocs.example"}, "STACKDOCS_PUBLIC_URL"),
        ({"PUBLIC_URL": "https://u:p@stackdocs.example"}, "STACKDOCS_PUBLIC_URL"),
        ({"AUTH_ISSUER": "http://id.example"}, "STACKDOCS_AUTH_ISSUER"),
        ({"PORT": "70000"}, "STACKDOCS_PORT"),
    ],
)
def test_a_server_that_would_be_open_does_not_start(
    tmp_path: Path, variables: Mapping[str, str], named: str
) -> None:
    said = typed(
        tmp_path,
        "serve",
        "--http",
        **{f"STACKDOCS_{name}": value for name, value in variables.items()},
    )

    assert said.returncode == USAGE
    lines = said.stderr.splitlines()
    assert all("STACKDOCS_" in line for line in lines)
    assert any(named in line for line in lines)
    assert "u:p" not in said.stderr


@pytest.mark.skipif(os.name != "posix", reason="only POSIX says who else may read a file")
@pytest.mark.requirement("GATE-92")
@pytest.mark.parametrize("wrong", ["not a key", "readable"])
def test_a_weak_or_broken_key_does_not_serve(tmp_path: Path, wrong: str) -> None:
    assert typed(tmp_path, "token").returncode == 0
    key = tmp_path / "issuer.pem"
    if wrong == "readable":
        key.chmod(0o644)
    else:
        key.write_text("nonsense")

    said = typed(tmp_path, "serve", "--http", STACKDOCS_PORT="0")

    assert said.returncode != 0
    assert re.search(r"key of the local issuer", said.stderr.splitlines()[-1])


@pytest.mark.requirement("GATE-93")
def test_a_token_that_no_server_would_take_is_not_made(tmp_path: Path) -> None:
    said = typed(tmp_path, "token", STACKDOCS_AUTH_ISSUER="https://id.example")

    assert said.returncode == USAGE
    assert "STACKDOCS_AUTH_ISSUER" in said.stderr
    assert said.stdout == ""


@pytest.mark.requirement("GATE-91")
def test_the_readmes_program_connects_with_what_token_prints(tmp_path: Path) -> None:
    port = {"STACKDOCS_PORT": str(free_port())}
    paper = tmp_path / "paper.txt"
    paper.write_text("Total due 52.20\n")
    assert typed(tmp_path, "add", str(paper)).returncode == 0
    printed = json.loads(typed(tmp_path, "token", "--as", "json", **port).stdout)
    server = printed["mcpServers"]["stackdocs"]
    (block,) = [one.text for one in blocks("python") if "streamable_http_client" in one.text]
    program = block.replace("http://127.0.0.1:8765/stacks/ID/mcp", server["url"])
    program = program.replace("Bearer TOKEN", server["headers"]["Authorization"])
    with serving(tmp_path, **port):
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    assert done.returncode == 0, done.stderr
    assert "ocr_complete paper.txt" in done.stdout
