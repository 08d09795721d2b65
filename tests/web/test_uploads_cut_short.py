"""Uploads that are too large, too slow, or end too early: whole or not at all."""

import os
import sys
from pathlib import Path

import anyio
import anyio.lowlevel
import httpx2
import pytest
from starlette.types import Message

from stackdocs_mcp.auth.local import LocalIssuer
from stackdocs_mcp.core.binding import Right
from stackdocs_mcp.http.answers import Answered
from stackdocs_mcp.http.arriving import Pace, pieces
from stackdocs_mcp.server.compose import now
from tests.server.harness import PATIENCE
from tests.web.sending import (
    MIB,
    arriving,
    documents,
    in_parts,
    kept,
    raw_request,
    status_of,
)
from tests.web.site import ALICE, HOUR, Site, site

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("UPLOAD-05")
async def test_a_file_above_the_limit_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    async with site(tmp_path, max_file_mb=1) as served:
        stack = await served.stack(ALICE)
        where = f"/stacks/{stack}/documents?filename=big.txt"
        token = served.token(ALICE, stack)
        async with served.raw(served.bearer(ALICE, stack)) as http:
            exact = await http.post(where, content=in_parts(b"x" * MIB))
            above = await http.post(where, content=in_parts(b"x" * (MIB + 1)))
            form = await http.post(where, files={"file": ("a.txt", b"x" * (MIB + 1))})
            flood = await http.post(where, data={"a": "x" * (2 * MIB)}, files={"b": (None, b"")})
        early = await raw_request(
            served.port,
            f"POST {where} HTTP/1.1\nAuthorization: Bearer {token}\nContent-Length: {10 * MIB}",
        )

        assert exact.status_code == 201
        assert {one.status_code for one in (above, form, flood)} == {413}
        assert await status_of(early) == 413, "before any of it was sent"
        assert len(kept(served)) == 1


@pytest.mark.requirement("UPLOAD-06")
async def test_a_body_that_stalls_is_answered_408_and_leaves_nothing(tmp_path: Path) -> None:
    async with site(tmp_path, pace=Pace(grace=0.2)) as served:
        stack = await served.stack(ALICE)
        token = served.token(ALICE, stack)
        with anyio.fail_after(PATIENCE):
            slow = await raw_request(
                served.port,
                f"POST /stacks/{stack}/documents?filename=a.txt HTTP/1.1\n"
                f"Authorization: Bearer {token}\nContent-Length: 100",
                b"a part of it",
            )
            assert await status_of(slow) == 408
        assert kept(served) == []
        assert await documents(served, ALICE, stack) == []


@pytest.mark.requirement("UPLOAD-06")
async def test_the_time_that_a_body_has_grows_with_what_has_come() -> None:
    pace = Pace(grace=20, bytes_per_second=1_000)
    assert [pace.seconds(size) for size in (0, 5_000, 100_000)] == [20, 25, 120]
    sent: list[Message] = [{"type": "http.request", "body": b"x" * 10, "more_body": True}]

    async def receive() -> Message:
        if sent:
            return sent.pop()
        await anyio.sleep_forever()
        raise AssertionError

    body = pieces({"headers": []}, receive, limit=100, pace=Pace(grace=0, bytes_per_second=1e9))
    assert await anext(body) == b"x" * 10
    with pytest.raises(Answered) as late:
        await anext(body)
    assert late.value.status == 408


@pytest.mark.requirement("UPLOAD-08")
async def test_an_upload_that_breaks_off_leaves_nothing_and_can_be_sent_again(
    served: Site,
) -> None:
    stack = await served.stack(ALICE)
    token, content = served.token(ALICE, stack), b"y" * (3 * MIB)
    where = f"/stacks/{stack}/documents?filename=a.txt"
    data = served.app.settings.data_dir
    with anyio.fail_after(PATIENCE):
        half = await raw_request(
            served.port,
            f"POST {where} HTTP/1.1\nAuthorization: Bearer {token}\nContent-Length: {len(content)}",
            content[: 2 * MIB],
        )
        while not arriving(data):
            await anyio.lowlevel.checkpoint()
        await half.aclose()
        while arriving(data):
            await anyio.lowlevel.checkpoint()
    assert await documents(served, ALICE, stack) == []
    assert kept(served) == []

    async with served.raw(served.bearer(ALICE, stack)) as http:
        assert (await http.post(where, content=content)).status_code == 201


@pytest.mark.requirement("UPLOAD-11")
async def test_what_was_acknowledged_survives_a_kill_in_the_middle_of_another_upload(
    tmp_path: Path,
) -> None:
    async with site(tmp_path) as before:
        stack = await before.stack(ALICE)
    data = tmp_path / "data"
    headers = {
        "Authorization": f"Bearer {LocalIssuer.open(data, now).mint(ALICE, stack, Right, HOUR)}"
    }
    where = f"/stacks/{stack}/documents?filename=a.txt"
    half = os.urandom(MIB).hex().encode()
    with anyio.fail_after(PATIENCE):
        process = await anyio.open_process(
            [
                *(sys.executable, "-m", "stackdocs_mcp", "serve", "--http", "--port", "0"),
                *("--data-dir", str(data)),
            ]
        )
        async with process:
            assert process.stderr is not None
            said = b""
            while b"serving HTTP on http://127.0.0.1:" not in said or not said.endswith(b"\n"):
                said += await process.stderr.receive()
            port = int(said.rpartition(b":")[2])
            async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
                answer = await http.post(where, content=b"acknowledged", headers=headers)
            assert answer.status_code == 201
            stream = await raw_request(
                port,
                f"POST {where} HTTP/1.1\nAuthorization: {headers['Authorization']}\n"
                f"Content-Length: {len(half) + 1}",
                half,
            )
            while not arriving(data):
                await anyio.lowlevel.checkpoint()
            process.kill()
            await process.wait()
            await stream.aclose()

    async with site(tmp_path) as after:
        (document,) = await documents(after, ALICE, stack)
        files = after.workspace(ALICE, stack).files
        assert (await files.local(document.sha256)).read_bytes() == b"acknowledged"
        async with after.raw(after.bearer(ALICE, stack)) as http:
            assert (await http.post(where, content=half + b"y")).status_code == 201
