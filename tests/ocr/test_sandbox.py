"""What a process that sees documents can do once it has been taken over: next to nothing."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stackdocs_mcp.ocr import landlock, sandbox, seccomp, wire
from stackdocs_mcp.ocr.limits import MIB, Limits
from stackdocs_mcp.ocr.processes import Member
from stackdocs_mcp.ocr.sandbox import Protection
from tests.cli.shell import Shell
from tests.ocr import intruder

filtered = pytest.mark.skipif(bool(seccomp.missing()), reason=seccomp.missing() or "there is one")
shut = pytest.mark.skipif(bool(landlock.missing()), reason=landlock.missing() or "there is one")

ROLES = {"parser": intruder.in_parser, "worker": intruder.in_worker}
OF_FILES = ("read another file", "list a folder", "read the server's environment")
ALLOWED = {"parser": ("read the document",), "worker": ("start a thread",)}
EITHER_WAY = ("start a thread", "read the document")
"""Depends on the role, and who runs the tests: see ALLOWED."""


@pytest.fixture(scope="module")
def attempts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, str]]]:
    """What came of each deed, by role; the listeners heard nothing and the folder is as before."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "document").write_text("text")
    (folder / "document").chmod(0o600)
    (folder / "secret").write_text("secret")
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(type=socket.SOCK_DGRAM) as datagrams,
    ):
        port = server.getsockname()[1]
        datagrams.bind(("127.0.0.1", port))
        places = {name: str(folder / name) for name in ("document", "secret", "new")}
        places |= {"folder": str(folder), "port": str(port)}
        outcomes = {role: _answered(main, places) for role, main in ROLES.items()}
        server.setblocking(False)
        datagrams.setblocking(False)
        for deaf in (server.accept, lambda: datagrams.recv(1)):
            with pytest.raises(BlockingIOError):
                deaf()
    yield outcomes
    assert {file.name for file in folder.iterdir()} == {"document", "secret"}
    assert (folder / "document").read_text() == "text"
    assert (folder / "document").stat().st_mode & 0o777 == 0o600


def _answered(main: Any, *arguments: object) -> Any:
    member = Member("intruder", main, *arguments)
    try:
        return member.channel.recv()
    finally:
        member.close()


@filtered
@pytest.mark.requirement("OCR-SANDBOX-01")
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "deed", [deed for deed in intruder.DEEDS if deed not in (*OF_FILES, *EITHER_WAY)]
)
def test_a_process_that_sees_documents_cannot(
    attempts: dict[str, dict[str, str]], role: str, deed: str
) -> None:
    assert attempts[role][deed] in ("EPERM", "EACCES", "ENOTDIR")


@shut
@pytest.mark.requirement("OCR-SANDBOX-02")
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("deed", OF_FILES)
def test_a_process_that_sees_documents_cannot_see_others(
    attempts: dict[str, dict[str, str]], role: str, deed: str
) -> None:
    assert attempts[role][deed] == "EACCES"


@pytest.mark.requirement("OCR-SANDBOX-02")
@pytest.mark.parametrize("role", ROLES)
def test_a_process_that_sees_documents_can_still_do_its_work(
    attempts: dict[str, dict[str, str]], role: str
) -> None:
    assert [attempts[role][deed] for deed in ALLOWED[role]] == [""] * len(ALLOWED[role])


@pytest.fixture
def document(tmp_path: Path) -> str:
    file = tmp_path / "document"
    file.write_text("text")
    return str(file)


@pytest.mark.requirement("OCR-SANDBOX-03")
def test_a_library_that_aborts_ends_its_process(document: str) -> None:
    member = Member("intruder", intruder.aborting, document)
    code = member.exit_code()
    member.close()

    assert code == -signal.SIGABRT


@pytest.mark.requirement("OCR-SANDBOX-03")
def test_a_parser_that_burns_processor_time_is_ended(document: str) -> None:
    member = Member("intruder", intruder.burning, document)
    code = member.exit_code()
    member.close()

    assert code == -signal.SIGXCPU


@pytest.mark.requirement("OCR-SANDBOX-03")
def test_a_parser_that_swells_is_told_that_there_is_no_more(document: str) -> None:
    taken = _answered(intruder.swelling, document)

    assert 0 < taken < Limits().memory_bytes // MIB


@pytest.mark.requirement("OCR-SANDBOX-03")
def test_a_flood_from_a_parser_stops_at_the_limit(document: str) -> None:
    member = Member("intruder", intruder.flooding, document, 10 * MIB)

    with pytest.raises(wire.Garbled):
        wire.receive(member.channel, MIB)
    member.close()


@pytest.mark.requirement("OCR-SANDBOX-04")
def test_a_protection_that_the_system_lacks_is_logged_with_the_reason(
    caplog: pytest.LogCaptureFixture,
) -> None:
    kept = Protection("no writing", "seccomp", "")
    lost = Protection("no other files", "Landlock", "the kernel is too old")

    sandbox.warn([kept, lost])

    assert [record.getMessage() for record in caplog.records] == [
        "of processes that read documents, no other files: no, the kernel is too old"
    ]


@pytest.mark.requirement("OCR-SANDBOX-04")
def test_doctor_says_each_protection(tmp_path: Path) -> None:
    said = Shell(tmp_path / "data")("doctor").out

    assert [one.said for one in sandbox.protections() if one.said not in said] == []
    assert said.count("parser processes:") == len(sandbox.protections())


@pytest.mark.requirement("OCR-SANDBOX-05")
def test_the_ocr_runtime_keeps_no_record_to_send_to_its_makers(tmp_path: Path) -> None:
    loading = "from stackdocs_mcp.ocr import worker; assert worker.loaded()"
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    environment.pop("ORT_DISABLE_TELEMETRY", None)

    subprocess.run([sys.executable, "-c", loading], env=environment, check=True)

    assert list(tmp_path.iterdir()) == []
