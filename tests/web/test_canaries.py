"""Whatever goes through the server, good or bad, nothing of it is in a log or a span."""

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import httpx2
import pytest

from stackdocs_mcp.core.binding import Right, StackId
from stackdocs_mcp.stores.embedded import FILE
from tests.server.harness import PATIENCE, Era
from tests.web.site import ALICE, BOB, Site, call, headers_for, message, site
from tests.web.watching import watched

pytestmark = pytest.mark.anyio

SAID = "kanarienvogel"
"""What the client says of its own; it may be told so, and nobody else."""
KEPT = "zeisig"
"""What documents and secrets hold: no error repeats it to anybody."""
NASTY = f"{SAID}\r\n2026-01-01 error forged \x1b[31m"
FAILED = re.compile(r'"isError": ?true|"error": ?\{')
USER = re.compile(r" user=(\S+ stack=\S+)")
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


async def document(served: Site, stack: StackId) -> str:
    """A document with the canary in its name and its text, read."""
    path = served.files / f"{KEPT}.txt"
    path.write_text(f"Invoice {KEPT} total 12.50 EUR\n")
    workspace = served.workspace(ALICE, stack)
    added, _ = await served.app.shared.intake.add(
        workspace.store, workspace.files, path, path.name, 10_000
    )
    with anyio.fail_after(PATIENCE):
        while (await workspace.store.document(added.id)).status == "processing":
            await anyio.lowlevel.checkpoint()
    return added.id


async def say(
    http: httpx2.AsyncClient, path: str, sent: Mapping[str, Any], era: Era, **headers: str
) -> httpx2.Response:
    return await http.post(path, json=sent, headers={**headers_for(sent, era), **headers})


async def everything(served: Site, era: Era) -> list[httpx2.Response]:
    """A session that succeeds and fails in every way; the answers that failed."""
    stack = await served.stack(ALICE)
    found = await document(served, stack)
    path = f"/stacks/{stack}/mcp"
    bearer = served.bearer(ALICE, stack)
    bad: list[httpx2.Response] = []
    async with served.raw(bearer | {"User-Agent": SAID, "X-Request-Id": SAID}) as http:
        good = [
            call("list_documents", era=era),
            call("read_ocr", era=era, document_id=found),
            call("search_documents", era=era, query=KEPT),
            call("set_field", era=era, document_id=found, path="vendor", value=KEPT),
            call("set_field", era=era, document_id=found, path=SAID, value=SAID),
            call("read_extraction", era=era, document_id=found),
            message("resources/read", era=era, uri=f"stackdocs://documents/{found}"),
        ]
        for sent in good:
            assert (await say(http, path, sent, era)).status_code == 200
        traced = call("list_documents", era=era)
        meta = traced["params"].setdefault("_meta", {})
        meta |= {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "tracestate": f"a={SAID}"}
        assert (await say(http, path, traced, era)).status_code == 200

        wrong = [
            call(SAID, era=era),
            call("read_ocr", era=era, document_id=SAID),
            call("set_field", era=era, document_id=found, path="a", value=1, surplus=SAID),
            call("search_documents", era=era, query=SAID, cursor=SAID),
            message(SAID, era=era),
            message("prompts/get", era=era, name=SAID),
            message("resources/read", era=era, uri=f"stackdocs://{SAID}"),
            {**call("list_documents", era=era), "id": NASTY},
            {**call(NASTY, era=era), "method": "tools/call"},
        ]
        for sent in wrong:
            named = {} if era == "legacy" else {"Mcp-Name": SAID}
            bad.append(await say(http, path, sent, era, **named))
        bad += [
            await http.post(path, content=f'{{"{SAID}": NaN}}'),
            await http.post(f"{path}?{SAID}={SAID}", content=SAID),
            await http.get(f"/{SAID}"),
            await http.get(f"/exports/{SAID}"),
            await http.get("/healthz", headers={"Host": SAID}),
            await http.get("/healthz", headers={"Origin": f"https://{SAID}.example"}),
        ]
        for authorization in (f"Bearer {SAID}", f"Basic {SAID}", f"Bearer {SAID}.{SAID}.{SAID}"):
            given = {"Authorization": authorization}
            bad.append(await say(http, path, good[0], era, **given))
        bad += [
            await say(http, path, good[3], era, **served.bearer(ALICE, stack, Right.READ)),
            await say(http, path, good[0], era, **served.bearer(BOB, stack)),
        ]

        with closing(sqlite3.connect(served.app.settings.data_dir / FILE)) as other:
            other.execute("PRAGMA foreign_keys = OFF")
            other.execute("ALTER TABLE pages RENAME TO away")
            other.execute("ALTER TABLE fields RENAME TO gone")
            other.commit()
        for sent in good:
            bad.append(await say(http, path, sent, era))
    return bad


