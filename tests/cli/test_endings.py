"""How commands end when they are told to: at once, quietly, and with nothing left behind."""

import os
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import anyio
import pytest
from mcp import Client, StdioServerParameters

from stackdocs_mcp import samples
from tests.cli.shell import COMMAND, PATIENCE, Shell

HANDSHAKE = (
    b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",'
    b'"capabilities":{},"clientInfo":{"name":"test","version":"1"}}}\n'
)


@contextmanager
def serving(shell: Shell, *arguments: str | Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server in a process group of its own, that has answered once."""
    with subprocess.Popen(
        [COMMAND, *map(str, arguments)],
        env=shell.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(HANDSHAKE)
        process.stdin.flush()
        assert b'"id":1' in process.stdout.readline()
        yield process


def left_of(group: int) -> bool:
    """Whether a process of the group is still there."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


async def gone(group: int) -> None:
    with anyio.fail_after(PATIENCE):
        while left_of(group):  # noqa: ASYNC110  there is no event for a stranger's end
            await anyio.sleep(0.02)


@pytest.mark.anyio
@pytest.mark.requirement("CLI-14")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["terminate", "ctrl-c"]
)
async def test_a_server_told_to_end_leaves_within_two_seconds_with_all_its_children(
    shell: Shell, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    shutil.copy(samples.paths()[1], folder)  # a scan, being recognised: there are children

    with serving(shell, "serve", folder) as process:
        os.killpg(process.pid, number)
        assert process.wait(2) == code  # with standard input still open
        await gone(process.pid)
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()


@pytest.mark.anyio
@pytest.mark.requirement("CLI-14")
async def test_terminating_the_server_alone_takes_its_children_along(
    shell: Shell, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    shutil.copy(samples.paths()[1], folder)

    with serving(shell, "serve", folder) as process:
        process.terminate()
        assert process.wait(2) == 143
        await gone(process.pid)


@pytest.mark.requirement("READIN-16")
def test_reading_that_was_interrupted_goes_on_with_retry(shell: Shell) -> None:
    with subprocess.Popen(
        [COMMAND, "add", str(samples.paths()[1])],
        env=shell.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        anyio.run(begun, shell.data / "stackdocs.db")
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
        anyio.run(gone, process.pid)

    ran = shell("retry")

    assert (process.returncode, out, err.strip()) == (130, b"", b"")
    assert (ran.code, ran.err) == (0, "")
    assert [row[1:] for row in ran.rows] == [["ocr_complete", "1", "receipt.png"]]


async def begun(store: Path) -> None:
    with anyio.fail_after(PATIENCE):
        while not _claimed(store):  # noqa: ASYNC110  there is no event for a stranger's beginning
            await anyio.sleep(0.02)


def _claimed(store: Path) -> bool:
    """A process has begun to read a document."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as db:
        return db.execute("SELECT 1 FROM documents WHERE claimed_by IS NOT NULL").fetchall() != []
    return False


@pytest.mark.requirement("CLI-14")
@pytest.mark.parametrize(
    "command", [["history"], ["doctor"], ["export", "--format", "json"], ["--help"]], ids=" ".join
)
def test_a_reader_that_has_seen_enough_ends_a_command_without_a_word(
    worked: Shell, command: list[str]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)

    done = subprocess.run(
        [COMMAND, "--stack", "paper", *command],
        env=worked.environment(),
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=PATIENCE,
        check=False,
    )
    os.close(writing)

    assert done.returncode == 1
    assert done.stderr == b""


@pytest.mark.anyio
@pytest.mark.requirement("CLI-15")
async def test_without_a_command_the_stack_of_the_option_is_served(worked: Shell) -> None:
    assert await _listed(worked, "--stack", "paper") == ["invoice.txt"]


@pytest.mark.anyio
@pytest.mark.requirement("CLI-15")
async def test_only_the_tools_that_are_named_are_offered(worked: Shell) -> None:
    parameters = _parameters(
        worked, "serve", "--stack", "paper", "--toolset", "list_documents, read_ocr"
    )
    with anyio.fail_after(PATIENCE):
        async with Client(parameters) as client:
            tools = (await client.list_tools()).tools

    assert [tool.name for tool in tools] == ["list_documents", "read_ocr"]


async def _listed(shell: Shell, *arguments: str) -> list[str]:
    with anyio.fail_after(PATIENCE):
        async with Client(_parameters(shell, *arguments)) as client:
            answer = await client.call_tool("list_documents", {})
    assert answer.structured_content is not None
    return [one["filename"] for one in answer.structured_content["documents"]]


def _parameters(shell: Shell, *arguments: str) -> StdioServerParameters:
    return StdioServerParameters(command=COMMAND, args=[*arguments], env=shell.environment())
