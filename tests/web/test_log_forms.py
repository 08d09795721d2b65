"""What the process writes to standard error, and what it needs to send spans."""

import json
import re
import subprocess
import sys
from pathlib import Path

import anyio
import anyio.abc
import anyio.to_thread
import httpx2
import pytest

from stackdocs_mcp.server.telemetry import MISSING, observed
from stackdocs_mcp.settings import BadSettings, Settings
from tests.cli.shell import Shell
from tests.web.process import serving, stack_in
from tests.web.site import call, headers_for

pytestmark = pytest.mark.anyio

KEYS = {
    *("time", "level", "logger", "message", "request"),
    *("route", "method", "tool", "status", "ms", "bytes", "user", "stack"),
}


@pytest.mark.requirement("LOG-06")
async def test_as_json_each_line_is_an_object_and_that_of_a_request_has_the_same_keys(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    stack = await stack_in(data)
    sent = call("list_documents")
    with serving(data, "--log-format", "json") as server:
        headers = {"Authorization": f"Bearer {server.token(stack)}", **headers_for(sent)}
        async with httpx2.AsyncClient(headers=headers) as http:
            answer = await http.post(server.endpoint(stack), json=sent)
            refused = await http.post(server.endpoint(stack), headers={"Authorization": "x"})
        await anyio.to_thread.run_sync(server.hears, '"status": 401')

    lines = [json.loads(line) for line in server.said]
    served = [one for one in lines if "status" in one]
    assert [one["request"] for one in served] == [
        one.headers["x-request-id"] for one in (answer, refused)
    ]
    assert {*served[0]} == {*served[1]} == KEYS
    assert (served[0]["tool"], served[0]["status"]) == ("list_documents", 200)
    assert served[0]["bytes"] == len(answer.content)
    assert re.fullmatch(r"[0-9a-f]{16}", served[0]["user"])
    assert served[1]["user"] == ""


@pytest.mark.requirement("LOG-07")
def test_spans_are_off_unless_they_are_asked_for() -> None:
    program = (
        "import sys; from stackdocs_mcp.settings import Settings; "
        "from stackdocs_mcp.server.telemetry import observed\n"
        "with observed(Settings()): print('opentelemetry.sdk' in sys.modules)"
    )
    command = [sys.executable, "-c", program]

    assert subprocess.run(command, capture_output=True, check=True).stdout == b"False\n"


@pytest.mark.requirement("LOG-07")
async def test_spans_leave_for_the_address_that_the_environment_names(tmp_path: Path) -> None:
    taken: list[bytes] = []
    data = tmp_path / "data"
    stack = await stack_in(data)
    sent = call("list_documents")
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        arrived = anyio.Event()

        async def take(connection: anyio.abc.SocketStream) -> None:
            async with connection:
                while b"list_documents" not in b"".join(taken):
                    taken.append(await connection.receive())
                answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                await connection.send(answer)
                arrived.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listener.serve, take)
            variables = {
                "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}",
                "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
                "OTEL_BSP_SCHEDULE_DELAY": "100",
            }
            with serving(data, "--otel", "on", **variables) as server:
                headers = {"Authorization": f"Bearer {server.token(stack)}", **headers_for(sent)}
                async with httpx2.AsyncClient(headers=headers) as http:
                    answer = await http.post(server.endpoint(stack), json=sent)
                with anyio.fail_after(30):
                    await arrived.wait()
            tasks.cancel_scope.cancel()

    said = b"".join(taken)
    assert answer.headers["x-request-id"].encode() in said
    assert b"stackdocs.user" in said
    assert str(stack).encode() not in said


@pytest.mark.requirement("LOG-07")
def test_without_the_extra_the_setting_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace.export", None)
    with pytest.raises(BadSettings) as refused, observed(Settings(otel="on")):
        pass

    assert refused.value.problems == [MISSING]


@pytest.mark.requirement("LOG-06")
def test_another_form_of_log_is_refused(tmp_path: Path) -> None:
    ran = Shell(tmp_path)("stacks", "--log-format", "xml")

    assert ran.code == 2
    assert "STACKDOCS_LOG_FORMAT (--log-format)" in ran.err
