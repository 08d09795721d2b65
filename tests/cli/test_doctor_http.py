"""What ``doctor`` says of serving over HTTP."""

import socket
from pathlib import Path

import pytest

from tests.cli.shell import Ran, Shell
from tests.web.process import serving


def said(ran: Ran, what: str) -> list[str]:
    """The lines about it."""
    found = [line.split(maxsplit=1) for line in ran.out.partition("\n\n")[0].splitlines()]
    return [f"{state} {text}" for state, text in found if text.startswith(f"{what}:")]


@pytest.fixture
def paper(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "data")


@pytest.mark.requirement("OPS-12")
def test_doctor_says_where_http_would_be_and_whose_tokens_count(paper: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one:
        port = one.getsockname()[1]
    ran = paper("doctor", "--port", str(port))

    assert said(ran, "HTTP") == [
        f"ok HTTP: http://127.0.0.1:{port}/stacks/ID/mcp, for each stack",
        f"ok HTTP: nobody listens on 127.0.0.1 port {port}; `serve --http` does",
    ]
    assert said(ran, "tokens") == [
        "ok tokens: of the built-in issuer; its key is made on first use"
    ]
    assert not (paper.data / "issuer.pem").exists()


@pytest.mark.requirement("OPS-12")
def test_doctor_tells_a_running_server_from_another_program(paper: Shell) -> None:
    with serving(paper.data) as server:
        ran = paper("doctor", "--port", str(server.port))
    assert f"ok HTTP: a server answers on 127.0.0.1 port {server.port}" in said(ran, "HTTP")

    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        ran = paper("doctor", "--port", str(port))
    assert ran.code == 1
    assert said(ran, "HTTP")[1].startswith("problem HTTP: another program listens on")


@pytest.mark.requirement("OPS-12")
def test_doctor_names_a_key_that_others_can_read(paper: Shell) -> None:
    assert paper("token").code == 0
    assert said(paper("doctor", "--port", "0"), "tokens")[0].startswith(
        "ok tokens: of the built-in issuer, key "
    )
    (paper.data / "issuer.pem").chmod(0o644)
    ran = paper("doctor", "--port", "0")

    assert ran.code == 1
    assert "can be read by others" in said(ran, "tokens")[0]


@pytest.mark.requirement("OPS-12")
def test_doctor_says_what_an_address_for_others_still_needs(paper: Shell) -> None:
    ran = paper("doctor", "--host", "0.0.0.0", "--port", "0")

    assert ran.code == 1
    named = [line.split()[2] for line in said(ran, "HTTP") if line.startswith("problem")]
    assert named == ["STACKDOCS_HOST", "STACKDOCS_PUBLIC_URL"]


@pytest.mark.requirement("KEYS-03")
def test_doctor_names_other_keys_that_are_weak_and_makes_none(paper: Shell) -> None:
    assert paper("token").code == 0
    assert said(paper("doctor", "--port", "0"), "keys") == []
    assert not (paper.data / "log.key").exists()
    (paper.data / "log.key").write_bytes(b"")
    (paper.data / "log.key").chmod(0o600)
    (paper.data / "cursor.key").chmod(0o644)
    ran = paper("doctor", "--port", "0")

    assert ran.code == 1
    links, logs = said(ran, "keys")
    assert "cursor.key' can be read by others" in links.replace(",", "")
    assert "log.key' does not have 32 bytes" in logs.replace(",", "")