@pytest.mark.requirement("LOG-01")
async def test_nothing_that_is_said_or_kept_is_in_a_log_or_a_span(tmp_path: Path, era: Era) -> None:
    with watched() as seen:
        async with site(tmp_path, log_level="debug") as served:
            bad = await everything(served, era)
            tokens = [served.token(ALICE, StackId("x")).split(".")[0]]

    all_of_it = seen.everything()
    assert SAID in "".join(one.to_json() for one in seen.raw)  # the SDK's own spans would say it
    for canary in (SAID, KEPT, *tokens, "Bearer ", "forged", "alice"):
        assert [line for line in all_of_it.splitlines() if canary in line] == []
    failed = [one.text for one in bad if not one.is_success or FAILED.search(one.text)]
    assert [said for said in failed if KEPT in said] == []
    assert len(failed) > len(bad) - 3
    assert [line for line in seen.lines if "\n" in line or "\x1b" in line] == []


@pytest.mark.requirement("LOG-02")
async def test_each_request_has_a_line_that_names_what_was_asked_from_our_own_lists(
    tmp_path: Path, era: Era
) -> None:
    asked = [call("list_documents", era=era), call(SAID, era=era), message(SAID, era=era)]
    with watched() as seen:
        async with site(tmp_path) as served, served.raw() as http:
            stack = await served.stack(ALICE)
            path = f"/stacks/{stack}/mcp"
            http.headers.update(served.bearer(ALICE, stack))
            ids = [(await say(http, path, sent, era)).headers["x-request-id"] for sent in asked]

    lines = [line for line in seen.lines if " served " in line]
    assert [line.rpartition(" [")[2].rstrip("]") for line in lines] == ids
    said = [line.partition(" served ")[2] for line in lines]
    assert said[0].startswith("route=mcp method=tools/call tool=list_documents status=200 ms=")
    assert said[1].startswith("route=mcp method=tools/call tool=other ")
    assert said[2].startswith("route=mcp method=other ")


@pytest.mark.requirement("LOG-03")
async def test_lines_of_one_user_can_be_found_again_and_tell_not_who_it_is(
    tmp_path: Path,
) -> None:
    named = []
    for _ in range(2):  # another process on the same data folder
        with watched() as seen:
            async with site(tmp_path) as served:
                stack = await served.stack(ALICE)
                async with served.client(ALICE, stack) as session:
                    await session.data("list_documents")
        named.append({found[1] for line in seen.lines if (found := USER.search(line))})

    assert len(named[0]) == 1
    assert named[0] == named[1]
    assert "alice" not in str(named)


@pytest.mark.requirement("LOG-04")
async def test_all_that_is_logged_for_a_request_carries_its_id(tmp_path: Path, era: Era) -> None:
    sent = call("list_documents", era=era)
    with watched() as seen:
        async with site(tmp_path) as served, served.raw() as http:
            stack = await served.stack(ALICE)
            path = f"/stacks/{stack}/mcp"
            http.headers.update(served.bearer(ALICE, stack))
            answer = await say(http, path, sent, era)
            refused = await http.post(path, headers={"Authorization": "Bearer x"})

    for one, what in ((answer, "began: tools/call"), (refused, "a token was refused")):
        (line,) = [line for line in seen.lines if what in line]
        assert line.endswith(f"[{one.headers['x-request-id']}]")


@pytest.mark.requirement("LOG-05")
async def test_a_span_is_part_of_the_clients_trace_and_says_whose_request_it_was(
    tmp_path: Path, era: Era
) -> None:
    sent = call("list_documents", era=era)
    meta = sent["params"].setdefault("_meta", {})
    meta["traceparent"] = f"00-{TRACE}-00f067aa0ba902b7-01"
    with watched() as seen:
        async with site(tmp_path) as served, served.raw() as http:
            stack = await served.stack(ALICE)
            path = f"/stacks/{stack}/mcp"
            http.headers.update(served.bearer(ALICE, stack))
            answer = await say(http, path, sent, era)

    (span,) = [one for one in seen.spans if one.name == "tools/call list_documents"]
    context = span.get_span_context()
    assert context is not None
    assert f"{context.trace_id:032x}" == TRACE
    attributes = span.attributes or {}
    assert attributes["stackdocs.request"] == answer.headers["x-request-id"]
    assert {*attributes} == {
        *("mcp.method.name", "mcp.protocol.version", "gen_ai.tool.name"),
        *("stackdocs.request", "stackdocs.user", "stackdocs.stack"),
    }
