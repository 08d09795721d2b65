"""The server as a process: what is on the wire, what is in the logs, and how it ends."""

import json
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stackdocs_mcp.logs import Formatter
from stackdocs_mcp.server.stdio import MAX_LINE, Unusable, vetted
from tests.server.papers import INVOICE
from tests.server.raw import DEADLINE, META, Raw

PROMISED = 2.0
"""Clients kill a server that is still there two seconds after they closed its input."""


@pytest.fixture
def raw(tmp_path: Path) -> Iterator[Raw]:
    started = Raw(tmp_path)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.process.kill()
        started.end()


def pid_is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def all_gone(pids: list[int]) -> None:
    """Fails when one of the processes is still there after a while."""
    deadline = time.monotonic() + DEADLINE
    while any(pid_is_alive(pid) for pid in pids):
        assert time.monotonic() < deadline


def children(pid: int) -> list[int]:
    """Processes that any thread of the process has started."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for found in lists for child in found.read_text().split()]


@pytest.mark.requirement("STDIO-02")
def test_any_line_of_garbage_is_survived(raw: Raw) -> None:
    for line in [
        b"hello",
        b"{",
        b"\xff\xfe\x00",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"jsonrpc":"2.0"}',
        b'{"jsonrpc":"2.0","id":71,"method":"x","method":"y"}',
        b'{"jsonrpc":"2.0","id":72,"method":"x","params":{"a":NaN}}',
        b'{"jsonrpc":"2.0","id":73,"method":"x","params":{"a":"\\ud800"}}',
        b"x" * (MAX_LINE + 100),
        b"",
        b"   ",
        b'{"jsonrpc":"2.0","id":{},"method":"tools/list"}',
        b'{"id":7}',
    ]:
        raw.send(line)

    listed = raw.ask("tools/list")

    assert listed["result"]["tools"]
    assert raw.process.poll() is None


@pytest.mark.requirement("STDIO-05")
@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"a":1,"a":2}', "twice"),
        (b'{"a":{"b":1,"b":1}}', "twice"),
        (b'{"a":NaN}', "NaN"),
        (b'{"a":-Infinity}', "NaN"),
        (b'{"a":"\\udc00"}', "surrogate"),
        (b'{"\\ud800":1}', "surrogate"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "deeper"),
        (b"\xef\xbb\xbf{}", "JSON"),
        (b"\xff{}", "UTF-8"),
        (b'"text"', "object"),
        (b" " * (MAX_LINE + 1), "4 MiB"),
    ],
)
def test_a_message_that_parsers_disagree_on_is_refused(line: bytes, said: str) -> None:
    with pytest.raises(Unusable, match=said):
        vetted(line)


@pytest.mark.requirement("STDIO-05")
def test_a_message_with_everything_that_is_allowed_passes() -> None:
    line = '{"a":"😀 \\ud83d\\ude00 \\u0000","b":[1.5e3,-0.0,null,true]}'.encode()

    assert vetted(line) == line.decode()


@pytest.mark.requirement("STDIO-02")
def test_a_refused_line_is_answered_with_a_parse_error(raw: Raw) -> None:
    raw.send(b"not json")

    answer = raw.receive()

    assert answer["error"]["code"] == -32700
    assert answer["id"] is None


@pytest.mark.requirement("STDIO-05")
@pytest.mark.parametrize(
    ("line", "id_"),
    [
        (b'{"jsonrpc":"2.0","id":7,"method":"x","method":"y"}', 7),
        (b'{"jsonrpc":"2.0","id":"a-1","method":"x","params":{"a":NaN}}', "a-1"),
        (b'{"id":3,"params":{"id":4,"a":"\\ud800"}}', 3),
        (b'{"jsonrpc":"2.0","id":true,"a":NaN}', None),
        (b'{"jsonrpc":"2.0","id":8,"p":"' + b"x" * MAX_LINE + b'"}', 8),
        (b'{"p":{"id":1,"t":"' + b"x" * MAX_LINE + b'"},"jsonrpc":"2.0","id":9}', 9),
        (b'{"p":{"id":1,"t":"' + b"x" * MAX_LINE + b'"}}', None),
    ],
)
def test_the_request_in_a_refused_line_is_answered(raw: Raw, line: bytes, id_: object) -> None:
    raw.send(line)

    answer = raw.receive()

    assert answer["id"] == id_
    assert answer["error"]["code"] in (-32700, -32600)
    assert raw.ask("tools/list")["result"]


@pytest.mark.requirement("STDIO-01")
def test_standard_output_carries_messages_only(tmp_path: Path) -> None:
    noisy = tmp_path / "site"
    noisy.mkdir()
    # Prints from Python and, as a C library would, on descriptor 1 - at every import of a parser.
    (noisy / "sitecustomize.py").write_text(
        "import os, sys\n"
        "def hook(event, _arguments):\n"
        "    if event == 'open' and 'invoice.txt' in str(_arguments[0]):\n"
        "        os.write(1, b'noise on 1')\n"
        "        print('noise from print')\n"
        "sys.addaudithook(hook)\n"
    )
    raw = Raw(tmp_path, PYTHONPATH=str(noisy))
    (tmp_path / "files" / "invoice.txt").write_text(INVOICE)

    added = raw.call("add_document", path="invoice.txt")
    rest, errors = raw.end()

    assert added["structuredContent"]["new"]
    assert rest == b""
    assert b"noise" in errors


@pytest.mark.requirement("STDIO-03")
@pytest.mark.parametrize("busy", [False, True])
def test_the_server_exits_when_its_input_closes(tmp_path: Path, raw: Raw, busy: bool) -> None:
    raw.ask("tools/list")
    if busy:
        big = tmp_path / "files" / "big.txt"
        big.write_text("\f".join(f"page {n}\n" + "word " * 2_000 for n in range(2_000)))
        raw.ids += 1
        params = {"name": "add_document", "arguments": {"path": "big.txt"}, "_meta": META}
        request = {"jsonrpc": "2.0", "id": raw.ids, "method": "tools/call", "params": params}
        raw.send(json.dumps(request).encode())
        deadline = time.monotonic() + DEADLINE
        while not children(raw.process.pid):  # until the parser is being started
            assert time.monotonic() < deadline
    below = children(raw.process.pid)

    raw.stdin.close()
    raw.process.wait(timeout=PROMISED)

    assert raw.process.returncode == 0
    all_gone(below)


@pytest.mark.requirement("STDIO-03")
def test_a_server_that_follows_a_folder_exits_as_fast(tmp_path: Path) -> None:
    served = tmp_path / "served"
    served.mkdir()
    (served / "invoice.txt").write_text(INVOICE)
    raw = Raw(tmp_path, served)
    deadline = time.monotonic() + DEADLINE
    while "ocr_complete" not in str(raw.call("list_documents")):  # it is idle and watches then
        assert time.monotonic() < deadline

    raw.stdin.close()
    raw.process.wait(timeout=PROMISED)

    assert raw.process.returncode == 0
    raw.end()


@pytest.mark.requirement("STDIO-03")
def test_the_server_ends_on_sigterm_and_leaves_no_process(raw: Raw) -> None:
    (Path(parameters_files(raw)) / "invoice.txt").write_text(INVOICE)
    raw.call("add_document", path="invoice.txt")
    below = children(raw.process.pid)

    raw.process.send_signal(signal.SIGTERM)
    raw.process.wait(timeout=DEADLINE)

    all_gone(below)


def parameters_files(raw: Raw) -> str:
    arguments = list(raw.process.args)  # type: ignore[arg-type]
    return str(arguments[arguments.index("--allow") + 1])


@pytest.mark.requirement("STDIO-04")
def test_the_logs_hold_nothing_of_documents_values_or_paths(tmp_path: Path) -> None:
    raw = Raw(tmp_path, STACKDOCS_LOG_LEVEL="debug")
    canary = "CANARY7391"
    (tmp_path / "files" / f"{canary}.txt").write_text(f"{canary} text {canary}")
    (tmp_path / "files" / f"{canary}.pdf").write_text(f"%PDF-1.7 {canary}")
    added = raw.call("add_document", path=f"{canary}.txt")
    document = added["structuredContent"]["document"]["id"]
    raw.call("add_document", path=f"{canary}.pdf")
    raw.call("add_document", path=f"/{canary}")
    raw.call("set_field", document_id=document, path=canary, value=canary)
    raw.call("set_field", document_id=document, path=canary, value=f"{canary}2", wrong=canary)
    raw.call("search_documents", query=canary)
    raw.call("list_documents", cursor=canary)
    raw.call("read_ocr", document_id=canary)
    raw.ask(canary)
    raw.send(f'{{"{canary}": '.encode())
    raw.send(f'{{"jsonrpc":"2.0","method":"{canary}","params":{{"a":"{canary}"}}}}'.encode())
    raw.ask("tools/call", name=canary, arguments={})

    _rest, errors = raw.end()

    assert b"stackdocs_mcp" in errors, "there are logs to look at"
    assert canary.encode() not in errors
    assert str(tmp_path).encode() not in errors
    assert b"Traceback" not in errors


@pytest.mark.requirement("STDIO-04")
def test_what_a_library_logs_is_not_quoted() -> None:
    formatter = Formatter()
    try:
        int("CANARY in an exception")
    except ValueError:
        failed = sys.exc_info()
    foreign = logging.LogRecord("mcp.x", logging.ERROR, "f", 7, "CANARY %s", ("CANARY",), failed)
    ours = logging.LogRecord("stackdocs_mcp.x", logging.ERROR, "f", 7, "a\nb\x1b", (), failed)

    assert "CANARY" not in formatter.format(foreign)
    assert formatter.format(foreign).endswith("error mcp.x: ValueError (line 7)")
    assert formatter.format(ours).endswith("error stackdocs_mcp.x: a\\x0ab\\x1b: ValueError")
